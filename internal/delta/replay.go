package delta

import (
	"maps"

	"github.com/sluicedata/sluice/internal/storage"
)

// fileKey is how the log knows a file: one data file with another vector is
// another logical file.
type fileKey struct{ path, vector string }

// newFileKey decodes the path, because two writers may encode one name in two
// ways. What cannot be decoded stands for itself.
func newFileKey(path string, v *DeletionVector) fileKey {
	if file, err := DecodePath(path); err == nil {
		path = file
	}
	return fileKey{path, v.UniqueID()}
}

// replay is a snapshot in the making: actions are applied in the order of the
// versions, the later one wins.
type replay struct {
	protocol *Protocol
	metadata *Metadata
	txns     map[string]Txn
	domains  map[string]DomainMetadata
	adds     map[fileKey]*Add
	removes  map[fileKey]*Remove
	// inCommit is the in-commit timestamp of the version applied last, if that
	// was a commit and had one.
	inCommit *int64
	sidecars []string // named by the V2 checkpoint that is being read
}

func newReplay() *replay {
	return &replay{
		txns:    map[string]Txn{},
		domains: map[string]DomainMetadata{},
		adds:    map[fileKey]*Add{},
		removes: map[fileKey]*Remove{},
	}
}

// continueFrom starts with a copy of what a snapshot holds.
func continueFrom(s *Snapshot) *replay {
	r := &replay{
		txns:    maps.Clone(s.Txns),
		domains: maps.Clone(s.Domains),
		adds:    maps.Clone(s.adds),
		removes: maps.Clone(s.removes),
	}
	if s.Version >= 0 {
		r.protocol, r.metadata, r.inCommit = &s.Protocol, &s.Metadata, s.inCommit
	}
	return r
}

// beginVersion is called before the actions of a commit.
func (r *replay) beginVersion() { r.inCommit = nil }

func (r *replay) apply(a *Action) error {
	switch {
	case a.Add != nil:
		r.applyAdd(*a.Add)
	case a.Remove != nil:
		r.applyRemove(*a.Remove)
	case a.Txn != nil:
		r.txns[a.Txn.AppID] = *a.Txn
	case a.Domain != nil:
		r.applyDomain(*a.Domain)
	case a.Metadata != nil:
		r.metadata = a.Metadata
	case a.Protocol != nil:
		r.protocol = a.Protocol
	case a.CommitInfo != nil:
		r.inCommit = a.CommitInfo.InCommitTimestamp
	case a.Sidecar != nil:
		r.sidecars = append(r.sidecars, a.Sidecar.Path)
	}
	return nil
}

// applyAdd forgets dataChange: it tells about a commit, not about the state, and
// Spark's checkpoints say false for every file.
func (r *replay) applyAdd(a Add) {
	a.DataChange = false
	k := newFileKey(a.Path, a.DeletionVector)
	delete(r.removes, k)
	r.adds[k] = &a
}

func (r *replay) applyRemove(gone Remove) {
	gone.DataChange = false
	k := newFileKey(gone.Path, gone.DeletionVector)
	delete(r.adds, k)
	r.removes[k] = &gone
}

func (r *replay) applyDomain(d DomainMetadata) {
	if d.Removed {
		delete(r.domains, d.Domain)
		return
	}
	r.domains[d.Domain] = d
}

// snapshot ends the replay: the table must have said what it is, and be one
// that can be read.
func (r *replay) snapshot(store storage.Store, root string, version int64) (*Snapshot, error) {
	fail := func(err error) error { return &LogError{Table: store.URL(root), Version: version, Err: err} }
	if r.protocol == nil {
		return nil, fail(ErrNoProtocol)
	}
	if err := r.protocol.validate(); err != nil {
		return nil, fail(err)
	}
	if err := checkReadable(store.URL(root), r.protocol); err != nil {
		return nil, err
	}
	if r.metadata == nil {
		return nil, fail(ErrNoMetadata)
	}
	return &Snapshot{
		Root: root, Version: version, Protocol: *r.protocol, Metadata: *r.metadata,
		Txns: r.txns, Domains: r.domains,
		store: store, adds: r.adds, removes: r.removes, inCommit: r.inCommit,
	}, nil
}
