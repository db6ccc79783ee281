package azure_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
)

func comp(name string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.URL.Query().Get("comp") == name }
}

func method(name string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == name && r.URL.Query().Get("comp") == "" }
}

// Whose the blob is that a repeated put finds decides what it returns.
func TestPutWhoseAnswerIsLost(t *testing.T) {
	byAnother := func(f *fake) answer {
		return func(r *http.Request, serve func() *http.Response) (*http.Response, error) {
			f.mu.Lock()
			f.blobs["log/0.json"] = stored{data: []byte("mine"), etag: "0x9", metadata: http.Header{}}
			f.mu.Unlock()
			return reset(r, serve)
		}
	}
	tests := []struct {
		name   string
		answer func(f *fake) answer
		want   error // nil: stored
	}{
		{"after it was stored", func(*fake) answer { return lost }, nil},
		{"before it was stored", func(*fake) answer { return reset }, nil},
		{"and another was first, with the same content", byAnother, storage.ErrExists},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				s := f.open(t, nil)
				f.fault = inOrder(tt.answer(f))
				err := s.PutIfAbsent(t.Context(), "log/0.json", []byte("mine"))
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if got := get(t, s, "log/0.json"); got != "mine" {
					t.Errorf("it holds %q", got)
				}
			})
		})
	}
}

// Where it cannot be found out whose it is, the answer is not "exists".
func TestPutWhoseOutcomeStaysUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := f.open(t, nil)
		puts := inOrder(lost)
		f.fault = func(r *http.Request, serve func() *http.Response) (*http.Response, error) {
			if r.Method == http.MethodHead {
				return refused(503, "ServerBusy")(r, serve)
			}
			return puts(r, serve)
		}
		err := s.PutIfAbsent(t.Context(), "a", nil)
		if errors.Is(err, storage.ErrExists) || !errors.Is(err, storage.ErrTransient) {
			t.Errorf("got %v", err)
		}
	})
}

// A refusal is a definite no, unless an earlier try may have been carried out.
func TestPutThatIsDenied(t *testing.T) {
	tests := []struct {
		name     string
		answers  []answer
		definite bool
	}{
		{"at once", []answer{refused(403, "AuthorizationPermissionMismatch")}, true},
		{"after an answer was lost", []answer{lost, refused(403, "AuthorizationPermissionMismatch")}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				s := f.open(t, nil)
				f.fault = inOrder(tt.answers...)
				err := s.PutIfAbsent(t.Context(), "a", nil)
				if err == nil || errors.Is(err, storage.ErrExists) || errors.Is(err, storage.ErrDenied) != tt.definite {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestWritesOfManyBlocks(t *testing.T) {
	tests := []struct {
		name string
		size int
		want []string
	}{
		{"nothing", 0, []string{"PUT a"}},
		{"a little", 10, []string{"PUT a"}},
		{"a block", 8 * mib, []string{"PUT a block", "PUT a blocklist"}},
		{"two and a half", 20 * mib, []string{"PUT a block", "PUT a block", "PUT a block", "PUT a blocklist"}},
	}
	for _, tt := range tests {
		for _, ahead := range []int64{1, 64 * mib} {
			t.Run(tt.name, func(t *testing.T) {
				f := newFake()
				s := f.open(t, func(c *azure.Config) { c.ReadAhead = ahead })
				content := pattern(tt.size)
				put(t, s, "a", content)
				equal(t, "requests", f.take(), tt.want)
				if string(f.blobs["a"].data) != content {
					t.Error("it holds something else")
				}
				if !azure.FreeAhead(s, ahead) {
					t.Error("the writer keeps room")
				}
			})
		}
	}
}

func TestBlocksGoUpInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := f.open(t, func(c *azure.Config) { c.ReadAhead = 64 * mib })
		f.fault = only(comp("block"), func(_ *http.Request, serve func() *http.Response) (*http.Response, error) {
			<-time.After(time.Second)
			return serve(), nil
		})
		start := time.Now()
		put(t, s, "a", strings.Repeat("x", 64*mib))
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("eight blocks, four at once, took %s", took)
		}
	})
}

func TestFailedBlockEndsTheWriter(t *testing.T) {
	for _, ahead := range []int64{1, 64 * mib} {
		f := newFake()
		s := f.open(t, func(c *azure.Config) { c.ReadAhead = ahead })
		f.fault = only(comp("block"), refused(507, "InsufficientStorage"))
		w, err := s.Write(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if _, err = w.Write(make([]byte, 8*mib)); err != nil {
				break
			}
		}
		if cerr := w.Close(); !errors.Is(cerr, storage.ErrNoSpace) || err != nil && !errors.Is(err, storage.ErrNoSpace) {
			t.Errorf("write %v, close %v", err, cerr)
		}
		if err := w.Abort(); err != nil {
			t.Error(err)
		}
		if slices.Contains(f.take(), "PUT a blocklist") || !azure.FreeAhead(s, ahead) {
			t.Error("a list was committed after a block failed, or room is kept")
		}
	}
}

// A writer whose blocks are gone, because another one committed the same path.
func TestWriterThatComesSecond(t *testing.T) {
	f := newFake()
	s := f.open(t, func(c *azure.Config) { c.ReadAhead = 1 }) // blocks go up as they are full
	first, err := s.Write(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Write(make([]byte, 9*mib)); err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", strings.Repeat("second", 2*mib))
	if err := first.Close(); !errors.Is(err, storage.ErrTransient) {
		t.Errorf("got %v, want %v", err, storage.ErrTransient)
	}
	if got := string(f.blobs["a"].data); got != strings.Repeat("second", 2*mib) {
		t.Errorf("it holds %d bytes, not those of the other writer", len(got))
	}
}

func TestAbortedWriterCommitsNothing(t *testing.T) {
	f := newFake()
	s := f.open(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	for _, end := range []func(w storage.Writer){
		func(w storage.Writer) { _ = w.Abort() },
		func(w storage.Writer) { cancel(); _ = w.Close() },
	} {
		w, err := s.Write(ctx, "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 30*mib)); err != nil {
			t.Fatal(err)
		}
		end(w)
		if _, found := f.blobs["a"]; found {
			t.Error("an aborted writer stored something")
		}
	}
}

func TestDelete(t *testing.T) {
	tests := []struct {
		name  string
		fault answer
		class error
		code  bloberror.Code
		says  string
	}{
		{"what is there", served, nil, "", ""},
		{"whose answer is lost", inOrder(lost), nil, "", ""},
		{"a folder", refused(409, "DirectoryIsNotEmpty"), nil, "", ""},
		{
			"what is leased", refused(412, "LeaseIdMissing"), azure.ErrLeased, bloberror.LeaseIDMissing,
			"access denied: it is leased by another program (LeaseIdMissing: The text of LeaseIdMissing)",
		},
		{
			"in a container that is gone", refused(404, "ContainerNotFound"), storage.ErrNotExist, bloberror.ContainerNotFound,
			"does not exist (ContainerNotFound: The text of ContainerNotFound)",
		},
		{
			"with the reader's role", refused(403, "AuthorizationPermissionMismatch"), storage.ErrDenied,
			bloberror.AuthorizationPermissionMismatch, "access denied (AuthorizationPermissionMismatch: ",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				s := f.open(t, nil)
				put(t, s, "a", "")
				f.fault = only(method(http.MethodDelete), tt.fault)
				err := s.Delete(t.Context(), "a")
				switch {
				case tt.class == nil && err != nil:
					t.Error(err)
				case tt.class != nil && (!errors.Is(err, tt.class) || !bloberror.HasCode(err, tt.code) || !strings.Contains(err.Error(), tt.says)):
					t.Errorf("got %v, want %v that says %q", err, tt.class, tt.says)
				}
			})
		})
	}
}

// Racers whose connections break: one wins, whatever the network does.
func TestPutRaceOverABadNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := f.open(t, nil)
		f.fault = only(method(http.MethodPut), inOrder(lost, reset, lost, refused(503, "ServerBusy"), reset, lost))
		const racers = 8
		errs := make([]error, racers)
		var group sync.WaitGroup
		for i := range racers {
			group.Go(func() { errs[i] = s.PutIfAbsent(t.Context(), "a", []byte("same")) })
		}
		group.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, storage.ErrExists) {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d winners", won)
		}
	})
}
