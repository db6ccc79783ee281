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

// Tables looks at every table of the pipelines that the lake has: a step each.
func (c *Checker) Tables(ctx context.Context, lake *Place, pipelines []spec.Pipeline) []Step {
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
	for _, path := range paths {
		s.side(strings.ReplaceAll(path, "/", "."), func() Step { return table(ctx, lake.Store, path, about) })
	}
	return s.steps
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
func table(ctx context.Context, store storage.Store, path string, about entra.About) Step {
	snapshot, err := local.New(store, local.Options{}).Snapshot(ctx, path)
	switch {
	case err != nil:
		return failed(err, about)
	case snapshot.Version < 0:
		return skip("no run has made it yet")
	}
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
