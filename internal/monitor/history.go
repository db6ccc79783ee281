package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/sluicedata/sluice/internal/obs"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/state"
)

// historyEvery is how often the history is written during a run. Hundreds of
// tables with nothing new are over in less, and cost one write.
const historyEvery = time.Second

// historyLimit ends a write that waits for another process.
const historyLimit = 10 * time.Second

// history writes runs to the state store.
type history struct {
	ctx      context.Context
	store    *state.Store
	clock    func() time.Time
	problems *problems

	mu     sync.Mutex
	broken bool // a write did not work, and no more are tried
	told   bool // of a damaged file
	runs   map[string]*pendingRun
}

// pendingRun is a run under way, with what is not written yet.
type pendingRun struct {
	run    state.Run
	tables []state.Table
	events []state.Event
	wrote  time.Time
}

func startHistory(ctx context.Context, o Options, p *problems) (*part, error) {
	if o.History == "" {
		return nil, nil
	}
	store, err := state.Open(ctx, o.History, state.Options{})
	if err != nil {
		return nil, fmt.Errorf("this run is not kept: %w", err)
	}
	h := &history{ctx: context.WithoutCancel(ctx), store: store, clock: o.Clock, problems: p, runs: map[string]*pendingRun{}}
	h.tellDamage()
	return &part{
		listener: report.Listener{RunBegan: h.runBegan, RunDone: h.runDone, Table: h.table},
		close:    func(context.Context) error { return store.Close() },
	}, nil
}

// tellDamage says once that what was kept so far is gone.
func (h *history) tellDamage() {
	if path := h.store.Damaged(); path != "" && !h.told {
		h.told = true
		h.problems.add("run history", fmt.Errorf("what was kept so far was damaged and is now at %s; a new history was begun", path))
	}
}

func (h *history) runBegan(r report.RunInfo) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := &pendingRun{run: state.Run{ID: r.UpdateID, Pipeline: r.Pipeline, State: state.Running, Began: r.At}}
	h.runs[r.UpdateID] = p
	h.write(p)
}

// table keeps the result of a table if there is something to tell of it: a run
// every minute of tables that have nothing new would be all that is kept. How the
// last run ended for a table is kept in any case.
func (h *history) table(t report.TableInfo, r report.TableResult) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.runs[t.UpdateID]
	if p == nil {
		return
	}
	kept := state.Table{Name: t.Table, State: string(r.State), Code: codeOf(&r), Ended: t.At}
	if r.State == report.Completed && kept.Code != "" {
		kept.State = string(report.CompletedWithWarnings) // which is settled when the run is over
	}
	if r.Folders > 0 || r.State != report.Completed || len(r.Events) > 0 {
		document, err := json.Marshal(r)
		if err != nil {
			h.problems.add("run history", fmt.Errorf("write the result of %s: %w", t.Table, err))
			return
		}
		kept.Result = json.RawMessage(obs.Redact(string(document)))
	}
	p.tables = append(p.tables, kept)
	p.events = append(p.events, stateEvents(cleaned(r.Events))...)
	if h.clock().Sub(p.wrote) >= historyEvery {
		h.write(p)
	}
}

// codeOf is that of the failure, or of the first warning.
func codeOf(r *report.TableResult) string {
	if r.Error != nil {
		return r.Error.Code
	}
	for _, e := range r.Events {
		if e.Level == report.Warn {
			return e.Code
		}
	}
	return ""
}

func (h *history) runDone(ended report.RunInfo, r report.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.runs[ended.UpdateID]
	if p == nil {
		return
	}
	delete(h.runs, ended.UpdateID)
	p.run.State, p.run.Ended = string(r.State), ended.At
	p.run.Tables, p.run.Failed = len(r.Tables), failedTables(&r)
	p.run.Rows = state.Rows(r.Total())
	for i := range r.Tables {
		p.run.BytesRead += r.Tables[i].BytesRead
		p.run.BytesWritten += r.Tables[i].BytesWrote
	}
	if r.Error != nil {
		p.run.Error = obs.Redact(r.Error.Message)
	}
	p.events = append(p.events, stateEvents(runEvents(ended, &r))...)
	h.write(p)
}

// write stores what is new of a run. After a write that did not work no other is
// tried: each might wait as long.
func (h *history) write(p *pendingRun) {
	if h.broken {
		return
	}
	ctx, cancel := context.WithTimeout(h.ctx, historyLimit)
	defer cancel()
	if err := h.store.Write(ctx, p.run, p.tables, p.events); err != nil {
		h.broken = true
		h.problems.add("run history", fmt.Errorf("this run is not kept: %w", err))
	}
	h.tellDamage()
	p.tables, p.events, p.wrote = nil, nil, h.clock()
}

func stateEvents(events []report.Event) []state.Event {
	list := make([]state.Event, len(events))
	for i, e := range events {
		list[i] = state.Event{Time: e.Time, Code: e.Code, Level: string(e.Level), Table: e.Table, Folder: e.Folder, Text: e.Text, Fix: e.Fix}
	}
	return list
}
