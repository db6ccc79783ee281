package synapselink

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/storage"
)

const (
	// lookAtOnce folders are looked into at the same time.
	lookAtOnce = 8
	// manifestPeek bytes of a model.json hold its first entity, nearly always:
	// the widest tables have some 700 attributes of 100 to 300 bytes.
	manifestPeek = 256 << 10
)

// Look sees how far the folders are; Successor is left empty. It is for folders
// whose files are not wanted, or not yet: ones that were skipped earlier are to
// be looked into again, since their model.json may turn up.
func (e *Export) Look(ctx context.Context, folders []FolderName) ([]FolderFacts, error) {
	facts := make([]FolderFacts, len(folders))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lookAtOnce)
	for i, name := range folders {
		g.Go(func() error {
			seen, err := e.lookAtManifest(ctx, storage.Entry{Path: e.path(name.String(), manifestFile)}, false)
			if errors.Is(err, storage.ErrNotExist) {
				seen.fact, err = ManifestMissing, nil
			}
			if seen.manifest != nil {
				e.manifests.put(name, seen.manifest)
			}
			facts[i] = FolderFacts{Name: name, Manifest: seen.fact}
			return err
		})
	}
	return facts, g.Wait()
}

// Gone are those of the folders that hold no file: they were removed.
func (e *Export) Gone(ctx context.Context, folders []FolderName) ([]FolderName, error) {
	isGone := make([]bool, len(folders))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lookAtOnce)
	for i, name := range folders {
		g.Go(func() error {
			for entry, err := range e.Store.List(ctx, e.prefix(name.String()), storage.ListOptions{}) {
				if err != nil {
					return err
				}
				if !entry.IsDir {
					return nil
				}
			}
			isGone[i] = true
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var gone []FolderName
	for i, name := range folders {
		if isGone[i] {
			gone = append(gone, name)
		}
	}
	return gone, nil
}

// manifestSeen is what a look at a model.json shows.
type manifestSeen struct {
	fact     ManifestFact
	manifest *sharedManifest // if the whole of it was read and is of use
}

// lookAtManifest reads the version that was listed, where the entry tells one.
// Unless the whole is wanted it reads no more than it takes to know that the
// file is usable: with a long backlog every folder's 1.7 MB would be read for it.
func (e *Export) lookAtManifest(ctx context.Context, entry storage.Entry, whole bool) (manifestSeen, error) {
	r := storage.Range{Length: manifestPeek, IfMatch: entry.ETag}
	if whole {
		r.Length = -1
	}
	var seen manifestSeen
	err := e.readPooled(ctx, entry.Path, r, func(data []byte) error {
		isWhole := whole || len(data) < manifestPeek
		if len(trimText(data)) == 0 && isWhole {
			seen.fact = ManifestEmpty
			return nil
		}
		entities, truncated, err := e.schemas.parseEntities(data)
		switch {
		case err == nil:
			seen.fact = ManifestUsable
		case isWhole:
			seen.fact = ManifestBroken
		}
		if err == nil && isWhole {
			seen.manifest = e.schemas.manifest(entities, truncated)
		}
		return nil
	})
	if err == nil && seen.fact == 0 {
		// Its first table is larger than the piece.
		return e.lookAtManifest(ctx, entry, true)
	}
	return seen, err
}

// readBuffers are used again: a planning reads hundreds of files of some 2 MB,
// and keeps nothing of their text but what was never seen before.
var readBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// readPooled reads a range of a file whole and shows it to use, which must not
// keep it.
func (e *Export) readPooled(ctx context.Context, path string, r storage.Range, use func(data []byte) error) error {
	body, err := e.Store.ReadRange(ctx, path, r)
	if err != nil {
		return err
	}
	buffer := readBuffers.Get().(*bytes.Buffer)
	defer readBuffers.Put(buffer)
	buffer.Reset()
	_, err = buffer.ReadFrom(body)
	if cerr := body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return storage.NewError("read", e.Store.URL(path), err)
	}
	return use(buffer.Bytes())
}

// read reads a range of a small file.
func (e *Export) read(ctx context.Context, path string, r storage.Range) ([]byte, error) {
	body, err := e.Store.ReadRange(ctx, path, r)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(body)
	if cerr := body.Close(); err == nil {
		err = cerr
	}
	return data, storage.NewError("read", e.Store.URL(path), err)
}
