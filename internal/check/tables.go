package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

// Tables looks at every table of the pipelines that the lake has: a step each, and
// one for the key indexes of all.
func (c *Checker) Tables(ctx context.Context, lake *Place, pipelines []spec.Pipeline, index Index) []Step {
	s := &sequence{now: c.Now}
	about := lake.about(true, c.Now())
	if lake.Store == nil {
		return nil // the steps of the lake say why
	}
	paths, err := tablePaths(ctx, lake.Store, pipelines)
	if err != nil {
		s.step("tables", func() Step { return failed(err, about) })
		return s.steps
	}
	engine := local.New(lake.Store, local.Options{IndexDir: index.Dir})
	keys := &indexes{Index: index, engine: engine, about: about, left: sampledRows}
	for _, path := range paths {
		name := strings.ReplaceAll(path, "/", ".")
		var snapshot *delta.Snapshot
		found := s.side(name, func() (found Step) {
			found, snapshot = table(ctx, engine, lake.Store, path, about)
			return found
		})
		if found.State == Pass {
			began := c.Now()
			keys.look(ctx, name, snapshot)
			keys.took += c.Now().Sub(began)
		}
	}
	indexed := keys.step()
	indexed.Name, indexed.DurationMS = "index", keys.took.Milliseconds()
	return append(s.steps, indexed)
}

// tablePaths are the folders of the pipelines' tables. The tables of whole
// environments are those that are there: the source is not asked.
func tablePaths(ctx context.Context, store storage.Store, pipelines []spec.Pipeline) ([]string, error) {
	var paths []string
	for _, p := range pipelines {
		for _, t := range p.Tables {
			paths = append(paths, t.Destination.String())
		}
		for _, e := range p.Environments {
			found, err := tablesBelow(ctx, store, e.Catalog+"/"+e.Schema+"/")
			if err != nil {
				return nil, err
			}
			paths = append(paths, found...)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// tablesBelow are the folders that hold a log: others may keep what they like
// beside them.
func tablesBelow(ctx context.Context, store storage.Store, prefix string) ([]string, error) {
	var paths []string
	for folder, err := range store.List(ctx, prefix, storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return nil, err
		}
		if !folder.IsDir {
			continue
		}
		root := strings.TrimSuffix(folder.Path, "/")
		for _, err := range store.List(ctx, root+"/_delta_log/", storage.ListOptions{Delimiter: true}) {
			if err != nil {
				return nil, err
			}
			paths = append(paths, root)
			break
		}
	}
	return paths, nil
}

// table loads the newest snapshot and looks for all that it names.
func table(ctx context.Context, engine *local.Engine, store storage.Store, path string, about entra.About) (Step, *delta.Snapshot) {
	snapshot, err := engine.Snapshot(ctx, path)
	switch {
	case err != nil:
		return failed(err, about), nil
	case snapshot.Version < 0:
		return skip("no run has made it yet"), nil
	}
	return content(ctx, store, snapshot, path, about), snapshot
}

func content(ctx context.Context, store storage.Store, snapshot *delta.Snapshot, path string, about entra.About) Step {
	missing, err := missingFiles(ctx, store, snapshot)
	if err != nil {
		return failed(err, about)
	}
	if len(missing) > 0 {
		return Step{State: Fail, Code: "DAMAGED_TABLE",
			Reason: fmt.Sprintf("version %d: of %s missing or of another size: %d, such as %s", snapshot.Version, counted(snapshot.NumFiles(), "data file"), len(missing), missing[0]),
			Fix:    "restore the files, or rebuild the table from the export: sluice run --table " + path[strings.LastIndexByte(path, '/')+1:] + " --full-refresh"}
	}
	vectors, err := readVectors(ctx, store, snapshot)
	if err != nil {
		return failed(err, about)
	}
	return pass(fmt.Sprintf("version %d: all of %s there, %s readable", snapshot.Version, counted(snapshot.NumFiles(), "data file"), counted(vectors, "deletion vector")))
}

// missingFiles compares the snapshot's files with one listing of the table's
// folder: asking for each would take hours for a large table.
func missingFiles(ctx context.Context, store storage.Store, snapshot *delta.Snapshot) ([]string, error) {
	sizes := map[string]int64{}
	for entry, err := range store.List(ctx, snapshot.Root+"/", storage.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		sizes[entry.Path] = entry.Size
	}
	var missing []string
	for _, add := range snapshot.Files() {
		path, err := snapshot.FilePath(add.Path)
		if err != nil {
			return nil, err
		}
		size, there := sizes[path]
		switch {
		case !there:
			missing = append(missing, store.URL(path))
		case size != add.Size:
			missing = append(missing, fmt.Sprintf("%s has %d bytes instead of %d", store.URL(path), size, add.Size))
		}
	}
	return missing, nil
}

// vectorsAtOnce are read side by side.
const vectorsAtOnce = 8

func readVectors(ctx context.Context, store storage.Store, snapshot *delta.Snapshot) (int, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(vectorsAtOnce)
	count := 0
	for _, add := range snapshot.Files() {
		if add.DeletionVector == nil {
			continue
		}
		count++
		group.Go(func() error {
			_, err := delta.ReadVector(ctx, store, snapshot.Root, add.DeletionVector)
			if errors.Is(err, storage.ErrNotExist) {
				err = fmt.Errorf("%w: %w", delta.ErrDamaged, err)
			}
			return err
		})
	}
	return count, group.Wait()
}
