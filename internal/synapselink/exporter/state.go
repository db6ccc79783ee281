package exporter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
)

// stateFile lies at the export's root. Its name begins with a dot, as nothing
// in a real export does.
const stateFile = ".sluice-simulator.json"

// stateVersion changes when equal options would give other bytes.
const stateVersion = 2

// state is all that a later process needs: the tables' rows are a formula, and
// which rows a step changed follows from the steps before it.
type state struct {
	Version int          `json:"version"`
	Options Options      `json:"options"`
	Steps   []stepRecord `json:"steps"`
}

// stepRecord is a number of successive steps with equal changes, or what happened
// between two steps.
type stepRecord struct {
	Changes Changes        `json:"changes,omitzero"`
	Times   int            `json:"times,omitempty"`
	Pause   time.Duration  `json:"pause,omitempty"`
	Rewrite *rewriteRecord `json:"rewrite,omitempty"`
}

// rewriteRecord is one file that got a row later.
type rewriteRecord struct {
	Table  string `json:"table"`
	Path   string `json:"path"`
	Offset int64  `json:"offset"` // of the row in bytes
}

func (s *Simulator) record(c Changes) {
	if n := len(s.log); n > 0 && s.log[n-1].Times > 0 && reflect.DeepEqual(s.log[n-1].Changes, c) {
		s.log[n-1].Times++
		return
	}
	c.Tables = cloneMixes(c.Tables)
	s.log = append(s.log, stepRecord{Changes: c, Times: 1})
}

func cloneMixes(in map[string]Mix) map[string]Mix {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]Mix, len(in))
	maps.Copy(out, in)
	return out
}

// save comes before the folder is closed: when the process ends in between,
// Resume closes it.
func (s *Simulator) save(ctx context.Context, store storage.Store) error {
	data, err := json.MarshalIndent(state{Version: stateVersion, Options: s.opts, Steps: s.log}, "", " ")
	if err != nil {
		return fmt.Errorf("encoding the simulator's state: %w", err)
	}
	if err := write(ctx, store, s.path(stateFile), append(data, '\n')); err != nil {
		return fmt.Errorf("saving the simulator's state: %w", err)
	}
	return nil
}

// Resume continues the export that an earlier process wrote. Of the options
// only Root and KeepHistory are needed; others that are set must agree with the
// export. It repeats the choices of all earlier steps, which takes time in
// proportion to their changes; with KeepHistory it formats all rows again.
// Errors wrap [ErrNoExport] or [ErrOptions], or are the store's.
func Resume(ctx context.Context, store storage.Store, o Options) (*Simulator, error) {
	asked := o
	at := (&Simulator{opts: o}).path(stateFile)
	data, err := storage.ReadAll(ctx, store, at)
	if errors.Is(err, storage.ErrNotExist) {
		return nil, fmt.Errorf("continuing an export: %w: %s is missing; begin with the initial copy", ErrNoExport, store.URL(at))
	}
	if err != nil {
		return nil, err
	}
	var st state
	if err := json.Unmarshal(data, &st); err != nil {
		return nil, fmt.Errorf("continuing an export: %w: %s: %w", ErrNoExport, store.URL(at), err)
	}
	if st.Version != stateVersion {
		return nil, fmt.Errorf("continuing an export: %w: %s has version %d, this program writes %d; begin a new export",
			ErrNoExport, store.URL(at), st.Version, stateVersion)
	}
	if err := asked.agrees(st.Options); err != nil {
		return nil, fmt.Errorf("continuing an export: %w", err)
	}
	st.Options.KeepHistory = o.KeepHistory
	s, err := New(st.Options)
	if err != nil {
		return nil, err
	}
	if err := s.replay(ctx, st.Steps); err != nil {
		return nil, err
	}
	return s, s.settle(ctx, store)
}

// agrees compares what was asked for with what the export was made with.
func (o Options) agrees(with Options) error {
	filled := o
	if len(o.Tables) == 0 {
		filled.Tables = with.Tables
	}
	filled, err := filled.normal()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		same bool
	}{
		{"seed", o.Seed == 0 || filled.Seed == with.Seed},
		{"start", o.Start.IsZero() || filled.Start.Equal(with.Start)},
		{"interval", o.Interval == 0 || filled.Interval == with.Interval},
		{"tables", len(o.Tables) == 0 || sameTables(filled.Tables, with.Tables)},
		{"faults", len(o.Faults) == 0 || reflect.DeepEqual(filled.Faults, with.Faults)},
		{"environment", o.Environment == "" || filled.Environment == with.Environment},
		{"number of empty tables", o.EmptyTables == 0 || filled.EmptyTables == with.EmptyTables},
		{"large cell", o.LargeCell == 0 || filled.LargeCell == with.LargeCell},
		{"split size", o.SplitSize == 0 || filled.SplitSize == with.SplitSize},
	} {
		if !f.same {
			return fmt.Errorf("%w: the export was begun with another %s; leave it out or begin a new export", ErrOptions, f.name)
		}
	}
	return nil
}

func sameTables(a, b []TableOption) bool {
	rows := map[TableOption]int{}
	for _, t := range a {
		rows[t]++
	}
	for _, t := range b {
		rows[t]--
	}
	for _, n := range rows {
		if n != 0 {
			return false
		}
	}
	return true
}

// replay brings the tables to where the steps left them.
func (s *Simulator) replay(ctx context.Context, steps []stepRecord) error {
	if s.opts.KeepHistory {
		for _, t := range s.tables {
			if err := s.writeInitial(ctx, nowhere{}, t); err != nil {
				return err
			}
		}
	}
	s.begin()
	for _, r := range steps {
		if err := s.replayRecord(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Simulator) replayRecord(ctx context.Context, r stepRecord) error {
	switch {
	case r.Pause > 0:
		return s.Pause(r.Pause)
	case r.Rewrite != nil:
		again, o, ok := s.rewritten(r.Rewrite.Table)
		if !ok {
			return fmt.Errorf("continuing an export: %w: its state does not fit: %s was never rewritten", ErrNoExport, r.Rewrite.Path)
		}
		again.path, again.offset = r.Rewrite.Path, r.Rewrite.Offset
		s.commitRewrite(again, o)
		s.log = append(s.log, r)
		return nil
	}
	for range r.Times {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, f := range s.advance(r.Changes) {
			if err := s.remind(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// remind formats the rows of a folder once more, for the history.
func (s *Simulator) remind(ctx context.Context, f folderPlan) error {
	if !s.opts.KeepHistory {
		return nil
	}
	for _, p := range f.plans {
		if err := s.writePlan(ctx, nowhere{}, f, p); err != nil {
			return err
		}
	}
	return nil
}

// settle closes the newest folders if the process ended before it could.
func (s *Simulator) settle(ctx context.Context, store storage.Store) error {
	last := len(s.written) - 1
	for i := max(0, last-mostFolders-longestWait); i <= last; i++ {
		if r := &s.written[i]; r.filled != never && r.filled < last {
			if err := s.fillManifest(ctx, store, r); err != nil {
				return err
			}
		}
	}
	return s.close(ctx, store, last)
}

// nowhere swallows rows: replaying for the history formats them once more.
type nowhere struct{ storage.Store }

func (nowhere) Write(context.Context, string) (storage.Writer, error) { return nowhereWriter{}, nil }

type nowhereWriter struct{}

func (nowhereWriter) Write(p []byte) (int, error) { return len(p), nil }
func (nowhereWriter) Close() error                { return nil }
func (nowhereWriter) Abort() error                { return nil }
