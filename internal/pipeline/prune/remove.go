package prune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/storage"
)

// removing carries out a plan, the oldest folder first. Within a folder
// model.json goes first: from then on nothing reads the folder, so that an
// interruption leaves no half of it behind that a full refresh could take for the
// whole. With a part of its files a refresh would bring back rows whose deletes
// were in the other part; without the folder it has what the folders that are
// left say, as after a removal that was not interrupted. The next prune removes
// the rest.
//
// A file that another program holds is passed over. If it is the model.json, the
// folder stays whole.
type removing struct {
	*source

	held func(error) bool
	plan *Pruned
}

// all removes all folders, until an error that would meet the others, too.
func (r *removing) all(ctx context.Context) {
	p := r.plan
	p.Removed, p.Count, p.Files, p.Bytes = true, 0, 0, 0
	for i := range p.Folders {
		f := &p.Folders[i]
		if err := r.folder(ctx, f); err != nil {
			p.Error = report.NewFailure(err)
			for j := i; j < len(p.Folders); j++ {
				p.Folders[j].Skipped = cmp.Or(p.Folders[j].Skipped, "not reached")
			}
			return
		}
		if f.Skipped == "" {
			p.Count++
			continue
		}
		e := r.Event(report.PruneSkipped, "", f.Folder, fmt.Sprintf("folder %s was not wholly removed: %s", f.Folder, f.Skipped))
		p.Events = append(p.Events, e)
		r.Options.Listener.Event(e)
	}
}

// folder removes one folder.
func (r *removing) folder(ctx context.Context, f *Folder) error {
	store, folder := r.env.Export.Store, strings.Trim(r.env.Export.Root+"/"+f.Folder, "/")
	var entries []storage.Entry
	for entry, err := range store.List(ctx, folder+"/", storage.ListOptions{}) {
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	manifest := folder + "/model.json"
	slices.SortStableFunc(entries, func(a, b storage.Entry) int { return rank(a.Path == manifest) - rank(b.Path == manifest) })
	for _, entry := range entries {
		err := store.Delete(ctx, entry.Path)
		switch {
		case err == nil:
			r.plan.Files++
			r.plan.Bytes += entry.Size
		case ctx.Err() != nil:
			return ctx.Err()
		case r.held == nil || !r.held(err):
			return r.denied(err)
		case entry.Path == manifest:
			f.Skipped = fmt.Sprintf("it stays whole: %v", err)
			return nil
		default:
			f.Skipped = fmt.Sprintf("its model.json is gone, and the rest goes with a later prune: %v", err)
		}
	}
	if f.Skipped == "" {
		r.directories(ctx, folder, entries)
	}
	return nil
}

// denied says which right is missing.
func (r *removing) denied(err error) error {
	url := r.env.Export.Store.URL("")
	switch {
	case !errors.Is(err, storage.ErrDenied):
		return err
	case strings.Contains(url, "://"):
		return fmt.Errorf("%w: %w; removing source folders needs the role Storage Blob Data Contributor on %s, where everything else needs Storage Blob Data Reader alone",
			report.ErrPruneDenied, err, url)
	}
	return fmt.Errorf("%w: %w; this user may not remove files below %s", report.ErrPruneDenied, err, url)
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// directories removes what accounts with a hierarchical namespace keep of
// empty folders, the deepest first; elsewhere there is nothing under such a path.
// One that stays is empty, and every listing passes it over but that of names.
func (r *removing) directories(ctx context.Context, folder string, entries []storage.Entry) {
	var directories []string
	for _, e := range entries {
		for path := e.Path; len(path) > len(folder); {
			path = path[:strings.LastIndexByte(path, '/')]
			if !slices.Contains(directories, path) {
				directories = append(directories, path)
			}
		}
	}
	slices.SortFunc(directories, func(a, b string) int { return strings.Count(b, "/") - strings.Count(a, "/") })
	for _, path := range directories {
		if err := r.env.Export.Store.Delete(ctx, path); err != nil {
			r.Options.Log.Warn("an empty directory stays", "path", r.env.Export.Store.URL(path), "error", err)
		}
	}
}
