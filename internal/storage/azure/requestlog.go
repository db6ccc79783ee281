package azure

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Logged is a transport that writes a line for every try, at level debug, when
// its answer has been read:
//
//	msg="storage request" method=GET path=/c/a.csv range=bytes=0-99 attempt=1 sent=0 status=206 received=100 duration=38ms
//
// Of the query, which may hold a signature, the line has what names the
// operation. Without a logger it is the transport itself.
func Logged(inner policy.Transporter, log *slog.Logger) policy.Transporter {
	if log == nil {
		return inner
	}
	return &requestLog{inner, log}
}

type requestLog struct {
	inner policy.Transporter
	log   *slog.Logger
}

// Do sends a try.
func (l *requestLog) Do(r *http.Request) (*http.Response, error) {
	if !l.log.Enabled(r.Context(), slog.LevelDebug) {
		return l.inner.Do(r)
	}
	line := &requestLine{log: l.log, ctx: r.Context(), began: time.Now()}
	line.describe(r)
	response, err := l.inner.Do(r)
	if err != nil {
		line.attrs = append(line.attrs, slog.String("error", withoutURL(err).Error()))
		line.end(0)
		return nil, err
	}
	line.attrs = append(line.attrs, slog.Int("status", response.StatusCode))
	line.add("code", response.Header.Get("X-Ms-Error-Code"))
	response.Body = &loggedBody{ReadCloser: response.Body, line: line}
	return response, nil
}

// requestLine collects the line of one try.
type requestLine struct {
	log   *slog.Logger
	ctx   context.Context //nolint:containedctx // that of the try, which is one call
	began time.Time
	attrs []slog.Attr
}

func (l *requestLine) describe(r *http.Request) {
	l.attrs = append(l.attrs, slog.String("method", r.Method), slog.String("path", r.URL.Path))
	query := r.URL.Query()
	for _, name := range []string{"restype", "comp", "prefix", "marker"} {
		l.add(name, query.Get(name))
	}
	for name, values := range r.Header { // the SDK spells names in its own way
		if strings.EqualFold(name, "x-ms-range") {
			l.add("range", values[0])
		}
	}
	try := int32(1)
	if count, ok := r.Context().Value(triesKey{}).(*atomic.Int32); ok {
		try = count.Load()
	}
	l.attrs = append(l.attrs, slog.Int("attempt", int(try)), slog.Int64("sent", max(0, r.ContentLength)))
}

// add an attribute that is not empty.
func (l *requestLine) add(name, value string) {
	if value != "" {
		l.attrs = append(l.attrs, slog.String(name, value))
	}
}

func (l *requestLine) end(received int64) {
	l.attrs = append(l.attrs, slog.Int64("received", received), slog.Duration("duration", time.Since(l.began).Round(time.Microsecond)))
	l.log.LogAttrs(l.ctx, slog.LevelDebug, "storage request", l.attrs...)
}

// loggedBody ends the line when it is closed.
type loggedBody struct {
	io.ReadCloser

	line     *requestLine
	received int64
	ended    atomic.Bool
}

func (b *loggedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.received += int64(n)
	return n, err
}

// Close writes the line, once.
func (b *loggedBody) Close() error {
	err := b.ReadCloser.Close()
	if b.ended.CompareAndSwap(false, true) {
		b.line.end(b.received)
	}
	return err
}
