package trace_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/storage/storagetest"
	"github.com/sluicedata/sluice/internal/storage/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storage.Store { return trace.New(mem.New(nil), nil) })
}

const (
	part  = "t/part-0-6b1a4c2e-0d3f-4b5a-8c7d-9e0f1a2b3c4d.parquet"
	other = "t/part-1-ffffffff-0d3f-4b5a-8c7d-9e0f1a2b3c4d.parquet"
)

func TestLines(t *testing.T) {
	s := trace.New(mem.New(nil), trace.Number(trace.UUIDs))
	write(t, s, part, 1234, storage.Writer.Close)
	write(t, s, other, 10, storage.Writer.Abort)
	check(t, s, `write t/part-0-<1>.parquet 1234
abort t/part-1-<2>.parquet 10
`)

	ctx := t.Context()
	must(t, s.PutIfAbsent(ctx, "t/_delta_log/0.json", []byte("{}")))
	expect(t, s.PutIfAbsent(ctx, "t/_delta_log/0.json", []byte("{ }")), storage.ErrExists)
	_, err := s.Stat(ctx, "t/none")
	expect(t, err, storage.ErrNotExist)
	_, err = s.Write(ctx, "../t")
	expect(t, err, storage.ErrInvalidPath)
	check(t, s, `put-if-absent t/_delta_log/0.json 2
put-if-absent t/_delta_log/0.json 3: exists already
stat t/none: does not exist
write ../t: invalid path
`)

	for _, r := range []storage.Range{storage.All, {Offset: 5, Length: -1}, {Offset: 5, Length: 7}, {Length: 1, IfMatch: "x"}} {
		if body, err := s.ReadRange(ctx, part, r); err == nil {
			must(t, body.Close())
		}
	}
	check(t, s, `read t/part-0-<1>.parquet
read t/part-0-<1>.parquet 5+
read t/part-0-<1>.parquet 5+7
read t/part-0-<1>.parquet 0+1: changed since it was listed
`)

	walk(ctx, s, "", storage.ListOptions{})
	walk(ctx, s, "t/", storage.ListOptions{Delimiter: true, StartAfter: "t/a b"})
	walk(ctx, s, "t//", storage.ListOptions{Delimiter: true})
	must(t, s.Delete(ctx, part))
	check(t, s, `list "" 2
list t/ after="t/a b" level 1
list t// level 0: invalid path
delete t/part-0-<1>.parquet
`)
	check(t, s, "")
}

func TestOtherErrorsKeepTheirText(t *testing.T) {
	s := trace.New(fault.New(mem.New(nil), fault.At(1, fault.Fail(errors.New("boom")))), nil)
	if err := s.Delete(t.Context(), "a"); err == nil {
		t.Fatal("no error")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	expect(t, s.Delete(cancelled, "a"), context.Canceled)
	check(t, s, "delete a: boom\ndelete a: context canceled\n")
}

func TestDeferredAbortIsNoLine(t *testing.T) {
	s := trace.New(mem.New(nil), nil)
	write(t, s, "a", 1, func(w storage.Writer) error { return errors.Join(w.Close(), w.Abort()) })
	check(t, s, "write a 1\n")
}

func write(t *testing.T, s storage.Store, path string, size int, end func(storage.Writer) error) {
	t.Helper()
	w, err := s.Write(t.Context(), path)
	must(t, err)
	_, err = w.Write(make([]byte, size))
	must(t, err)
	must(t, end(w))
}

func walk(ctx context.Context, s storage.Store, prefix string, opts storage.ListOptions) {
	for range s.List(ctx, prefix, opts) {
	}
}

func check(t *testing.T, s *trace.Store, want string) {
	t.Helper()
	if diff := cmp.Diff(want, s.Take()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}
