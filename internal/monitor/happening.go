package monitor

import (
	"slices"

	"github.com/sluicedata/sluice/internal/obs"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// interrupted is the code of what a user stopped.
const interrupted = "INTERRUPTED"

// runEvents are the events of a run that are about no single table. What kept it
// from beginning is the result's error, and is one of them.
func runEvents(ended report.RunInfo, r *report.Result) []report.Event {
	events := slices.Clone(r.Events)
	told := func(e report.Event) bool { return e.Code == r.Error.Code && e.Level == report.Error }
	if r.Error != nil && !slices.ContainsFunc(events, told) {
		events = append(events, report.Event{Code: r.Error.Code, Level: report.Error, Time: ended.At.UTC(), Text: r.Error.Message})
	}
	return cleaned(events)
}

// cleaned are events without secrets.
func cleaned(events []report.Event) []report.Event {
	events = slices.Clone(events)
	for i := range events {
		events[i].Text = obs.Redact(events[i].Text)
	}
	return events
}

// failedTables counts those of a result.
func failedTables(r *report.Result) int {
	n := 0
	for i := range r.Tables {
		if r.Tables[i].State == report.Failed {
			n++
		}
	}
	return n
}

// tableKey tells the tables of updates that run side by side apart.
type tableKey struct{ update, table string }

func keyOf(t report.TableInfo) tableKey { return tableKey{t.UpdateID, t.Table} }
