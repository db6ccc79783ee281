package check

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/probe"
)

// signedContainer is a container in which a shared access signature may do what
// the methods say.
func signedContainer(t *testing.T, sas string, methods ...string) *Place {
	t.Helper()
	var mu sync.Mutex
	blobs := map[string][]byte{}
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Date", testNow.Format(http.TimeFormat))
		w.Header().Set("X-Ms-Request-Id", "1")
		switch allowed := strings.Contains(strings.Join(methods, " "), r.Method); {
		case !r.URL.Query().Has("sig"):
			refuse(w, http.StatusUnauthorized, "NoAuthenticationInformation", "Server failed to authenticate the request.")
		case !allowed:
			refuse(w, http.StatusForbidden, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission.")
		case r.Method == http.MethodPut:
			blobs[r.URL.Path], _ = io.ReadAll(r.Body)
			w.WriteHeader(http.StatusCreated)
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusAccepted)
		case r.URL.Query().Get("comp") == "list":
			_, _ = io.WriteString(w, `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs></Blobs><NextMarker /></EnumerationResults>`)
		default:
			http.ServeContent(w, r, "", testNow, strings.NewReader(string(blobs[r.URL.Path])))
		}
	}))
	t.Cleanup(service.Close)
	client := service.Client()
	t.Cleanup(client.CloseIdleConnections)
	store, err := azure.New(azure.Config{Endpoint: service.URL, Account: "contosolake", Container: "lake", Root: "tables", SASToken: sas, Transport: client,
		URL: "abfss://lake@contosolake.dfs.core.windows.net/tables"})
	if err != nil {
		t.Fatal(err)
	}
	return &Place{Store: store, Root: "tables", Account: &probe.Account{Name: "contosolake", Container: "lake", Service: service.URL, SAS: sas, Transport: client}}
}

func TestSignatureThatMayNotDelete(t *testing.T) {
	p := signedContainer(t, "se=2024-01-25&sp=rwl&sig=c2VjcmV0", http.MethodGet, http.MethodPut)
	compare(t, checker(false).Lake(t.Context(), p), `
pass network: {host} answers with TLS 1.3
warn signature: [SAS_PERMISSIONS] the shared access signature does not allow to delete: what a run gives up stays in the lake
  -> sas_token has the permissions sp=rwl and lacks d (delete): make a new one with sp=rcwdl and put it into sas_token
skip container: a shared access signature need not show the container; the listing tells
pass list: abfss://lake@contosolake.dfs.core.windows.net/tables is empty
warn write: [AuthorizationPermissionMismatch] abfss://lake@contosolake.dfs.core.windows.net/tables/_sluice_check_id-1.txt was written and cannot be removed: AuthorizationPermissionMismatch: This request is not authorized to perform this operation using this permission
  -> clean up: az storage blob delete --account-name contosolake --container-name lake --name tables/_sluice_check_id-1.txt --auth-mode login; sas_token has the permissions sp=rwl and lacks d (delete): make a new one with sp=rcwdl and put it into sas_token`,
		"host", strings.TrimPrefix(p.Account.Service, "https://"))
}

// What cannot be read back is removed all the same.
func TestSignatureThatMayNotRead(t *testing.T) {
	p := signedContainer(t, "si=writers&sig=c2VjcmV0", http.MethodPut, http.MethodDelete)
	if s := checker(false).write(t.Context(), p, p.about(true, testNow)); s.State != Fail || s.Code != "AuthorizationPermissionMismatch" || strings.Contains(s.Reason, "cannot be removed") {
		t.Errorf("got %+v", s)
	}
	p = signedContainer(t, "si=writers&sig=c2VjcmV0", http.MethodPut)
	if s := checker(false).write(t.Context(), p, p.about(true, testNow)); s.State != Fail || !strings.Contains(s.Reason, "/tables/_sluice_check_id-1.txt was written and cannot be removed") {
		t.Errorf("got %+v", s)
	}
}

func TestWhatASignatureSaysOfItself(t *testing.T) {
	for _, tt := range []struct{ token, source, lake string }{
		{"se=2024-12-31T23:59Z&sp=racwdl", "pass", "pass"},
		{"se=2024-12-31T23:59Z&sp=rl", "pass", "fail SAS_PERMISSIONS the shared access signature does not allow w (write), d (delete)"},
		{"se=2024-12-31&sp=r", "fail SAS_PERMISSIONS the shared access signature does not allow l (list)", "fail SAS_PERMISSIONS the shared access signature does not allow w (write), d (delete), l (list)"},
		{"se=2024-01-20&sp=rwdl", "warn SAS_EXPIRES the shared access signature is valid until 2024-01-20", "warn SAS_EXPIRES the shared access signature is valid until 2024-01-20"},
		{"se=2024-01-15T12:00:00Z&sp=rwdl", "fail SAS_EXPIRED the shared access signature was valid until 2024-01-15T12:00:00Z", "fail SAS_EXPIRED the shared access signature was valid until 2024-01-15T12:00:00Z"},
		{"st=2024-01-15T12:00:01Z&se=2024-12-31&sp=rwdl", "fail SAS_NOT_YET_VALID the shared access signature is valid from 2024-01-15T12:00:01Z on", "fail SAS_NOT_YET_VALID the shared access signature is valid from 2024-01-15T12:00:01Z on"},
		{"si=policy", "pass", "pass"},
		{"se=tomorrow&sp=rwdl", "pass", "pass"}, // the service will tell
	} {
		for write, want := range map[bool]string{false: tt.source, true: tt.lake} {
			a := &probe.Account{SAS: tt.token + "&sig=c2VjcmV0"}
			s := signature(a.About(write, testNow), testNow)
			got := strings.TrimSpace(string(s.State) + " " + s.Code + " " + s.Reason)
			if s.State == Pass {
				got = "pass"
			}
			if got != want {
				t.Errorf("%s, writing %v:\ngot  %s\nwant %s", tt.token, write, got, want)
			}
			if strings.Contains(s.Reason+s.Fix, "c2VjcmV0") {
				t.Errorf("%s: the signature is shown", tt.token)
			}
		}
	}
}
