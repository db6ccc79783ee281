package check

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/storage/azure/entratest"
	"github.com/sluicedata/sluice/internal/storage/azure/probe"
)

// cloud is a storage account that answers as Azure does, and the Entra before it.
type cloud struct {
	// refuse is the answer to all signed requests.
	status        int
	code, message string
	containers    string // document of the account's containers, empty: may not be asked
	json          bool   // answers as the Data Lake service
	tenant        string // that it belongs to, in its challenge
	detail        string // of an authentication that failed
	flat          bool   // no hierarchical namespace
	ahead         int    // hours that its clock is ahead
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	w.Header().Set("Date", testNow.Add(hours(c.ahead)).Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/xml")
	switch {
	case r.Header.Get("Authorization") == "":
		refuse(w, http.StatusUnauthorized, "NoAuthenticationInformation", "Server failed to authenticate the request.")
	case q.Get("comp") == "list" && q.Get("restype") == "" && c.containers != "":
		fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Containers>%s</Containers><NextMarker /></EnumerationResults>`, c.containers)
	case c.json:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(c.status)
		fmt.Fprintf(w, `{"error":{"code":%q,"message":%q}}`, c.code, c.message+"\nRequestId:1\nTime:2")
	case c.code != "":
		w.Header().Set("WWW-Authenticate", "Bearer authorization_uri=https://login.microsoftonline.com/"+c.tenant+"/oauth2/authorize resource_id=https://storage.azure.com")
		refuseIn(w, c.status, c.code, c.message, c.detail)
	case q.Get("restype") == "account":
		w.Header().Set("X-Ms-Is-Hns-Enabled", fmt.Sprint(!c.flat))
	case q.Get("comp") == "list":
		fmt.Fprint(w, `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs></Blobs><NextMarker /></EnumerationResults>`)
	case q.Get("restype") == "container":
	default:
		refuse(w, http.StatusNotFound, "BlobNotFound", "The specified blob does not exist.")
	}
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	refuseIn(w, status, code, message, "")
}

// refuseIn tells a detail as well, as the service does of authentications.
func refuseIn(w http.ResponseWriter, status int, code, message, detail string) {
	w.Header().Set("X-Ms-Error-Code", code)
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><Error><Code>%s</Code><Message>%s
RequestId:1
Time:2</Message><AuthenticationErrorDetail>%s</AuthenticationErrorDetail></Error>`, code, message, detail)
}

// place is a container of the cloud, opened as an application with the secret.
func place(t *testing.T, c *cloud, secret string) (p *Place, authority string) {
	t.Helper()
	return placeOf(t, c, func(o *entra.Options) { o.ClientSecret = secret })
}

// placeOf is one that an application signs in to in a way of its own.
func placeOf(t *testing.T, c *cloud, change func(*entra.Options)) (p *Place, authority string) {
	t.Helper()
	service := httptest.NewTLSServer(c)
	t.Cleanup(service.Close)
	login := entratest.Start(entratest.Options{ExpiredSecret: "once~right"})
	t.Cleanup(login.Close)
	o := entra.Options{
		TenantID: entratest.TenantID, ClientID: entratest.ClientID, ClientSecret: right,
		AuthorityHost: login.URL, Transport: login.Client(), Retry: policy.RetryOptions{MaxRetries: -1},
	}
	change(&o)
	credential, err := entra.New(o)
	if err != nil {
		t.Fatal(err)
	}
	client := service.Client()
	t.Cleanup(client.CloseIdleConnections)
	store, err := azure.New(azure.Config{
		Endpoint: service.URL, Account: "contosolake", Container: "dataverse-contoso", Credential: credential, Transport: client,
		URL: "abfss://dataverse-contoso@contosolake.dfs.core.windows.net",
	})
	if err != nil {
		t.Fatal(err)
	}
	return &Place{
		Location: spec.Location{URL: "abfss://dataverse-contoso@contosolake.dfs.core.windows.net"},
		Store:    store,
		Account: &probe.Account{
			Name: "contosolake", Container: "dataverse-contoso", Service: service.URL, Entra: o, Credential: credential, Transport: client,
		},
	}, login.URL
}

const (
	afterToken = `
skip container: not looked at: token failed
skip namespace: not looked at: token failed
skip list: not looked at: token failed
skip environment: not looked at: token failed
skip changelog.info: not looked at: token failed
skip model.json: not looked at: token failed
skip freshness: not looked at: token failed
skip schema: not looked at: token failed`
	before = `
pass network: {host} answers with TLS 1.3
pass token: signed in with client_secret at {authority}
`
)

// afterContainer is what is left when the container cannot be seen.
var afterContainer = strings.ReplaceAll(strings.Replace(afterToken, "skip container: not looked at: token failed\n", "", 1), "token", "container")

const right = entratest.ClientSecret

func TestEveryMistakeHasItsSentence(t *testing.T) {
	const gone = "<Container><Name>dataverse-contoso</Name><Deleted>true</Deleted><Version>01D6</Version><Properties><Etag>e</Etag>" +
		"<Last-Modified>Mon, 15 Jan 2024 12:00:00 GMT</Last-Modified><RemainingRetentionDays>5</RemainingRetentionDays></Properties></Container>"
	const others = "<Container><Name>dataverse-contoso-unq1</Name><Properties><Etag>e</Etag><Last-Modified>Mon, 15 Jan 2024 12:00:00 GMT</Last-Modified></Properties></Container>"
	tests := []struct {
		name   string
		cloud  cloud
		secret string
		want   string
	}{
		{"wrong secret", cloud{}, "wrong~secret", `
pass network: {host} answers with TLS 1.3
fail token: [AADSTS7000215] AADSTS7000215: Invalid client secret provided
  -> put the secret's Value, not its Secret ID, into client_secret; Azure shows it only once, so make a new one if it is lost: az ad app credential reset --id {client} --append` + afterToken},
		{"expired secret", cloud{}, "once~right", `
pass network: {host} answers with TLS 1.3
fail token: [AADSTS7000222] AADSTS7000222: The provided client secret keys for app '{client}' are expired
  -> the secret has expired: make a new one and put it into client_secret: az ad app credential reset --id {client} --append` + afterToken},
		{"missing role", cloud{status: 403, code: "AuthorizationPermissionMismatch", message: "This request is not authorized to perform this operation using this permission."}, right, before +
			`fail container: [AuthorizationPermissionMismatch] AuthorizationPermissionMismatch: This request is not authorized to perform this operation using this permission
  -> give application {client} the role Storage Blob Data Reader on container dataverse-contoso of account contosolake (Owner and Contributor do not include it), and wait up to 10 minutes: az role assignment create --assignee {client} --role "Storage Blob Data Reader" --scope "$(az storage account show --name contosolake --query id --output tsv)/blobServices/default/containers/dataverse-contoso"` + afterContainer},
		{"firewall", cloud{status: 403, code: "AuthorizationFailure", message: "This request is not authorized to perform this operation."}, right, before +
			`fail container: [AuthorizationFailure] AuthorizationFailure: This request is not authorized to perform this operation
  -> the account's network rules do not let this machine in: az storage account network-rule add --account-name contosolake --ip-address <public address>; a machine in Azure in the same region comes by its virtual network, which has to be allowed instead, or by a private endpoint` + afterContainer},
		{"disabled account", cloud{status: 403, code: "AccountIsDisabled", message: "The specified account is disabled."}, right, before +
			`fail container: [AccountIsDisabled] AccountIsDisabled: The specified account is disabled
  -> enable storage account contosolake; accounts are disabled with their subscription, so look whether that one is active and paid for` + afterContainer},
		{"wrong container", cloud{status: 404, code: "ContainerNotFound", message: "The specified container does not exist."}, right, before +
			`fail container: [ContainerNotFound] ContainerNotFound: The specified container does not exist
  -> check the container's name: az storage container list --account-name contosolake --auth-mode login --query [].name; Synapse Link's are called dataverse-<environment>-<organization>` + afterContainer},
		{"wrong container, and the others may be listed", cloud{status: 404, code: "ContainerNotFound", message: "The specified container does not exist.", containers: others}, right, before +
			`fail container: [ContainerNotFound] ContainerNotFound: The specified container does not exist
  -> check the container's name; account contosolake has: dataverse-contoso-unq1` + afterContainer},
		{"soft-deleted container", cloud{status: 404, code: "ContainerNotFound", message: "The specified container does not exist.", containers: others + gone}, right, before +
			`fail container: [ContainerSoftDeleted] container dataverse-contoso was deleted; it can be restored for 5 more days
  -> az storage container restore --account-name contosolake --name dataverse-contoso --deleted-version 01D6 --auth-mode login` + afterContainer},
		{"container being deleted", cloud{status: 409, code: "ContainerBeingDeleted", message: "The specified container is being deleted. Try operation later."}, right, before +
			`fail container: [ContainerBeingDeleted] ContainerBeingDeleted: The specified container is being deleted
  -> the container is being deleted, which takes some 30 seconds or, with soft delete, lasts until it is restored: az storage container restore --account-name contosolake --name dataverse-contoso --deleted-version <version> --auth-mode login` + afterContainer},
		{"no hierarchical namespace, nothing exported", cloud{flat: true}, right, before + `pass container: container dataverse-contoso of account contosolake is there
warn namespace: [NO_HIERARCHICAL_NAMESPACE] account contosolake has no hierarchical namespace: Sluice reads it all the same, but Synapse Link exports to none such
  -> check that it is the account of the Synapse Link profile (Power Apps, Azure Synapse Link); a copy of an export can stay where it is
pass list: abfss://dataverse-contoso@contosolake.dfs.core.windows.net is empty
fail environment: [NO_EXPORT] open export abfss://dataverse-contoso@contosolake.dfs.core.windows.net: no Synapse Link export there
  -> check the container and the folder: an export holds model.json and Changelog/changelog.info
skip changelog.info: not looked at: environment failed
skip model.json: not looked at: environment failed
skip freshness: not looked at: environment failed
skip schema: not looked at: environment failed`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, authority := place(t, &tt.cloud, tt.secret)
			steps := checker(false).Source(t.Context(), p, []spec.Pipeline{pipelineOf("account")})
			compare(t, steps, tt.want, "host", strings.TrimPrefix(p.Account.Service, "https://"), "authority", authority, "client", entratest.ClientID)
			for _, s := range steps {
				if s.State == Fail && !s.Storage {
					t.Errorf("%s is no failure of storage", s.Name)
				}
			}
		})
	}
}

func TestTheLakeNeedsTheOtherRole(t *testing.T) {
	p, _ := place(t, &cloud{status: 403, code: "AuthorizationPermissionMismatch", message: "Not you."}, right)
	steps := checker(false).Lake(t.Context(), p)
	if s := stepNamed(t, steps, "container"); !strings.Contains(s.Fix, `--role "Storage Blob Data Contributor"`) {
		t.Errorf("got %+v", s)
	}
}

func TestSharedAccessSignature(t *testing.T) {
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", testNow.Format(http.TimeFormat))
		refuse(w, http.StatusForbidden, "AuthenticationFailed", "Server failed to authenticate the request.")
	}))
	t.Cleanup(service.Close)
	client := service.Client()
	t.Cleanup(client.CloseIdleConnections)
	const sas = "sv=2024-01-01&sig=c2VjcmV0"
	store, err := azure.New(azure.Config{Endpoint: service.URL, Account: "contosolake", Container: "c", SASToken: sas, Transport: client})
	if err != nil {
		t.Fatal(err)
	}
	p := &Place{Store: store, Account: &probe.Account{Name: "contosolake", Container: "c", Service: service.URL, SAS: sas, Transport: client}}
	compare(t, checker(false).Lake(t.Context(), p), `
pass network: {host} answers with TLS 1.3
pass signature: the shared access signature allows what a stored access policy says, as long as a stored access policy says
skip container: a shared access signature need not show the container; the listing tells
fail list: [AuthenticationFailed] AuthenticationFailed: Server failed to authenticate the request
  -> sas_token is not what Azure gave, or was made for another container: copy it whole, with all its & and % signs and in quotes; it is no longer valid once the account's key is rotated
skip write: not looked at: list failed`, "host", strings.TrimPrefix(service.URL, "https://"))
}

func TestClock(t *testing.T) {
	p, _ := place(t, &cloud{ahead: 2}, right)
	s := stepNamed(t, checker(true).Lake(t.Context(), p), "clock")
	if s.State != Fail || s.Reason != "this machine's clock and the service's are 2 h apart" {
		t.Errorf("got %+v", s)
	}
	for minutes, want := range map[int]State{0: Pass, 4: Pass, 6: Warn, 14: Warn, -14: Warn, 16: Fail, -16: Fail} {
		if got := clock(testNow, testNow.Add(hours(minutes)/60)); got.State != want {
			t.Errorf("%d minutes: %+v", minutes, got)
		}
	}
}

func TestWhatCannotBeOpenedIsSaidOnce(t *testing.T) {
	_, err := entra.New(entra.Options{})
	p := &Place{Err: err}
	compare(t, checker(true).Lake(t.Context(), p), `
fail open: [ERROR] cannot sign in: give client_secret, client_certificate_path or credential
skip list: not looked at: open failed
skip write: not looked at: open failed
skip conditional put: not looked at: open failed`)
}
