// Package fault is a [storage.Store] that goes wrong where a test wants it to,
// so that a run can be cut at every one of its storage operations.
//
// Operations are numbered from 1 in the order in which they reach the store:
//
//	list, stat, read, delete, put-if-absent    one each
//	write                                      opening the writer
//	write-data, close, abort                   each call on the writer
//
// A listing counts when it is walked, not when List returns. Reading on in an
// open range is no operation, since the pieces depend on buffers; [Cut] breaks
// it off instead. A file read by [storage.ReaderAt] is one read per ReadAt:
// [storage.RandomAccess] is left out on purpose.
//
// A [Plan] sees each operation before it is carried out and answers with an
// [Action]. To prove that a run survives a crash anywhere:
//
//	count := fault.New(fresh(), nil)
//	run(count)
//	for n := 1; n <= count.Count(); n++ {
//		disk := fresh()
//		run(fault.New(disk, fault.From(n, fault.Fail(errCrash))))   // or Lose
//		run(disk)                                                   // must end as if never cut
//	}
//
// [From] rather than [At]: a process that is gone does not tidy up either.
//
// What fails is not carried out, tidying up included: a writer whose Close or
// Abort fails leaves behind in the store below what a crash would leave.
//
// Errors come wrapped in [*storage.Error], as those of any store.
package fault

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"

	"github.com/sluicedata/sluice/internal/storage"
)

// Op names what is done.
type Op string

// The operations, by the words that rules use.
const (
	List        Op = "list"
	Stat        Op = "stat"
	Read        Op = "read"
	Write       Op = "write"
	WriteData   Op = "write-data"
	Close       Op = "close"
	Abort       Op = "abort"
	PutIfAbsent Op = "put-if-absent"
	Delete      Op = "delete"
)

var ops = []Op{List, Stat, Read, Write, WriteData, Close, Abort, PutIfAbsent, Delete}

// Operation is one that reached the store. Path is the prefix for a listing.
type Operation struct {
	N    int
	Op   Op
	Path string
}

func (o Operation) String() string { return fmt.Sprintf("%d %s %s", o.N, o.Op, o.Path) }

// Store is a store under a plan. It is safe for concurrent use; the plan is
// asked by one goroutine at a time, actions run side by side.
type Store struct {
	inner storage.Store

	mu   sync.Mutex
	plan Plan
	seen []Operation
}

var _ storage.Store = (*Store)(nil)

// New puts a store under a plan. A nil plan lets everything pass and counts.
func New(inner storage.Store, plan Plan) *Store {
	if plan == nil {
		plan = func(Operation) Action { return Pass() }
	}
	return &Store{inner: inner, plan: plan}
}

// Count is how many operations reached the store.
func (s *Store) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// Operations are those that reached the store, in order.
func (s *Store) Operations() []Operation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// decide numbers an operation and asks the plan.
func (s *Store) decide(op Op, path string) Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := Operation{N: len(s.seen) + 1, Op: op, Path: path}
	s.seen = append(s.seen, o)
	return s.plan(o)
}

// do carries an operation out as the plan wants it.
func (s *Store) do(op Op, path string, carryOut func() error) error {
	return s.act(s.decide(op, path), op, path, carryOut)
}

func (s *Store) act(a Action, op Op, path string, carryOut func() error) error {
	if err := call(a.before); err != nil {
		return s.fail(op, path, err)
	}
	err := carryOut()
	if lost := call(a.after); lost != nil {
		return s.fail(op, path, lost)
	}
	return err
}

func (s *Store) fail(op Op, path string, err error) error {
	switch op {
	case WriteData, Close, Abort:
		op = Write
	}
	return storage.NewError(string(op), s.inner.URL(path), err)
}

// URL is that of the store below.
func (s *Store) URL(path string) string { return s.inner.URL(path) }

// List fails before its first entry, or behind its last when the reply is lost.
func (s *Store) List(ctx context.Context, prefix string, opts storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		over := false
		err := s.do(List, prefix, func() error {
			for e, err := range s.inner.List(ctx, prefix, opts) {
				if over = !yield(e, err) || err != nil; over {
					break
				}
			}
			return nil
		})
		if err != nil && !over {
			yield(storage.Entry{}, err)
		}
	}
}

// Stat asks the store below.
func (s *Store) Stat(ctx context.Context, path string) (e storage.Entry, err error) {
	err = s.do(Stat, path, func() (err error) {
		e, err = s.inner.Stat(ctx, path)
		return err
	})
	if err != nil {
		return storage.Entry{}, err
	}
	return e, nil
}

// ReadRange opens a range, and lets it break off where a [Cut] says so.
func (s *Store) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	var body io.ReadCloser
	a := s.decide(Read, path)
	err := s.act(a, Read, path, func() (err error) {
		body, err = s.inner.ReadRange(ctx, path, r)
		return err
	})
	switch {
	case err != nil && body != nil:
		_ = body.Close() // the reply with it is lost
		return nil, err
	case err != nil:
		return nil, err
	case a.cut != nil:
		return &cutBody{ReadCloser: body, left: a.cut.after, err: s.fail(Read, path, a.cut.err)}, nil
	}
	return body, nil
}

// PutIfAbsent asks the store below.
func (s *Store) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	return s.do(PutIfAbsent, path, func() error { return s.inner.PutIfAbsent(ctx, path, data) })
}

// Delete asks the store below.
func (s *Store) Delete(ctx context.Context, path string) error {
	return s.do(Delete, path, func() error { return s.inner.Delete(ctx, path) })
}

// Write opens a writer whose calls are operations, too.
func (s *Store) Write(ctx context.Context, path string) (storage.Writer, error) {
	var inner storage.Writer
	err := s.do(Write, path, func() (err error) {
		inner, err = s.inner.Write(ctx, path)
		return err
	})
	if err != nil {
		if inner != nil {
			_ = inner.Abort() // the reply with it is lost
		}
		return nil, err
	}
	return &writer{store: s, path: path, inner: inner}, nil
}

// writer hands each call on under the plan. As the contract wants it, a failed
// Write spoils the file, and nothing can be done after Close, whatever the plan
// made of it.
type writer struct {
	store *Store
	path  string
	inner storage.Writer
	err   error
	ended bool
}

func (w *writer) Write(p []byte) (n int, err error) {
	err = w.store.do(WriteData, w.path, func() (err error) {
		n, err = w.inner.Write(p)
		return err
	})
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

func (w *writer) Close() error {
	ended := w.ended
	w.ended = true
	return w.store.do(Close, w.path, func() error {
		if w.err != nil && !ended {
			_ = w.inner.Abort() // the error that spoilt the file says more
			return w.err
		}
		return w.inner.Close()
	})
}

func (w *writer) Abort() error {
	if w.ended {
		return nil
	}
	w.ended = true
	return w.store.do(Abort, w.path, w.inner.Abort)
}

// cutBody ends with an error after some bytes.
type cutBody struct {
	io.ReadCloser
	left int64
	err  error
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, b.err
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
