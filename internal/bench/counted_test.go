package main

import (
	"context"
	"io"
	"iter"
	"sync/atomic"

	"github.com/sluicedata/sluice/internal/storage"
)

// counted is a store that counts requests, and bytes of files that are published.
type counted struct {
	storage.Store

	requests, written atomic.Int64
}

func count(inner storage.Store) *counted { return &counted{Store: inner} }

func (s *counted) List(ctx context.Context, prefix string, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	s.requests.Add(1)
	return s.Store.List(ctx, prefix, o)
}

func (s *counted) Stat(ctx context.Context, path string) (storage.Entry, error) {
	s.requests.Add(1)
	return s.Store.Stat(ctx, path)
}

func (s *counted) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	s.requests.Add(1)
	return s.Store.ReadRange(ctx, path, r)
}

func (s *counted) Write(ctx context.Context, path string) (storage.Writer, error) {
	s.requests.Add(1)
	w, err := s.Store.Write(ctx, path)
	return &countedWriter{Writer: w, store: s}, err
}

func (s *counted) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	s.requests.Add(1)
	s.written.Add(int64(len(data)))
	return s.Store.PutIfAbsent(ctx, path, data)
}

func (s *counted) Delete(ctx context.Context, path string) error {
	s.requests.Add(1)
	return s.Store.Delete(ctx, path)
}

type countedWriter struct {
	storage.Writer

	store *counted
	bytes int64
}

func (w *countedWriter) Write(data []byte) (int, error) {
	n, err := w.Writer.Write(data)
	w.bytes += int64(n)
	return n, err
}

func (w *countedWriter) Close() error {
	w.store.written.Add(w.bytes)
	return w.Writer.Close()
}
