package synapselink

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// lockedStore does not let anybody list one folder, nor what it lies in as a whole.
type lockedStore struct {
	storage.Store
	locked string
}

func (s lockedStore) List(ctx context.Context, prefix string, opts storage.ListOptions) iter.Seq2[storage.Entry, error] {
	if !opts.Delimiter && (strings.HasPrefix(s.locked, prefix) || strings.HasPrefix(prefix, s.locked)) {
		return func(yield func(storage.Entry, error) bool) { yield(storage.Entry{}, storage.ErrDenied) }
	}
	return s.Store.List(ctx, prefix, opts)
}

// A table whose folder may not be listed leaves the others.
func TestFolderOfOneTableDenied(t *testing.T) {
	ctx := context.Background()
	store := mem.New(func() time.Time { return time.Unix(0, 0) })
	folder, err := ParseFolderName("2024-01-10T00.00.00Z")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"account", "contact"} {
		if err := store.PutIfAbsent(ctx, folder.String()+"/"+table+"/2024.csv", []byte("x\n")); err != nil {
			t.Fatal(err)
		}
	}
	export := &Export{Store: lockedStore{store, folder.String() + "/account/"}}
	files, err := export.FolderTables(ctx, folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(files.Tables["contact"]) != 1 || len(files.Tables["account"]) != 0 || !errors.Is(files.Failed["account"], storage.ErrDenied) {
		t.Errorf("%+v", files)
	}
}
