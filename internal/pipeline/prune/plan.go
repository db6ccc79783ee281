package prune

import (
	"context"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// listed is a folder as a flat listing of the export shows it.
type listed struct {
	name         synapselink.FolderName
	files, bytes int64
	manifest     manifestState
}

type manifestState uint8

const (
	noManifest manifestState = iota
	emptyManifest
	fullManifest
)

// plan finds the folders that can go and those that are old enough and stay.
//
// Whether a folder is complete is not asked of its model.json but of the tables:
// they have all passed it, and one that passed it by without reading it says so.
// A folder without a model.json that all of them read had one when they did: a
// removal was interrupted in it.
func (s *source) plan(ctx context.Context, olderThan time.Duration) (*Pruned, error) {
	p := &Pruned{Environment: s.env.Name, URL: s.env.Export.Store.URL(s.env.Export.Root), Tables: len(s.readers),
		Folders: []Folder{}, Kept: []Kept{}, Events: []report.Event{}}
	current, err := s.env.Export.Current(ctx)
	if err != nil {
		return nil, err
	}
	limit := s.Options.Clock().UTC().Add(-olderThan)
	old := func(f synapselink.FolderName) bool { return f.Time().Before(limit) && f.Digits() < current.Digits() }
	err = s.eachFolder(ctx, limit, func(f listed) {
		if old(f.name) {
			p.add(f, s)
		}
	})
	return p, err
}

// add files a folder under those that can go or under what keeps it.
func (p *Pruned) add(f listed, s *source) {
	r, reason := s.holder(f.name)
	switch {
	case r != nil:
		p.keep(f, Kept{Table: r.Name(), Pipeline: r.pipeline, Reason: reason})
	case len(s.readers) == 0:
		p.keep(f, Kept{Reason: "no pipeline of this configuration reads a table of it"})
	case f.manifest == emptyManifest:
		p.keep(f, Kept{Reason: "model.json has no content: the service may still be at work in it"})
	default:
		p.Folders = append(p.Folders, Folder{Folder: f.name.String(), Files: f.files, Bytes: f.bytes, Remainder: f.manifest == noManifest})
		p.Count++
		p.Files += f.files
		p.Bytes += f.bytes
	}
}

func (p *Pruned) keep(f listed, k Kept) {
	for i := range p.Kept {
		if o := &p.Kept[i]; o.Table == k.Table && o.Pipeline == k.Pipeline && o.Reason == k.Reason {
			o.Count++
			o.Bytes += f.bytes
			o.Newest = f.name.String()
			return
		}
	}
	k.Count, k.Bytes, k.Oldest, k.Newest = 1, f.bytes, f.name.String(), f.name.String()
	p.Kept = append(p.Kept, k)
}

// eachFolder visits the incremental folders of an export that were begun before
// a moment, in the order in which they are listed. One flat listing costs a
// request for some thousands of files; to list folder by folder would cost one
// for each.
func (s *source) eachFolder(ctx context.Context, before time.Time, visit func(listed)) error {
	root := ""
	if s.env.Export.Root != "" {
		root = strings.Trim(s.env.Export.Root, "/") + "/"
	}
	last := before.Format("2006-01-02T15") + "~" // behind both spellings of that hour
	var f listed
	done := func() {
		if !f.name.IsZero() {
			visit(f)
		}
	}
	for entry, err := range s.env.Export.Store.List(ctx, root, storage.ListOptions{}) {
		if err != nil {
			return err
		}
		folder, file, isIn := strings.Cut(strings.TrimPrefix(entry.Path, root), "/")
		if folder > last {
			break
		}
		name, err := synapselink.ParseFolderName(folder)
		if err != nil || !isIn {
			continue
		}
		if name != f.name {
			done()
			f = listed{name: name}
		}
		f.add(file, entry.Size)
	}
	done()
	return ctx.Err()
}

func (f *listed) add(file string, size int64) {
	f.files++
	f.bytes += size
	switch {
	case file != "model.json":
	case size == 0:
		f.manifest = emptyManifest
	default:
		f.manifest = fullManifest
	}
}
