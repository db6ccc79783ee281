package work

import (
	"context"
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
func (s *Survey) labelTargets(ctx context.Context, tables []spec.Table) ([]*Target, error) {
	if !s.Config.ChoiceLabels {
		return nil, nil
	}
	var targets []*Target
	for _, at := range s.labelPlaces(tables) {
		env, err := s.environment(ctx, at.SourceSchema)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(targets, func(t *Target) bool { return t.Env == env }) {
			continue
		}
		for _, name := range synapselink.LabelTables() {
			entity, _ := synapselink.LabelEntity(name)
			table := at.Table(name)
			table.Destination.Table = name
			t := &Target{survey: s, Spec: table, Env: env, Labels: &entity}
			if t.Err = env.Err; t.Err == nil {
				t.Err = meets(t, tables, targets)
			}
			targets = append(targets, t)
		}
	}
	return slices.DeleteFunc(targets, func(t *Target) bool { return !s.Request.wants(t) }), nil
}

// labelPlaces says for each environment where its labels go.
func (s *Survey) labelPlaces(tables []spec.Table) []spec.Environment {
	p := &s.Config
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
func meets(t *Target, tables []spec.Table, labels []*Target) error {
	for _, o := range labels {
		if strings.EqualFold(o.Path(), t.Path()) {
			return fmt.Errorf("%w: %s gets those of %s; read %s with a schema object that has a destination_schema of its own",
				ErrLabelsMeet, t.Path(), o.Spec.SourceSchema, t.Spec.SourceSchema)
		}
	}
	for _, o := range tables {
		if strings.EqualFold(o.Destination.String(), t.Path()) {
			return fmt.Errorf("%w: choice labels go to %s, and so does table %s; give that another destination_table",
				spec.ErrInvalid, t.Path(), o.SourceTable)
		}
	}
	return nil
}

// labelParts is what a folder says of the table.
func (t *Target) labelParts(folder synapselink.FolderName, files synapselink.FolderFiles) []Part {
	if err := files.LabelsFailed(); err != nil {
		return []Part{{Folder: folder, Err: err}}
	}
	return t.labelPart(folder, files.Labels)
}

func (t *Target) labelPart(folder synapselink.FolderName, files []synapselink.File) []Part {
	p := Part{Folder: folder, Entity: t.Labels}
	for _, f := range files {
		if f.Table == t.Labels.Name {
			p.Files = append(p.Files, f)
			p.Bytes += f.Size
		}
	}
	if len(p.Files) == 0 {
		return nil
	}
	return []Part{p}
}

// addRootLabels puts the files at the root before the folders of the tables that
// need them.
func (e *Environment) addRootLabels(ctx context.Context, targets []*Target) {
	ready := e.Listing.Ready()
	if len(ready) == 0 {
		return
	}
	var files []synapselink.File
	var err error
	asked := false
	for _, t := range targets {
		if !t.needsRoot() {
			continue
		}
		if !asked {
			files, err = e.Export.RootLabels(ctx)
			asked = true
		}
		root := synapselink.RootBefore(ready[0])
		if err != nil {
			t.Parts = slices.Insert(t.Parts, 0, Part{Folder: root, Err: err})
			continue
		}
		t.Parts = slices.Insert(t.Parts, 0, t.labelPart(root, files)...)
	}
}

// needsRoot reports whether the table begins with the files at the root.
func (t *Target) needsRoot() bool {
	if t.Labels == nil {
		return false
	}
	_, gap := t.Gap()
	return gap || t.Start().IsZero()
}
