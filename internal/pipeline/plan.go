package pipeline

import (
	"context"
	"slices"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Action is what an update would do with a table.
type Action string

// The actions.
const (
	ActionNothing Action = "nothing"
	ActionCreate  Action = "create"
	ActionUpdate  Action = "update"
	ActionRefresh Action = "full refresh"
	ActionFail    Action = "fail"
)

// Plan is what an update would do. Making it changes nothing.
type Plan struct {
	Name   string      `json:"name"`
	Source []Source    `json:"source"`
	Tables []TablePlan `json:"tables"`
	Events []Event     `json:"events"`
	Error  *Failure    `json:"error"`
}

// TablePlan is what an update would do with one table.
type TablePlan struct {
	Table       string `json:"table"`
	SourceTable string `json:"source_table"`
	SCDType     string `json:"scd_type"`
	Path        string `json:"path"`
	Action      Action `json:"action"`
	Cursor      string `json:"cursor"`
	Version     int64  `json:"table_version"`
	// Folders that would be read, with Files and Bytes in them.
	Folders []string `json:"folders"`
	Files   int      `json:"files"`
	Bytes   int64    `json:"bytes"`
	// Added columns are new to the table, Missing ones are no longer at the
	// source and stay null.
	Added   []Column `json:"added_columns"`
	Missing []string `json:"missing_columns"`
	// Commits that would be written to the table.
	Commits int      `json:"commits"`
	Events  []Event  `json:"events"`
	Error   *Failure `json:"error"`
}

// Column is a column of a table or of a source.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // as Delta names it
}

func columnsOf(schema batch.Schema) []Column {
	list := make([]Column, len(schema))
	for i, f := range schema {
		list[i] = Column{f.Name, f.Type.String()}
	}
	return list
}

// Plan says what an update would do.
func (r *Runner) Plan(ctx context.Context, request Request) Plan {
	u := &update{Runner: r, opts: r.Options.withDefaults(), request: request}
	plan := Plan{Name: r.Pipeline.Name, Source: []Source{}, Tables: []TablePlan{}, Events: []Event{}}
	targets, err := u.prepare(ctx)
	for _, e := range u.environments {
		plan.Source = append(plan.Source, u.describe(e))
		plan.Events = append(plan.Events, u.environmentEvents(e, targets)...)
	}
	if err != nil {
		plan.Error = failure(err)
		return plan
	}
	for _, t := range targets {
		plan.Tables = append(plan.Tables, u.plan(ctx, t))
	}
	return plan
}

func (u *update) plan(ctx context.Context, t *target) TablePlan {
	p := TablePlan{
		Table: t.name(), SourceTable: t.spec.SourceTable, SCDType: string(t.spec.Settings.SCDType),
		Path: u.Lake.URL(t.path()), Version: -1, Bytes: t.bytes,
		Folders: []string{}, Events: []Event{}, Added: []Column{}, Missing: []string{},
	}
	for _, part := range slices.Concat(t.late, t.parts) {
		p.Folders = append(p.Folders, part.folder.String())
		p.Files += len(part.files)
	}
	b := &bringing{update: u, target: t, result: TableResult{Path: p.Path}}
	err := t.err
	if err == nil {
		p.Version = t.snapshot.Version
		if cursor := u.cursor(t); !cursor.IsZero() {
			p.Cursor = cursor.String()
		}
		if err = b.checkKnown(ctx); err == nil {
			err = b.checkTable(ctx)
		}
		if err == nil && !b.request.FullRefresh {
			err = b.checkGap()
		}
		if err == nil {
			err = p.fill(b)
		}
	}
	if err != nil {
		p.Action, p.Error = ActionFail, failure(err)
	}
	p.Events = append(p.Events, b.result.Events...)
	return p
}

// fill goes through the folders as an update would.
func (p *TablePlan) fill(b *bringing) error {
	t := b.target
	var err error
	if !b.request.FullRefresh {
		if b.columns, err = t.schema(); err != nil {
			return err
		}
	}
	had := len(b.columns)
	var merged synapselink.Merged
	for _, part := range slices.Concat(t.late, t.parts) {
		if part.err != nil {
			return part.err
		}
		if merged, err = synapselink.MergeSchema(b.columns, *part.entity, t.selection()); err != nil {
			return err
		}
		if err := b.checkAdded(merged); err != nil {
			return err
		}
		b.columns = merged.Schema
	}
	p.Added = columnsOf(b.columns[had:])
	p.Missing = append(p.Missing, merged.Missing...)
	for _, parts := range [][]part{t.late, t.parts} {
		for rest := parts; len(rest) > 0; rest = rest[len(t.together(rest)):] {
			p.Commits++
		}
	}
	switch {
	case b.request.FullRefresh && len(t.parts) > 0:
		p.Action, p.Commits = ActionRefresh, 1
	case !t.exists() && len(t.env.listing.Ready()) == 0:
		p.Action = ActionNothing
	case !t.exists():
		p.Action = ActionCreate
		p.Commits = max(1, p.Commits) + 1 // the table itself, and then what is in it
	case len(t.parts)+len(t.late) > 0:
		p.Action = ActionUpdate
	default:
		p.Action = ActionNothing
	}
	return nil
}
