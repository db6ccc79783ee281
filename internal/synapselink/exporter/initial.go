package exporter

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/storage"
)

// Initial writes the first folder with all rows and closes it. Errors wrap
// [ErrExists] where the store holds an export, or are the store's.
func (s *Simulator) Initial(ctx context.Context, store storage.Store) error {
	if s.folders > 0 {
		return fmt.Errorf("writing the initial copy: %w: it has been written", ErrOrder)
	}
	if err := s.mustBeEmpty(ctx, store); err != nil {
		return err
	}
	if err := s.openFirst(ctx, store); err != nil {
		return fmt.Errorf("opening the first folder: %w", err)
	}
	for _, t := range s.tables {
		if err := s.writeInitial(ctx, store, t); err != nil {
			return fmt.Errorf("writing the initial copy of %s: %w", t.Name, err)
		}
	}
	s.begin()
	if err := s.writeInternals(ctx, store, 0, 0, s.tables); err != nil {
		return err
	}
	if err := s.save(ctx, store); err != nil {
		return err
	}
	if err := s.close(ctx, store, 0); err != nil {
		return err
	}
	return s.lease(ctx, store, 0)
}

// begin counts the initial copy.
func (s *Simulator) begin() {
	s.folders = 1
	s.written = []folderRecord{{}}
	for _, t := range s.tables {
		s.countInitial(t)
	}
}

func (s *Simulator) writeInitial(ctx context.Context, store storage.Store, t *table) (err error) {
	w := s.newTableWriter(store, t, folderPlan{})
	defer func() { err = errors.Join(err, w.abort()) }()
	if err := s.initialOps(t, func(o *op) error { return w.put(ctx, o) }); err != nil {
		return err
	}
	if err := w.finish(ctx); err != nil {
		return err
	}
	w.rankFiles()
	return nil
}

// countInitial finds the counts without the rows where a formula does.
func (s *Simulator) countInitial(t *table) {
	n := t.initial
	t.counts = Counts{Live: n, Versions: n, Rows: n}
	if !t.shuffle && !s.opts.has(RepeatedRows) {
		return
	}
	t.counts = Counts{Live: n}
	// the callback gives no error, so neither does initialOps
	_ = s.initialOps(t, func(o *op) error {
		t.counts.Rows++
		if o.repeat {
			t.counts.Repeats++
		} else {
			t.counts.Versions++
		}
		return nil
	})
}

// initialOps yields the rows of the initial copy in the order of writing.
func (s *Simulator) initialOps(t *table, yield func(*op) error) error {
	repeats := s.opts.has(RepeatedRows)
	for _, r := range t.years {
		year := int16(r.year)
		if t.Partition != 0 {
			year = int16(t.Partition)
		}
		for i := r.first; i < r.first+r.rows; i++ {
			o := op{index: i, year: year}
			if t.doubled(i) {
				o.rev = 1
				if err := s.yieldInitial(t, &o, yield); err != nil {
					return err
				}
				o.rev = 0
			}
			if err := s.yieldInitial(t, &o, yield); err != nil {
				return err
			}
			if repeats && (i == r.first || t.Hash(i)%64 == 3) {
				o.repeat = true
				if err := yield(&o); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// yieldInitial completes a row.
func (s *Simulator) yieldInitial(t *table, o *op, yield func(*op) error) error {
	o.version = t.version(o.index, o.rev)
	o.modified = t.initialModified(o.index, o.rev)
	return yield(o)
}
