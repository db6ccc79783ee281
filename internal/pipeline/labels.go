package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Tables of choice labels are kept in step like any other, with these differences:
//
//   - no model.json describes them, so they cannot be missing from one;
//   - a new one begins with the files at the export's root, which stand for what
//     was said before the oldest folder, and so does one whose folders went away;
//   - all folders that wait are one commit, and what only repeats the folder before
//     is not written again: the service may repeat every label in every folder.
//
// What a folder does not repeat stays: nothing tells a label that was removed from
// one that did not change.

// ErrLabelsMeet: the labels of two environments would be written to one table.
var ErrLabelsMeet = fmt.Errorf("%w: the labels of two environments would be written to one table", spec.ErrInvalid)

// labelTargets are the tables of labels of all environments that the pipeline
// reads: in the schema of the environment's schema object where it has one, else in
// that of the pipeline.
func (u *update) labelTargets(ctx context.Context, tables []spec.Table) ([]*target, error) {
	if !u.Pipeline.ChoiceLabels {
		return nil, nil
	}
	var targets []*target
	for _, at := range u.labelPlaces(tables) {
		env, err := u.environment(ctx, at.SourceSchema)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(targets, func(t *target) bool { return t.env == env }) {
			continue
		}
		for _, name := range synapselink.LabelTables() {
			entity, _ := synapselink.LabelEntity(name)
			table := at.Table(name)
			table.Destination.Table = name
			t := &target{spec: table, env: env, labels: &entity}
			if t.err = env.err; t.err == nil {
				t.err = meets(t, tables, targets)
			}
			targets = append(targets, t)
		}
	}
	return slices.DeleteFunc(targets, func(t *target) bool { return !u.request.wants(t) }), nil
}

// labelPlaces says for each environment where its labels go.
func (u *update) labelPlaces(tables []spec.Table) []spec.Environment {
	p := &u.Pipeline
	settings := spec.Settings{SCDType: spec.SCDType1, SchemaChanges: spec.AddColumns, OnGap: spec.GapContinues,
		TableProperties: p.Settings.TableProperties, FreshnessLimit: p.Settings.FreshnessLimit}
	var places []spec.Environment
	for _, e := range p.Environments {
		places = append(places, spec.Environment{SourceSchema: e.SourceSchema, Catalog: e.Catalog, Schema: e.Schema, Settings: settings})
	}
	for _, t := range tables {
		places = append(places, spec.Environment{SourceSchema: t.SourceSchema, Catalog: p.Catalog, Schema: p.Schema, Settings: settings})
	}
	return places
}

// meets fails a table of labels whose place is taken.
func meets(t *target, tables []spec.Table, labels []*target) error {
	for _, o := range labels {
		if strings.EqualFold(o.path(), t.path()) {
			return fmt.Errorf("%w: %s gets those of %s; read %s with a schema object that has a destination_schema of its own",
				ErrLabelsMeet, t.path(), o.spec.SourceSchema, t.spec.SourceSchema)
		}
	}
	for _, o := range tables {
		if strings.EqualFold(o.Destination.String(), t.path()) {
			return fmt.Errorf("%w: choice labels go to %s, and so does table %s; give that another destination_table",
				spec.ErrInvalid, t.path(), o.SourceTable)
		}
	}
	return nil
}

// labelParts is what a folder says of the table.
func (t *target) labelParts(folder synapselink.FolderName, files synapselink.FolderFiles) []part {
	if err := files.LabelsFailed(); err != nil {
		return []part{{folder: folder, err: err}}
	}
	return t.labelPart(folder, files.Labels)
}

func (t *target) labelPart(folder synapselink.FolderName, files []synapselink.File) []part {
	p := part{folder: folder, entity: t.labels}
	for _, f := range files {
		if f.Table == t.labels.Name {
			p.files = append(p.files, f)
			p.bytes += f.Size
		}
	}
	if len(p.files) == 0 {
		return nil
	}
	return []part{p}
}

// addRootLabels puts the files at the root before the folders of the tables that
// need them.
func (u *update) addRootLabels(ctx context.Context, env *environment, targets []*target) {
	ready := env.listing.Ready()
	if len(ready) == 0 {
		return
	}
	var files []synapselink.File
	var err error
	asked := false
	for _, t := range targets {
		if !u.needsRoot(t) {
			continue
		}
		if !asked {
			files, err = env.export.RootLabels(ctx)
			asked = true
		}
		root := synapselink.RootBefore(ready[0])
		if err != nil {
			t.parts = slices.Insert(t.parts, 0, part{folder: root, err: err})
			continue
		}
		t.parts = slices.Insert(t.parts, 0, t.labelPart(root, files)...)
	}
}

// needsRoot reports whether the table begins with the files at the root.
func (u *update) needsRoot(t *target) bool {
	if t.labels == nil {
		return false
	}
	_, gap := (&bringing{update: u, target: t}).gap()
	return gap || u.start(t).IsZero()
}

// together are the first parts that come in one commit.
func (t *target) together(parts []part) []part {
	if t.labels != nil {
		return parts
	}
	return together(parts)
}

// ErrNoLabels: the export has no file of the labels.
var ErrNoLabels = errors.New("the export has no such file of choice labels")

// checkLabels refuses a new table of labels that there are no files of.
func (b *bringing) checkLabels() error {
	if b.exists() || len(b.parts) > 0 || len(b.env.listing.Ready()) == 0 {
		return nil
	}
	name := b.labels.Name
	return fmt.Errorf("%w: neither the root nor any folder has OptionsetMetadata/%s.csv; "+
		"switch ingest_choice_labels off if the environment has no choices", ErrNoLabels, name)
}
