package work

import (
	"context"
	"strings"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Target is a table of the lake and what there is to do for it.
type Target struct {
	survey *Survey

	Spec     spec.Table
	Env      *Environment
	Snapshot *delta.Snapshot
	Parts    []Part
	// Late are folders that the table passed over and that can be read now;
	// Ready names them all, also those without rows of the table.
	Late  []Part
	Ready []synapselink.FolderName
	// gone are skipped folders of which nothing is left; unreadable ones are of the
	// cursor's moment, came later and cannot be read yet.
	Gone, Unreadable []synapselink.FolderName

	Bytes int64 // of all parts
	Err   error // what keeps the table from being brought up to date
	// Moved: it was made from another environment's folder.
	Moved bool
	// picked by a schema object; Appeared: for the first time though it had others.
	picked, Appeared bool
	// Labels is set for a table of choice labels: what it looks like.
	Labels *synapselink.Entity
}

// Part is what one folder holds for a table.
type Part struct {
	Folder synapselink.FolderName
	Entity *synapselink.Entity // nil with Err
	Files  []synapselink.File
	Bytes  int64
	Err    error
}

// Columns of the export that have a meaning.
var Columns = local.Columns{Key: "Id", Version: "versionnumber", Modified: "SinkModifiedOn", Delete: "IsDelete"}

// ColumnsIn gives them in the spelling of the schema.
func ColumnsIn(schema batch.Schema) local.Columns {
	named := Columns
	for _, f := range schema {
		for _, name := range []*string{&named.Key, &named.Version, &named.Modified, &named.Delete} {
			if strings.EqualFold(f.Name, *name) {
				*name = f.Name
			}
		}
	}
	return named
}

// Path of the table in the lake.
func (t *Target) Path() string { return t.Spec.Destination.String() }

// Name is catalog.schema.table.
func (t *Target) Name() string {
	d := t.Spec.Destination
	return d.Catalog + "." + d.Schema + "." + d.Table
}

// source names what the table is made from, for its configuration.
func (t *Target) source() string { return "dynamics365:" + t.Spec.SourceTable }

// origin names the environment that the table is made from: the first label of
// its URL, or what else source_schema says; empty where it says nothing.
func (t *Target) origin() string {
	origin := strings.ToLower(t.Spec.SourceSchema)
	if _, host, isURL := strings.Cut(origin, "://"); isURL {
		origin, _, _ = strings.Cut(host, ".")
	}
	return strings.Trim(origin, "/")
}

// SCDType is the way in which the table keeps versions.
func (t *Target) SCDType() change.Type {
	if t.Spec.Settings.SCDType == spec.SCDType2 {
		return change.Type2
	}
	return change.Type1
}

// Selection is which columns the table takes, and how.
func (t *Target) Selection() synapselink.Selection {
	return synapselink.Selection{Include: t.Spec.Settings.IncludeColumns, Exclude: t.Spec.Settings.ExcludeColumns,
		History: t.SCDType() == change.Type2, MaxCellBytes: t.Spec.Settings.MaxCellBytes}
}

// Exists reports whether the lake has the table.
func (t *Target) Exists() bool { return t.Snapshot != nil && t.Snapshot.Version >= 0 }

// At is the table as another snapshot shows it, without anything to do.
func (t *Target) At(snapshot *delta.Snapshot) *Target {
	return &Target{survey: t.survey, Spec: t.Spec, Env: t.Env, Snapshot: snapshot, picked: t.picked, Appeared: t.Appeared, Labels: t.Labels}
}

// named reports whether a user means the table by that name.
func (t *Target) named(name string) bool {
	d := t.Spec.Destination
	return strings.EqualFold(name, t.Spec.SourceTable) || strings.EqualFold(name, d.Table) ||
		strings.EqualFold(name, d.Schema+"."+d.Table) || strings.EqualFold(name, t.Name())
}

// Schema is what the table has of its source's columns.
func (t *Target) Schema() (batch.Schema, error) {
	if !t.Exists() {
		return nil, nil
	}
	return local.SourceSchema(t.Snapshot)
}

// Step is one commit to the table.
type Step struct {
	AppID  string
	Cursor int64
	Marks  map[string]int64 // further txn actions
	// Reached is where the table stands afterwards.
	Reached synapselink.FolderName
}

// Batch is a commit of rows that have the schema, with none so far.
func (t *Target) Batch(schema batch.Schema, to Step) local.Batch {
	return local.Batch{
		Table: t.Path(), Source: t.source(), Origin: t.origin(), AppID: to.AppID, Cursor: to.Cursor,
		Type: t.SCDType(), Schema: schema, Columns: ColumnsIn(schema), Properties: t.withReads(t.properties()),
		Replace:    t.survey.Request.FullRefresh,
		Parameters: map[string]string{"pipeline": t.survey.Config.Name, "sourceTable": t.Spec.SourceTable},
		Seal: t.AsKeeper(func(context.Context, *delta.Snapshot) (local.Sealed, error) {
			return local.Sealed{Txns: to.Marks}, nil
		}),
	}
}

// After is the part as a source wants it, where the table looked like that in the
// folder before (nil: not known). Short rows are legal only where columns were
// appended to those of the folder before.
func (p *Part) After(before *synapselink.Entity) synapselink.FolderPart {
	full := before != nil && !p.Entity.Extends(*before)
	return synapselink.FolderPart{Folder: p.Folder, Entity: *p.Entity, Files: p.Files, FullWidthOnly: full}
}

// Extent is how far back the export still reaches: rows of folders before
// that cannot be shown.
type Extent struct {
	Searched int    `json:"searched"`
	Oldest   string `json:"oldest"`
	Newest   string `json:"newest"`
}

// ExtentOf is how far parts reach.
func ExtentOf(parts []Part) Extent {
	e := Extent{Searched: len(parts)}
	if n := len(parts); n > 0 {
		e.Oldest, e.Newest = parts[0].Folder.String(), parts[n-1].Folder.String()
	}
	return e
}
