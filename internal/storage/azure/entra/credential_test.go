package entra_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/storage/azure/entratest"
)

const otherScope = "https://somewhere.example/.default"

// never retries what a test makes fail.
var never = policy.RetryOptions{MaxRetries: -1}

func start(t *testing.T, o entratest.Options) *entratest.Server {
	t.Helper()
	s := entratest.Start(o)
	t.Cleanup(s.Close)
	return s
}

// application are the right options for a server.
func application(s *entratest.Server) entra.Options {
	return entra.Options{
		TenantID: entratest.TenantID, ClientID: entratest.ClientID, ClientSecret: entratest.ClientSecret,
		AuthorityHost: s.URL, Transport: s.Client(), Retry: never,
	}
}

// ask asks for a token as azblob does: for its own scope.
func ask(t *testing.T, o entra.Options) error {
	t.Helper()
	credential, err := entra.New(o)
	if err != nil {
		return err
	}
	token, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{otherScope}, TenantID: "another", EnableCAE: true})
	if err == nil && token.Token == "" {
		t.Error("an empty token")
	}
	return err
}

func TestSignIn(t *testing.T) {
	certificate, key := newCertificate(t)
	server := start(t, entratest.Options{ExpiredSecret: "once~right", Certificate: certificate})
	foreign, foreignKey := newCertificate(t)
	tests := []struct {
		name   string
		change func(*entra.Options)
		want   string // the error's text, <url> for the authority; empty for a token
		is     error
	}{
		{"right secret", func(*entra.Options) {}, "", nil},
		{"authority without scheme, with a slash", func(o *entra.Options) {
			o.AuthorityHost = strings.TrimPrefix(o.AuthorityHost, "https://") + "/"
		}, "", nil},
		{"wrong secret", func(o *entra.Options) { o.ClientSecret = "wrong~secret" },
			"sign in as application bbbbbbbb-1111-2222-3333-444444444444 with client_secret in tenant aaaaaaaa-1111-2222-3333-444444444444 at <url>: " +
				"AADSTS7000215: Invalid client secret provided; put the secret's Value, not its Secret ID, into client_secret; " +
				"Azure shows it only once, so make a new one if it is lost: az ad app credential reset --id bbbbbbbb-1111-2222-3333-444444444444 --append", storage.ErrDenied},
		{"expired secret", func(o *entra.Options) { o.ClientSecret = "once~right" },
			"AADSTS7000222: The provided client secret keys for app 'bbbbbbbb-1111-2222-3333-444444444444' are expired; the secret has expired: make a new one", storage.ErrDenied},
		{"unknown application", func(o *entra.Options) { o.ClientID = "nobody" },
			"AADSTS700016: Application with identifier 'nobody' was not found in the directory 'Contoso'; check client_id (nobody)", storage.ErrDenied},
		{"unknown tenant", func(o *entra.Options) { o.TenantID = "contoso.example" },
			"AADSTS90002: Tenant 'contoso.example' not found; put the Directory (tenant) ID", storage.ErrDenied},
		{"wrong scope", func(o *entra.Options) { o.Scope = otherScope },
			"AADSTS70011: The provided request must include a 'scope' input parameter; take scope out", storage.ErrDenied},
		{"right certificate, PEM", func(o *entra.Options) {
			o.ClientSecret, o.CertificatePath = "", writePEM(t, certificate, key)
		}, "", nil},
		{"right certificate, PKCS#12 of today", func(o *entra.Options) {
			o.ClientSecret, o.CertificatePath, o.CertificatePassword = "", writePFX(t, pkcs12.Modern2023, certificate, key), "opens~it"
		}, "", nil},
		{"right certificate, PKCS#12 of before", func(o *entra.Options) {
			o.ClientSecret, o.CertificatePath, o.CertificatePassword = "", writePFX(t, pkcs12.LegacyDES, certificate, key), "opens~it"
		}, "", nil},
		{"unknown certificate", func(o *entra.Options) {
			o.ClientSecret, o.CertificatePath = "", writePEM(t, foreign, foreignKey)
		}, "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application; register the certificate", storage.ErrDenied},
		{"wrong password of the certificate", func(o *entra.Options) {
			o.ClientSecret, o.CertificatePath, o.CertificatePassword = "", writePFX(t, pkcs12.Modern2023, certificate, key), "wrong~secret"
		}, "the password does not open the PKCS#12 file; check client_certificate_password", entra.ErrOptions},
		{"no certificate in the file", func(o *entra.Options) {
			o.ClientSecret, o.CertificatePath = "", write(t, []byte("-----BEGIN NOTHING-----\n"))
		}, "the PEM file must hold the certificate and its private key", entra.ErrOptions},
		{"encrypted PEM", func(o *entra.Options) {
			o.ClientSecret, o.CertificatePath = "", write(t, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
		}, "openssl pkcs12 -export", entra.ErrOptions},
		{"no certificate file", func(o *entra.Options) { o.ClientSecret, o.CertificatePath = "", filepath.Join(t.TempDir(), "none.pem") },
			"client_certificate_path: open ", os.ErrNotExist},
		{"no way", func(o *entra.Options) { o.ClientSecret = "" }, "cannot sign in: give client_secret, client_certificate_path or credential", entra.ErrOptions},
		{"no tenant", func(o *entra.Options) { o.TenantID = "" }, "cannot sign in with client_secret: tenant_id or client_id is missing", entra.ErrOptions},
		{"unknown credential", func(o *entra.Options) { o.Credential = "magic" }, `credential "magic" is not one of`, entra.ErrOptions},
		{"authority over http", func(o *entra.Options) { o.AuthorityHost = "http://127.0.0.1" }, "authority_host is not an https address", entra.ErrOptions},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := application(server)
			tt.change(&o)
			before := server.Tokens()
			err := ask(t, o)
			if tt.want == "" {
				if err != nil || server.Tokens() != before+1 {
					t.Errorf("%v after %d tokens", err, server.Tokens()-before)
				}
				return
			}
			text := ""
			if err != nil {
				text = strings.ReplaceAll(err.Error()+hint(err), server.URL, "<url>")
			}
			if !strings.Contains(text, tt.want) || !errors.Is(err, tt.is) {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
			if strings.Contains(text, "~") || strings.Contains(text, "\n") {
				t.Errorf("a secret or a line break in %s", text)
			}
		})
	}
}

// hint is what follows the text of an error, where it has one.
func hint(err error) string {
	if failed, ok := errors.AsType[*entra.SignInError](err); ok {
		return "; " + failed.Hint()
	}
	return ""
}

func TestSignInHidesASecretThatIsSentBack(t *testing.T) {
	server := start(t, entratest.Options{Answer: func(w http.ResponseWriter, r *http.Request) bool {
		entratest.Refuse(w, http.StatusBadRequest, "invalid_request", "AADSTS900144: Not understood: "+r.PostFormValue("client_secret")+".")
		return true
	}})
	want := "AADSTS900144: Not understood: [redacted]; see https://login.microsoftonline.com/error?code=900144"
	if err := ask(t, application(server)); err == nil || !strings.HasSuffix(err.Error()+hint(err), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAnswersOfEntra(t *testing.T) {
	for code, fix := range map[string]string{
		"AADSTS7000229": "az ad sp create --id " + entratest.ClientID,
		"AADSTS7000112": "enable the application: Microsoft Entra admin center, Enterprise applications, " + entratest.ClientID,
		"AADSTS90002":   "put the Directory (tenant) ID from the application's overview",
		"AADSTS900023":  "put the Directory (tenant) ID from the application's overview",
		"AADSTS700024":  "if it is right, renew the certificate",
		"AADSTS70021":   "az ad app federated-credential create --id " + entratest.ClientID,
		"AADSTS700211":  "a federated credential with the issuer and subject",
		"AADSTS700213":  "a federated credential with the issuer and subject",
		"AADSTS500011":  "take scope out of the configuration",
		"AADSTS70011":   "take scope out of the configuration",
		"AADSTS1002012": "take scope out of the configuration",
		"AADSTS53003":   "have this machine's address allowed in the policy for workload identities",
		"AADSTS50196":   "see https://login.microsoftonline.com/error?code=50196",
	} {
		server := start(t, entratest.Options{Answer: func(w http.ResponseWriter, _ *http.Request) bool {
			entratest.Refuse(w, http.StatusBadRequest, "invalid_request", code+": What is wrong, e.g. this. And more of it.")
			return true
		}})
		err := ask(t, application(server))
		d, ok := entra.Diagnose(fmt.Errorf("list: %w", err), entra.About{})
		if !ok || d.Code != code || !strings.Contains(d.Fix, fix) || !errors.Is(err, storage.ErrDenied) {
			t.Errorf("%s: %+v", code, d)
		}
	}
}

func TestDiagnoseKnowsTheErrorsOfTheLibrary(t *testing.T) {
	server := start(t, entratest.Options{})
	credential, err := azidentity.NewClientSecretCredential(entratest.TenantID, entratest.ClientID, "wrong~secret", &azidentity.ClientSecretCredentialOptions{
		DisableInstanceDiscovery: true,
		ClientOptions: azcore.ClientOptions{
			Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: server.URL}, Transport: server.Client(), Retry: never,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{entra.DefaultScope}})
	d, ok := entra.Diagnose(err, entra.About{Way: entra.ClientSecret, ClientID: entratest.ClientID})
	if !ok || d.Code != "AADSTS7000215" || !strings.HasSuffix(d.Fix, "az ad app credential reset --id "+entratest.ClientID+" --append") {
		t.Errorf("got %+v of %v", d, err)
	}
}

func TestAnswerOfSomethingElse(t *testing.T) {
	server := start(t, entratest.Options{Answer: func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, "<html>not here</html>", http.StatusNotFound)
		return true
	}})
	d, ok := entra.Diagnose(ask(t, application(server)), entra.About{})
	if !ok || d.Code != "SIGN_IN_FAILED" || d.Reason == "" || !strings.Contains(d.Fix, "check authority_host ("+server.URL+")") {
		t.Errorf("got %+v", d)
	}
}

func TestSignInTellsRefusedFromUnreachable(t *testing.T) {
	server := start(t, entratest.Options{Answer: func(w http.ResponseWriter, _ *http.Request) bool {
		entratest.Refuse(w, http.StatusServiceUnavailable, "temporarily_unavailable", "Try again.")
		return true
	}})
	if err := ask(t, application(server)); !errors.Is(err, storage.ErrTransient) || errors.Is(err, storage.ErrDenied) {
		t.Errorf("busy: %v", err)
	}
	untrusting := application(server)
	untrusting.Transport = nil
	err := ask(t, untrusting)
	if d, ok := entra.Diagnose(err, entra.About{}); !ok || d.Code != "TLS_UNTRUSTED" {
		t.Errorf("certificate that nobody knows: %v", err)
	}
	closed := application(server)
	server.Close()
	err = ask(t, closed)
	if errors.Is(err, storage.ErrDenied) {
		t.Errorf("nobody refused: %v", err)
	}
	if d, ok := entra.Diagnose(err, entra.About{}); !ok || d.Code != "NOT_CONNECTED" {
		t.Errorf("closed: %v", err)
	}
}

func TestInterruptedSignInIsNoFailure(t *testing.T) {
	server := start(t, entratest.Options{})
	credential, err := entra.New(application(server))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = credential.GetToken(ctx, policy.TokenRequestOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if d, ok := entra.Diagnose(err, entra.About{}); ok {
		t.Errorf("diagnosed as %+v", d)
	}
}

// refusing answers as a machine without identity does.
type refusing struct{}

func (refusing) Do(r *http.Request) (*http.Response, error) {
	body := `{"error":"invalid_request","error_description":"Identity not found"}`
	return &http.Response{
		StatusCode: http.StatusBadRequest, Status: "400 Bad Request", Request: r, Header: http.Header{},
		Body: readCloser{strings.NewReader(body)},
	}, nil
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func TestCredentialsThatTheMachineLacks(t *testing.T) {
	for _, name := range []string{"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "MSI_ENDPOINT"} {
		t.Setenv(name, "")
	}
	t.Setenv("PATH", t.TempDir())
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "prod") // leaves the tools of developers out
	tests := []struct {
		options entra.Options
		code    string
		fix     string
	}{
		{entra.Options{Credential: entra.DefaultChain}, "NO_DEFAULT", "say which one is meant"},
		{entra.Options{Credential: entra.ManagedIdentity}, "NO_MANAGED_IDENTITY", "turn on the system-assigned identity"},
		{entra.Options{Credential: entra.ManagedIdentity, ClientID: "some-identity"}, "NO_MANAGED_IDENTITY", "assign the user-assigned identity some-identity"},
		{entra.Options{Credential: entra.AzureCLI, TenantID: "contoso.example"}, "NO_AZURE_CLI", "az login --tenant contoso.example"},
	}
	for _, tt := range tests {
		tt.options.Transport, tt.options.Retry = refusing{}, never
		err := ask(t, tt.options)
		d, ok := entra.Diagnose(err, entra.About{})
		if !ok || d.Code != tt.code || d.Reason == "" || !strings.Contains(d.Fix, tt.fix) {
			t.Errorf("%s: %+v of %v", tt.options.Credential, d, err)
		}
		if !errors.Is(err, storage.ErrDenied) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", tt.options.Credential, err)
		}
	}
	t.Run("token of a pod that is not there", func(t *testing.T) {
		t.Setenv("AZURE_FEDERATED_TOKEN_FILE", filepath.Join(t.TempDir(), "none"))
		err := ask(t, entra.Options{Credential: entra.WorkloadIdentity, TenantID: "t", ClientID: "c", Transport: refusing{}, Retry: never, DisableInstanceDiscovery: true})
		if d, _ := entra.Diagnose(err, entra.About{}); d.Code != "NO_WORKLOAD_IDENTITY" || !strings.Contains(d.Fix, "azure.workload.identity/use") {
			t.Errorf("%+v of %v", d, err)
		}
	})
	if err := ask(t, entra.Options{Credential: entra.WorkloadIdentity}); !errors.Is(err, entra.ErrOptions) {
		t.Errorf("workload identity outside of a cluster: %v", err)
	}
}

func newCertificate(t *testing.T) (*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sluice test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, key
}

func writePEM(t *testing.T, certificate *x509.Certificate, key *rsa.PrivateKey) string {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, append(
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...))
}

func writePFX(t *testing.T, encoder *pkcs12.Encoder, certificate *x509.Certificate, key *rsa.PrivateKey) string {
	t.Helper()
	data, err := encoder.Encode(key, certificate, nil, "opens~it")
	if err != nil {
		t.Fatal(err)
	}
	return write(t, data)
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "certificate")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
