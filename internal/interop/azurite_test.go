package interop_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/interop"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/azurite"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const azuriteConfig = `
lake: {url: "abfss://lake@%[1]s.dfs.core.windows.net/tables", endpoint: "%[2]s", account_key: "%[3]s"}
state: {url: %[4]q}
connections:
  export:
    connection_type: DYNAMICS365
    options: {storage_account_name: %[5]s, container_name: export, endpoint: "%[6]s", account_key: "%[7]s"}
resources:
  pipelines:
    prod:
      catalog: main
      schema: crm
      ingestion_definition:
        connection_name: export
        objects:
          - schema: {source_schema: contoso}
          - table: {source_schema: contoso, source_table: contact, table_configuration: {scd_type: SCD_TYPE_2}}
`

// exportAccount holds the export; the lake is in another account, whose key does
// not open this one.
const exportAccount = "contosolake"

// TestLakeInAzuriteIsReadFromThere does the whole job over Azurite: an export is
// written to a container, a configuration names it, tables appear in a container of
// another account, folder after folder, and other engines read them from there.
func TestLakeInAzuriteIsReadFromThere(t *testing.T) {
	readers := map[interop.Engine]*interop.Reader{
		interop.DeltaRS: interop.Start(t, interop.DeltaRS), interop.Polars: interop.Start(t, interop.Polars),
		interop.DuckDB: interop.Start(t, interop.DuckDB),
	}
	ctx := context.Background()
	server, err := azurite.Start(azurite.Options{Accounts: []string{azurite.DefaultAccount, exportAccount}, Port: 10000}) // the address that DuckDB knows
	need(t, err)
	t.Cleanup(func() { need(t, server.Close()) })
	need(t, server.CreateContainer(ctx, "lake"))
	need(t, server.CreateContainerIn(ctx, exportAccount, "export"))
	export, err := azure.New(azure.Config{Endpoint: server.EndpointOf(exportAccount), Account: exportAccount,
		AccountKey: azurite.KeyOf(exportAccount), Container: "export"})
	need(t, err)
	defer export.Close()

	sim, err := exporter.New(exporter.Options{Seed: 3, SplitSize: 8 << 10, KeepHistory: true, Tables: []exporter.TableOption{
		{Name: "account", Rows: 40}, {Name: "contact", Rows: 30}, {Name: "inventtrans", Rows: 20}}})
	need(t, err)
	need(t, sim.Initial(ctx, export))
	service := serviceOf(t, server)
	runAll(t, service)
	for range 3 {
		_, err := sim.Step(ctx, export, exporter.Changes{Mix: exporter.Mix{Inserts: 2, Updates: 5, Deletes: 2}})
		need(t, err)
		runAll(t, service)
	}
	options := map[string]string{
		"azure_storage_account_name": server.Account, "azure_storage_account_key": server.Key,
		"azure_endpoint": server.Endpoint, "allow_http": "true",
	}
	for table, scd := range map[string]change.Type{"account": change.Type1, "contact": change.Type2, "inventtrans": change.Type1} {
		history, err := sim.History(table)
		need(t, err)
		want := &book{scd: scd, columns: sim.Columns(table)}
		want.add(t, history...)
		path := "az://lake/tables/main/crm/" + table
		for engine, reader := range readers {
			got, err := reader.With(options).Rows(path, interop.Select{})
			need(t, err)
			compareRows(t, path, engine, want.rows(), sorted(got))
		}
	}
}

// serviceOf is what the command line makes of a configuration.
func serviceOf(t *testing.T, server *azurite.Server) *control.Service {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sluice.yaml")
	text := fmt.Sprintf(azuriteConfig, server.Account, server.Endpoint, server.Key, t.TempDir(),
		exportAccount, server.EndpointOf(exportAccount), azurite.KeyOf(exportAccount))
	need(t, os.WriteFile(path, []byte(text), 0o600))
	config, err := spec.Load(path, os.LookupEnv)
	need(t, err)
	resolved, err := config.Resolve()
	need(t, err)
	service := control.New(resolved, work.Options{Memory: 64 << 20, Workers: 2})
	t.Cleanup(func() { need(t, service.Close()) })
	return service
}

func runAll(t *testing.T, service *control.Service) {
	t.Helper()
	results, err := service.Run(context.Background(), control.Request{})
	need(t, err)
	for _, r := range results {
		if r.State != report.Completed && r.State != report.CompletedWithWarnings {
			t.Fatalf("%s: %v, %+v", r.State, r.Error, r.Tables)
		}
	}
}
