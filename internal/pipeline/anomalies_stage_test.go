package pipeline_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const stageSeed = 11

var bothTypes = []change.Type{change.Type1, change.Type2}

// stage is an export with a lake for each SCD type, and the clock.
type stage struct {
	*testing.T
	sim      *exporter.Simulator
	source   storage.Store // as the simulator writes
	read     storage.Store // as the pipeline reads
	lakes    map[change.Type]storage.Store
	types    []change.Type
	newest   string // folder of the last step
	now      time.Time
	settings func(*spec.Settings)
	told     map[string]report.Level
	last     map[change.Type]report.Result
	// lost folders, as digits, went away before they were read.
	lost map[int64]bool
}

// newStage loads the initial copy of a table of Dataverse's kind and of an F&O
// entity; with many faults at once, of an F&O table as well.
func newStage(t *testing.T, faults ...exporter.Fault) *stage {
	t.Helper()
	o := exporter.Options{Seed: stageSeed, Faults: faults, KeepHistory: true,
		Tables: []exporter.TableOption{{Name: "bench", Rows: 40}, {Name: "mserp_custcustomerv3entity", Rows: 20}}}
	if len(faults) > 2 {
		o.Tables = append(o.Tables, exporter.TableOption{Name: "inventtrans", Rows: 20})
	}
	return newStageOf(t, o)
}

func newStageOf(t *testing.T, o exporter.Options) *stage {
	t.Helper()
	sim, err := exporter.New(o)
	need(t, err)
	source := leasing{mem.New(fixedClock), map[string]bool{}}
	s := &stage{T: t, sim: sim, source: source, read: source, types: bothTypes,
		lakes: map[change.Type]storage.Store{change.Type1: mem.New(fixedClock), change.Type2: mem.New(fixedClock)},
		told:  map[string]report.Level{}, last: map[change.Type]report.Result{}, lost: map[int64]bool{}}
	need(t, sim.Initial(context.Background(), source))
	s.wait(time.Minute)
	s.run()
	return s
}

// wait sets the clock to a time after the name of the open folder.
func (s *stage) wait(d time.Duration) {
	s.Helper()
	open, err := time.Parse("2006-01-02T15.04.05Z", strings.TrimSpace(s.sim.OpenFolder()))
	need(s, err)
	s.now = open.Add(d)
}

// step writes the changes of one interval.
func (s *stage) step() {
	s.Helper()
	var err error
	s.newest, err = s.sim.Step(context.Background(), s.source, exporter.Changes{Mix: exporter.Mix{Inserts: 3, Updates: 6, Deletes: 2}})
	need(s, err)
	s.wait(time.Minute)
}

// runner follows the export into the lake of a type.
func (s *stage) runner(scd change.Type) *work.Pipeline {
	r := way{scd: scd, vectors: scd == change.Type2, temp: s.TempDir()}.runner(s.read, s.lakes[scd], s.sim.Tables()...)
	r.Options.Clock = func() time.Time { return s.now }
	r.Config.Source.AbandonAfter = spec.DefaultAbandonAfter
	for i := range r.Config.Tables {
		if s.settings != nil {
			s.settings(&r.Config.Tables[i].Settings)
		}
	}
	return r
}

// run brings both lakes up to date and notes what is told.
func (s *stage) run() { s.request(work.Request{}) }

func (s *stage) request(request work.Request) {
	s.Helper()
	for _, scd := range s.types {
		result := pipeline.Run(context.Background(), s.runner(scd), request)
		s.last[scd] = result
		s.hear(result.Events)
		for i := range result.Tables {
			table := &result.Tables[i]
			s.hear(table.Events)
			c := table.Rows
			if c.Read != c.Upserted+c.Deleted+c.Superseded+c.Quarantined {
				s.Errorf("%s: the counts do not add up: %+v", table.Table, c)
			}
		}
		for _, f := range failures(result) {
			s.told[f.Code] = report.Error
		}
	}
}

func (s *stage) hear(events []report.Event) {
	for _, e := range events {
		s.told[e.Code] = e.Level
	}
}

// checkTold compares the events of all runs with those wanted.
func (s *stage) checkTold(want []string) {
	s.Helper()
	for _, code := range want {
		if s.told[code] == "" {
			s.Errorf("no run tells %s, only %v", code, s.told)
		}
	}
	for code, level := range s.told {
		if level != report.Info && !slices.Contains(want, code) {
			s.Errorf("a run tells %s (%s)", code, level)
		}
	}
}

// checkTables compares the lakes with what the simulator says: the newest
// version of each row, and the history that the model makes of all rows.
func (s *stage) checkTables() {
	s.Helper()
	for _, table := range s.sim.Tables() {
		history, err := s.sim.History(table)
		need(s, err)
		newest, err := s.sim.Expected(table)
		need(s, err)
		if len(s.lost) > 0 {
			history = slices.DeleteFunc(slices.Clone(history), func(w exporter.Written) bool { return s.lost[w.Folder] })
			newest = history // the simulator does not know what was not read
		}
		s.compare(table, change.Type1, newest)
		s.compare(table, change.Type2, history)
	}
}

func (s *stage) compare(table string, scd change.Type, rows []exporter.Written) {
	s.Helper()
	if !slices.Contains(s.types, scd) {
		return
	}
	got, _ := contentOf(s, s.lakes[scd], tablePath(table))
	want := expected(s, rows, s.sim.Columns(table), scd, change.NoEnd)
	if d := differences(want, got); d != "" {
		s.Errorf("%s as type %v is not what was written:\n%s%s", table, scd, d, storyOf(rows, d))
	}
}

// expire deletes the first folders, of which the initial copy has been read.
func (s *stage) expire() {
	s.Helper()
	for range 3 {
		s.step()
	}
	gone, err := s.sim.Expire(context.Background(), s.source, 3)
	need(s, err)
	for _, name := range gone[1:] {
		s.lost[folderDigits(name)] = true
	}
}

// contents are those of all tables.
func (s *stage) contents() []content {
	var out []content
	for _, scd := range bothTypes {
		for _, table := range s.sim.Tables() {
			c, _ := contentOf(s, s.lakes[scd], tablePath(table))
			out = append(out, c)
		}
	}
	return out
}

// leasing is a store that refuses to delete what was leased.
type leasing struct {
	storage.Store
	held map[string]bool
}

// Lease is [exporter.Leaser].
func (l leasing) Lease(_ context.Context, path string) error {
	l.held[path] = true
	return nil
}

func (l leasing) Delete(ctx context.Context, path string) error {
	if l.held[path] {
		return &storage.Error{Op: "delete", Path: path, Err: storage.ErrDenied}
	}
	return l.Store.Delete(ctx, path)
}

// changingStore lets something happen before a file of a table is read with the
// ETag that it was listed with.
type changingStore struct {
	storage.Store
	do func()
}

func (c changingStore) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	if r.IfMatch != "" && strings.Contains(path, "/bench/") {
		c.do()
	}
	return c.Store.ReadRange(ctx, path, r)
}

// rewriting lets the file at the end of the newest folder change in the course
// of each run, so many times.
func (s *stage) rewriting(times int) storage.Store {
	var mu sync.Mutex
	return changingStore{s.source, func() {
		mu.Lock()
		defer mu.Unlock()
		if times == 0 {
			return
		}
		times--
		if _, err := s.sim.Rewrite(context.Background(), s.source, "bench"); err != nil {
			s.Error(err)
		}
	}}
}
