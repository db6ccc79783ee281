package fault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storage.Store { return fault.New(mem.New(nil), nil) })
}

var errBoom = errors.New("boom")

// run does one of each operation and stops at the first error.
func run(ctx context.Context, s storage.Store) error {
	if err := s.PutIfAbsent(ctx, "log/0.json", []byte("zero")); err != nil && !errors.Is(err, storage.ErrExists) {
		return err
	}
	w, err := s.Write(ctx, "data/1")
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write([]byte("0123456789")); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	for _, err := range s.List(ctx, "data/", storage.ListOptions{}) {
		if err != nil {
			return err
		}
	}
	if _, err := s.Stat(ctx, "data/1"); err != nil {
		return err
	}
	if _, err := storage.ReadAll(ctx, s, "data/1"); err != nil {
		return err
	}
	return s.Delete(ctx, "data/1")
}

var operations = []fault.Operation{
	{N: 1, Op: fault.PutIfAbsent, Path: "log/0.json"},
	{N: 2, Op: fault.Write, Path: "data/1"},
	{N: 3, Op: fault.WriteData, Path: "data/1"},
	{N: 4, Op: fault.Close, Path: "data/1"},
	{N: 5, Op: fault.List, Path: "data/"},
	{N: 6, Op: fault.Stat, Path: "data/1"},
	{N: 7, Op: fault.Read, Path: "data/1"},
	{N: 8, Op: fault.Delete, Path: "data/1"},
}

func TestOperationsAreNumbered(t *testing.T) {
	s := fault.New(mem.New(nil), nil)
	if err := run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(operations, s.Operations()); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	if s.Count() != len(operations) {
		t.Errorf("%d operations are counted, want %d", s.Count(), len(operations))
	}
}

// Cut at each operation, before it or with its reply lost: the run stops there
// with the error, what was carried out is there, and a second run mends it.
func TestCutEverywhere(t *testing.T) {
	for _, o := range operations {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s,lost=%v", o, lost), func(t *testing.T) {
				action := fault.Fail(errBoom)
				if lost {
					action = fault.Lose(errBoom)
				}
				inner := mem.New(nil)
				s := fault.New(inner, fault.From(o.N, action))
				err := run(t.Context(), s)
				var e *storage.Error
				if !errors.Is(err, errBoom) || !errors.As(err, &e) || e.Path != inner.URL(o.Path) {
					t.Errorf("the run ended with %v", err)
				}
				if got := s.Operations()[o.N-1]; got != o {
					t.Errorf("cut at %s", got)
				}
				carriedOut := o.N
				if !lost {
					carriedOut--
				}
				if diff := cmp.Diff(filesAfter(carriedOut), paths(t, inner)); diff != "" {
					t.Errorf("files (-want +got):\n%s", diff)
				}
				if err := run(t.Context(), inner); err != nil {
					t.Errorf("the next run: %v", err)
				}
			})
		}
	}
}

// filesAfter is what the store holds after the first n operations.
func filesAfter(n int) []string {
	files := []string{}
	if n >= 4 && n < 8 {
		files = append(files, "data/1")
	}
	if n >= 1 {
		files = append(files, "log/0.json")
	}
	return files
}

func paths(t *testing.T, s storage.Store) []string {
	t.Helper()
	found := []string{}
	for e, err := range s.List(t.Context(), "", storage.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, e.Path)
	}
	return found
}

func TestAbortIsAnOperation(t *testing.T) {
	s := fault.New(mem.New(nil), fault.Match(fault.Abort, "*", 1, fault.Fail(errBoom)))
	w, err := s.Write(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); !errors.Is(err, errBoom) {
		t.Errorf("Abort: %v", err)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("a second Abort: %v", err)
	}
	if s.Count() != 2 {
		t.Errorf("operations: %v", s.Operations())
	}
}

// A file of which a piece was lost must not be published, although the store
// below knows nothing of the loss.
func TestFailedWriteSpoilsTheFile(t *testing.T) {
	inner := mem.New(nil)
	s := fault.New(inner, fault.Match(fault.WriteData, "a", 2, fault.Fail(errBoom)))
	w, err := s.Write(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	var errs []error
	for range 3 {
		_, err := w.Write([]byte("piece"))
		errs = append(errs, err)
	}
	if !slices.Equal([]bool{errs[0] == nil, errors.Is(errs[1], errBoom), errs[2] == nil}, []bool{true, true, true}) {
		t.Errorf("writes: %v", errs)
	}
	if err := w.Close(); !errors.Is(err, errBoom) {
		t.Errorf("Close: %v", err)
	}
	if files := paths(t, inner); len(files) != 0 {
		t.Errorf("published: %v", files)
	}
}

func TestListLosesItsEnd(t *testing.T) {
	inner := mem.New(nil)
	for _, path := range []string{"a", "b"} {
		if err := inner.PutIfAbsent(t.Context(), path, nil); err != nil {
			t.Fatal(err)
		}
	}
	s := fault.New(inner, fault.Match(fault.List, "", 0, fault.Lose(errBoom)))
	seen, errs := 0, 0
	for _, err := range s.List(t.Context(), "", storage.ListOptions{}) {
		if errors.Is(err, errBoom) {
			errs++
		} else {
			seen++
		}
	}
	if seen != 2 || errs != 1 {
		t.Errorf("%d entries and %d errors, want 2 and 1", seen, errs)
	}
	for range s.List(t.Context(), "", storage.ListOptions{}) {
		break // a consumer that left is told nothing more
	}
}

func TestCutBreaksOffARead(t *testing.T) {
	inner := mem.New(nil)
	if err := inner.PutIfAbsent(t.Context(), "a", bytes.Repeat([]byte("x"), 10)); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[int64]int{0: 0, 4: 4, 10: 10, 11: 10} {
		s := fault.New(inner, fault.At(1, fault.Cut(after, errBoom)))
		body, err := s.ReadRange(t.Context(), "a", storage.All)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if len(got) != want || errors.Is(err, errBoom) != (after <= 10) {
			t.Errorf("cut after %d: %d bytes, %v", after, len(got), err)
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestCalls(t *testing.T) {
	var calls []string
	inner := mem.New(nil)
	note := func(when string) func() {
		return func() {
			_, err := inner.Stat(t.Context(), "a")
			calls = append(calls, fmt.Sprintf("%s: there %v", when, err == nil))
		}
	}
	s := fault.New(inner, fault.First(
		fault.At(1, fault.Call(note("before"))),
		fault.Match(fault.Delete, "a", 1, fault.CallAfter(note("after"))),
	))
	if err := errors.Join(s.PutIfAbsent(t.Context(), "a", nil), s.Delete(t.Context(), "a")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"before: there false", "after: there false"}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
