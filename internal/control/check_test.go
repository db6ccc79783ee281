package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/azurite"
)

// configOf has source and lake in one account that is opened with a key.
func configOf(service *azurite.Server, key string) *spec.Resolved {
	at := func(container string) spec.Location {
		return spec.Location{
			URL:    "abfss://" + container + "@" + service.Account + ".dfs.core.windows.net",
			Access: spec.Access{Endpoint: service.Endpoint, AccountKey: spec.Secret(key)},
		}
	}
	return &spec.Resolved{
		Lake: at("lake"),
		Pipelines: []spec.Pipeline{{
			Key: "p", Name: "p", Source: spec.Source{Connection: "cloud", Location: at("export")},
			Tables: []spec.Table{{SourceSchema: "crm", SourceTable: "account", Destination: spec.Destination{Catalog: "m", Schema: "s", Table: "account"}}},
		}},
	}
}

// states are "subject/step state", a step a line.
func states(list []control.Looked) string {
	var b strings.Builder
	for _, l := range list {
		for _, s := range l.Steps {
			b.WriteString(l.Subject + "/" + s.Name + " " + string(s.State) + " " + s.Code + "\n")
		}
	}
	return b.String()
}

func look(t *testing.T, config *spec.Resolved) []control.Looked {
	t.Helper()
	service := control.New(config, work.Options{Clock: time.Now, Software: "sluice/test"})
	defer service.Close()
	list, err := service.Check(t.Context(), control.Request{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestCheckOverAzurite(t *testing.T) {
	service := azurite.Test(t, azurite.Options{})
	config := configOf(service, service.Key)

	before := look(t, config)
	for _, want := range []string{"connection cloud/container fail ContainerNotFound\n", "lake/container fail ContainerNotFound\n", "lake/write skip \n"} {
		if got := states(before); !strings.Contains(got, want) {
			t.Errorf("no %q before there are containers:\n%s", want, got)
		}
	}
	for i, fix := range []string{"check the account's name: devstoreaccount1 has no containers at all", "create it: az storage container create --account-name devstoreaccount1 --name lake"} {
		if steps := before[i].Steps; !strings.HasPrefix(steps[1].Fix, fix) {
			t.Errorf("%s: %+v, want %s", before[i].Subject, steps[1], fix)
		}
	}

	wrong := states(look(t, configOf(service, azurite.KeyOf("another"))))
	if !strings.Contains(wrong, "connection cloud/container fail AuthorizationFailure\n") {
		t.Errorf("with a wrong key:\n%s", wrong)
	}

	for _, container := range []string{"export", "lake"} {
		if err := service.CreateContainer(t.Context(), container); err != nil {
			t.Fatal(err)
		}
	}
	store, err := azure.New(azure.Config{Endpoint: service.Endpoint, Account: service.Account, Container: "export", AccountKey: service.Key})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	const manifest = `{"name":"cdm","entities":[{"name":"account","attributes":[{"name":"Id","dataType":"guid"},{"name":"versionnumber","dataType":"int64"},{"name":"IsDelete","dataType":"boolean"}]}]}`
	for path, content := range map[string]string{
		"model.json": manifest, "2024-01-15T08.00.00Z/model.json": manifest, "Changelog/changelog.info": "2024-01-15T10.00.00Z",
	} {
		if err := store.PutIfAbsent(t.Context(), path, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(states(look(t, config))) {
		line = strings.TrimSpace(line)
		if !strings.HasSuffix(line, " pass") && !strings.Contains(line, "/namespace ") && line != "connection cloud/freshness warn SOURCE_STANDS_STILL" {
			t.Errorf("got %s", line)
		}
	}
}
