package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// commonPrefix is the "catalog.schema." that all tables share; it goes into the
// heading, so that rows stay narrow. Empty where they share none.
func commonPrefix(tables []string) string {
	if len(tables) == 0 {
		return ""
	}
	prefix := tables[0][:strings.LastIndexByte(tables[0], '.')+1]
	if slices.ContainsFunc(tables, func(t string) bool { return !strings.HasPrefix(t, prefix) }) {
		return ""
	}
	return prefix
}

// heading names a pipeline and what its tables share.
func (p *page) heading(pipeline, prefix string) {
	line := p.Bold(pipeline)
	if prefix != "" {
		line += "  " + p.Faint("tables of "+strings.TrimSuffix(prefix, "."))
	}
	p.linef("%s", line)
}

// state colours the name of a state.
func (p *page) state(s string) string {
	switch s {
	case string(report.Completed), string(inspect.UpToDate), string(reconcile.Matches):
		return p.Good(s)
	case string(report.Failed), string(inspect.Unreadable), string(inspect.RefreshRequired), string(inspect.Foreign), string(pipeline.ActionFail), string(reconcile.Different):
		return p.Bad(s)
	case string(report.Partial), string(report.CompletedWithWarnings), string(inspect.Behind), string(inspect.Gone),
		string(reconcile.HasVanished), string(reconcile.NotCheckable):
		return p.Wary(s)
	}
	return s
}

// or is the text, or a sign that there is none.
func or(t string) string {
	if t == "" {
		return text.None
	}
	return t
}

// version of a Delta table.
func version(v int64) string {
	if v < 0 {
		return text.None
	}
	return fmt.Sprint(v)
}

// scd is short for the heading of a column that says what it is.
func scd(t string) string { return strings.TrimPrefix(t, "SCD_TYPE_") }

// source shows what was found of an environment's export, and how old that is.
func (p *page) source(s report.Source, now time.Time) {
	name := s.Environment
	if name == "" {
		name = "export"
	}
	p.linef("  %s  %s", name, p.Faint(s.URL))
	newest := "no folder can be read yet"
	if at, err := time.Parse(folderForm, s.Newest); err == nil {
		newest = fmt.Sprintf("newest folder %s (%s)", s.Newest, text.Ago(now.Sub(at)))
	}
	line := fmt.Sprintf("    %s, being written %s", newest, or(s.Open))
	if at, err := time.Parse(folderForm, s.Open); err == nil {
		line += fmt.Sprintf(" (begun %s)", text.Ago(now.Sub(at)))
	}
	if s.Held != "" {
		line += ", " + p.Wary("held back by "+s.Held)
	}
	p.linef("%s", line)
}

// folderForm is the name of an incremental folder: the time it was begun.
const folderForm = "2006-01-02T15.04.05Z"

// failureLines are the problems of one table or pipeline: the first line says
// whose they are.
func failureLines(of string, f *report.Failure) []string {
	return strings.Split(fmt.Sprintf("%s: %s (%s)", of, f.Message, f.Code), "\n")
}

// warningLines are the warnings among events, each with whose it is.
func warningLines(of string, events []report.Event) []string {
	var lines []string
	for _, e := range events {
		if e.Level == report.Warn {
			lines = append(lines, fmt.Sprintf("%s: %s (%s)", of, e, e.Code))
		}
	}
	return lines
}
