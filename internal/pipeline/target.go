package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// target is a table of the lake and what there is to do for it.
type target struct {
	spec     spec.Table
	env      *environment
	snapshot *delta.Snapshot
	parts    []part
	// late are folders that the table passed over and that can be read now;
	// ready names them all, also those without rows of the table.
	late  []part
	ready []synapselink.FolderName
	// gone are skipped folders of which nothing is left; unreadable ones are of the
	// cursor's moment, came later and cannot be read yet.
	gone, unreadable []synapselink.FolderName

	bytes int64 // of all parts
	err   error // what keeps the table from being brought up to date
	// moved: it was made from another environment's folder.
	moved bool
	// picked by a schema object, and for the first time though it had others.
	picked, appeared bool
	// labels is set for a table of choice labels: what it looks like.
	labels *synapselink.Entity
}

// part is what one folder holds for a table.
type part struct {
	folder synapselink.FolderName
	entity *synapselink.Entity // nil with err
	files  []synapselink.File
	bytes  int64
	err    error
}

// Columns of the export that have a meaning.
var columns = local.Columns{Key: "Id", Version: "versionnumber", Modified: "SinkModifiedOn", Delete: "IsDelete"}

// columnsIn gives them in the spelling of the schema.
func columnsIn(schema batch.Schema) local.Columns {
	named := columns
	for _, f := range schema {
		for _, name := range []*string{&named.Key, &named.Version, &named.Modified, &named.Delete} {
			if strings.EqualFold(f.Name, *name) {
				*name = f.Name
			}
		}
	}
	return named
}

// path of the table in the lake.
func (t *target) path() string { return t.spec.Destination.String() }

// name is catalog.schema.table.
func (t *target) name() string {
	d := t.spec.Destination
	return d.Catalog + "." + d.Schema + "." + d.Table
}

// appID names the cursor in the table's log.
func (r *Runner) appID(t *target) string {
	return "sluice:" + r.Pipeline.Name + ":" + t.name()
}

// source names what the table is made from, for its configuration.
func (t *target) source() string { return "dynamics365:" + t.spec.SourceTable }

// origin names the environment that the table is made from: the first label of
// its URL, or what else source_schema says; empty where it says nothing.
func (t *target) origin() string {
	origin := strings.ToLower(t.spec.SourceSchema)
	if _, host, isURL := strings.Cut(origin, "://"); isURL {
		origin, _, _ = strings.Cut(host, ".")
	}
	return strings.Trim(origin, "/")
}

func (t *target) scdType() change.Type {
	if t.spec.Settings.SCDType == spec.SCDType2 {
		return change.Type2
	}
	return change.Type1
}

func (t *target) selection() synapselink.Selection {
	return synapselink.Selection{Include: t.spec.Settings.IncludeColumns, Exclude: t.spec.Settings.ExcludeColumns,
		History: t.scdType() == change.Type2, MaxCellBytes: t.spec.Settings.MaxCellBytes}
}

// exists reports whether the lake has the table.
func (t *target) exists() bool { return t.snapshot != nil && t.snapshot.Version >= 0 }

// cursor is the last folder that the table holds, zero for none.
func (r *Runner) cursor(t *target) synapselink.FolderName {
	if !t.exists() || t.moved {
		return synapselink.FolderName{}
	}
	txn, ok := t.snapshot.Txns[r.appID(t)]
	if !ok {
		return synapselink.FolderName{}
	}
	name, err := synapselink.FolderFromDigits(txn.Version)
	if err != nil {
		return synapselink.FolderName{}
	}
	return name
}

// schema is what the table has of its source's columns.
func (t *target) schema() (batch.Schema, error) {
	if !t.exists() {
		return nil, nil
	}
	return local.SourceSchema(t.snapshot)
}

// targets lists the tables that the request means.
func (u *update) targets(ctx context.Context) ([]*target, error) {
	tables, err := u.tables(ctx)
	if err != nil {
		return nil, err
	}
	var targets []*target
	for i, table := range tables {
		t := &target{spec: table, picked: i >= len(u.Pipeline.Tables)}
		if !u.request.wants(t) {
			continue
		}
		if t.env, err = u.environment(ctx, table.SourceSchema); err != nil {
			return nil, err
		}
		t.err = t.env.err
		targets = append(targets, t)
	}
	labels, err := u.labelTargets(ctx, tables)
	if err != nil {
		return nil, err
	}
	targets = append(targets, labels...)
	return targets, u.request.allFound(targets)
}

func (q *Request) wants(t *target) bool {
	if len(q.Tables) == 0 {
		return true
	}
	return slices.ContainsFunc(q.Tables, t.named)
}

// named reports whether a user means the table by that name.
func (t *target) named(name string) bool {
	d := t.spec.Destination
	return strings.EqualFold(name, t.spec.SourceTable) || strings.EqualFold(name, d.Table) ||
		strings.EqualFold(name, d.Schema+"."+d.Table) || strings.EqualFold(name, t.name())
}

// ErrNoSuchTable: a request names a table that the pipeline does not have.
var ErrNoSuchTable = errors.New("the pipeline has no such table")

func (q *Request) allFound(targets []*target) error {
	for _, name := range q.Tables {
		found := false
		for _, t := range targets {
			found = found || t.named(name)
		}
		if !found {
			return fmt.Errorf("%w: %s; sluice status lists those it has", ErrNoSuchTable, name)
		}
	}
	return nil
}

// snapshotsAtOnce tables are looked at side by side.
const snapshotsAtOnce = 8

// load reads the tables' snapshots. What cannot be read fails that table.
func (u *update) load(ctx context.Context, targets []*target) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(snapshotsAtOnce)
	engine := local.New(u.Lake, local.Options{})
	for _, t := range targets {
		if errors.Is(t.err, spec.ErrInvalid) {
			continue // the table there is another one
		}
		group.Go(func() error {
			snapshot, err := engine.Snapshot(ctx, t.path())
			if t.snapshot = snapshot; t.err == nil {
				t.err = err
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}
