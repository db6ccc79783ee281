package interop_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/engine/maintain"
	"github.com/sluicedata/sluice/internal/pipeline/upkeep"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
)

// maintain looks after all tables, a second after what was done before, with
// files merged as soon as there are four.
func (l *lake) maintain(t *testing.T, request upkeep.Request) []upkeep.Maintained {
	t.Helper()
	r := work.Pipeline{
		Config: spec.Pipeline{Key: "prod", Name: "prod", Source: spec.Source{AbandonAfter: time.Hour}, Tables: l.tables},
		Source: l.source, Lake: l.store,
		Options: work.Options{
			Memory: 64 << 20, Workers: 2, FileBytes: 16 << 10,
			Merging: maintain.Policy{Files: 4, DeadRows: 1, DeadShare: 1},
			Clock:   func() time.Time { return time.Date(2024, 2, 1, 0, 0, 1, 0, time.UTC) },
		},
	}
	list, err := upkeep.Tables(context.Background(), &r, request)
	need(t, err)
	for i := range list {
		if list[i].Error != nil {
			t.Fatalf("%s: %v", list[i].Table, list[i].Error)
		}
	}
	return list
}

// TestMaintainedTablesAreReadByEveryEngine has the engines read the tables when
// their files have been merged, when the old ones are gone, and when batches have
// come on top.
func TestMaintainedTablesAreReadByEveryEngine(t *testing.T) {
	s := newTelling(t, everyWay...)
	s.tell(t, 7)
	for _, w := range everyWay {
		checkRows(t, s.path(exportedTable, w), s.book(t, w), quickEngines...)
	}
	for _, m := range s.maintain(t, upkeep.Request{Compact: true}) {
		if m.Before.Small >= 4 && (m.Commits == 0 || m.After.Files >= m.Before.Files) {
			t.Errorf("%s was not merged: %+v", m.Table, m.Report)
		}
	}
	for _, w := range everyWay {
		t.Run("merged/"+w.String(), func(t *testing.T) {
			checkRows(t, s.path(exportedTable, w), s.book(t, w), everyEngine...)
		})
	}
	for _, m := range s.maintain(t, upkeep.Request{Vacuum: true, Force: true}) {
		if m.Vacuumed.Files == 0 {
			t.Errorf("nothing of %s was removed", m.Table)
		}
		if left := dataFiles(t, m.Path); len(left) != m.After.Files {
			t.Errorf("%s has %d data files, and %d are left", m.Table, m.After.Files, len(left))
		}
	}
	for _, w := range everyWay {
		t.Run("vacuumed/"+w.String(), func(t *testing.T) {
			checkRows(t, copyTable(t, s.path(exportedTable, w)), s.book(t, w), quickEngines...)
		})
	}
	s.tell(t, storyFolders)
	s.maintain(t, upkeep.Request{Compact: true, Vacuum: true, Log: true})
	for _, w := range everyWay {
		t.Run("gone on/"+w.String(), func(t *testing.T) {
			checkRows(t, s.path(exportedTable, w), s.book(t, w), quickEngines...)
		})
	}
}

func dataFiles(t *testing.T, path string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(path, "*.parquet"))
	need(t, err)
	return files
}
