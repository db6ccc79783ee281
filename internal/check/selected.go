package check

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// described is what the table looks like in the newest complete folder. A run asks
// that of folders with rows of the table only, so where the newest has none, the
// next older one that describes the table counts; without attributes if none does.
func (x *export) described(ctx context.Context, table string) (synapselink.Entity, error) {
	entity, err := x.TableSchema(ctx, x.newest, table)
	if !errors.Is(err, synapselink.ErrNoSchema) {
		return entity, err
	}
	if holds, looked := x.hasRows(ctx, table); looked != nil {
		return synapselink.Entity{}, looked
	} else if holds {
		return synapselink.Entity{}, err
	}
	x.rested++
	for _, folder := range slices.Backward(x.complete) {
		m, err := x.Manifest(ctx, folder)
		if err != nil {
			return synapselink.Entity{}, err
		}
		if older, ok := m.Entity(table); ok {
			return older, nil
		}
	}
	return synapselink.Entity{}, nil
}

// hasRows reports whether the newest folder has files of the table.
func (x *export) hasRows(ctx context.Context, table string) (bool, error) {
	if x.holds == nil {
		files, err := x.FolderTables(ctx, x.newest)
		if err != nil {
			return false, err
		}
		x.holds = &files
	}
	for name := range x.holds.Tables {
		if strings.EqualFold(name, table) {
			return true, nil
		}
	}
	for name := range x.holds.Failed {
		if strings.EqualFold(name, table) {
			return true, nil
		}
	}
	return false, nil
}

// selected refuses columns that nobody has heard of. One that the source dropped is
// known as long as the table has it, or a folder that is left.
func (x *export) selected(ctx context.Context, t spec.Table, entity synapselink.Entity, selection synapselink.Selection) error {
	known := entity.Names()
	if selection.Check(t.SourceTable, known) == nil {
		return nil
	}
	for _, folder := range x.complete {
		m, err := x.Manifest(ctx, folder)
		if err != nil {
			return err
		}
		if older, ok := m.Entity(t.SourceTable); ok {
			known = append(known, older.Names()...)
		}
	}
	return selection.Check(t.SourceTable, append(known, x.kept(ctx, t)...))
}

// kept are the columns that the lake's table has. Why it cannot be read is for the
// steps of the lake to say.
func (x *export) kept(ctx context.Context, t spec.Table) []string {
	if x.lake == nil {
		return nil
	}
	snapshot, err := local.New(x.lake, local.Options{}).Snapshot(ctx, t.Destination.String())
	if err != nil || snapshot.Version < 0 {
		return nil
	}
	schema, err := local.SourceSchema(snapshot)
	if err != nil {
		return nil
	}
	var names []string
	for _, f := range schema {
		names = append(names, f.Name)
	}
	return names
}
