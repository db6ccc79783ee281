package synapselink

import (
	"context"
	"errors"

	"github.com/sluicedata/sluice/internal/storage"
)

// RootManifest is the model.json at the root of the export, the newest schema of
// all tables. It serves to list tables; rows are bound by their folder's own
// manifest. Where there is none it is empty: a young export has folders first.
func (e *Export) RootManifest(ctx context.Context) (*Manifest, error) {
	data, err := storage.ReadAll(ctx, e.Store, e.path(manifestFile))
	if errors.Is(err, storage.ErrNotExist) {
		return &Manifest{}, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := ParseManifest(data)
	if err != nil {
		return nil, &Error{Op: "read manifest", Path: e.Store.URL(e.path(manifestFile)), Err: err,
			Hint: "the service writes it anew with the next folder"}
	}
	return m, nil
}

// Nearest is the name that differs least from the one given; "" of none.
func Nearest(name string, names []string) string { return nearest(name, names) }
