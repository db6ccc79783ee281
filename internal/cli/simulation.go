package cli

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/storage/local"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// Export is what a simulated export holds.
type Export struct {
	Path string `json:"path"`
	// Folders that are closed, Open is the one being written.
	Folders int    `json:"folders"`
	Open    string `json:"open_folder"`
	// Written are the folders that this command added.
	Written []string        `json:"written"`
	Tables  []ExportedTable `json:"tables"`
	Rows    int64           `json:"rows"` // of all CSV files
	Bytes   int64           `json:"bytes"`
}

// ExportedTable counts the rows of one table.
type ExportedTable struct {
	Table    string `json:"table"`
	Rows     int64  `json:"rows"` // of its CSV files: versions, deletes and repeats
	Live     int64  `json:"live"`
	Versions int64  `json:"versions"`
	Deletes  int64  `json:"deletes"`
	Repeats  int64  `json:"repeats"`
}

// shares of the live rows that change from folder to folder.
type shares struct{ inserts, updates, deletes float64 }

// of is a part of so many rows: at least one where there is to be any.
func (shares) of(share float64, rows int64) int { return int(math.Ceil(share * float64(rows))) }

// simulation is an export being written.
type simulation struct {
	g     *globals
	dir   string
	store *local.Store
	sim   *exporter.Simulator

	written []string // folders, by this process
	// marked is what was there when mark was called.
	marked struct{ rows, bytes int64 }
}

// openSimulation writes the initial copy, or continues an export.
func (g *globals) openSimulation(ctx context.Context, dir string, o exporter.Options, resume bool) (*simulation, error) {
	// What is simulated can be written again, so nothing waits for the disk.
	store, err := local.New(dir, local.WithoutSync())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", control.ErrEnvironment, err)
	}
	s := &simulation{g: g, dir: dir, store: store}
	if resume {
		if s.sim, err = exporter.Resume(ctx, store, o); err != nil {
			return nil, err
		}
		return s, s.mark()
	}
	if s.sim, err = exporter.New(o); err != nil {
		return nil, err
	}
	return s, s.write(func() (string, error) {
		name := s.sim.OpenFolder()
		return name, s.sim.Initial(ctx, store)
	})
}

// steps adds folders.
func (s *simulation) steps(ctx context.Context, n int, r shares) error {
	for range n {
		changes := exporter.Changes{Tables: map[string]exporter.Mix{}}
		for _, table := range s.sim.Tables() {
			live := s.sim.Counts(table).Live
			changes.Tables[table] = exporter.Mix{
				Inserts: r.of(r.inserts, max(live, 1)), Updates: r.of(r.updates, live), Deletes: r.of(r.deletes, live),
			}
		}
		if err := s.write(func() (string, error) { return s.sim.Step(ctx, s.store, changes) }); err != nil {
			return err
		}
	}
	return nil
}

// write shows on a terminal how the folder that is written grows: files under
// way are there with their temporary names.
func (s *simulation) write(do func() (string, error)) error {
	open := filepath.Join(s.dir, s.sim.OpenFolder())
	stop := s.g.watch("writing "+open, func() int64 {
		n, err := folderSize(open)
		if err != nil {
			return 0 // files come and go meanwhile
		}
		return n
	})
	name, err := do()
	stop()
	if err == nil && name != "" {
		s.written = append(s.written, name)
	}
	return err
}

func (s *simulation) rows() int64 {
	var n int64
	for _, t := range s.sim.Tables() {
		n += s.sim.Counts(t).Rows
	}
	return n
}

// mark is where wrote begins to count.
func (s *simulation) mark() (err error) {
	s.marked.rows = s.rows()
	s.marked.bytes, err = folderSize(s.dir)
	return err
}

// wrote says how much was written since the mark, with what there is now.
func (s *simulation) wrote(e *Export, took time.Duration) string {
	bytes := e.Bytes - s.marked.bytes
	return fmt.Sprintf("%s rows, %s in %s (%s)", text.Count(s.rows()-s.marked.rows), text.Size(bytes),
		text.Duration(took), text.Rate(bytes, took))
}

// export describes what is there now.
func (s *simulation) export() (*Export, error) {
	e := &Export{Path: s.dir, Open: s.sim.OpenFolder(), Written: s.written, Tables: []ExportedTable{}, Rows: s.rows()}
	for _, name := range s.sim.Tables() {
		c := s.sim.Counts(name)
		e.Tables = append(e.Tables, ExportedTable{name, c.Rows, c.Live, c.Versions, c.Deletes, c.Repeats})
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if isFolderName(entry.Name()) && cmp.Less(entry.Name(), e.Open) {
			e.Folders++
		}
	}
	e.Bytes, err = folderSize(s.dir)
	return e, err
}

// isFolderName tells incremental folders from the rest of an export.
func isFolderName(name string) bool {
	_, err := time.Parse(folderForm, name)
	return err == nil
}

// folderSize sums the sizes of all files below a folder.
func folderSize(dir string) (int64, error) {
	var n int64
	err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}
