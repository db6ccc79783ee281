package delta

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
)

// Snapshot is one version of a table. It does not change and may be used from
// several goroutines; its maps are for reading only.
type Snapshot struct {
	Root     string // folder in the store
	Version  int64  // -1: the table does not exist yet
	Protocol Protocol
	Metadata Metadata
	Txns     map[string]Txn            // by appId
	Domains  map[string]DomainMetadata // by name

	store    storage.Store
	adds     map[fileKey]*Add
	removes  map[fileKey]*Remove
	inCommit *int64
}

// EmptySnapshot is the state before the first version of a table, for [Commit]
// to create it from.
func EmptySnapshot(store storage.Store, root string) *Snapshot {
	return &Snapshot{Root: root, Version: -1, store: store,
		Txns: map[string]Txn{}, Domains: map[string]DomainMetadata{},
		adds: map[fileKey]*Add{}, removes: map[fileKey]*Remove{}}
}

// URL is the table as a user would name it.
func (s *Snapshot) URL() string { return s.store.URL(s.Root) }

// Files are the table's files in this version, by path. Their DataChange is
// false: it is for whoever adds them again to say.
func (s *Snapshot) Files() []Add {
	files := make([]Add, 0, len(s.adds))
	for _, k := range sortedKeys(s.adds) {
		files = append(files, *s.adds[k])
	}
	return files
}

// NumFiles is the number of Files.
func (s *Snapshot) NumFiles() int { return len(s.adds) }

// Tombstones are the removed files that readers of older versions may still be
// using, by path.
func (s *Snapshot) Tombstones(now time.Time) []Remove {
	oldest := now.Add(-s.Metadata.FileRetention()).UnixMilli()
	var out []Remove
	for _, k := range sortedKeys(s.removes) {
		if r := s.removes[k]; r.DeletionTimestamp > oldest {
			out = append(out, *r)
		}
	}
	return out
}

// FilePath is the path in the store of a data file that an action names.
func (s *Snapshot) FilePath(path string) (string, error) {
	return resolve(s.store, s.Root, path)
}

func sortedKeys[V any](m map[fileKey]V) []fileKey {
	return slices.SortedFunc(maps.Keys(m), func(a, b fileKey) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.vector, b.vector))
	})
}
