package report

import (
	"time"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// Listener is told what happens in an update: a set of optional functions,
// called from several goroutines. What it does takes its time from the update.
type Listener struct {
	// RunBegan and RunDone enclose all the others.
	RunBegan func(RunInfo)
	RunDone  func(RunInfo, Result)
	// Planned tells how many bytes the update will read.
	Planned func(tables int, bytes int64)
	// TableBegan and Table enclose the work on one table.
	TableBegan func(TableInfo)
	Table      func(TableInfo, TableResult)
	// Read tells that so many more bytes of the export are done with.
	Read func(bytes int64)
	// Commit tells of each commit to a table.
	Commit func(TableInfo, CommitInfo)
	// Event tells of each event once, those of failures included.
	Event func(Event)
}

// RunInfo names one update.
type RunInfo struct {
	Pipeline string
	UpdateID string
	At       time.Time // began or ended
}

// TableInfo names one table in an update.
type TableInfo struct {
	RunInfo

	Table       string // catalog.schema.table
	SourceTable string
	Environment string // source_schema
	Path        string // URL in the lake
	SourceURL   string // of the environment in the source's store
}

// CommitInfo is one commit to a table.
type CommitInfo struct {
	Version      int64
	Folders      []synapselink.FolderName
	Rows         Rows
	BytesRead    int64
	BytesWritten int64
	Began, Ended time.Time
}

// Listen joins listeners: each is told, in order.
func Listen(all ...Listener) Listener {
	return Listener{
		RunBegan:   join1(all, func(l Listener) func(RunInfo) { return l.RunBegan }),
		RunDone:    join2(all, func(l Listener) func(RunInfo, Result) { return l.RunDone }),
		Planned:    join2(all, func(l Listener) func(int, int64) { return l.Planned }),
		TableBegan: join1(all, func(l Listener) func(TableInfo) { return l.TableBegan }),
		Table:      join2(all, func(l Listener) func(TableInfo, TableResult) { return l.Table }),
		Read:       join1(all, func(l Listener) func(int64) { return l.Read }),
		Commit:     join2(all, func(l Listener) func(TableInfo, CommitInfo) { return l.Commit }),
		Event:      join1(all, func(l Listener) func(Event) { return l.Event }),
	}
}

func join1[A any](all []Listener, of func(Listener) func(A)) func(A) {
	var told []func(A)
	for _, l := range all {
		if f := of(l); f != nil {
			told = append(told, f)
		}
	}
	return func(a A) {
		for _, f := range told {
			f(a)
		}
	}
}

func join2[A, B any](all []Listener, of func(Listener) func(A, B)) func(A, B) {
	var told []func(A, B)
	for _, l := range all {
		if f := of(l); f != nil {
			told = append(told, f)
		}
	}
	return func(a A, b B) {
		for _, f := range told {
			f(a, b)
		}
	}
}
