package check

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/storage/azure/entratest"
	"github.com/sluicedata/sluice/internal/storage/azure/probe"
)

// mistake is one that new users make, and the sentence that ends the check of it.
type mistake struct {
	name  string
	place func(t *testing.T) *Place
	step  string
	want  string
}

const (
	otherTenant    = "cccccccc-1111-2222-3333-444444444444"
	otherClient    = "dddddddd-1111-2222-3333-444444444444"
	unauthorized   = "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature."
	notPermitted   = "This request is not authorized to perform this operation using this permission."
	notInNetwork   = "This request is not authorized to perform this operation."
	absentMessage  = "The specified container does not exist."
	accountOfNames = "contosolake"
)

// bySecret is a place that an application signs in to.
func bySecret(c cloud, change func(*entra.Options)) func(t *testing.T) *Place {
	return func(t *testing.T) *Place {
		t.Helper()
		p, _ := placeOf(t, &c, change)
		return p
	}
}

// byKey is a place that an account key opens.
func byKey(c cloud) func(t *testing.T) *Place {
	return func(t *testing.T) *Place {
		t.Helper()
		service := httptest.NewTLSServer(&c)
		t.Cleanup(service.Close)
		return placeWith(t, service.URL, service.Client().Transport.(*http.Transport))
	}
}

// unreached is a place whose host cannot be reached, for a reason.
func unreached(reason error) func(t *testing.T) *Place {
	return func(t *testing.T) *Place {
		t.Helper()
		return placeWith(t, "https://"+accountOfNames+".blob.core.windows.net", &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: reason}
			},
		})
	}
}

func placeWith(t *testing.T, service string, transport *http.Transport) *Place {
	t.Helper()
	t.Cleanup(transport.CloseIdleConnections)
	const key = "c2VjcmV0"
	store, err := azure.New(azure.Config{Endpoint: service, Account: accountOfNames, Container: "dataverse-contoso", AccountKey: key, Transport: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	return &Place{Store: store, Account: &probe.Account{Name: accountOfNames, Container: "dataverse-contoso", Service: service, Key: key, Transport: &http.Client{Transport: transport}}}
}

func asItIs(*entra.Options) {}

var mistakes = []mistake{
	{"wrong secret", bySecret(cloud{}, func(o *entra.Options) { o.ClientSecret = "wrong~secret" }), "token",
		"AADSTS7000215: Invalid client secret provided -> put the secret's Value, not its Secret ID, into client_secret"},
	{"expired secret", bySecret(cloud{}, func(o *entra.Options) { o.ClientSecret = "once~right" }), "token",
		"AADSTS7000222: The provided client secret keys for app '" + entratest.ClientID + "' are expired -> the secret has expired: make a new one and put it into client_secret"},
	{"wrong tenant", bySecret(cloud{}, func(o *entra.Options) { o.TenantID = otherTenant }), "token",
		"AADSTS90002: Tenant '" + otherTenant + "' not found -> put the Directory (tenant) ID from the application's overview, or a domain of the tenant, into tenant_id (it is " + otherTenant + ")"},
	{"unknown client id", bySecret(cloud{}, func(o *entra.Options) { o.ClientID = otherClient }), "token",
		"AADSTS700016: Application with identifier '" + otherClient + "' was not found in the directory 'Contoso' -> check client_id (" + otherClient + "), the Application (client) ID of the registration, not its Object ID"},
	{"account of another tenant", bySecret(cloud{status: 401, code: "InvalidAuthenticationInfo", message: "Server failed to authenticate the request.", detail: "Issuer validation failed.", tenant: otherTenant}, asItIs), "container",
		"InvalidAuthenticationInfo: Server failed to authenticate the request -> account contosolake belongs to tenant " + otherTenant + ": sign in there"},
	{"missing role", bySecret(cloud{status: 403, code: "AuthorizationPermissionMismatch", message: notPermitted}, asItIs), "container",
		"AuthorizationPermissionMismatch: This request is not authorized to perform this operation using this permission -> give application " + entratest.ClientID + " the role Storage Blob Data Reader on container dataverse-contoso of account contosolake"},
	{"firewall", bySecret(cloud{status: 403, code: "AuthorizationFailure", message: notInNetwork}, asItIs), "container",
		"AuthorizationFailure: This request is not authorized to perform this operation -> the account's network rules do not let this machine in"},
	{"keys are switched off", byKey(cloud{status: 403, code: "KeyBasedAuthenticationNotPermitted", message: "Key based authentication is not permitted on this storage account."}), "container",
		"KeyBasedAuthenticationNotPermitted: Key based authentication is not permitted on this storage account -> account contosolake refuses account_key: sign in with client_secret or credential instead"},
	{"wrong key", byKey(cloud{status: 403, code: "AuthenticationFailed", message: unauthorized, detail: "The MAC signature found in the HTTP request 'c2VjcmV0' is not the same as any computed signature."}), "container",
		"AuthenticationFailed: Server failed to authenticate the request -> account_key is not a key of account contosolake"},
	{"wrong container", bySecret(cloud{status: 404, code: "ContainerNotFound", message: absentMessage}, asItIs), "container",
		"ContainerNotFound: The specified container does not exist -> check the container's name"},
	{"Data Lake service for an endpoint", bySecret(cloud{status: 400, code: "InvalidQueryParameterValue", message: "Value for one of the query parameters specified in the request URI is invalid.", json: true}, asItIs), "container",
		"InvalidQueryParameterValue: Value for one of the query parameters specified in the request URI is invalid -> endpoint leads to the Data Lake (dfs) service of the account"},
	{"no such account", unreached(&net.DNSError{Err: "no such host", Name: "contosolake.blob.core.windows.net", IsNotFound: true}), "network",
		"there is no host contosolake.blob.core.windows.net -> check the account's name (contosolake): no storage account has it"},
	{"nothing listens", unreached(syscall.ECONNREFUSED), "network",
		"nothing listens at contosolake.blob.core.windows.net:443: connection refused -> start the service that is to listen at contosolake.blob.core.windows.net:443"},
	{"no network", unreached(errors.New("network is unreachable")), "network",
		"contosolake.blob.core.windows.net takes no connection: network is unreachable -> check that proxies (HTTPS_PROXY) and firewalls let this machine reach contosolake.blob.core.windows.net"},
}

// Each mistake ends with a sentence of its own, which says what to do about it.
func TestMistakesAreToldApart(t *testing.T) {
	fixes := map[string]string{}
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			p := m.place(t)
			steps := checker(false).Source(t.Context(), p, []spec.Pipeline{pipelineOf("account")})
			s := stepNamed(t, steps, m.step)
			if got := s.Reason + " -> " + s.Fix; s.State != Fail || !s.Storage || !strings.HasPrefix(got, m.want) {
				t.Errorf("got  %s %s\nwant %s", s.State, got, m.want)
			}
			if all := shown(steps); strings.Contains(all, "c2VjcmV0") || strings.Contains(all, "wrong~secret") || strings.Contains(all, "once~right") {
				t.Errorf("a secret is shown:\n%s", all)
			}
			if other, seen := fixes[s.Fix]; seen {
				t.Errorf("it has the fix of %s: %s", other, s.Fix)
			}
			fixes[s.Fix] = m.name
		})
	}
	if len(fixes) != len(mistakes) {
		t.Errorf("%d fixes for %d mistakes", len(fixes), len(mistakes))
	}
}
