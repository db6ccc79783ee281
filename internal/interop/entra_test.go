package interop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/interop"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/azurite"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/storage/azure/entratest"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// entraConfig signs in to the export in the words of Databricks' connector, and to
// the lake as another application.
const entraConfig = `
lake:
  url: "abfss://lake@%[1]s.dfs.core.windows.net/tables"
  endpoint: "%[2]s"
  tenant_id: %[3]s
  client_id: %[4]s
  client_secret: ${env.LAKE_SECRET}
  authority_host: "%[5]s"
connections:
  export:
    connection_type: DYNAMICS365
    options:
      azure_storage_account_name: %[1]s
      azure_container_name: export
      endpoint: "%[2]s"
      tenant_id: %[3]s
      client_id: %[6]s
      client_secret: ${env.EXPORT_SECRET}
      authority_host: "%[5]s"
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

// lakeClient writes the lake, entratest.ClientID reads the export.
const (
	lakeClient = "eeeeeeee-1111-2222-3333-444444444444"
	lakeSecret = "lake~secret"
)

// TestLakeBehindEntraIsReadFromThere does the whole job as in production: the program
// runs as a process of its own, signs in to source and lake as two applications with
// client secrets, and reaches both over https with bearer tokens. delta-rs reads the
// lake in the same way.
func TestLakeBehindEntraIsReadFromThere(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only on Linux a certificate can be trusted for one process, by SSL_CERT_FILE")
	}
	reader := interop.Start(t, interop.DeltaRS)
	ctx := context.Background()
	server := azurite.Test(t, azurite.Options{HTTPS: true, OAuth: true})
	need(t, server.CreateContainer(ctx, "lake"))
	need(t, server.CreateContainer(ctx, "export"))
	login := entratest.Start(entratest.Options{Applications: map[string]string{lakeClient: lakeSecret}})
	t.Cleanup(login.Close)
	client := login.Client(server.CertPEM)
	export, err := azure.New(azure.Config{Endpoint: server.Endpoint, Account: server.Account, Container: "export",
		Credential: credentialOf(t, login, client, entratest.ClientID, entratest.ClientSecret), Transport: client})
	need(t, err)
	defer export.Close()
	sim, err := exporter.New(exporter.Options{Seed: 3, SplitSize: 8 << 10, KeepHistory: true, Tables: []exporter.TableOption{
		{Name: "account", Rows: 40}, {Name: "contact", Rows: 30}}})
	need(t, err)
	need(t, sim.Initial(ctx, export))

	program := newProgram(t, login, server)
	program.run(t, "check")
	program.run(t, "run")
	for range 2 {
		_, err := sim.Step(ctx, export, exporter.Changes{Mix: exporter.Mix{Inserts: 2, Updates: 5, Deletes: 2}})
		need(t, err)
		program.run(t, "run")
	}
	for _, application := range []string{entratest.ClientID, lakeClient} {
		// One for each of the four processes, and those of check and of this test.
		if n := login.TokensOf(application); n < 4 || n > 8 {
			t.Errorf("application %s was given %d tokens", application, n)
		}
	}
	token, err := credentialOf(t, login, client, lakeClient, lakeSecret).GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{entra.DefaultScope}})
	need(t, err)
	options := map[string]string{
		"azure_storage_account_name": server.Account, "azure_storage_token": token.Token,
		"azure_endpoint": server.Endpoint, "allow_invalid_certificates": "true",
	}
	for table, scd := range map[string]change.Type{"account": change.Type1, "contact": change.Type2} {
		history, err := sim.History(table)
		need(t, err)
		want := &book{scd: scd, columns: sim.Columns(table)}
		want.add(t, history...)
		path := "az://lake/tables/main/crm/" + table
		got, err := reader.With(options).Rows(path, interop.Select{})
		need(t, err)
		compareRows(t, path, interop.DeltaRS, want.rows(), sorted(got))
	}
}

func credentialOf(t *testing.T, login *entratest.Server, client *http.Client, id, secret string) azcore.TokenCredential {
	t.Helper()
	credential, err := entra.New(entra.Options{TenantID: entratest.TenantID, ClientID: id, ClientSecret: secret, AuthorityHost: login.URL, Transport: client})
	need(t, err)
	return credential
}

// builtProgram is the program, in a folder with a configuration.
type builtProgram struct {
	path, folder string
	env          []string
}

func newProgram(t *testing.T, login *entratest.Server, server *azurite.Server) *builtProgram {
	t.Helper()
	folder := t.TempDir()
	p := &builtProgram{path: filepath.Join(folder, "sluice"), folder: folder}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", p.path, "github.com/sluicedata/sluice/cmd/sluice")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	trusted := filepath.Join(folder, "trusted.pem")
	need(t, os.WriteFile(trusted, slices.Concat(login.CertPEM(), server.CertPEM), 0o600))
	config := fmt.Sprintf(entraConfig, server.Account, server.Endpoint, entratest.TenantID, lakeClient, login.URL, entratest.ClientID)
	need(t, os.WriteFile(filepath.Join(folder, "sluice.yaml"), []byte(config), 0o600))
	p.env = append(os.Environ(), "SSL_CERT_FILE="+trusted, "LAKE_SECRET="+lakeSecret, "EXPORT_SECRET="+entratest.ClientSecret)
	return p
}

// run expects the command to succeed, with a line in the log for every request, and
// to keep the secrets to itself.
func (p *builtProgram) run(t *testing.T, command string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), p.path, command, "--json", "--log-level", "debug")
	c.Dir, c.Env = p.folder, p.env
	var out, log bytes.Buffer
	c.Stdout, c.Stderr = &out, &log
	err := c.Run()
	var answer struct {
		OK      bool
		Summary string
	}
	if bad := json.Unmarshal(out.Bytes(), &answer); err != nil || bad != nil || !answer.OK {
		t.Fatalf("sluice %s: %v %v\n%s%s", command, err, bad, out.Bytes(), log.Bytes())
	}
	t.Logf("sluice %s: %s", command, answer.Summary)
	for _, line := range []string{`msg="token request" with=client_secret authority=https://127.0.0.1:`, `msg="storage request" method=PUT path=/` + azurite.DefaultAccount + "/lake/tables/"} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("sluice %s: the log has no line with %s:\n%s", command, line, log.Bytes())
		}
	}
	for _, secret := range []string{lakeSecret, entratest.ClientSecret, "eyJ"} {
		if strings.Contains(out.String()+log.String(), secret) {
			t.Errorf("sluice %s shows %s:\n%s%s", command, secret, out.Bytes(), log.Bytes())
		}
	}
}
