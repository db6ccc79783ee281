package pipeline_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// anomaly is one way in which exports were seen to deviate, what a run tells of
// it, and that the tables are right none the less.
type anomaly struct {
	name   string
	faults []exporter.Fault
	play   func(*stage) // instead of four steps, each followed by a run
	// told are events that must be among those of all runs. Of events above INFO
	// there must be no others.
	told []string
	// state of the last run: COMPLETED unless set.
	state report.State
}

// anomalies are all that were met in production.
var anomalies = []anomaly{
	{name: "extra empty folder", faults: []exporter.Fault{exporter.EmptyFolders}, told: []string{report.FolderEmpty}},
	{name: "folder without model.json, its rows come again", faults: []exporter.Fault{exporter.AbandonedFolders},
		play: playLost, told: []string{report.FolderSettling, report.FolderAbandoned}},
	{name: "folder without model.json, which turns up late", faults: []exporter.Fault{exporter.LateFolders},
		play: playLost, told: []string{report.FolderSettling, report.FolderAbandoned, report.FolderLate}},
	{name: "model.json lacks tables", faults: []exporter.Fault{exporter.TruncatedManifest},
		told: []string{report.ManifestBreaksOff}, state: report.CompletedWithWarnings},
	{name: "model.json breaks off", faults: []exporter.Fault{exporter.CutManifest},
		told: []string{report.ManifestBreaksOff}, state: report.CompletedWithWarnings},
	{name: "model.json lists no entities", faults: []exporter.Fault{exporter.EmptyManifest},
		told: []string{report.ManifestBreaksOff}, state: report.CompletedWithWarnings},
	{name: "two widths in one file", faults: []exporter.Fault{exporter.ColumnAddedMidFile}, told: []string{report.ColumnsAdded}},
	{name: "file times are not commit order", faults: []exporter.Fault{exporter.FileTimes, exporter.DeleteReinsert}},
	{name: "split partitions", faults: []exporter.Fault{exporter.SplitPartitions}},
	{name: "leading space in names", faults: []exporter.Fault{exporter.LeadingSpaces}},
	{name: "file changes while it is read", play: playChanging(1), told: []string{report.SourceChangedOnce}},
	{name: "file changes whenever it is read", play: playChanging(1000), told: []string{"SOURCE_CHANGED"}},
	{name: "leased blobs", faults: []exporter.Fault{exporter.LeasedFiles}, play: playLeased},
	{name: "table folder absent", faults: []exporter.Fault{exporter.IdleTables}},
	{name: "rows come twice", faults: []exporter.Fault{exporter.RepeatedRows}},
	{name: "versionnumber comes twice for one Id", faults: []exporter.Fault{exporter.RepeatedVersions}},
	{name: "folders come twice", faults: []exporter.Fault{exporter.RepeatedFolders}},
	{name: "initial copy out of version order", faults: []exporter.Fault{exporter.OutOfOrder}},
	{name: "delete and re-insert in one folder", faults: []exporter.Fault{exporter.DeleteReinsert}},
	{name: "delete in a file read before the insert's", faults: []exporter.Fault{exporter.DeleteBeforeInsert}},
	{name: "delete row with Id and IsDelete alone", faults: []exporter.Fault{exporter.IDsOnlyDeletes}},
	{name: "a column added to every table at once", faults: []exporter.Fault{exporter.ColumnAddedEverywhere}, told: []string{report.ColumnsAdded}},
	{name: "column removed and re-added in its place", faults: []exporter.Fault{exporter.ColumnEmptied}},
	{name: "column removed and re-added at the end", faults: []exporter.Fault{exporter.ColumnReadded}},
	{name: "table removed and re-added in another order", faults: []exporter.Fault{exporter.TableReadded},
		play: playVanished(3), told: []string{report.TableCopiedAnew}},
	{name: "re-initialisation", faults: []exporter.Fault{exporter.Reinitialised},
		play: playVanished(4), told: []string{report.TableCopiedAnew}},
	{name: "changelog.info ahead of the predecessor", faults: []exporter.Fault{exporter.LateManifest}, told: []string{report.FolderSettling}},
	{name: "two date forms in one file", faults: []exporter.Fault{exporter.MixedDates}},
	{name: "declared type changes", faults: []exporter.Fault{exporter.TypeChanged}},
	{name: "CRLF, quotes and commas in cells", faults: []exporter.Fault{exporter.CRLFCells}},
	{name: "folders deleted before they were read", play: playGap, told: []string{"FULL_REFRESH_REQUIRED", "REFRESH_LOSES_ROWS"}},
	{name: "folders deleted, on_gap continue", play: playGapContinued, told: []string{report.FolderGap}},
	{name: "export stands still and resumes", play: playPause, told: []string{report.SourceStandsStill}},
	{name: "all that can be told at once", faults: gentleFaults(), state: report.CompletedWithWarnings,
		told: []string{report.FolderEmpty, report.ManifestBreaksOff, report.ColumnsAdded, report.TableCopiedAnew}},
	{name: "everything at once", faults: allFaults(), play: playEverything, state: report.CompletedWithWarnings,
		told: []string{report.FolderEmpty, report.ManifestBreaksOff, report.ColumnsAdded, report.TableCopiedAnew,
			report.FolderAbandoned, report.FolderLate}},
}

func allFaults() []exporter.Fault {
	var out []exporter.Fault
	for _, f := range exporter.Faults() {
		out = append(out, f.Name)
	}
	return out
}

// gentleFaults are those that hold no folder back.
func gentleFaults() []exporter.Fault {
	return slices.DeleteFunc(allFaults(), func(f exporter.Fault) bool {
		return f == exporter.AbandonedFolders || f == exporter.LateFolders || f == exporter.LateManifest
	})
}

// TestAnomalies follows an export with each anomaly, under both SCD types, and
// rebuilds the tables from the same folders.
func TestAnomalies(t *testing.T) {
	for _, a := range anomalies {
		t.Run(a.name, func(t *testing.T) {
			s := newStage(t, a.faults...)
			if a.play != nil {
				a.play(s)
			} else {
				for range 4 {
					s.step()
					s.run()
				}
			}
			s.checkTables()
			s.checkTold(a.told)
			for _, scd := range bothTypes {
				if got, want := s.last[scd].State, cmp.Or(a.state, report.Completed); got != want {
					t.Errorf("the last run as type %v ends %s, want %s: %v", scd, got, want, failures(s.last[scd]))
				}
			}
			s.request(work.Request{FullRefresh: len(s.lost) == 0})
			s.checkTables()
		})
	}
}

// TestLargestCell: a cell of 50 MB stands in a file like any other.
func TestLargestCell(t *testing.T) {
	s := newStageOf(t, exporter.Options{Seed: stageSeed, KeepHistory: true, LargeCell: 50_000_000,
		Tables: []exporter.TableOption{{Name: "annotation", Rows: 3}}})
	s.types = []change.Type{change.Type1}
	s.step()
	s.run()
	s.checkTables()
}

// playLost meets folders without model.json before and after they are given up.
func playLost(s *stage) {
	for range 5 {
		s.step()
		s.run()
		s.wait(2 * time.Hour)
		s.run()
	}
}

// playLeased reads files that cannot be deleted.
func playLeased(s *stage) {
	for range 2 {
		s.step()
		s.run()
	}
	if _, err := s.sim.Expire(context.Background(), s.source, 1); !errors.Is(err, storage.ErrDenied) {
		s.Errorf("a leased folder was deleted: %v", err)
	}
}

// playEverything gives each folder up at once that has no model.json, and ends
// with the newest one complete.
func playEverything(s *stage) {
	for n := 0; n < 6 || slices.Contains(s.sim.Unfinished(), s.newest); n++ {
		s.step()
		s.wait(2 * time.Hour)
		s.run()
	}
}

// playChanging rewrites a file between its listing and its reading, so many times
// in a run of each type. The runs after it find the files at rest.
func playChanging(times int) func(*stage) {
	return func(s *stage) {
		for _, scd := range bothTypes {
			s.step()
			s.types, s.read = []change.Type{scd}, s.rewriting(times)
			s.run()
			s.types, s.read = bothTypes, s.source
			s.run()
		}
	}
}

// playVanished stops at the step in which all rows come again. Rows that went
// meanwhile stay in the table, and only a comparison with the source can tell.
func playVanished(step int) func(*stage) {
	return func(s *stage) {
		for range step {
			s.step()
			s.run()
		}
		kept, err := s.sim.Expected("bench")
		need(s, err)
		left, err := s.sim.AtSource("bench")
		need(s, err)
		if len(kept) <= len(left) {
			s.Error("no row vanished")
		}
		s.checkTables()
		s.step()
		s.run()
	}
}

// playGap stops at the gap with the tables as they are. A full refresh would lose
// what did not change since, and is done only when what is left is wanted.
func playGap(s *stage) {
	s.checkTables()
	before := s.contents()
	s.expire()
	s.run()
	for i, c := range s.contents() {
		if d := differences(before[i], c); d != "" {
			s.Errorf("a table was changed at the gap:\n%s", d)
		}
	}
	for _, scd := range bothTypes {
		if got := s.last[scd].State; got != report.Failed {
			s.Errorf("a run at a gap ends %s", got)
		}
	}
	s.request(work.Request{FullRefresh: true})
	s.settings = func(c *spec.Settings) { c.OnGap = spec.GapContinues }
	s.lost[folderDigits(s.sim.Options().Start.Format("2006-01-02T15.04.05Z"))] = true
	s.request(work.Request{FullRefresh: true})
}

// playGapContinued goes on with what is left at once, and says so once.
func playGapContinued(s *stage) {
	s.settings = func(c *spec.Settings) { c.OnGap = spec.GapContinues }
	s.expire()
	s.run()
	if got := s.last[change.Type1].State; got != report.CompletedWithWarnings {
		s.Errorf("a run that goes on at a gap ends %s", got)
	}
	s.run()
}

// playPause lets hours go by without a folder, then lets the export go on.
func playPause(s *stage) {
	s.settings = func(c *spec.Settings) { c.FreshnessLimit = time.Hour }
	s.step()
	s.run()
	need(s, s.sim.Pause(5*time.Hour))
	s.wait(30 * time.Minute)
	s.run()
	if _, ok := s.told[report.SourceStandsStill]; ok {
		s.Error("half an hour is told as standing still")
	}
	s.wait(4 * time.Hour)
	s.run()
	s.step()
	s.run()
}
