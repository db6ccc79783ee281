package azure_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

// Time in these tests is that of synctest: nothing is waited for.
func TestRetries(t *testing.T) {
	notFound := &net.DNSError{Err: "no such host", Name: "contosolake.blob.core.windows.net", IsNotFound: true}
	tests := []struct {
		name     string
		answers  []answer
		requests int64
		atLeast  time.Duration
		atMost   time.Duration
		class    error // nil: it succeeds
		says     string
	}{
		{"at once", nil, 1, 0, 0, nil, ""},
		{"busy once", []answer{refused(503, "ServerBusy")}, 2, 640 * time.Millisecond, 1040 * time.Millisecond, nil, ""},
		{
			"throttled for as long as it says", []answer{refused(429, "TooManyRequests", "Retry-After", "7")},
			2, 7 * time.Second, 7 * time.Second, nil, "",
		},
		{
			"every kind that passes",
			[]answer{refused(500, "InternalError"), refused(502, ""), refused(504, ""), reset, broken(io.ErrUnexpectedEOF)},
			6, 37120 * time.Millisecond, 60320 * time.Millisecond, nil, "",
		},
		{
			"one that stays", []answer{
				refused(500, "OperationTimedOut"), refused(500, "OperationTimedOut"), refused(500, "OperationTimedOut"),
				refused(500, "OperationTimedOut"), refused(500, "OperationTimedOut"), refused(500, "OperationTimedOut"),
			},
			6, 37 * time.Second, 61 * time.Second, storage.ErrTransient,
			"temporarily unavailable (OperationTimedOut: 500 Internal Server Error)",
		},
		{
			"throttled for longer than a run should wait", []answer{refused(429, "TooManyRequests", "Retry-After", "900")},
			1, 0, 0, storage.ErrTransient, "temporarily unavailable (TooManyRequests: 429 Too Many Requests)",
		},
		{"silent once", []answer{silent}, 2, 30640 * time.Millisecond, 31040 * time.Millisecond, nil, ""},
		{
			"silent always", []answer{silent, silent, silent, silent, silent, silent},
			6, 217 * time.Second, 241 * time.Second, storage.ErrTransient,
			"temporarily unavailable (the service did not answer for 30s)",
		},
		{"refused for good", []answer{refused(403, "AuthorizationFailure")}, 1, 0, 0, storage.ErrDenied, "access denied"},
		{"no such account", []answer{broken(notFound)}, 1, 0, 0, azure.ErrUnreachable, "no such host"},
		{"a proxy that asks who is there", []answer{broken(&entra.ProxyRefusal{Status: 407})}, 1, 0, 0, azure.ErrUnreachable, "the proxy answered 407"},
		{
			"nobody listens", []answer{nobody, nobody, nobody, nobody}, 3, 2560 * time.Millisecond, 4160 * time.Millisecond,
			storage.ErrTransient, "temporarily unavailable (dial tcp 127.0.0.1:10000: connect: connection refused)",
		},
		{"nobody listens while the service restarts", []answer{nobody, nobody}, 3, 2560 * time.Millisecond, 4160 * time.Millisecond, nil, ""},
		{
			"refused after other tries", []answer{refused(503, "ServerBusy"), reset, nobody}, 3, 2560 * time.Millisecond, 4160 * time.Millisecond,
			storage.ErrTransient, "connection refused",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				s := f.open(t, nil)
				put(t, s, "a", "text")
				f.fault = inOrder(tt.answers...)
				before, start := s.Requests(), time.Now()
				_, err := s.Stat(t.Context(), "a")
				if (err != nil) != (tt.says != "") || tt.class != nil && !errors.Is(err, tt.class) {
					t.Errorf("got error %v, want %v", err, tt.class)
				}
				if err != nil && (!strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), secret)) {
					t.Errorf("got error %v, want that it says %q, and no secret", err, tt.says)
				}
				if got := s.Requests() - before; got != tt.requests {
					t.Errorf("%d requests, want %d", got, tt.requests)
				}
				if took := time.Since(start); took < tt.atLeast || took > tt.atMost {
					t.Errorf("it took %s, want %s to %s", took, tt.atLeast, tt.atMost)
				}
			})
		})
	}
}

// lastTry is how long a wait and a try may take that begin just before the end.
const lastTry = 30 * time.Second

// What never answered is given up after a minute, with a word after half of it.
func TestSilenceFromTheBeginning(t *testing.T) {
	handshake := broken(tlsTimeout{})
	for _, tt := range []struct {
		name   string
		never  answer
		lasts  time.Duration
		says   string
		logged string
	}{
		{
			"no answer", silent, time.Minute, "the service did not answer for 30s",
			`level=WARN msg="storage does not answer" host=contosolake.blob.core.windows.net attempt=1 error="the service did not answer for 30s"`,
		},
		{
			"no handshake", func(r *http.Request, serve func() *http.Response) (*http.Response, error) {
				<-time.After(10 * time.Second)
				return handshake(r, serve)
			}, time.Minute, "TLS handshake timeout",
			`level=WARN msg="storage does not answer" host=contosolake.blob.core.windows.net attempt=1 error="TLS handshake timeout"`,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			f := newFake()
			f.fault = tt.never
			s := f.open(t, func(c *azure.Config) {
				c.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: withoutTime}))
			})
			start := time.Now()
			_, err := s.Stat(t.Context(), "a")
			if took := time.Since(start); took < tt.lasts || took > tt.lasts+lastTry {
				t.Errorf("%s: it took %s", tt.name, took)
			}
			if !errors.Is(err, storage.ErrTransient) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: %v", tt.name, err)
			}
			equal(t, tt.name, strings.TrimSpace(out.String()), tt.logged)
			if d, ok := entra.Diagnose(err, entra.About{}); !ok || d.Code != "TIMED_OUT" || !strings.Contains(d.Fix, "firewalls") {
				t.Errorf("%s: diagnosed as %+v", tt.name, d)
			}
		})
	}
}

// tlsTimeout is what net/http says of a host that does not shake hands.
type tlsTimeout struct{}

func (tlsTimeout) Error() string   { return "TLS handshake timeout" }
func (tlsTimeout) Timeout() bool   { return true }
func (tlsTimeout) Temporary() bool { return true }

func TestCancelledWhileItWaitsForTheNextTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := f.open(t, nil)
		f.fault = refused(503, "ServerBusy", "Retry-After", "50")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := s.Stat(ctx, "a")
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != 10*time.Second {
			t.Errorf("it ended after %s with %v", took, err)
		}
	})
}

// A body that stops coming is given up and asked for again from there.
func TestSilenceInABody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := f.open(t, nil)
		put(t, s, "a", "0123456789")
		f.take()
		f.fault = inOrder(func(r *http.Request, serve func() *http.Response) (*http.Response, error) {
			response := serve()
			response.Body = &stuckBody{Reader: io.LimitReader(response.Body, 4), ctx: r.Context()}
			return response, nil
		})
		start := time.Now()
		if got := get(t, s, "a"); got != "0123456789" {
			t.Errorf("got %q", got)
		}
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("it took %s", took)
		}
		equal(t, "requests", f.take(), []string{"GET a bytes=0-8388607", "GET a bytes=4-8388607"})
	})
}

// stuckBody does not end, but with its request.
type stuckBody struct {
	io.Reader
	ctx context.Context
}

func (b *stuckBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		<-b.ctx.Done()
		err = b.ctx.Err()
	}
	return n, err
}

func (b *stuckBody) Close() error { return nil }

func TestRequestsInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := f.open(t, func(c *azure.Config) { c.Requests = 3 })
		var mu sync.Mutex
		flying, most := 0, 0
		f.fault = func(_ *http.Request, serve func() *http.Response) (*http.Response, error) {
			mu.Lock()
			flying++
			most = max(most, flying)
			mu.Unlock()
			<-time.After(time.Second)
			mu.Lock()
			flying--
			mu.Unlock()
			return serve(), nil
		}
		start := time.Now()
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() { _, _ = s.Stat(t.Context(), "a") })
		}
		group.Wait()
		if took := time.Since(start); most != 3 || took != 4*time.Second {
			t.Errorf("%d requests at once, done after %s; want 3 and 4s", most, took)
		}
	})
}

// A reader that nobody reads holds no place.
func TestOpenReadersDoNotBlockOthers(t *testing.T) {
	f := newFake()
	s := f.open(t, func(c *azure.Config) { c.Requests = 1 })
	put(t, s, "a", strings.Repeat("x", 20<<20))
	for range 3 {
		r, err := s.ReadRange(t.Context(), "a", storage.All)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Stat(t.Context(), "a"); err != nil {
		t.Error(err)
	}
}
