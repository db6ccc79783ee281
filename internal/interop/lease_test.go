package interop_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/prune"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/azurite"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const leaseConfig = `
lake: {url: %q}
state: {url: %q}
connections:
  export:
    connection_type: DYNAMICS365
    options: {storage_account_name: %s, container_name: export, endpoint: "%s", account_key: "%s"}
resources:
  pipelines:
    prod:
      catalog: main
      schema: crm
      ingestion_definition:
        connection_name: export
        objects:
          - schema: {source_schema: contoso}
`

// TestPruneStopsAtALease holds a real lease on one blob of the second folder, its
// model.json or a file with rows. The first folder goes, the second stays whole, and
// so do those after it, until the lease is given back.
func TestPruneStopsAtALease(t *testing.T) {
	ctx := context.Background()
	server := azurite.Test(t, azurite.Options{})
	need(t, server.CreateContainer(ctx, "export"))
	export, err := azure.New(azure.Config{Endpoint: server.Endpoint, Account: server.Account, AccountKey: server.Key, Container: "export"})
	need(t, err)
	defer export.Close()
	sim, err := exporter.New(exporter.Options{Seed: 5, Tables: []exporter.TableOption{{Name: "account", Rows: 20}}})
	need(t, err)
	need(t, sim.Initial(ctx, export))
	for range 5 {
		_, err := sim.Step(ctx, export, exporter.Changes{Mix: exporter.Mix{Inserts: 2, Updates: 3}})
		need(t, err)
	}
	service := leaseService(t, server)
	runAll(t, service)

	for _, part := range []string{"/model.json", "/account/"} {
		before := foldersOf(t, export)
		held := ""
		for _, path := range before.files[before.names[1]] {
			if strings.HasPrefix(path, before.names[1]+part) {
				held = path
			}
		}
		release := holdLease(t, server, held)
		p := pruneOne(t, service)
		after := foldersOf(t, export)
		if p.Count != 1 || p.Error != nil || len(p.Events) != 1 || p.Events[0].Code != report.PruneSkipped || p.Events[0].Folder != before.names[1] ||
			!strings.Contains(p.Events[0].Text, held+" is leased by another program") {
			t.Fatalf("with a lease on %s: %+v", held, p)
		}
		if got, want := fmt.Sprint(after.names), fmt.Sprint(before.names[1:]); got != want {
			t.Fatalf("with a lease on %s folders %s are left, want %s", held, got, want)
		}
		for _, name := range after.names {
			if got, want := fmt.Sprint(after.files[name]), fmt.Sprint(before.files[name]); got != want {
				t.Fatalf("of folder %s these files are left: %s, want %s", name, got, want)
			}
		}
		release()
	}
	before := foldersOf(t, export).names
	p := pruneOne(t, service)
	if after := foldersOf(t, export).names; p.Error != nil || len(p.Events) > 0 || p.Count == 0 || fmt.Sprint(after) != fmt.Sprint(before[p.Count:]) {
		t.Fatalf("without a lease: %+v, and %s are left", p, after)
	}
}

// exportFolders are the incremental folders of an export, in order, with their files.
type exportFolders struct {
	names []string
	files map[string][]string
}

func foldersOf(t *testing.T, export storage.Store) exportFolders {
	t.Helper()
	f := exportFolders{files: map[string][]string{}}
	for e, err := range export.List(context.Background(), "2", storage.ListOptions{}) {
		need(t, err)
		name, _, _ := strings.Cut(e.Path, "/")
		if f.files[name] == nil {
			f.names = append(f.names, name)
		}
		f.files[name] = append(f.files[name], e.Path)
	}
	return f
}

func leaseService(t *testing.T, server *azurite.Server) *control.Service {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sluice.yaml")
	text := fmt.Sprintf(leaseConfig, t.TempDir(), t.TempDir(), server.Account, server.Endpoint, server.Key)
	need(t, os.WriteFile(path, []byte(text), 0o600))
	config, err := spec.Load(path, os.LookupEnv)
	need(t, err)
	resolved, err := config.Resolve()
	need(t, err)
	service := control.New(resolved, work.Options{Memory: 64 << 20, Workers: 2})
	t.Cleanup(func() { need(t, service.Close()) })
	return service
}

func pruneOne(t *testing.T, service *control.Service) prune.Pruned {
	t.Helper()
	list, err := service.Prune(context.Background(), control.PruneRequest{Delete: true})
	need(t, err)
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	return list[0]
}

// holdLease takes a lease without end on a blob of the export, as another program
// would.
func holdLease(t *testing.T, server *azurite.Server, path string) (release func()) {
	t.Helper()
	ctx := context.Background()
	key, err := container.NewSharedKeyCredential(server.Account, server.Key)
	need(t, err)
	blob, err := blockblob.NewClientWithSharedKeyCredential(server.Endpoint+"/export/"+path, key, nil)
	need(t, err)
	held, err := lease.NewBlobClient(blob, nil)
	need(t, err)
	_, err = held.AcquireLease(ctx, -1, nil)
	need(t, err)
	return func() {
		_, err := held.ReleaseLease(ctx, nil)
		need(t, err)
	}
}
