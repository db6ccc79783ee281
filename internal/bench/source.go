package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/sluicedata/sluice/internal/storage/local"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// source is an export on disk.
type source struct {
	dir     string
	tables  []string
	folders []string // in order, as paths
	bytes   int64    // CSV of the first folder
	// live and versions are what the tables hold with SCD type 1 and 2; 0: not known.
	live, versions int64

	simulator *exporter.Simulator
	store     *local.Store
}

// simulate writes the initial copy of an export into the workload's folder.
func (b *bench) simulate(ctx context.Context, o exporter.Options) (*source, error) {
	s := &source{dir: b.path("export")}
	var err error
	if s.store, err = local.New(s.dir, local.WithoutSync()); err != nil {
		return nil, err
	}
	if s.simulator, err = exporter.New(o); err != nil {
		return nil, err
	}
	for _, t := range o.Tables {
		s.tables = append(s.tables, t.Name)
	}
	if err := s.simulator.Initial(ctx, s.store); err != nil {
		return nil, err
	}
	first := filepath.Join(s.dir, s.simulator.Options().Start.UTC().Format(folderForm))
	s.folders = []string{first}
	for _, t := range s.tables {
		size, err := folderSize(filepath.Join(first, t))
		if err != nil {
			return nil, err
		}
		s.bytes += size
	}
	s.count()
	fmt.Printf("   %d tables, %.2f GB of CSV\n", len(s.tables), float64(s.bytes)/1e9)
	return s, nil
}

// folderForm is that of folders' names, as package time writes it.
const folderForm = "2006-01-02T15.04.05Z"

// step writes one more folder.
func (s *source) step(ctx context.Context, mix exporter.Mix) error {
	name, err := s.simulator.Step(ctx, s.store, exporter.Changes{Mix: mix})
	if err != nil {
		return err
	}
	s.folders = append(s.folders, filepath.Join(s.dir, name))
	s.count()
	return nil
}

func (s *source) count() {
	s.live, s.versions = 0, 0
	for _, t := range s.tables {
		c := s.simulator.Counts(t)
		s.live, s.versions = s.live+c.Live, s.versions+c.Versions
	}
}

// expected is how many rows the tables must have.
func (s *source) expected(scd int) int64 {
	if scd == 2 {
		return s.versions
	}
	return s.live
}

// newest is the folder written last.
func (s *source) newest() string { return s.folders[len(s.folders)-1] }

// mixOf is what the bench calls n changes: eight updates to an insert and a delete.
func mixOf(n int) exporter.Mix {
	return exporter.Mix{Updates: n - 2*(n/10), Inserts: n / 10, Deletes: n / 10}
}
