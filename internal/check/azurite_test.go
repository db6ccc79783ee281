package check

import (
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/azurite"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/storage/azure/entratest"
	"github.com/sluicedata/sluice/internal/storage/azure/probe"
)

// TestAgainstAzurite goes through all the steps with a token over https.
func TestAgainstAzurite(t *testing.T) {
	service := azurite.Test(t, azurite.Options{HTTPS: true, OAuth: true})
	login := entratest.Start(entratest.Options{})
	t.Cleanup(login.Close)
	client := login.Client(service.CertPEM)
	o := entra.Options{
		TenantID: entratest.TenantID, ClientID: entratest.ClientID, ClientSecret: entratest.ClientSecret,
		AuthorityHost: login.URL, Transport: client,
	}
	credential, err := entra.New(o)
	if err != nil {
		t.Fatal(err)
	}
	made, err := container.NewClient(service.Endpoint+"/export", credential, &container.ClientOptions{ClientOptions: policy.ClientOptions{Transport: client}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := made.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	store, err := azure.New(azure.Config{Endpoint: service.Endpoint, Account: service.Account, Container: "export", Credential: credential, Transport: client})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range exportOf(func(map[string]string) {}) {
		if err := store.PutIfAbsent(t.Context(), path, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	place := &Place{Store: store, Account: &probe.Account{
		Name: service.Account, Container: "export", Service: service.Endpoint, Entra: o, Credential: credential, Transport: client,
	}}
	c := checker(true)
	c.Now = time.Now
	steps := append(c.Source(t.Context(), place, []spec.Pipeline{pipelineOf("account")}), c.Lake(t.Context(), place)...)
	for _, s := range steps {
		switch s.Name {
		case "namespace": // Azurite is not asked to have one
		case "freshness": // the export is of another year
			if s.State != Warn {
				t.Errorf("%+v", s)
			}
		default:
			if s.State != Pass {
				t.Errorf("%+v", s)
			}
		}
	}
}
