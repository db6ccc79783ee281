package exporter

import (
	"context"
	"errors"
	"fmt"

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
	for _, f := range folders {
		if err := s.close(ctx, store, f.number); err != nil {
			return err
		}
	}
	return nil
}

// folderPlan is what one folder holds.
type folderPlan struct {
	number int
	plans  []tablePlan
	repeat bool // committed before, in the folder before it
}

// advance moves the tables on by one step and gives its folders: none when
// nothing changes. It is all of a step that Resume repeats.
func (s *Simulator) advance(c Changes) []folderPlan {
	var out []folderPlan
	number := s.folders
	if s.opts.has(RepeatedFolders) && s.step%2 == 1 {
		out = append(out, folderPlan{number: number, plans: s.last, repeat: true})
		number++
	}
	s.step++
	plans := s.planStep(c, number)
	if len(plans) == 0 {
		s.step--
		return nil
	}
	for _, f := range out {
		for _, p := range f.plans {
			p.table.counts.Repeats += int64(len(p.ops))
			p.table.counts.Rows += int64(len(p.ops))
		}
	}
	s.last, s.folders = plans, number+1
	s.record(c)
	return append(out, folderPlan{number: number, plans: plans})
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
	if err := s.openFolder(ctx, store, f.number); err != nil {
		return err
	}
	var tables []*table
	for _, p := range f.plans {
		if err := s.writePlan(ctx, store, f, p); err != nil {
			return fmt.Errorf("table %s: %w", p.table.Name, err)
		}
		tables = append(tables, p.table)
	}
	return s.writeInternals(ctx, store, f.number, tables)
}

func (s *Simulator) writePlan(ctx context.Context, store storage.Store, f folderPlan, p tablePlan) (err error) {
	origin := f.number
	if f.repeat {
		origin--
	}
	w := s.newTableWriter(store, p.table, f.number, origin)
	defer func() { err = errors.Join(err, w.abort()) }()
	for i := range p.ops {
		o := p.ops[i]
		o.repeat = o.repeat || f.repeat
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
