package prune

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// LeastAge is the age below which no folder is removed, whatever is asked
// for: the service may still be at work in younger ones.
const LeastAge = 24 * time.Hour

// Request says which source folders may go.
type Request struct {
	// Pipelines by key or name whose environments are looked at; none means all.
	// Whatever is named here, a folder goes only when no pipeline needs it.
	Pipelines []string
	// OlderThan is the least age of a folder by its name. Below LeastAge it
	// counts as that.
	OlderThan time.Duration
	// Delete removes them. Otherwise they are only listed.
	Delete bool
	// Held reports that an error says that another program holds the file: the
	// removal ends there, and that is no failure. Nil: none does.
	Held func(error) bool
}

// Pruned is what can be removed, or was, of one environment's export.
type Pruned struct {
	Environment string `json:"environment"`
	URL         string `json:"url"`
	// Tables that read it, of all pipelines of the configuration.
	Tables int `json:"tables"`
	// Folders that can go, oldest first.
	Folders []Folder `json:"folders"`
	// Kept folders are old enough and stay, with the reasons.
	Kept []Kept `json:"kept"`
	// What was removed, or would be. Bytes are those of Files.
	Count int   `json:"folder_count"`
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
	// Removed: it was done.
	Removed bool            `json:"removed"`
	Events  []report.Event  `json:"events"`
	Error   *report.Failure `json:"error"`
}

// Folder is a folder that can go.
type Folder struct {
	Folder string `json:"folder"`
	Files  int64  `json:"files"`
	Bytes  int64  `json:"bytes"`
	// Remainder: an earlier removal was interrupted in it.
	Remainder bool `json:"remainder,omitempty"`
	// Skipped says why it was not, or not wholly, removed: another program holds a
	// file of it, or it comes after such a folder.
	Skipped string `json:"skipped,omitempty"`
}

// Kept folders stay for one reason.
type Kept struct {
	// Table and Pipeline that need them; empty where no single one does.
	Table    string `json:"table,omitempty"`
	Pipeline string `json:"pipeline,omitempty"`
	Reason   string `json:"reason"`
	Count    int    `json:"folder_count"`
	Bytes    int64  `json:"bytes"`
	Oldest   string `json:"oldest"`
	Newest   string `json:"newest"`
}

// reader is a table that reads an environment.
type reader struct {
	*work.Target

	pipeline string
	cursor   synapselink.FolderName // zero where it needs all folders
	why      string                 // it needs what it needs
	skipped  []synapselink.FolderName
}

// source is one environment's export with all its readers.
type source struct {
	*work.Survey
	env     *work.Environment
	readers []reader
	asked   bool // the request means it
}

// Folders finds, and on request removes, the folders of the exports that no table
// of any of the pipelines needs any more. They are all pipelines of the
// configuration: one that cannot be asked what it needs is an error.
func Folders(ctx context.Context, pipelines []*work.Pipeline, q Request) ([]Pruned, error) {
	q.OlderThan = max(q.OlderThan, LeastAge)
	sources, err := readersOf(ctx, pipelines, q.Pipelines)
	if err != nil {
		return nil, err
	}
	list := []Pruned{}
	for _, s := range sources {
		if !s.asked {
			continue
		}
		p, err := s.plan(ctx, q.OlderThan)
		if err != nil {
			return nil, err
		}
		if q.Delete {
			(&removing{source: s, held: q.Held, plan: p}).all(ctx)
		}
		list = append(list, *p)
	}
	return list, nil
}

// readersOf groups the tables of all pipelines by the exports that they read.
func readersOf(ctx context.Context, pipelines []*work.Pipeline, asked []string) ([]*source, error) {
	var sources []*source
	for _, p := range pipelines {
		survey := p.Survey(work.Request{})
		targets, err := survey.Targets(ctx)
		if err == nil {
			err = survey.Load(ctx, targets)
		}
		if err != nil {
			return nil, fmt.Errorf("finding out which folders pipeline %s needs: %w", p.Config.Name, err)
		}
		survey.FindMoved(targets)
		meant := len(asked) == 0 || slices.Contains(asked, p.Config.Key) || slices.Contains(asked, p.Config.Name)
		for _, env := range survey.Environments {
			s := sourceOf(&sources, survey, env)
			s.asked = s.asked || meant
		}
		for _, t := range targets {
			if t.Env != nil {
				s := sourceOf(&sources, survey, t.Env)
				s.readers = append(s.readers, newReader(p.Config.Name, t))
			}
		}
	}
	return sources, nil
}

// sourceOf finds the export among those known by where it is.
func sourceOf(sources *[]*source, survey *work.Survey, env *work.Environment) *source {
	url := func(e *work.Environment) string { return e.Export.Store.URL(e.Export.Root) }
	for _, s := range *sources {
		if url(s.env) == url(env) {
			return s
		}
	}
	s := &source{Survey: survey, env: env}
	*sources = append(*sources, s)
	return s
}

func newReader(pipeline string, t *work.Target) reader {
	n := reader{Target: t, pipeline: pipeline}
	switch {
	case t.Err != nil:
		n.why = fmt.Sprintf("the table cannot be read: %v", t.Err)
	case !t.Exists():
		n.why = "no run has made the table yet"
	default:
		n.cursor, n.skipped = t.Cursor(), t.Skipped()
		n.why = "the table has got no further than " + n.cursor.String()
		if n.cursor.IsZero() {
			n.why = "no run of the pipeline has brought the table up to date yet"
		}
	}
	return n
}

// holder is the table that needs a folder most, nil for none: the one that is
// the furthest behind, or one that skipped the folder and waits for it.
func (s *source) holder(folder synapselink.FolderName) (*reader, string) {
	var least *reader
	for i := range s.readers {
		r := &s.readers[i]
		if r.cursor.Digits() <= folder.Digits() && (least == nil || r.cursor.Digits() < least.cursor.Digits()) {
			least = r
		}
	}
	if least != nil && least.cursor.Digits() == folder.Digits() {
		return least, "it is the last that the table holds, and shows that none is missing behind it"
	}
	if least != nil {
		return least, least.why
	}
	for i := range s.readers {
		r := &s.readers[i]
		if slices.Contains(r.skipped, folder) {
			return r, "the table skipped it, and it may still get its model.json"
		}
	}
	return nil, ""
}
