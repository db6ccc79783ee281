package entra_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

func TestWordsOfAnImpostor(t *testing.T) {
	for _, tt := range []struct{ page, want string }{
		{"", "200 OK, without a text"},
		{"<html><script>var a = '<b>';</script><!-- <p>no</p> --><title>Wi-Fi &amp; more</title>", `200 OK, "Wi-Fi & more"`},
		{"<p>cut<a href='x", `200 OK, "cut"`},
		{"<script>without an end", "200 OK, without a text"},
		{"go to /login?back=https%3A%2F%2Fc%3Fsig%3Dc2VjcmV0%26x", `200 OK, "go to /login?back=https%3A%2F%2Fc%3Fsig%3D[redacted]"`},
		{"<p>sent: x?sv=1&amp;sig=c2VjcmV0</p>", `200 OK, "sent: x?sv=1&sig=[redacted]"`},
		{strings.Repeat("long ", 40), `200 OK, "` + strings.Repeat("long ", 16) + `…"`},
		{"\x00\x01\xff", `200 OK, "?"`},
	} {
		err := entra.NewImpostor(&http.Response{StatusCode: http.StatusOK}, []byte(tt.page))
		if got := strings.TrimPrefix(err.Error(), "something between here and Azure answered in its place: "); got != tt.want {
			t.Errorf("%q:\ngot  %s\nwant %s", tt.page, got, tt.want)
		}
	}
}

// The answer of a proxy to CONNECT comes through net/http with its status.
func TestProxyAnswer(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(address), OnProxyConnectResponse: entra.ProxyAnswer}}
	t.Cleanup(client.CloseIdleConnections)
	response, err := client.Get("https://contosolake.blob.core.windows.net/c")
	if err == nil {
		response.Body.Close()
		t.Fatal("it is answered")
	}
	if refusal, ok := errors.AsType[*entra.ProxyRefusal](err); !ok || refusal.Status != http.StatusProxyAuthRequired || refusal.Proxy != net.JoinHostPort(address.Hostname(), address.Port()) {
		t.Errorf("got %v", err)
	}
	if d, _ := entra.Diagnose(err, entra.About{}); d.Code != "PROXY_SIGN_IN" {
		t.Errorf("diagnosed as %+v", d)
	}
}
