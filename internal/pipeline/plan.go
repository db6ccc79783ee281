package pipeline

import (
	"context"
	"slices"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
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
	Name   string          `json:"name"`
	Source []report.Source `json:"source"`
	Tables []TablePlan     `json:"tables"`
	Events []report.Event  `json:"events"`
	Error  *report.Failure `json:"error"`
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
	Added   []report.Column `json:"added_columns"`
	Missing []string        `json:"missing_columns"`
	// Commits that would be written to the table.
	Commits int             `json:"commits"`
	Events  []report.Event  `json:"events"`
	Error   *report.Failure `json:"error"`
}

// MakePlan says what an update would do.
func MakePlan(ctx context.Context, p *work.Pipeline, request work.Request) Plan {
	u := &update{Survey: p.Survey(request)}
	plan := Plan{Name: p.Config.Name, Source: []report.Source{}, Tables: []TablePlan{}, Events: []report.Event{}}
	targets, err := u.Prepare(ctx)
	for _, e := range u.Environments {
		plan.Source = append(plan.Source, u.Describe(e))
		plan.Events = append(plan.Events, u.EventsOf(e, targets)...)
	}
	if err != nil {
		plan.Error = report.NewFailure(err)
		return plan
	}
	for _, t := range targets {
		plan.Tables = append(plan.Tables, u.plan(ctx, t))
	}
	return plan
}

func (u *update) plan(ctx context.Context, t *work.Target) TablePlan {
	p := TablePlan{
		Table: t.Name(), SourceTable: t.Spec.SourceTable, SCDType: string(t.Spec.Settings.SCDType),
		Path: u.Lake.URL(t.Path()), Version: -1, Bytes: t.Bytes,
		Folders: []string{}, Events: []report.Event{}, Added: []report.Column{}, Missing: []string{},
	}
	for _, part := range slices.Concat(t.Late, t.Parts) {
		p.Folders = append(p.Folders, part.Folder.String())
		p.Files += len(part.Files)
	}
	b := &bringing{update: u, Target: t, result: report.TableResult{Path: p.Path}}
	err := t.Err
	if err == nil {
		p.Version = t.Snapshot.Version
		if cursor := t.Cursor(); !cursor.IsZero() {
			p.Cursor = cursor.String()
		}
		if err = b.checkKnown(ctx); err == nil {
			err = b.checkTable(ctx)
		}
		if err == nil && !b.Request.FullRefresh {
			err = b.checkGap()
		}
		if err == nil {
			err = p.fill(b)
		}
	}
	if err != nil {
		p.Action, p.Error = ActionFail, report.NewFailure(err)
	}
	p.Events = append(p.Events, b.result.Events...)
	return p
}

// fill goes through the folders as an update would.
func (p *TablePlan) fill(b *bringing) error {
	t := b.Target
	var err error
	if !b.Request.FullRefresh {
		if b.columns, err = t.Schema(); err != nil {
			return err
		}
	}
	had := len(b.columns)
	var merged synapselink.Merged
	for _, part := range slices.Concat(t.Late, t.Parts) {
		if part.Err != nil {
			return part.Err
		}
		if merged, err = synapselink.MergeSchema(b.columns, *part.Entity, t.Selection()); err != nil {
			return err
		}
		if err := b.checkAdded(merged); err != nil {
			return err
		}
		b.columns = merged.Schema
	}
	p.Added = report.ColumnsOf(b.columns[had:])
	p.Missing = append(p.Missing, merged.Missing...)
	for _, parts := range [][]work.Part{t.Late, t.Parts} {
		for rest := parts; len(rest) > 0; rest = rest[len(nextCommit(t, rest)):] {
			p.Commits++
		}
	}
	switch {
	case b.Request.FullRefresh && len(t.Parts) > 0:
		p.Action, p.Commits = ActionRefresh, 1
	case !t.Exists() && len(t.Env.Listing.Ready()) == 0:
		p.Action = ActionNothing
	case !t.Exists():
		p.Action = ActionCreate
		p.Commits = max(1, p.Commits) + 1 // the table itself, and then what is in it
	case len(t.Parts)+len(t.Late) > 0:
		p.Action = ActionUpdate
	default:
		p.Action = ActionNothing
	}
	return nil
}

// nextCommit are the first parts, which come in one commit.
func nextCommit(t *work.Target, parts []work.Part) []work.Part {
	if t.Labels != nil {
		return parts
	}
	return together(parts)
}
