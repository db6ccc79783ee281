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
	// step counts the steps written; folders counts the folders, of which
	// there are more with repeated-folders. Both are 0 before Initial.
	step    int
	folders int
	spent   bool        // a step was not written whole
	last    []tablePlan // of the newest step, for repeated-folders
	log     []stepRecord
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
	s := &Simulator{opts: o, seed: dice.Mix(o.Seed), interval: int64(o.Interval / time.Second), version: firstVersion}
	var targets []rows.Target
	for _, t := range o.Tables {
		targets = append(targets, rows.Target{Name: t.Name, Rows: t.Rows})
	}
	world, err := rows.NewWorld(o.Seed, o.has(CRLFCells), targets)
	if err != nil {
		return nil, fmt.Errorf("setting up the simulator: %w", err)
	}
	for _, to := range o.Tables {
		content, err := world.Table(to.Name)
		if err != nil {
			return nil, fmt.Errorf("setting up the simulator: %w", err)
		}
		t := s.newTable(content, to.Rows)
		s.tables = append(s.tables, t)
		s.version = t.lastVersion()
	}
	return s, nil
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
	return folderName(s.folderTime(n))
}

// folderName is the name of the folder that begins at t.
func folderName(t time.Time) string { return t.UTC().Format("2006-01-02T15.04.05Z") }

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
