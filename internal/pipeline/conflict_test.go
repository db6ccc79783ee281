package pipeline_test

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/parquetfile"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// memory makes an empty store.
func memory() storage.Store { return mem.New(fixedClock) }

// TestTwoProcessesOnOneTable lets a second process of the same pipeline run
// between what a first one read and what it commits: one of them stops, and
// nothing is applied twice.
func TestTwoProcessesOnOneTable(t *testing.T) {
	for _, name := range []string{"first-load", "checkpoint-scd2", "copy-on-write"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, findScenario(t, name), memory)
			commits := 0
			for _, o := range r.operations {
				if o.Op != fault.PutIfAbsent {
					continue
				}
				commits++
				lake := r.lake(t)
				var other report.Result
				meet := fault.Call(func() { other = r.run(r.source, lake, false) })
				result := r.run(r.source, fault.New(lake, fault.Match(fault.PutIfAbsent, "*", commits, meet)), false)
				if !isDone(other.State) {
					t.Fatalf("commit %d: the process that came first: %s, %+v", commits, other.State, failures(other))
				}
				// The first commit of a new table only creates it: that both wanted
				// to is no conflict yet.
				created := r.before == 0 && commits == 1 && isDone(result.State)
				if e := result.Tables[0].Error; !created && (e == nil || e.Code != "CONCURRENT_RUN") {
					t.Fatalf("commit %d: the process that came second: %s, %+v", commits, result.State, e)
				}
				r.checkNoOrphans(t, lake)
				r.checkContinues(t, lake)
			}
		})
	}
}

// TestProcessesRace starts some at the same time.
func TestProcessesRace(t *testing.T) {
	for _, name := range []string{"first-load", "streamed-scd2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, findScenario(t, name), memory)
			for range 10 {
				lake := r.lake(t)
				results := make([]report.Result, 3)
				var group sync.WaitGroup
				for i := range results {
					group.Go(func() { results[i] = r.run(r.source, lake, false) })
				}
				group.Wait()
				for _, result := range results {
					if e := result.Tables[0].Error; e != nil && e.Code != "CONCURRENT_RUN" {
						t.Fatalf("%s, %+v", result.State, e)
					}
				}
				r.checkStates(t, lake)
				r.checkContinues(t, lake)
			}
		})
	}
}

// foreigner is another program that changes the table between what a run read
// and what it commits.
type foreigner struct {
	name string
	act  func(t tester, s *delta.Snapshot, lake storage.Store) delta.Changes
	// result of it beside what the run does.
	result func(c content) content
}

const foreignID = "ffffffff-ffff-4fff-8fff-ffffffffffff"

var foreigners = []foreigner{
	{name: "appends", act: appendForeign, result: func(c content) content {
		row := contentRow{id: foreignID, start: 1, cells: slices.Repeat([]string{absent}, len(c.columns))}
		row.cells[slices.Index(c.columns, "Id")] = foreignID
		row.cells[slices.Index(c.columns, "versionnumber")] = "1"
		if i := slices.Index(c.columns, "__START_AT"); i >= 0 {
			row.cells[i] = "1"
		} else {
			row.start = 0
		}
		c.rows = append(slices.Clone(c.rows), row)
		c.sort()
		return c
	}},
	{name: "moves files", act: moveFiles, result: func(c content) content { return c }},
	{name: "sets a property", act: setProperty, result: func(c content) content { return c }},
	{name: "deletes a row", act: deleteForeign, result: func(c content) content {
		c.rows = slices.DeleteFunc(slices.Clone(c.rows), func(r contentRow) bool { return r.id == handID(untouched) })
		return c
	}},
}

// TestForeignWriterMeetsRun has other programs write between what the run read
// and each of its commits: it starts that commit over, and both have what they
// wanted.
func TestForeignWriterMeetsRun(t *testing.T) {
	for _, name := range []string{"checkpoint-scd2", "copy-on-write", "streamed-scd2"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, findScenario(t, name), memory)
			for commit := range len(r.states) - 1 {
				for _, f := range foreigners {
					r.meet(t, f, commit+1)
				}
			}
		})
	}
}

func (r *rig) meet(t *testing.T, f foreigner, commit int) {
	t.Helper()
	if f.name == "deletes a row" && !r.vectors {
		return // such a program would copy the file, as one that moves files does
	}
	at := &placed{t, f.name}
	lake := r.lake(at)
	act := fault.Call(func() {
		s, err := delta.Load(context.Background(), lake, tablePath("account"))
		need(at, err)
		outcome, err := delta.Commit(context.Background(), s, f.act(at, s, lake), delta.CommitOptions{Clock: fixedClock})
		need(at, err)
		if outcome.Kind != delta.Committed {
			at.Fatalf("%s", outcome.Kind)
		}
	})
	r.complete(at, r.source, fault.New(lake, fault.Match(fault.PutIfAbsent, "*", commit, act)), false)
	got, s := contentOf(at, lake, tablePath("account"))
	if d := differences(f.result(r.done), got); d != "" {
		at.Fatalf("before commit %d:\n%s", commit, d)
	}
	if f.name == "sets a property" && s.Metadata.Configuration["someone"] != "else" {
		at.Fatalf("the property is gone: %v", s.Metadata.Configuration)
	}
	r.complete(at, r.longer, lake, false)
	got, _ = contentOf(at, lake, tablePath("account"))
	if d := differences(f.result(r.later), got); d != "" {
		at.Fatalf("before commit %d, after the next folder:\n%s", commit, d)
	}
	r.checkNoOrphans(at, lake)
}

func setProperty(_ tester, s *delta.Snapshot, _ storage.Store) delta.Changes {
	m := s.Metadata.WithConfiguration(map[string]string{"someone": "else"})
	return delta.Changes{Metadata: &m}
}

func appendForeign(t tester, s *delta.Snapshot, lake storage.Store) delta.Changes {
	t.Helper()
	schema, err := s.BatchSchema()
	need(t, err)
	var rows batch.Batch
	rows.Reset(schema)
	rows.Rows = 1
	for i, f := range schema {
		switch f.Name {
		case "Id":
			rows.Cols[i].Text([]byte(foreignID))
		case "versionnumber", "__START_AT":
			rows.Cols[i].Int(1)
		}
	}
	var data bytes.Buffer
	w, err := parquetfile.NewWriter(&data, schema, parquetfile.Options{})
	need(t, err)
	need(t, w.Write(&rows))
	_, err = w.Close()
	need(t, err)
	putFile(t, lake, s.Root+"/foreign.parquet", data.Bytes())
	return delta.Changes{Adds: []delta.Add{{Path: "foreign.parquet", Size: int64(data.Len()), DataChange: true,
		PartitionValues: map[string]*string{}, Stats: `{"numRecords":1}`}}}
}

// moveFiles gives all data files other names, as a program does that rearranges
// a table without changing its rows.
func moveFiles(t tester, s *delta.Snapshot, lake storage.Store) delta.Changes {
	t.Helper()
	var c delta.Changes
	for _, add := range s.Files() {
		path, err := s.FilePath(add.Path)
		need(t, err)
		data, err := storage.ReadAll(context.Background(), lake, path)
		need(t, err)
		c.Removes = append(c.Removes, delta.NewRemove(add, fixedClock(), false))
		add.Path = uuid.NewString() + ".parquet"
		putFile(t, lake, s.Root+"/"+add.Path, data)
		c.Adds = append(c.Adds, add)
	}
	return c
}

// deleteForeign marks the row of a key that no folder of the run has.
func deleteForeign(t tester, s *delta.Snapshot, lake storage.Store) delta.Changes {
	t.Helper()
	ctx := context.Background()
	for _, add := range s.Files() {
		path, err := s.FilePath(add.Path)
		need(t, err)
		data, err := storage.ReadAll(ctx, lake, path)
		need(t, err)
		file, err := parquetfile.Open(bytes.NewReader(data), int64(len(data)))
		need(t, err)
		dead := roaring64.New()
		if add.DeletionVector != nil {
			dead, err = delta.ReadVector(ctx, lake, s.Root, add.DeletionVector)
			need(t, err)
		}
		before, row := dead.GetCardinality(), uint64(0)
		ids := batch.Schema{{Name: "Id", Type: batch.Type{Kind: batch.String}}}
		for g := range file.RowGroups() {
			need(t, file.ReadChunks(g, ids, 1000, func(b *batch.Batch) error {
				for _, id := range b.Cols[0].Bytes {
					if string(id) == handID(untouched) {
						dead.Add(row)
					}
					row++
				}
				return nil
			}))
		}
		if dead.GetCardinality() == before {
			continue
		}
		vectors, err := delta.WriteVectors(ctx, lake, s.Root, uuid.New(), []*roaring64.Bitmap{dead})
		need(t, err)
		marked, err := add.WithVector(&vectors[0])
		need(t, err)
		marked.DataChange = true
		return delta.Changes{Removes: []delta.Remove{delta.NewRemove(add, fixedClock(), true)}, Adds: []delta.Add{marked}}
	}
	t.Fatalf("no file has the row %s", handID(untouched))
	return delta.Changes{}
}
