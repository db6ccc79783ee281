package azure_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/azurite"
	"github.com/sluicedata/sluice/internal/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// containers numbers the containers of a server, one for each test.
var containers atomic.Int32

// open makes a container of its own for a test, and a store on it.
func open(t *testing.T, s *azurite.Server, change func(*azure.Config)) *azure.Store {
	t.Helper()
	name := fmt.Sprintf("test-%d", containers.Add(1))
	if err := s.CreateContainer(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	config := azure.Config{Endpoint: s.Endpoint, Account: s.Account, Container: name, AccountKey: s.Key}
	if change != nil {
		change(&config)
	}
	store, err := azure.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestStore(t *testing.T) {
	s := azurite.Test(t, azurite.Options{})
	tests := []struct {
		name   string
		change func(*azure.Config)
	}{
		{"a whole container", nil},
		{"a folder of one, by abfss, with little room", func(c *azure.Config) {
			c.Root, c.URL = "lake/ü 1%", "abfss://"+c.Container+"@devstoreaccount1.dfs.core.windows.net/lake/ü 1%"
			c.Requests, c.ReadAhead = 1, 1
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T) storage.Store { return open(t, s, tt.change) })
		})
	}
}

// A SAS token of a reader reads, and is told what it may not do.
func TestSASToken(t *testing.T) {
	s := azurite.Test(t, azurite.Options{})
	var config azure.Config
	owner := open(t, s, func(c *azure.Config) { config = *c })
	put(t, owner, "folder/a b", "text")
	key, err := blob.NewSharedKeyCredential(s.Account, s.Key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := sas.BlobSignatureValues{
		ContainerName: config.Container, ExpiryTime: time.Now().Add(time.Hour).UTC(),
		Permissions: (&sas.ContainerPermissions{Read: true, List: true}).String(),
	}.SignWithSharedKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config.AccountKey, config.SASToken = "", signed.Encode()
	reader, err := azure.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	equal(t, "files", list(t, reader, "", storage.ListOptions{}), []string{"folder/a b"})
	equal(t, "content", get(t, reader, "folder/a b"), "text")
	for _, err := range []error{write(t, reader, "b", "x"), reader.PutIfAbsent(t.Context(), "b", nil), reader.Delete(t.Context(), "folder/a b")} {
		if !errors.Is(err, storage.ErrDenied) || strings.Contains(err.Error(), "sig") {
			t.Errorf("got %v", err)
		}
	}
}

// The same suite without Azurite, and on what Azurite does not have.
func TestStoreOnFakes(t *testing.T) {
	tests := []struct {
		name string
		make func() *fake
	}{
		{"flat", newFake},
		{"flat, in pages of two", func() *fake {
			f := newFake()
			f.pageSize = 2
			return f
		}},
		{"hierarchical, in pages of three", func() *fake {
			f := newFake()
			f.hierarchical, f.pageSize = true, 3
			return f
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T) storage.Store { return tt.make().open(t, nil) })
		})
	}
}
