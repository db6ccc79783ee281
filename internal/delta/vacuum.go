package delta

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/storage"
)

// VacuumOptions say which files may go.
type VacuumOptions struct {
	// Now is not later than the clock of the store: ages are told by the times
	// that it gives to files.
	Now time.Time
	// Retention is how long files stay that a version removed: readers of older
	// versions need them.
	Retention time.Duration
	// Quiet is how long no file may have been written that is not part of the
	// table, before any such file goes, see [Vacuum].
	Quiet time.Duration
	// DryRun only counts.
	DryRun bool
}

// Vacuumed is what was removed, or would be.
type Vacuumed struct {
	Files int64
	Bytes int64
	// Strays are files that are not part of any version and stay, because they,
	// or others like them, are young.
	Strays int64
	// More: there is more to remove than is held at once.
	More bool
}

// mostUnused bounds the names that are held.
const mostUnused = 200_000

// deletesAtOnce hides the latency of a cloud store.
const deletesAtOnce = 16

// Vacuum removes data files and deletion vectors that no version of the table
// needs that is younger than the retention. Names that begin with '_' or '.' are
// left alone, as every engine does, and so is what is neither a data file nor a
// vector.
//
// What the log does not name is a stray: left by a writer that was killed, or
// the beginning of a commit to come. The two cannot be told apart, and the first
// files of a long load may be old. So strays go together, once none of them is
// younger than opts.Quiet and each is older than the retention: a load that goes
// on writes files.
//
// The folder is listed before the log is read again, so that a file whose commit
// comes in between counts as part of the table.
func Vacuum(ctx context.Context, s *Snapshot, opts VacuumOptions) (Vacuumed, error) {
	v := vacuum{opts: opts, store: s.store, root: s.Root, cutoff: opts.Now.Add(-opts.Retention)}
	err := v.run(ctx, s)
	if err != nil {
		err = fmt.Errorf("vacuum %s: %w", s.URL(), err)
	}
	return v.result, err
}

// EachStray hands on the data files and vectors in the table's own folder that
// the log does not name, until visit returns false. Files whose removal the log
// has forgotten are among them.
func EachStray(ctx context.Context, s *Snapshot, visit func(storage.Entry) bool) error {
	named, removed, err := s.namedFiles(time.Time{})
	if err != nil {
		return err
	}
	prefix := folderPrefix(s.Root)
	for e, err := range s.store.List(ctx, prefix, storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return err
		}
		if e.IsDir || named[e.Path] || removed[e.Path] || !isTableFile(strings.TrimPrefix(e.Path, prefix)) {
			continue
		}
		if !visit(e) {
			return nil
		}
	}
	return nil
}

type vacuum struct {
	opts   VacuumOptions
	store  storage.Store
	root   string
	cutoff time.Time

	unused []storage.Entry
	nested []string // folders of other tables below this one
	result Vacuumed
}

func (v *vacuum) run(ctx context.Context, s *Snapshot) error {
	if err := s.CheckAppendable(); err != nil {
		return err
	}
	if err := v.list(ctx, s); err != nil {
		return err
	}
	newest, err := s.Update(ctx)
	if err != nil {
		return err
	}
	if newest.Metadata.ID != s.Metadata.ID {
		return fmt.Errorf("%w: the table was made anew meanwhile", ErrInvalidChanges)
	}
	unused, err := v.choose(newest)
	if err != nil {
		return err
	}
	return v.remove(ctx, unused)
}

// list collects what the snapshot does not name.
func (v *vacuum) list(ctx context.Context, s *Snapshot) error {
	named, _, err := s.namedFiles(v.cutoff)
	if err != nil {
		return err
	}
	prefix := folderPrefix(v.root)
	for e, err := range v.store.List(ctx, prefix, storage.ListOptions{}) {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(e.Path, prefix)
		if at := strings.Index(name, "/"+logFolder+"/"); at > 0 {
			if folder := prefix + name[:at+1]; !slices.Contains(v.nested, folder) {
				v.nested = append(v.nested, folder)
			}
		}
		if named[e.Path] || !isTableFile(name) {
			continue
		}
		if len(v.unused) == mostUnused {
			v.result.More = true
			return nil
		}
		v.unused = append(v.unused, e)
	}
	return nil
}

// isTableFile reports whether a name, relative to the table, is that of a data
// file or of a file of vectors.
func isTableFile(name string) bool {
	for element := range strings.SplitSeq(name, "/") {
		if element == "" || element[0] == '_' || element[0] == '.' {
			return false
		}
	}
	base := path.Base(name)
	return strings.HasSuffix(base, ".parquet") || strings.HasPrefix(base, "deletion_vector_") && strings.HasSuffix(base, ".bin")
}

// choose judges what was found by the newest version.
func (v *vacuum) choose(s *Snapshot) ([]storage.Entry, error) {
	named, removed, err := s.namedFiles(v.cutoff)
	if err != nil {
		return nil, err
	}
	var unused, strays []storage.Entry
	quiet := !v.result.More
	for _, e := range v.unused {
		switch {
		case named[e.Path] || v.isNested(e.Path):
		case removed[e.Path]:
			unused = append(unused, e)
		default:
			strays = append(strays, e)
			quiet = quiet && v.opts.Now.Sub(e.ModTime) >= v.opts.Quiet
		}
	}
	for _, e := range strays {
		if quiet && !e.ModTime.After(v.cutoff) {
			unused = append(unused, e)
		} else {
			v.result.Strays++
		}
	}
	return unused, nil
}

func (v *vacuum) isNested(path string) bool {
	return slices.ContainsFunc(v.nested, func(folder string) bool { return strings.HasPrefix(path, folder) })
}

func (v *vacuum) remove(ctx context.Context, unused []storage.Entry) error {
	var files, bytes atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(deletesAtOnce)
	for _, e := range unused {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			if !v.opts.DryRun {
				if err := v.store.Delete(ctx, e.Path); err != nil {
					return err
				}
			}
			files.Add(1)
			bytes.Add(e.Size)
			return nil
		})
	}
	err := group.Wait()
	v.result.Files, v.result.Bytes = files.Load(), bytes.Load()
	return err
}

// namedFiles are the paths in the store of data files and vectors: named are
// those that the version has, or that were removed after a time; removed are all
// others that it still knows of.
func (s *Snapshot) namedFiles(after time.Time) (named, removed map[string]bool, err error) {
	named, removed = map[string]bool{}, map[string]bool{}
	note := func(to map[string]bool, path string, vector *DeletionVector) error {
		file, err := s.FilePath(path)
		if err != nil {
			return err
		}
		to[file] = true
		if vector == nil {
			return nil
		}
		if file, err = s.VectorPath(vector); err == nil && file != "" {
			to[file] = true
		}
		return err
	}
	for _, a := range s.adds {
		if err := note(named, a.Path, a.DeletionVector); err != nil {
			return nil, nil, err
		}
	}
	for _, r := range s.removes {
		to := named
		if r.DeletionTimestamp <= after.UnixMilli() {
			to = removed
		}
		if err := note(to, r.Path, r.DeletionVector); err != nil {
			return nil, nil, err
		}
	}
	return named, removed, nil
}
