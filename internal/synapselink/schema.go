package synapselink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sluicedata/sluice/internal/storage"
)

// cachedManifests is how many folders' manifests are kept: those of the folders
// that tables side by side ask for. What they have in common is held once, see
// [schemaPool].
const cachedManifests = 16

// TableSchema is what the table looked like in the folder: by the folder's own
// model.json, or, where that breaks off before the table, by the file that the
// service keeps for the table beside it. The root's model.json is newer than
// the folder and never used.
func (e *Export) TableSchema(ctx context.Context, folder FolderName, table string) (Entity, error) {
	m, err := e.sharedManifest(ctx, folder)
	if err != nil && !errors.Is(err, ErrManifest) {
		return Entity{}, err
	}
	return e.tableIn(ctx, folder, table, m, err)
}

// tableIn is TableSchema with the folder's manifest, or the reason why it is no
// use.
func (e *Export) tableIn(ctx context.Context, folder FolderName, table string, m *sharedManifest, err error) (Entity, error) {
	if err == nil {
		if entity, ok := m.byName[strings.ToLower(table)]; ok {
			return e.checked(folder, entity)
		}
	}
	entity, ownErr := e.ownSchema(ctx, folder, table)
	if ownErr == nil {
		return e.checked(folder, entity)
	}
	if !errors.Is(ownErr, storage.ErrNotExist) && !errors.Is(ownErr, ErrManifest) {
		return Entity{}, ownErr
	}
	return Entity{}, &TableError{
		Op: "find the schema of", Table: table, Path: e.Store.URL(e.path(folder.String())),
		Err:  fmt.Errorf("%w: model.json %s; %s", ErrNoSchema, manifestFinding(m, err), ownFinding(table, ownErr)),
		Hint: "once one of the two files is there the next run goes on; otherwise re-export the table, then " + fullRefresh(table),
	}
}

func manifestFinding(m *sharedManifest, err error) string {
	switch {
	case err != nil:
		return "is missing, empty or not readable"
	case m.truncated:
		return "breaks off before it"
	}
	return "does not list it"
}

func ownFinding(table string, err error) string {
	if errors.Is(err, storage.ErrNotExist) {
		return trickleFolder + "/" + table + "-model.json does not exist"
	}
	return trickleFolder + "/" + table + "-model.json does not describe it"
}

func (e *Export) checked(folder FolderName, shared *sharedEntity) (Entity, error) {
	if err := shared.problem(); err != nil {
		return Entity{}, &TableError{
			Op: "read the schema of", Table: shared.name, Path: e.Store.URL(e.path(folder.String())), Err: err,
			Hint: "the rows cannot be bound to columns; re-export the table, then " + fullRefresh(shared.name),
		}
	}
	return shared.decoded(), nil
}

func (e *Export) ownSchema(ctx context.Context, folder FolderName, table string) (*sharedEntity, error) {
	data, err := storage.ReadAll(ctx, e.Store, e.path(folder.String(), trickleFolder, table+"-model.json"))
	if err != nil {
		return nil, err
	}
	entities, _, err := e.schemas.parseEntities(data)
	if err != nil {
		return nil, err
	}
	for _, entity := range entities {
		if strings.EqualFold(entity.name, table) {
			return entity, nil
		}
	}
	return nil, fmt.Errorf("%w: it does not describe %s", ErrManifest, table)
}

// Manifest is a folder's model.json, parsed once for all tables. One that is
// missing or useless is [ErrManifest]. The result is shared: do not change it.
func (e *Export) Manifest(ctx context.Context, folder FolderName) (*Manifest, error) {
	m, err := e.sharedManifest(ctx, folder)
	if err != nil {
		return nil, err
	}
	return m.public(), nil
}

func (e *Export) sharedManifest(ctx context.Context, folder FolderName) (*sharedManifest, error) {
	entry := e.manifests.entry(folder)
	entry.mu.Lock()
	defer entry.mu.Unlock()
	if entry.manifest == nil {
		m, err := e.readManifest(ctx, folder)
		if err != nil {
			return nil, err
		}
		entry.manifest = m
	}
	return entry.manifest, nil
}

// readManifest reads it with one request, so that what it returns is one version
// of the file without having to name one.
func (e *Export) readManifest(ctx context.Context, folder FolderName) (*sharedManifest, error) {
	path := e.path(folder.String(), manifestFile)
	var m *sharedManifest
	err := e.readPooled(ctx, path, storage.All, func(data []byte) (err error) {
		m, err = e.schemas.parse(data)
		return err
	})
	switch {
	case err == nil:
		return m, nil
	case errors.Is(err, storage.ErrNotExist):
		err = fmt.Errorf("%w: %w", ErrManifest, err)
	case !errors.Is(err, ErrManifest):
		return nil, err
	}
	return nil, &Error{
		Op: "read", Path: e.Store.URL(path), Err: err,
		Hint: "the folder is not finalised; it is read once the service has written the file",
	}
}

// manifestCache keeps the manifests of the folders read last.
type manifestCache struct {
	mu      sync.Mutex
	entries []*cachedManifest // newest first
}

// cachedManifest is locked while it is read, so that the tables that ask for
// it at the same time wait for one reading. A failed one leaves it empty.
type cachedManifest struct {
	folder   FolderName
	mu       sync.Mutex
	manifest *sharedManifest
}

// put keeps a manifest that was just read in place of the one known.
func (c *manifestCache) put(folder FolderName, m *sharedManifest) {
	entry := c.entry(folder)
	entry.mu.Lock()
	defer entry.mu.Unlock()
	entry.manifest = m
}

func (c *manifestCache) entry(folder FolderName) *cachedManifest {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.entries, func(m *cachedManifest) bool { return m.folder == folder })
	if i < 0 {
		c.entries = append(c.entries, &cachedManifest{folder: folder})
		i = len(c.entries) - 1
	}
	found := c.entries[i]
	c.entries = slices.Insert(slices.Delete(c.entries, i, i+1), 0, found)
	c.entries = c.entries[:min(len(c.entries), cachedManifests)]
	return found
}
