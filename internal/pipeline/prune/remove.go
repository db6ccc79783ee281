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
// It ends at the first folder that another program holds a file of. Behind it
// nothing goes: a full refresh would read the older folder without the deletes of
// those after it. What is held is asked for before anything of a folder is
// removed, so that one that is held stays whole.
type removing struct {
	*source

	held func(error) bool
	plan *Pruned
}

// all removes folders until one is held, or until an error.
func (r *removing) all(ctx context.Context) {
	p := r.plan
	p.Removed, p.Count, p.Files, p.Bytes = true, 0, 0, 0
	for i := range p.Folders {
		f := &p.Folders[i]
		err := r.folder(ctx, f)
		switch {
		case err != nil:
			p.Error = report.NewFailure(err)
			f.Skipped = cmp.Or(f.Skipped, "not reached")
			p.passOver(i+1, "not reached")
			return
		case f.Skipped != "":
			p.passOver(i+1, "it stays with "+f.Folder+" before it")
			r.tellSkipped(f, len(p.Folders)-i-1)
			return
		}
		p.Count++
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
	if known, ok := store.(leaser); ok {
		leased, err := known.Leased(ctx, folder+"/")
		if err != nil {
			return err
		}
		if len(leased) > 0 {
			f.Skipped = fmt.Sprintf("it stays whole: %s is leased by another program", store.URL(leased[0]))
			return nil
		}
	}
	return r.files(ctx, f, folder, entries)
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

// leaser is a store that can tell which files below a prefix other programs hold:
// they can be neither written nor removed.
type leaser interface {
	Leased(ctx context.Context, prefix string) ([]string, error)
}

// passOver notes why the folders from one on stay.
func (p *Pruned) passOver(from int, why string) {
	for i := range p.Folders[from:] {
		p.Folders[from+i].Skipped = why
	}
}

func staying(folders int) string {
	if folders == 1 {
		return "1 folder stays"
	}
	return fmt.Sprintf("%d folders stay", folders)
}

// tellSkipped notes the folder at which the removal ended.
func (r *removing) tellSkipped(f *Folder, later int) {
	text := fmt.Sprintf("folder %s was not removed: %s", f.Folder, f.Skipped)
	if later > 0 {
		text += fmt.Sprintf("; %s after it", staying(later))
	}
	e := r.Event(report.PruneSkipped, "", f.Folder, text)
	r.plan.Events = append(r.plan.Events, e)
	r.Options.Listener.Event(e)
}

// files removes the files of a folder, its model.json first.
func (r *removing) files(ctx context.Context, f *Folder, folder string, entries []storage.Entry) error {
	manifest := folder + "/model.json"
	slices.SortStableFunc(entries, func(a, b storage.Entry) int { return rank(a.Path == manifest) - rank(b.Path == manifest) })
	for _, entry := range entries {
		err := r.env.Export.Store.Delete(ctx, entry.Path)
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
