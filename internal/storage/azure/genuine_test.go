package azure_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

// page answers as a proxy or a portal does.
func page(status int, kind, body string) answer {
	return func(r *http.Request, _ func() *http.Response) (*http.Response, error) {
		response := &http.Response{
			StatusCode: status, Request: r, Header: http.Header{"Content-Type": {kind}},
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}
		if r.Method == http.MethodHead {
			response.Body = http.NoBody
		}
		return response, nil
	}
}

const login = "<html><head><style>p{}</style></head><body><p>Please log\n in</p> to ?sig=" + secret + "</body></html>"

// Nothing that something else than the service says is an empty listing, the
// content of a file, or a file that is gone.
func TestAnswersOfOthers(t *testing.T) {
	operations := map[string]func(t *testing.T, s storage.Store) error{
		"list": func(t *testing.T, s storage.Store) error {
			for _, err := range s.List(t.Context(), "", storage.ListOptions{}) {
				return err
			}
			return nil
		},
		"list a level": func(t *testing.T, s storage.Store) error {
			for _, err := range s.List(t.Context(), "", storage.ListOptions{Delimiter: true}) {
				return err
			}
			return nil
		},
		"stat":   func(t *testing.T, s storage.Store) error { _, err := s.Stat(t.Context(), "a"); return err },
		"read":   func(t *testing.T, s storage.Store) error { _, err := storage.ReadAll(t.Context(), s, "a"); return err },
		"write":  func(t *testing.T, s storage.Store) error { return write(t, s, "a", "x") },
		"put":    func(t *testing.T, s storage.Store) error { return s.PutIfAbsent(t.Context(), "a", nil) },
		"delete": func(t *testing.T, s storage.Store) error { return s.Delete(t.Context(), "a") },
	}
	answers := map[string]answer{
		`200 OK, text/html, "Please log in to ?sig=[redacted]"`:        page(200, "text/html; charset=utf-8", login),
		"200 OK, without a text":                                       page(200, "", ""),
		`404 Not Found, text/plain, "no such page"`:                    page(404, "text/plain", "no such page"),
		`403 Forbidden, text/html, "Please log in to ?sig=[redacted]"`: page(403, "text/html", login),
		`200 OK, application/xml, "nothing to see"`:                    page(200, "application/xml", "<?xml version=\"1.0\"?><Error>nothing to see</Error>"),
	}
	for operation, do := range operations {
		for want, give := range answers {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				s := f.open(t, nil)
				put(t, s, "a", "text")
				f.fault = give
				before := s.Requests()
				err := do(t, s)
				if !errors.Is(err, azure.ErrUnreachable) || !errors.Is(err, storage.ErrTransient) || errors.Is(err, storage.ErrNotExist) {
					t.Fatalf("%s: got %v", operation, err)
				}
				if _, words, _ := strings.Cut(want, `"`); operation != "stat" && !strings.Contains(err.Error(), "something between here and Azure answered in its place: "+want) {
					t.Errorf("%s: got %v, want %s", operation, err, words)
				}
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s: the signature is shown: %v", operation, err)
				}
				if got := s.Requests() - before; got != 3 {
					t.Errorf("%s: %d requests, want 3", operation, got)
				}
				if d, ok := entra.Diagnose(err, entra.About{}); !ok || !strings.Contains(d.Fix, "reach contosolake.blob.core.windows.net") {
					t.Errorf("%s: diagnosed as %+v", operation, d)
				}
			})
		}
	}
}

// An answer of another one that passes does no harm.
func TestAnAnswerOfAnotherOncePasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := f.open(t, nil)
		put(t, s, "a", "text")
		f.fault = inOrder(page(200, "text/html", login), served, page(200, "", ""))
		equal(t, "files", list(t, s, "", storage.ListOptions{}), []string{"a"})
		equal(t, "content", get(t, s, "a"), "text")
	})
}

// The service may begin its document as XML allows, and a cache may drop headers.
func TestListingsInOtherDress(t *testing.T) {
	for _, document := range []string{
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>",
		"<EnumerationResults ServiceEndpoint=\"x\"><Blobs></Blobs></EnumerationResults>",
	} {
		f := newFake()
		f.fault = page(200, "application/xml", document)
		equal(t, document, list(t, f.open(t, nil), "", storage.ListOptions{}), []string{})
	}
}

// A proxy in front of an http endpoint wants to know who asks.
func TestProxyWantsToKnowWhoAsks(t *testing.T) {
	f := newFake()
	f.fault = page(http.StatusProxyAuthRequired, "text/html", login)
	s := f.open(t, nil)
	_, err := s.Stat(t.Context(), "a")
	if d, _ := entra.Diagnose(err, entra.About{}); !errors.Is(err, azure.ErrUnreachable) || d.Code != "PROXY_SIGN_IN" || s.Requests() != 1 {
		t.Errorf("%d requests, got %v, %+v", s.Requests(), err, d)
	}
}
