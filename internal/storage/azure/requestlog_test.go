package azure_test

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
)

func TestEveryTryIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var out bytes.Buffer
		s := f.open(t, func(c *azure.Config) {
			c.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime}))
		})
		put(t, s, "a b", "0123456789")
		f.fault = inOrder(refused(503, "ServerBusy"), reset)
		get(t, s, "a b")
		list(t, s, "x/", storage.ListOptions{Delimiter: true})
		_ = s.PutIfAbsent(t.Context(), "a b", []byte("12"))
		if strings.Contains(out.String(), secret) {
			t.Errorf("the signature is shown:\n%s", out.String())
		}
		equal(t, "lines", strings.Split(strings.TrimSpace(size.ReplaceAllString(out.String(), "received=N")), "\n"), []string{
			`level=DEBUG msg="storage request" method=PUT path="/c/a b" attempt=1 sent=10 status=201 received=N`,
			`level=DEBUG msg="storage request" method=GET path="/c/a b" range="bytes=0-8388607" attempt=1 sent=0 status=503 code=ServerBusy received=N`,
			`level=DEBUG msg="storage request" method=GET path="/c/a b" range="bytes=0-8388607" attempt=2 sent=0 error="connection reset by peer" received=N`,
			`level=DEBUG msg="storage request" method=GET path="/c/a b" range="bytes=0-8388607" attempt=3 sent=0 status=206 received=N`,
			`level=DEBUG msg="storage request" method=GET path=/c restype=container comp=list prefix=x/ attempt=1 sent=0 status=200 received=N`,
			`level=DEBUG msg="storage request" method=PUT path="/c/a b" attempt=1 sent=2 status=409 code=BlobAlreadyExists received=N`,
		})
		if !strings.Contains(out.String(), "status=206 received=10 ") {
			t.Errorf("the bytes of the content are not counted:\n%s", out.String())
		}
	})
}

var size = regexp.MustCompile(`received=\d+ duration=\S+`)

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// A log that nobody reads costs a call.
func TestNothingIsLoggedAboveDebug(t *testing.T) {
	f := newFake()
	var out bytes.Buffer
	s := f.open(t, func(c *azure.Config) { c.Log = slog.New(slog.NewTextHandler(&out, nil)) })
	put(t, s, "a", "b")
	if out.Len() > 0 {
		t.Errorf("at level info: %s", out.String())
	}
}
