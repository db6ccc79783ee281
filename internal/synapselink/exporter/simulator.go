package exporter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/dice"
	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

// Simulator writes one export, folder by folder. It is not safe for concurrent
// use.
type Simulator struct {
	opts     Options
	seed     uint64
	tables   []*table // by name
	interval int64    // seconds
	version  int64    // newest that was given out
	// step counts the steps written; folders is the number of the open folder:
	// there are more folders than steps with some faults, and numbers are left
	// out by pauses. Both are 0 before Initial.
	step    int
	folders int
	pause   int        // folders that were not written while the export stood still
	spent   bool       // a step was not written whole
	last    folderPlan // the newest, for repeated-folders
	log     []stepRecord
	written []folderRecord // in the order of their closing
	unread  map[int64]bool // folders, as digits, whose rows nobody may read
	empty   []entityText   // of Options.EmptyTables
}

// firstVersion is where Dataverse's counter stands when the first table begins.
const firstVersion = 1_002_000

// New prepares an export; nothing is written yet. Errors wrap [ErrOptions].
func New(o Options) (*Simulator, error) {
	o, err := o.normal()
	if err != nil {
		return nil, fmt.Errorf("setting up the simulator: %w", err)
	}
	o.Tables = slices.Clone(o.Tables)
	slices.SortFunc(o.Tables, func(a, b TableOption) int { return strings.Compare(a.Name, b.Name) })
	s := &Simulator{opts: o, seed: dice.Mix(o.Seed), interval: int64(o.Interval / time.Second), version: firstVersion,
		unread: map[int64]bool{}}
	var targets []rows.Target
	for _, t := range o.Tables {
		targets = append(targets, rows.Target{Name: t.Name, Rows: t.Rows})
	}
	world, err := rows.NewWorld(o.Seed, rows.Style{
		CRLF: o.has(CRLFCells), MixedDates: o.has(MixedDates), Added: o.added(), LargeCell: o.LargeCell,
	}, targets)
	if err != nil {
		return nil, fmt.Errorf("setting up the simulator: %w", err)
	}
	for _, to := range o.Tables {
		content, err := world.Table(to.Name)
		if err != nil {
			return nil, fmt.Errorf("setting up the simulator: %w", err)
		}
		t := s.newTable(content, to.Rows)
		t.again = to.Rows > 0 && len(s.tables)%2 == 0
		s.tables = append(s.tables, t)
		s.version = t.lastVersion()
	}
	s.empty, err = emptyEntities(o.EmptyTables)
	return s, err
}

func (s *Simulator) newTable(content *rows.Table, n int64) *table {
	t := &table{
		Table: content, start: s.opts.Start, interval: s.opts.Interval,
		initial: n, total: n, base: s.version + 1,
		shuffle: s.opts.has(OutOfOrder) && n > 0,
	}
	if t.shuffle {
		t.step = coprime(n)
	}
	t.years = t.yearRanges()
	if s.opts.has(Reinitialised) || s.opts.has(TableReadded) {
		t.stamps = map[int64]stamp{}
	}
	if s.opts.KeepHistory {
		t.latest = map[int64]int{}
	}
	return t
}

// Options are those in effect, with defaults filled in.
func (s *Simulator) Options() Options { return s.opts }

// OpenFolder is the name of the folder that changelog.info names: the next
// Step writes it. Before Initial it is the first folder.
func (s *Simulator) OpenFolder() string { return s.folder(s.folders) }

func (s *Simulator) folder(n int) string {
	return s.space(n) + folderName(s.folderTime(n))
}

// space is what the names of a folder and of the tables in it begin with.
func (s *Simulator) space(n int) string {
	if s.opts.has(LeadingSpaces) && n%3 == 1 {
		return " "
	}
	return ""
}

// tablePath is where a file of a table lies in a folder.
func (s *Simulator) tablePath(n int, t *table, file string) string {
	return s.path(s.folder(n), s.space(n)+t.Name, file)
}

// folderForm is that of folders' names, as package time writes it.
const folderForm = "2006-01-02T15.04.05Z"

// folderName is the name of the folder that begins at t.
func folderName(t time.Time) string { return t.UTC().Format(folderForm) }

func (s *Simulator) folderTime(n int) time.Time {
	return s.opts.Start.Add(time.Duration(n) * s.opts.Interval)
}

func (s *Simulator) find(name string) *table {
	for _, t := range s.tables {
		if t.Name == name {
			return t
		}
	}
	return nil
}
