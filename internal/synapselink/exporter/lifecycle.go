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

// close ends a folder in the order that was observed: the next folder appears,
// changelog.info advances, then the folder's model.json is filled.
func (s *Simulator) close(ctx context.Context, store storage.Store, n int) error {
	err := s.openFolder(ctx, store, n+1)
	if err == nil {
		err = write(ctx, store, s.path(changelogFile), []byte(s.folder(n+1)))
	}
	if err == nil && s.late(n-1) {
		err = s.fillManifest(ctx, store, n-1)
	}
	if err == nil && !s.late(n) {
		err = s.fillManifest(ctx, store, n)
	}
	if err == nil {
		err = s.writeRoot(ctx, store, n)
	}
	if err != nil {
		return fmt.Errorf("closing folder %s: %w", s.folder(n), err)
	}
	return nil
}

// late: the folder's model.json is filled when the next folder is closed.
func (s *Simulator) late(n int) bool { return n%2 == 1 && s.opts.has(LateManifest) }

// fillManifest fills an empty model.json. One that is gone was pruned with its
// folder and stays away.
func (s *Simulator) fillManifest(ctx context.Context, store storage.Store, n int) error {
	path := s.path(s.folder(n), manifestFile)
	e, err := store.Stat(ctx, path)
	if errors.Is(err, storage.ErrNotExist) || err == nil && e.Size > 0 {
		return nil
	}
	if err != nil {
		return err
	}
	m, err := s.manifest(ctx, store, n)
	if err != nil {
		return err
	}
	if n > 0 && s.opts.has(TruncatedManifest) {
		m.Entities = m.Entities[:len(m.Entities)/2]
	}
	return m.write(ctx, store, path)
}

func (s *Simulator) writeRoot(ctx context.Context, store storage.Store, n int) error {
	m, err := s.manifest(ctx, store, n)
	if err != nil {
		return err
	}
	if err := m.write(ctx, store, s.path(manifestFile)); err != nil {
		return err
	}
	return s.writeLabels(ctx, store, "")
}

// writeInternals writes what the service keeps in a folder beside the rows.
func (s *Simulator) writeInternals(ctx context.Context, store storage.Store, n int, tables []*table) error {
	for _, t := range tables {
		m := manifest{Name: "cdm", Description: "cdm", Version: "1.0", Entities: []entityJSON{s.entityOf(t, n, nil)}}
		if err := m.write(ctx, store, s.path(s.folder(n), internalsDir+t.Name+"-model.json")); err != nil {
			return err
		}
	}
	return s.writeLabels(ctx, store, s.folder(n))
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
