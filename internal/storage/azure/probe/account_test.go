package probe_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/storage/azure/azurite"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/storage/azure/entratest"
	"github.com/sluicedata/sluice/internal/storage/azure/probe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var serviceTime = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)

// account is one whose service answers as told, with the key "key".
func account(t *testing.T, answer http.HandlerFunc) *probe.Account {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", serviceTime.Format(http.TimeFormat))
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return &probe.Account{Name: "contosolake", Container: "export", Service: server.URL, Key: "a2V5"}
}

func still() time.Time { return serviceTime }

func TestReachTakesAnyAnswer(t *testing.T) {
	a := account(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the request is signed")
		}
		w.WriteHeader(http.StatusConflict)
	})
	r, err := a.Reach(t.Context(), still)
	if err != nil || r.TLS != "" || !r.Clock.Equal(serviceTime) || !strings.HasPrefix(r.Address, "127.0.0.1:") {
		t.Errorf("got %+v, %v", r, err)
	}
	a.Service = "http://127.0.0.1:1"
	if d, ok := entra.Diagnose(second(a.Reach(t.Context(), still)), a.About(false, serviceTime)); !ok || d.Code != "NOT_CONNECTED" {
		t.Errorf("nobody there: %+v", d)
	}
	a.Service = "https://no-such-account.invalid"
	if d, ok := entra.Diagnose(second(a.Reach(t.Context(), still)), a.About(false, serviceTime)); !ok || !strings.HasPrefix(d.Code, "DNS_") {
		t.Errorf("no such name: %+v", d)
	}
}

func second[T any](_ T, err error) error { return err }

func TestHierarchical(t *testing.T) {
	const blob = "<Blob><Name>a</Name><Properties><Etag>e</Etag><Last-Modified>Mon, 15 Jan 2024 12:00:00 GMT</Last-Modified>%s</Properties></Blob>"
	for _, tt := range []struct {
		name   string
		header string // of the account, empty where it may not be asked for
		blobs  string
		want   bool
		fails  bool
	}{
		{"hierarchical", "true", "", true, false},
		{"flat", "false", "", false, false},
		{"hierarchical, by the listing", "", fmt.Sprintf(blob, "<ResourceType>directory</ResourceType>"), true, false},
		{"flat, by the listing", "", fmt.Sprintf(blob, ""), false, false},
		{"empty", "", "", false, true},
		{"may not be listed", "", "denied", false, true},
	} {
		a := account(t, func(w http.ResponseWriter, r *http.Request) {
			asksAccount := r.URL.Query().Get("restype") == "account"
			switch {
			case asksAccount && tt.header != "":
				w.Header().Set("X-Ms-Is-Hns-Enabled", tt.header)
			case asksAccount || tt.blobs == "denied":
				w.WriteHeader(http.StatusForbidden)
			default:
				w.Header().Set("Content-Type", "application/xml")
				fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>%s</Blobs><NextMarker /></EnumerationResults>`, tt.blobs)
			}
		})
		got, err := a.Hierarchical(t.Context())
		if got != tt.want || (err != nil) != tt.fails {
			t.Errorf("%s: got %v, %v", tt.name, got, err)
		}
	}
}

func TestFate(t *testing.T) {
	const deleted = "<Container><Name>export</Name><Deleted>true</Deleted><Version>01D6</Version><Properties><Etag>e</Etag>" +
		"<Last-Modified>Mon, 15 Jan 2024 12:00:00 GMT</Last-Modified><RemainingRetentionDays>5</RemainingRetentionDays></Properties></Container>"
	living := func(name string) string {
		return "<Container><Name>" + name + "</Name><Properties><Etag>e</Etag><Last-Modified>Mon, 15 Jan 2024 12:00:00 GMT</Last-Modified></Properties></Container>"
	}
	for _, tt := range []struct {
		containers string
		want       probe.Fate
	}{
		{"", probe.Fate{}},
		{living("exports") + deleted, probe.Fate{Deleted: true, Version: "01D6", Days: 5, Others: []string{"exports"}}},
		{living("a") + strings.ReplaceAll(deleted, "export<", "other<"), probe.Fate{Others: []string{"a"}}},
	} {
		a := account(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("include") != "deleted" {
				t.Errorf("asked for %s", r.URL)
			}
			w.Header().Set("Content-Type", "application/xml")
			fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Containers>%s</Containers><NextMarker /></EnumerationResults>`, tt.containers)
		})
		got, err := a.Fate(t.Context())
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	}
}

func TestSignatures(t *testing.T) {
	for _, tt := range []struct {
		change func(*probe.Account)
		way    entra.Way
		want   string // the authorization begins with, or the query holds
	}{
		{func(*probe.Account) {}, entra.AccountKey, "SharedKey contosolake:"},
		{func(a *probe.Account) { a.Key, a.SAS = "", "?sv=2024&sig=abc" }, entra.SASToken, "sig=abc"},
		{func(a *probe.Account) { a.Key = "" }, "", ""},
	} {
		var seen string
		a := account(t, func(_ http.ResponseWriter, r *http.Request) {
			seen = r.Header.Get("Authorization") + r.URL.RawQuery
		})
		tt.change(a)
		if err := a.See(t.Context()); err != nil {
			t.Error(err)
		}
		if about := a.About(true, serviceTime); about.Way != tt.way || !strings.Contains(seen, tt.want) {
			t.Errorf("%s: %s", about.Way, seen)
		}
	}
	a := account(t, func(http.ResponseWriter, *http.Request) {})
	a.Key = "not base64!"
	if err := a.See(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "account_key is not base64") {
		t.Errorf("got %v", err)
	}
}

func TestAgainstAzurite(t *testing.T) {
	service := azurite.Test(t, azurite.Options{HTTPS: true, OAuth: true})
	authority := entratest.Start(entratest.Options{})
	t.Cleanup(authority.Close)
	options := entra.Options{
		TenantID: entratest.TenantID, ClientID: entratest.ClientID, ClientSecret: entratest.ClientSecret,
		AuthorityHost: authority.URL, Transport: authority.Client(),
	}
	credential, err := entra.New(options)
	if err != nil {
		t.Fatal(err)
	}
	a := &probe.Account{
		Name: service.Account, Container: "absent", Service: service.Endpoint, Entra: options, Credential: credential,
		Transport: authority.Client(service.CertPEM),
	}
	reached, err := a.Reach(t.Context(), time.Now)
	if err != nil || reached.TLS != "TLS 1.3" {
		t.Errorf("reach: %+v, %v", reached, err)
	}
	if err := a.Token(t.Context()); err != nil {
		t.Error(err)
	}
	d, ok := entra.Diagnose(a.See(t.Context()), a.About(false, time.Now()))
	if !ok || d.Code != "ContainerNotFound" || d.Reason != "ContainerNotFound: The specified container does not exist" {
		t.Errorf("see: %+v", d)
	}
	if fate, err := a.Fate(t.Context()); err != nil || fate.Deleted {
		t.Errorf("fate: %+v, %v", fate, err)
	}
	if err := (&probe.Account{Name: service.Account, Container: "absent", Service: service.Endpoint, Key: "d3Jvbmc=", Transport: a.Transport}).See(t.Context()); err == nil {
		t.Error("a wrong key is taken")
	} else if d, _ := entra.Diagnose(err, entra.About{Account: service.Account, Way: entra.AccountKey}); !strings.HasPrefix(d.Fix, "account_key is not a key of account") {
		t.Errorf("wrong key: %+v", d)
	}
}
