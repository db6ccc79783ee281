package azurite_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/storage/azure/azurite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// get asks without credentials, which every account that exists refuses.
func get(t *testing.T, s *azurite.Server, url string) (status int, code string) {
	t.Helper()
	transport := s.Transport()
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("X-Ms-Error-Code")
}

func TestServerAnswers(t *testing.T) {
	tests := []struct {
		name    string
		options azurite.Options
		scheme  string
		account string
	}{
		{"http", azurite.Options{}, "http://127.0.0.1:", azurite.DefaultAccount},
		{"https", azurite.Options{HTTPS: true, OAuth: true, Accounts: []string{"contosolake", "other"}}, "https://127.0.0.1:", "contosolake"},
		{"in a folder", azurite.Options{Folder: t.TempDir()}, "http://127.0.0.1:", azurite.DefaultAccount},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := azurite.Test(t, tt.options)
			if !strings.HasPrefix(s.Endpoint, tt.scheme) || !strings.HasSuffix(s.Endpoint, "/"+tt.account) {
				t.Errorf("endpoint is %s", s.Endpoint)
			}
			if s.Account != tt.account || s.Key != azurite.KeyOf(tt.account) || (s.CertPEM != nil) != tt.options.HTTPS {
				t.Errorf("account %s, key %s, certificate of %d bytes", s.Account, s.Key, len(s.CertPEM))
			}
			for _, account := range append(tt.options.Accounts, tt.account) {
				status, code := get(t, s, s.EndpointOf(account)+"/?comp=list")
				if status != http.StatusForbidden || code != "AuthorizationFailure" {
					t.Errorf("account %s: %d %s", account, status, code)
				}
			}
		})
	}
}

func TestServerEnds(t *testing.T) {
	s := azurite.Test(t, azurite.Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if response, err := http.Get(s.Endpoint); err == nil {
		response.Body.Close()
		t.Errorf("a closed server answers %s", response.Status)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestStartSaysWhyNot(t *testing.T) {
	if _, err := azurite.Start(azurite.Options{OAuth: true}); err == nil || !strings.Contains(err.Error(), "https only") {
		t.Errorf("bearer tokens over http: %v", err)
	}
	t.Setenv("SLUICE_TOOLS", t.TempDir())
	if azurite.Available() {
		t.Error("azurite is found in an empty folder")
	}
	if _, err := azurite.Start(azurite.Options{}); err == nil || !strings.Contains(err.Error(), "run `make tools`") {
		t.Errorf("without an installation: %v", err)
	}
}

func TestStartQuotesWhatTheServerSaid(t *testing.T) {
	s := azurite.Test(t, azurite.Options{})
	port := 0
	for _, digit := range s.Endpoint[len("http://127.0.0.1:"):strings.LastIndexByte(s.Endpoint, '/')] {
		port = port*10 + int(digit-'0')
	}
	_, err := azurite.Start(azurite.Options{Port: port})
	if err == nil || !strings.Contains(err.Error(), "EADDRINUSE") {
		t.Errorf("a port that is taken: %v", err)
	}
}
