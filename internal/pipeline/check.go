package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// checkKnown refuses a table that nobody has heard of.
func (b *bringing) checkKnown(ctx context.Context) error {
	if b.Labels != nil {
		return b.checkLabels()
	}
	if b.Exists() || len(b.Parts) > 0 {
		return nil
	}
	m, err := b.Env.Manifest(ctx)
	if err != nil {
		return err
	}
	if _, ok := m.Entity(b.Spec.SourceTable); ok {
		return nil
	}
	known, err := b.Env.Known(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(known, func(n string) bool { return strings.EqualFold(n, b.Spec.SourceTable) }) {
		return nil
	}
	hint := "the export has no tables yet"
	if len(known) > 0 {
		hint = "the nearest name is " + synapselink.Nearest(b.Spec.SourceTable, known) + "; sluice discover lists all"
	}
	return fmt.Errorf("%w: %s is in none of its manifests; %s", report.ErrNoTable, b.Spec.SourceTable, hint)
}

// checkTable refuses what no batch could be applied to.
func (b *bringing) checkTable(ctx context.Context) error {
	if b.Exists() {
		if err := b.CheckKeeper(); err != nil {
			return err
		}
		if err := local.Check(b.Snapshot, b.Batch(nil, work.Step{})); err != nil {
			return err
		}
	}
	if b.Labels != nil {
		return nil
	}
	if err := b.tellGone(ctx); err != nil {
		return err
	}
	return b.checkSelection(ctx)
}

// checkSelection refuses a table whose selection names columns that do not exist:
// a misspelt one would leave out those that were meant, and make their values null.
// Of a column that the selection named before it is only said: one that the source
// drops must not stop a table that never had it.
func (b *bringing) checkSelection(ctx context.Context) error {
	newest, err := b.Env.Manifest(ctx)
	if err != nil {
		return err
	}
	var known []string
	entity, _ := newest.Entity(b.Spec.SourceTable)
	known = entity.Names()
	for _, p := range b.Parts {
		if p.Entity != nil {
			known = append(known, p.Entity.Names()...)
		}
	}
	if len(known) == 0 {
		return nil
	}
	have, err := b.Schema()
	if err != nil {
		return err
	}
	for _, f := range have {
		known = append(known, f.Name)
	}
	err = b.Selection().Check(b.Spec.SourceTable, known)
	if err == nil || !b.Exists() {
		return err
	}
	if b.Selection().Check(b.Spec.SourceTable, append(known, b.NamedBefore()...)) == nil {
		b.tell(report.SelectionUnknown, "", err.Error())
		return nil
	}
	return err
}

// checkLabels refuses a new table of labels that there are no files of.
func (b *bringing) checkLabels() error {
	if b.Exists() || len(b.Parts) > 0 || len(b.Env.Listing.Ready()) == 0 {
		return nil
	}
	name := b.Labels.Name
	return fmt.Errorf("%w: neither the root nor any folder has OptionsetMetadata/%s.csv; "+
		"switch ingest_choice_labels off if the environment has no choices", report.ErrNoLabels, name)
}

// checkGap stops a table whose folders went away, unless it is to go on.
func (b *bringing) checkGap() error {
	text, found := b.Gap()
	if !found {
		return nil
	}
	if b.Labels != nil {
		b.gapped = true // the root, which is read again, says what those folders said
		return nil
	}
	if b.Spec.Settings.OnGap != spec.GapContinues {
		return fmt.Errorf("%w: %s; if the folders that are left reach back to a whole copy, run sluice run --table %s --full-refresh; otherwise have the table exported again, or set on_gap: continue",
			report.ErrGap, text, b.Spec.SourceTable)
	}
	b.gapped = true
	b.tell(report.FolderGap, b.Env.Following(b.Cursor()).String(), text+"; the table goes on with what is left")
	return nil
}

// checkAdded follows schema_changes.
func (b *bringing) checkAdded(merged synapselink.Merged) error {
	if b.Spec.Settings.SchemaChanges != spec.FullRefreshRequired || b.columns == nil || len(merged.Added) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s has %s, and schema_changes is full_refresh_required; run sluice run --table %s --full-refresh",
		report.ErrNewColumns, b.Spec.SourceTable, fieldNames(merged.Added), b.Spec.SourceTable)
}
