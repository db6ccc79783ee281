package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/maintain"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// way is one of the ways in which the same export can be followed. All must
// lead to the same tables.
type way struct {
	scd        change.Type
	vectors    bool
	exclude    []string
	memory     int64 // small: batches are streamed, keys spill to files
	workers    int
	blockBytes int
	fileBytes  int64
	temp       string
	index      string // folder of key indexes, "" for none
	bytes      int    // of a file, about
	merging    maintain.Policy
}

// fixedClock keeps what is written the same from run to run.
func fixedClock() time.Time { return time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC) }

// runner follows the tables of an export into a lake.
func (w way) runner(source, lake storage.Store, tables ...string) *work.Pipeline {
	settings := spec.Settings{SCDType: spec.SCDType1, SchemaChanges: spec.AddColumns, ExcludeColumns: w.exclude}
	if w.scd == change.Type2 {
		settings.SCDType = spec.SCDType2
	}
	if !w.vectors {
		settings.TableProperties = map[string]string{spec.DeletionVectorsProperty: "false"}
	}
	p := spec.Pipeline{Key: "prod", Name: "prod"}
	for _, table := range tables {
		p.Tables = append(p.Tables, spec.Table{SourceTable: table, Settings: settings,
			Destination: spec.Destination{Catalog: "main", Schema: "crm", Table: table}})
	}
	p.Source.AbandonAfter = spec.DefaultAbandonAfter
	return &work.Pipeline{Config: p, Source: source, Lake: lake, Options: work.Options{
		Memory: w.memory, Workers: w.workers, Temp: w.temp, IndexDir: w.index, BlockBytes: w.blockBytes, FileBytes: w.fileBytes, Merging: w.merging,
		Clock: fixedClock, NewID: func() string { return "update" },
	}}
}

// tablePath is where runner puts a table.
func tablePath(table string) string { return "main/crm/" + table }

// follower brings one lake up to date, and checks after each run that its tables
// are what the model says.
type follower struct {
	way
	source, lake storage.Store
	tables       []string
	history      func(table string) ([]exporter.Written, []exporter.Column)
	cursors      map[string]int64
	// unfinished folders have no model.json: they are passed over until they have.
	unfinished func() []string
	passed     map[int64]bool
	newest     int64 // folder that could be read; a run names it only while it is new
}

// run brings the lake up to date.
func (f *follower) run(t tester, refresh bool) {
	t.Helper()
	result := pipeline.Run(context.Background(), f.runner(f.source, f.lake, f.tables...), work.Request{FullRefresh: refresh})
	if !isDone(result.State) {
		t.Fatalf("way %+v: %s, %+v", f.way, result.State, failures(result))
	}
	f.newest = max(f.newest, folderDigits(result.Source[0].Newest))
	late := f.pass()
	for _, r := range result.Tables {
		f.check(t, r, refresh, late)
	}
	if left := entriesOf(t, f.temp); len(left) > 0 {
		t.Fatalf("way %+v: temporary files are left: %v", f.way, left)
	}
}

// pass notes the folders that are passed over now, and gives those that were and
// have been completed.
func (f *follower) pass() (late map[int64]bool) {
	late, f.passed = f.passed, map[int64]bool{}
	if f.unfinished != nil {
		for _, name := range f.unfinished() {
			f.passed[folderDigits(name)] = true
			delete(late, folderDigits(name))
		}
	}
	return late
}

// check compares one table with the model, and its counts with what it had to
// read.
func (f *follower) check(t tester, r report.TableResult, refresh bool, late map[int64]bool) {
	t.Helper()
	history, columns := f.history(r.SourceTable)
	history = slices.DeleteFunc(slices.Clone(history), func(w exporter.Written) bool { return f.passed[w.Folder] })
	read := int64(0)
	for i := range history {
		if at := history[i].Folder; at <= f.newest && (refresh || at > f.cursors[r.SourceTable] || late[at]) {
			read++
		}
	}
	c := r.Rows
	if c.Read != read || c.Read != c.Upserted+c.Deleted+c.Superseded+c.Quarantined {
		t.Fatalf("way %+v: %s: the counts do not add up to the %d rows that were to be read: %+v", f.way, r.SourceTable, read, c)
	}
	f.cursors[r.SourceTable] = max(f.cursors[r.SourceTable], folderDigits(r.Cursor))
	got, _ := contentOf(t, f.lake, tablePath(r.SourceTable))
	want := expected(t, history, columns, f.scd, f.newest).without(f.exclude)
	if d := differences(want, got); d != "" {
		t.Fatalf("way %+v, refresh %t: %s after folder %d is not what the model says:\n%s%s",
			f.way, refresh, r.SourceTable, f.newest, d, storyOf(history, d))
	}
}

// storyOf lists the changes of the first key that a difference names.
func storyOf(history []exporter.Written, difference string) string {
	var out strings.Builder
	for i := range history {
		w := &history[i]
		if id := w.Key.String(); strings.Contains(strings.SplitN(difference, "\n", 2)[0], id) {
			fmt.Fprintf(&out, "  %s folder %d file %d offset %d: version %d, delete %t, unversioned %t, modified %d\n",
				id, w.Folder, w.File, w.Offset, w.Version, w.Delete, w.Unversioned, w.Modified)
		}
	}
	return out.String()
}

func failures(r report.Result) []*report.Failure {
	list := []*report.Failure{}
	if r.Error != nil {
		list = append(list, r.Error)
	}
	for i := range r.Tables {
		if e := r.Tables[i].Error; e != nil {
			list = append(list, e)
		}
	}
	return list
}

// entriesOf names what a folder of the file system holds, nothing where there is
// no folder.
func entriesOf(t tester, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if !errors.Is(err, fs.ErrNotExist) {
		need(t, err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// isDone reports whether all was done, with or without a warning: exports with
// faults give some.
func isDone(s report.State) bool {
	return s == report.Completed || s == report.CompletedWithWarnings
}
