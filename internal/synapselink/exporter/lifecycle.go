package exporter

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/storage"
)

const (
	manifestFile  = "model.json"
	changelogFile = "Changelog/changelog.info"
	internalsDir  = "Microsoft.Athena.TrickleFeedService/"
	labelsDir     = "OptionsetMetadata/"
)

// path joins names below the export's root.
func (s *Simulator) path(parts ...string) string {
	p := s.opts.Root
	for _, part := range parts {
		if p != "" {
			p += "/"
		}
		p += part
	}
	return p
}

// mustBeEmpty refuses to mix two exports.
func (s *Simulator) mustBeEmpty(ctx context.Context, store storage.Store) error {
	for _, name := range []string{stateFile, changelogFile, manifestFile} {
		_, err := store.Stat(ctx, s.path(name))
		if err == nil {
			return fmt.Errorf("writing the initial copy: %w: %s; continue it or choose an empty place",
				ErrExists, store.URL(s.path(name)))
		}
		if !errors.Is(err, storage.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (s *Simulator) openFirst(ctx context.Context, store storage.Store) error {
	if err := s.openFolder(ctx, store, 0); err != nil {
		return err
	}
	return write(ctx, store, s.path(changelogFile), []byte(s.folder(0)))
}

// openFolder makes the empty model.json that the folder has until it is closed.
func (s *Simulator) openFolder(ctx context.Context, store storage.Store, n int) error {
	return write(ctx, store, s.path(s.folder(n), manifestFile), nil)
}

// close ends the folder at that position of Simulator.written, in the order that
// was observed: the next folder appears, changelog.info advances, then the
// folder's model.json is filled, and before it those that are due.
func (s *Simulator) close(ctx context.Context, store storage.Store, at int) error {
	next, err := s.folders, error(nil)
	if at+1 < len(s.written) {
		next = s.written[at+1].number // its files are there already
	} else {
		err = s.openFolder(ctx, store, next)
	}
	if err == nil {
		err = write(ctx, store, s.path(changelogFile), []byte(s.folder(next)))
	}
	for i := max(0, at-longestWait); err == nil && i <= at; i++ {
		if s.written[i].filled == at {
			err = s.fillManifest(ctx, store, &s.written[i])
		}
	}
	if err == nil {
		err = s.writeRoot(ctx, store, &s.written[at])
	}
	if err != nil {
		return fmt.Errorf("closing folder %s: %w", s.folder(s.written[at].number), err)
	}
	return nil
}

// longestWait is how many folders later at most a model.json is filled.
const longestWait = 2

// fillManifest fills an empty model.json. One that is gone was pruned with its
// folder and stays away.
func (s *Simulator) fillManifest(ctx context.Context, store storage.Store, r *folderRecord) error {
	path := s.path(s.folder(r.number), manifestFile)
	e, err := store.Stat(ctx, path)
	if errors.Is(err, storage.ErrNotExist) || err == nil && e.Size > 0 {
		return nil
	}
	if err != nil {
		return err
	}
	m, err := s.manifest(ctx, store, r)
	if err != nil {
		return err
	}
	data := m.encode()
	if r.number > 0 {
		data = s.spoil(m, data, r.step)
	}
	return write(ctx, store, path, data)
}

// spoil applies the faults of manifests.
func (s *Simulator) spoil(m *manifest, whole []byte, step int) []byte {
	switch {
	case s.opts.has(EmptyManifest) && step%2 == 0:
		m.Entities = nil
	case s.opts.has(CutManifest) && len(m.Entities) > 0:
		last := len(m.Entities[len(m.Entities)-1].text)
		if len(m.Entities) == 1 {
			last = 0 // one table has to be left, or nothing can be read
		}
		return whole[:len(whole)-len(manifestTail)-last/2]
	case s.opts.has(TruncatedManifest):
		m.Entities = m.Entities[:len(m.Entities)/2]
	default:
		return whole
	}
	return m.encode()
}

func (s *Simulator) writeRoot(ctx context.Context, store storage.Store, r *folderRecord) error {
	m, err := s.manifest(ctx, store, r)
	if err != nil {
		return err
	}
	if err := write(ctx, store, s.path(manifestFile), m.encode()); err != nil {
		return err
	}
	return s.writeLabels(ctx, store, "", r.step)
}

// writeInternals writes what the service keeps in a folder beside the rows.
func (s *Simulator) writeInternals(ctx context.Context, store storage.Store, n, step int, tables []*table) error {
	for _, t := range tables {
		e, err := encodeEntity(s.entityOf(t, n, step, nil))
		if err != nil {
			return err
		}
		m := manifest{Entities: []entityText{e}}
		if err := write(ctx, store, s.path(s.folder(n), internalsDir+t.Name+"-model.json"), m.encode()); err != nil {
			return err
		}
	}
	return s.writeLabels(ctx, store, s.folder(n), step)
}

// write stores a small file.
func write(ctx context.Context, store storage.Store, path string, data []byte) error {
	w, err := store.Write(ctx, path)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return errors.Join(err, w.Abort())
	}
	return w.Close()
}
