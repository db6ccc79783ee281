package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/sluicedata/sluice/internal/storage/azure/entratest"
)

// Secrets that no output may show. A canary is in each.
const (
	canary       = "c4n4ry"
	canarySecret = canary + "-client~secret"
	canaryKey    = canary + "accountkey" // base64, as the letters are
	canarySig    = canary + "sig%3D"
	canaryToken  = canary + ".token.signature"
)

// telltale is a storage service that refuses everything, sends back what it was
// asked in all places where an answer can have text, and keeps the signatures.
type telltale struct {
	mu         sync.Mutex
	signatures []string
}

func (s *telltale) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	said := r.Header.Get("Authorization")
	if said == "" {
		said = r.URL.RawQuery
	}
	s.mu.Lock()
	if _, signature, found := strings.Cut(said, "SharedKey contosolake:"); found {
		s.signatures = append(s.signatures, signature)
	}
	s.mu.Unlock()
	text := fmt.Sprintf("Not %s, which asks for http://%s%s", said, r.Host, r.URL)
	switch {
	case strings.Contains(r.URL.Path, "mismatch"):
		w.Header().Set("X-Ms-Error-Code", "AuthorizationPermissionMismatch")
	case strings.Contains(r.URL.Path, "unauthenticated"):
		w.Header().Set("X-Ms-Error-Code", "AuthenticationFailed")
	case strings.Contains(r.URL.Path, "proxy"):
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<html><body>%s</body></html>", text)
		return
	}
	text = strings.ReplaceAll(text, "&", "&amp;")
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><Error><Code>X</Code><Message>%s
%s</Message><AuthenticationErrorDetail>The MAC signature found is %s</AuthenticationErrorDetail></Error>`, text, text, text)
}

// leaks is one configuration, and what is run with it.
type leaks struct {
	name     string
	source   string // options of the connection
	lake     string // keys of the lake
	says     string // a part of what a run says on Linux, where the certificates are trusted
	commands []string
}

var allCommands = []string{
	"check --log-level debug", "doctor --json --log-level debug --log-format json", "plan", "discover --json",
	"run --log-level debug --metrics-file metrics.prom --lineage-file lineage.json", "run --json", "status", "events --json", "config print", "lint",
}

// TestNoSecretInAnyOutput makes runs fail in many ways, and looks through all that
// they print, send and leave on disk.
func TestNoSecretInAnyOutput(t *testing.T) {
	service := &telltale{}
	plain, tls := httptest.NewServer(service), httptest.NewTLSServer(service)
	t.Cleanup(plain.Close)
	t.Cleanup(tls.Close)
	login := entratest.Start(entratest.Options{Answer: func(w http.ResponseWriter, r *http.Request) bool {
		if r.PostFormValue("client_id") == "liar" {
			entratest.Refuse(w, http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Not "+r.PostFormValue("client_secret")+" of "+r.PostForm.Encode()+". Really")
			return true
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3599,"access_token":%q}`, canaryToken)
		return true
	}})
	t.Cleanup(login.Close)
	var sent bytes.Buffer
	var mu sync.Mutex
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.Copy(&sent, r.Body)
	}))
	t.Cleanup(sink.Close)

	application := func(id string) string {
		return fmt.Sprintf("tenant_id: %s, client_id: %s, client_secret: %q, authority_host: %q, ", entratest.TenantID, id, canarySecret, login.URL)
	}
	at := func(endpoint, container string) string {
		return fmt.Sprintf("storage_account_name: contosolake, container_name: %s, endpoint: %q, ", container, endpoint)
	}
	sas := fmt.Sprintf("sas_token: %q", "sv=2024-11-04&se=2034-01-01&sp=rl&sig="+canarySig)
	key := "account_key: " + canaryKey
	few := []string{"check", "run --log-level debug"}
	for _, l := range []leaks{
		{"sign-in that is refused", at(tls.URL, "mismatch") + application("liar"), "", "AADSTS7000215", allCommands},
		{"token that is refused", at(tls.URL, "mismatch") + application(entratest.ClientID), "", "AuthorizationPermissionMismatch", allCommands},
		{"key that is refused", at(plain.URL, "unauthenticated") + key, "", "AuthenticationFailed", allCommands},
		{"signature that is refused", at(plain.URL, "unauthenticated") + sas, "", "AuthenticationFailed", allCommands},
		{"proxy in between", at(plain.URL, "proxy") + sas, "", "answered in its place", few},
		{"nobody there", at("http://127.0.0.1:1", "c") + sas, "", "connection refused", few},
		{"no TLS there", at("https"+strings.TrimPrefix(plain.URL, "http"), "c") + sas, "", "TLS", few},
		{"token over plain http", at(plain.URL, "c") + application(entratest.ClientID), "", "TLS", few},
		{"key that is none", at(plain.URL, "c") + "account_key: " + canary + "!", "", "base64", few},
		{"signature that is none", at(plain.URL, "c") + "sas_token: " + canary, "", "signature", few},
		{"signature in the address", fmt.Sprintf("url: %q", plain.URL+"/c?sig="+canarySig), "", "sas_token", append(few, "lint", "config print")},
		{"certificate that cannot be read", at(tls.URL, "c") + "tenant_id: t, client_id: c, client_certificate_path: sluice.yaml, client_certificate_password: " + canary, "", "certificate", few},
		{"lake that is refused", "url: ./export", fmt.Sprintf(`url: "abfss://mismatch@contosolake.dfs.core.windows.net", endpoint: %q, `, plain.URL) + key, "AuthorizationPermissionMismatch", allCommands},
	} {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			env := append(os.Environ(), "SSL_CERT_FILE="+filepath.Join(folder, "trusted.pem"), "OTEL_EXPORTER_OTLP_ENDPOINT="+sink.URL, "OPENLINEAGE_URL="+sink.URL)
			if err := os.WriteFile(filepath.Join(folder, "trusted.pem"), login.CertPEM(), 0o600); err != nil {
				t.Fatal(err)
			}
			l.configure(t, folder)
			said := ""
			for _, line := range l.commands {
				cmd := exec.CommandContext(t.Context(), "sluice", strings.Fields(line)...)
				cmd.Dir, cmd.Env = folder, env
				out, err := cmd.CombinedOutput()
				if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
					t.Fatal(err)
				}
				shows(t, service, line, out)
				said += string(out)
			}
			if runtime.GOOS == "linux" && !strings.Contains(said, l.says) {
				t.Errorf("nothing says %q:\n%s", l.says, said)
			}
			leaves(t, service, folder)
		})
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		shows(t, service, "spans and lineage", sent.Bytes())
		if sent.Len() == 0 {
			t.Error("no span was sent")
		}
	})
}

func (l *leaks) configure(t *testing.T, folder string) {
	t.Helper()
	lake := l.lake
	if lake == "" {
		lake = "url: ./lake"
	}
	text := fmt.Sprintf(`
lake: {%s}
connections:
  d365: {connection_type: DYNAMICS365, options: {%s}}
resources:
  pipelines:
    prod:
      catalog: main
      schema: crm
      ingestion_definition:
        connection_name: d365
        objects:
          - table: {source_schema: crm, source_table: account}
`, lake, strings.TrimSuffix(l.source, ", "))
	const manifest = `{"name":"cdm","entities":[{"name":"account","attributes":[{"name":"Id","dataType":"guid"},{"name":"versionnumber","dataType":"int64"},{"name":"IsDelete","dataType":"boolean"}]}]}`
	for name, content := range map[string]string{
		"sluice.yaml": text, "export/model.json": manifest, "export/Changelog/changelog.info": "2024-01-15T10.00.00Z",
		"export/2024-01-15T08.00.00Z/model.json": manifest, "export/2024-01-15T08.00.00Z/account/2024.csv": "10000000-0000-0000-0000-000000000001,1,False\n",
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// shows fails where a secret, or what was made with one, is in a text.
func shows(t *testing.T, service *telltale, what string, text []byte) {
	t.Helper()
	service.mu.Lock()
	defer service.mu.Unlock()
	for _, secret := range append([]string{canary}, service.signatures...) {
		if bytes.Contains(bytes.ToLower(text), []byte(strings.ToLower(secret))) {
			t.Errorf("%s shows %s:\n%s", what, secret, text)
			return
		}
	}
}

// leaves looks through the files that are there when all is done.
func leaves(t *testing.T, service *telltale, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "sluice.yaml" {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil {
			shows(t, service, path, content)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
