package exporter

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

// Leaser is a store whose files can be leased, as those of Azure can: they are
// not deleted or written by anyone else then.
type Leaser interface {
	Lease(ctx context.Context, path string) error
}

// lease takes leases on the CSV files of a folder, as the service does while it
// writes them. Stores without leases leave nothing to do.
func (s *Simulator) lease(ctx context.Context, store storage.Store, n int) error {
	leaser, ok := store.(Leaser)
	if !ok || !s.opts.has(LeasedFiles) {
		return nil
	}
	files, err := s.files(ctx, store, s.path(s.folder(n))+"/")
	if err != nil {
		return err
	}
	for _, p := range files {
		if !strings.HasSuffix(p, ".csv") || strings.Contains(p, labelsDir) {
			continue
		}
		if err := leaser.Lease(ctx, p); err != nil {
			return fmt.Errorf("leasing %s: %w", p, err)
		}
	}
	return nil
}

// Expire deletes the oldest closed folders, as a customer's retention does, and
// gives their names. Readers that have not read them meet a gap.
func (s *Simulator) Expire(ctx context.Context, store storage.Store, n int) ([]string, error) {
	folders, err := s.closedFolders(ctx, store)
	if err != nil {
		return nil, fmt.Errorf("deleting the oldest %d folders: %w", n, err)
	}
	folders = folders[:min(max(n, 0), len(folders))]
	for _, f := range folders {
		files, err := s.files(ctx, store, s.path(f)+"/")
		for _, p := range files {
			err = errors.Join(err, store.Delete(ctx, p))
		}
		if err != nil {
			return nil, fmt.Errorf("deleting folder %s: %w", f, err)
		}
	}
	return folders, nil
}

// closedFolders are those that are left, oldest first.
func (s *Simulator) closedFolders(ctx context.Context, store storage.Store) ([]string, error) {
	root := ""
	if s.opts.Root != "" {
		root = s.opts.Root + "/"
	}
	var out []string
	open := strings.TrimSpace(s.OpenFolder())
	for e, err := range store.List(ctx, root, storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return nil, err
		}
		name := path.Base(strings.TrimSuffix(e.Path, "/"))
		bare := strings.TrimSpace(name)
		if _, err := time.Parse(folderForm, bare); err == nil && bare < open {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(strings.TrimSpace(a), strings.TrimSpace(b)) })
	return out, nil
}

// Rewrite replaces a file of the newest step while readers may be at it: the last
// row of its last file is followed by another version of the same Id. It gives
// the path of the file, and [ErrOptions] where the step has no upsert of the
// table whose row still exists.
func (s *Simulator) Rewrite(ctx context.Context, store storage.Store, table string) (string, error) {
	r, o, ok := s.rewritten(table)
	if !ok {
		return "", fmt.Errorf("rewriting a file: %w: the newest step wrote no row of %s that exists", ErrOptions, table)
	}
	files, err := s.files(ctx, store, s.tablePath(s.last.number, r.table, partitionName(o.year)))
	if err != nil {
		return "", err
	}
	r.path = files[len(files)-1]
	old, err := storage.ReadAll(ctx, store, r.path)
	if err != nil {
		return "", err
	}
	r.offset = int64(len(old))
	row := s.commitRewrite(r, o)
	s.log = append(s.log, stepRecord{Rewrite: &rewriteRecord{Table: table, Path: r.path, Offset: r.offset}})
	if err := s.save(ctx, store); err != nil {
		return "", err
	}
	return r.path, write(ctx, store, r.path, append(old, row...))
}

// rewrite is the table whose file gets a row, and where.
type rewrite struct {
	table  *table
	path   string
	offset int64
	at     int // of the new row among those of the step
}

// rewritten finds the row that gets another version: the last of the newest step
// that exists.
func (s *Simulator) rewritten(table string) (rewrite, op, bool) {
	for i := range s.last.plans {
		p := &s.last.plans[i]
		if p.table.Name != table {
			continue
		}
		for at, o := range slices.Backward(p.ops) {
			lastOfFile := at+1 == len(p.ops) || p.ops[at+1].year != o.year
			if o.kind == rows.Upsert && lastOfFile && p.table.state[o.index]&deadBit == 0 {
				return rewrite{table: p.table, at: at + 1}, o, true
			}
		}
	}
	return rewrite{}, op{}, false
}

// commitRewrite gives the row its next version and enters that into the books.
func (s *Simulator) commitRewrite(r rewrite, o op) []byte {
	t := r.table
	t.state[o.index]++
	s.version += 3
	o.rev, o.version, o.repeat, o.resent, o.narrow = t.state[o.index]&revisionBits, s.version, false, false, false
	if t.stamps != nil {
		t.stamps[o.index] = stamp{o.version, o.modified}
	}
	t.counts.Versions++
	t.counts.Rows++
	s.last.plans = slices.Clone(s.last.plans) // a folder of the same rows keeps them as they were
	for i := range s.last.plans {
		if p := &s.last.plans[i]; p.table == t {
			p.ops = slices.Insert(slices.Clone(p.ops), r.at, o)
		}
	}
	w := s.newTableWriter(nowhere{}, t, s.last)
	w.path = r.path
	w.load(&o)
	if t.latest != nil {
		w.rememberIn(&o, r.offset)
	}
	return w.layout.Of(o.kind).Append(nil, &w.row)
}
