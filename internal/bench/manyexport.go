package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/local"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const manifestFile = "model.json"

// simulateMany writes an export of many tables of the same columns, more than the
// simulator has names for: each is simulated alone, with a seed of its own, and all
// are laid into one export.
func (b *bench) simulateMany(ctx context.Context, tables int, rows int64, steps int, mix exporter.Mix) (*source, error) {
	s := &source{dir: b.path("export")}
	var err error
	if s.store, err = local.New(s.dir, local.WithoutSync()); err != nil {
		return nil, err
	}
	merged := manifests{}
	for i := range tables {
		name := fmt.Sprintf("%s%03d", tallTable, i+1)
		one, sim, err := simulateOne(ctx, uint64(i+1), rows, steps, mix)
		if err != nil {
			return nil, err
		}
		if err := s.lay(ctx, one, name, merged); err != nil {
			return nil, err
		}
		s.tables = append(s.tables, name)
		c := sim.Counts(tallTable)
		s.live, s.versions = s.live+c.Live, s.versions+c.Versions
	}
	for folder, entities := range merged {
		text, err := json.Marshal(map[string]any{"name": "cdm", "version": "1.0", "entities": entities})
		if err == nil {
			err = put(ctx, s.store, path.Join(folder, manifestFile), text)
		}
		if err != nil {
			return nil, err
		}
	}
	for i := range 1 + steps {
		at := exporter.DefaultStart.Add(time.Duration(i) * exporter.DefaultInterval)
		s.folders = append(s.folders, filepath.Join(s.dir, at.Format(folderForm)))
	}
	fmt.Printf("   %d tables, %.3f GB of CSV in the first folder\n", tables, float64(s.bytes)/1e9)
	return s, nil
}

// simulateOne writes the export of one table into memory.
func simulateOne(ctx context.Context, seed uint64, rows int64, steps int, mix exporter.Mix) (*mem.Store, *exporter.Simulator, error) {
	store := mem.New(nil)
	sim, err := exporter.New(exporter.Options{Seed: seed, Tables: []exporter.TableOption{{Name: tallTable, Rows: rows}}})
	if err == nil {
		err = sim.Initial(ctx, store)
	}
	for range steps {
		if err == nil {
			_, err = sim.Step(ctx, store, exporter.Changes{Mix: mix})
		}
	}
	return store, sim, err
}

// manifests are the tables of each folder's model.json; "" is the root's.
type manifests map[string][]json.RawMessage

// lay copies the export of one table into that of all, by another name.
func (s *source) lay(ctx context.Context, from storage.Store, name string, merged manifests) error {
	for entry, err := range from.List(ctx, "", storage.ListOptions{}) {
		if err != nil {
			return err
		}
		data, err := storage.ReadAll(ctx, from, entry.Path)
		if err != nil {
			return err
		}
		folder, file := path.Split(entry.Path)
		switch {
		case file == manifestFile && len(data) > 0:
			err = merged.join(strings.Trim(folder, "/"), data, name)
		case path.Base(folder) == tallTable:
			s.bytes += entry.Size
			err = put(ctx, s.store, path.Join(path.Dir(path.Clean(folder)), name, file), data)
		case len(s.tables) == 0 && !strings.HasPrefix(file, ".") && !strings.HasPrefix(file, tallTable):
			err = put(ctx, s.store, entry.Path, data) // the same for all tables
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// join adds the tables of a model.json by another name.
func (m manifests) join(folder string, text []byte, name string) error {
	var one struct {
		Entities []json.RawMessage `json:"entities"`
	}
	if err := json.Unmarshal(text, &one); err != nil {
		return fmt.Errorf("manifest of folder %q: %w", folder, err)
	}
	for _, entity := range one.Entities {
		entity = bytes.ReplaceAll(entity, []byte(`"name":"`+tallTable+`"`), []byte(`"name":"`+name+`"`))
		entity = bytes.ReplaceAll(entity, []byte("/"+tallTable+"/"), []byte("/"+name+"/"))
		m[folder] = append(m[folder], entity)
	}
	return nil
}

func put(ctx context.Context, store storage.Store, at string, data []byte) error {
	w, err := store.Write(ctx, at)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Close()
}
