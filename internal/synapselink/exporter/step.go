package exporter

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/storage"
)

// Step writes one more folder with the changes, closes it and gives its name.
// When nothing changes it writes nothing, as the service does when idle, and
// the name is empty. After an error the Simulator is spent: [Resume] continues
// where the export stands.
func (s *Simulator) Step(ctx context.Context, store storage.Store, c Changes) (string, error) {
	switch {
	case s.folders == 0:
		return "", fmt.Errorf("writing a step: %w: the initial copy comes first", ErrOrder)
	case s.spent:
		return "", fmt.Errorf("writing a step: %w: an earlier write failed; resume the export", ErrOrder)
	}
	if err := s.checkChanges(c); err != nil {
		return "", err
	}
	folders := s.advance(c)
	if len(folders) == 0 {
		return "", nil
	}
	if err := s.writeStep(ctx, store, folders); err != nil {
		s.spent = true
		return "", err
	}
	return s.folder(s.folders - 1), nil
}

// writeStep writes the rows of all folders, then closes one after the other.
func (s *Simulator) writeStep(ctx context.Context, store storage.Store, folders []folderPlan) error {
	for _, f := range folders {
		if err := s.writeFolder(ctx, store, f); err != nil {
			return fmt.Errorf("writing folder %s: %w", s.folder(f.number), err)
		}
	}
	if err := s.save(ctx, store); err != nil {
		return err
	}
	for at := len(s.written) - len(folders); at < len(s.written); at++ {
		if err := s.close(ctx, store, at); err != nil {
			return err
		}
	}
	return s.lease(ctx, store, s.folders-1)
}

func (s *Simulator) checkChanges(c Changes) error {
	for name := range c.Tables {
		if s.find(name) == nil {
			return fmt.Errorf("writing a step: %w: table %q is not part of this export", ErrOptions, name)
		}
	}
	for _, t := range s.tables {
		m := c.of(t.Name)
		if m.Inserts < 0 || m.Updates < 0 || m.Deletes < 0 || m.Rate < 0 || m.Rate > 1 {
			return fmt.Errorf("writing a step: %w: %s: changes are negative or the rate is not 0 to 1", ErrOptions, t.Name)
		}
	}
	return nil
}

// writeFolder writes everything but the folder's model.json.
func (s *Simulator) writeFolder(ctx context.Context, store storage.Store, f folderPlan) error {
	if err := s.openFolder(ctx, store, f.number); err != nil || f.empty {
		return err
	}
	var tables []*table
	for _, p := range f.plans {
		if err := s.writePlan(ctx, store, f, p); err != nil {
			return fmt.Errorf("table %s: %w", p.table.Name, err)
		}
		if err := s.touchBackwards(ctx, store, f.number, p.table); err != nil {
			return fmt.Errorf("table %s: %w", p.table.Name, err)
		}
		tables = append(tables, p.table)
	}
	if f.lost && s.abandons(f.step) {
		if err := store.Delete(ctx, s.path(s.folder(f.number), manifestFile)); err != nil {
			return err
		}
	}
	return s.writeInternals(ctx, store, f.number, f.step, tables)
}

func (s *Simulator) writePlan(ctx context.Context, store storage.Store, f folderPlan, p tablePlan) (err error) {
	w := s.newTableWriter(store, p.table, f)
	defer func() { err = errors.Join(err, w.abort()) }()
	for i := range p.ops {
		o := p.ops[i]
		o.repeat = o.repeat || f.repeat
		o.resent = o.resent && !f.repeat
		if err := w.put(ctx, &o); err != nil {
			return err
		}
	}
	if err := w.finish(ctx); err != nil {
		return err
	}
	w.rankFiles()
	return nil
}

// touchBackwards writes the files of a table in a folder once more as they are,
// the last name first, so that their times tell nothing about their rows.
func (s *Simulator) touchBackwards(ctx context.Context, store storage.Store, n int, t *table) error {
	if !s.opts.has(FileTimes) {
		return nil
	}
	files, err := s.files(ctx, store, s.tablePath(n, t, ""))
	if err != nil {
		return err
	}
	for _, path := range slices.Backward(files) {
		data, err := storage.ReadAll(ctx, store, path)
		if err != nil {
			return err
		}
		if err := write(ctx, store, path, data); err != nil {
			return err
		}
	}
	return nil
}

// files lists what lies below a prefix.
func (s *Simulator) files(ctx context.Context, store storage.Store, prefix string) ([]string, error) {
	var out []string
	for e, err := range store.List(ctx, prefix, storage.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		out = append(out, e.Path)
	}
	return out, nil
}
