package control

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

// diagnosed is a store in Azure whose errors say what to do, in the words that
// sluice check uses.
type diagnosed struct {
	*azure.Store

	about entra.About
	clock func() time.Time
}

var _ storage.Store = (*diagnosed)(nil)

// hinted is an error with its remedy, which report.Failure shows.
type hinted struct {
	error

	hint string
}

// Hint says what to do.
func (e *hinted) Hint() string  { return e.hint }
func (e *hinted) Unwrap() error { return e.error }

// explain adds the remedy to an error that has one.
func (d *diagnosed) explain(err error) error {
	if err == nil {
		return nil
	}
	about := d.about
	about.Now = d.clock()
	if diagnosis, ok := entra.Diagnose(err, about); ok && diagnosis.Fix != "" {
		return &hinted{err, diagnosis.Fix}
	}
	return err
}

func (d *diagnosed) List(ctx context.Context, prefix string, opts storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		for entry, err := range d.Store.List(ctx, prefix, opts) {
			if !yield(entry, d.explain(err)) {
				return
			}
		}
	}
}

func (d *diagnosed) Stat(ctx context.Context, path string) (storage.Entry, error) {
	entry, err := d.Store.Stat(ctx, path)
	return entry, d.explain(err)
}

func (d *diagnosed) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	body, err := d.Store.ReadRange(ctx, path, r)
	return body, d.explain(err)
}

func (d *diagnosed) Write(ctx context.Context, path string) (storage.Writer, error) {
	w, err := d.Store.Write(ctx, path)
	if err != nil {
		return nil, d.explain(err)
	}
	return &diagnosedWriter{w, d}, nil
}

func (d *diagnosed) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	return d.explain(d.Store.PutIfAbsent(ctx, path, data))
}

func (d *diagnosed) Delete(ctx context.Context, path string) error {
	return d.explain(d.Store.Delete(ctx, path))
}

// diagnosedWriter is a writer into such a store.
type diagnosedWriter struct {
	storage.Writer

	store *diagnosed
}

func (w *diagnosedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	return n, w.store.explain(err)
}

func (w *diagnosedWriter) Close() error { return w.store.explain(w.Writer.Close()) }
