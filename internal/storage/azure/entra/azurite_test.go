package entra_test

import (
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/sluicedata/sluice/internal/storage/azure/azurite"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/storage/azure/entratest"
)

// TestTheWholeChain signs in at a token endpoint and uses the token at a blob
// service, both over https.
func TestTheWholeChain(t *testing.T) {
	service := azurite.Test(t, azurite.Options{HTTPS: true, OAuth: true})
	tests := []struct {
		name    string
		options entratest.Options
		change  func(*entra.Options)
		code    string // empty where it works
		fix     string
	}{
		{"right", entratest.Options{}, func(*entra.Options) {}, "", ""},
		{"wrong secret", entratest.Options{}, func(o *entra.Options) { o.ClientSecret = "wrong~secret" }, "AADSTS7000215", "client_secret"},
		{"wrong audience", entratest.Options{Audience: "https://graph.microsoft.com"}, func(*entra.Options) {}, "AuthenticationFailed", "scope"},
		{"wrong issuer", entratest.Options{Issuer: "https://elsewhere.example/"}, func(*entra.Options) {}, "AuthenticationFailed", "tenant"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := start(t, tt.options)
			o := application(server)
			tt.change(&o)
			credential, err := entra.New(o)
			if err != nil {
				t.Fatal(err)
			}
			err = use(t, service, credential, policy.ClientOptions{Transport: server.Client(service.CertPEM), Retry: never})
			if tt.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			d, ok := entra.Diagnose(err, entra.About{Account: service.Account, Container: "chain", Way: entra.ClientSecret})
			if !ok || d.Code != tt.code || !strings.Contains(d.Fix, tt.fix) {
				t.Errorf("got %+v of %v", d, err)
			}
		})
	}
}

// use makes a container, unless it is there, and lists it.
func use(t *testing.T, service *azurite.Server, credential azcore.TokenCredential, o policy.ClientOptions) error {
	t.Helper()
	client, err := azblob.NewClient(service.Endpoint, credential, &azblob.ClientOptions{ClientOptions: o})
	if err != nil {
		return err
	}
	if _, err := client.CreateContainer(t.Context(), "chain", nil); err != nil {
		return err
	}
	_, err = client.ServiceClient().NewContainerClient("chain").NewListBlobsFlatPager(&container.ListBlobsFlatOptions{}).NextPage(t.Context())
	return err
}
