package azure

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"golang.org/x/sync/semaphore"

	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

const (
	tries = 6
	// longestWait is the longest that Retry-After may ask for; for more, the
	// next run is early enough.
	longestWait = time.Minute
	// fewTries is how often a connection that is refused is tried, or one that
	// something else takes. A service that restarts listens again within seconds;
	// where none does, a wrong address is told soon.
	fewTries = 3
	// longestFirst is for how long a store that never had an answer is asked
	// again: silence from the beginning is a firewall or a wrong address.
	longestFirst = time.Minute
	// slowest is the slowest upload, in bytes a second, that is not silence: the
	// transport does not say how far it got.
	slowest = 64 << 10
)

// errSilent: the service accepted a request and said nothing for too long.
var errSilent = errors.New("the service did not answer")

// silence is errSilent with its time. It is a time-out for those who look for one.
type silence time.Duration

func (s silence) Error() string { return fmt.Sprintf("%v for %s", errSilent, time.Duration(s)) }
func (silence) Unwrap() error   { return errSilent }
func (silence) Timeout() bool   { return true }
func (silence) Temporary() bool { return true }

// retryOptions leave waiting to the retry policy of azcore, which doubles,
// jitters and obeys Retry-After.
func retryOptions() policy.RetryOptions {
	return policy.RetryOptions{
		MaxRetries:    tries - 1,
		RetryDelay:    800 * time.Millisecond,
		MaxRetryDelay: longestWait,
		ShouldRetry:   shouldRetry,
	}
}

func shouldRetry(response *http.Response, err error) bool {
	if err != nil {
		return transient(err)
	}
	return transientStatus(response.StatusCode)
}

func transientStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// transient says whether a request that got no answer is worth another try. A
// host that does not exist is a wrong account name, and a certificate that is
// not trusted stays so: who waits for these learns of the mistake a minute later.
func transient(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return !dns.IsNotFound
	}
	if proxy, ok := errors.AsType[*entra.ProxyRefusal](err); ok {
		return transientStatus(proxy.Status)
	}
	if untrusted(err) {
		return false
	}
	if _, other := errors.AsType[*entra.Impostor](err); other {
		return true
	}
	if errors.Is(err, errSilent) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	_, network := errors.AsType[net.Error](err)
	return network && !errors.Is(err, context.Canceled)
}

func untrusted(err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	return verification || record || authority || errors.Is(err, http.ErrSchemeMismatch)
}

// lastError is a try that no other one is to follow.
type lastError struct{ error }

func (e *lastError) Unwrap() error { return e.error }

// NonRetriable tells the retry policy.
func (*lastError) NonRetriable() {}

// attempts sends single tries: it is the transport below the retry policy.
type attempts struct {
	inner    policy.Transporter
	places   *semaphore.Weighted
	patience time.Duration
	log      *slog.Logger // may be nil
	sent     atomic.Int64

	began    sync.Once
	first    time.Time   // when the first try was sent
	answered atomic.Bool // some try was
	silent   atomic.Bool // that the service does so is in the log
}

func newAttempts(inner policy.Transporter, places int, patience time.Duration, log *slog.Logger) *attempts {
	return &attempts{inner: inner, places: semaphore.NewWeighted(int64(places)), patience: patience, log: log}
}

// Do sends one try. Its place is free again when the response has been read.
func (a *attempts) Do(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if err := a.places.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	a.sent.Add(1)
	a.began.Do(func() { a.first = time.Now() })
	try := int32(1)
	if count, ok := ctx.Value(triesKey{}).(*atomic.Int32); ok {
		try = count.Add(1)
	}
	w := a.watch(ctx, r.ContentLength)
	response, err := a.inner.Do(r.WithContext(w.ctx)) //nolint:contextcheck // it comes from that of the request
	w.timer.Stop()
	if err != nil {
		w.end()
		return nil, a.failed(r, w.explain(err), try)
	}
	a.answered.Store(true)
	a.silent.Store(false)
	w.body = response.Body
	response.Body = w
	return response, nil
}

// failed warns of silence, and says whether another try is in vain.
func (a *attempts) failed(r *http.Request, err error, try int32) error {
	if timedOut(err) && a.log != nil && !a.silent.Swap(true) {
		a.log.LogAttrs(r.Context(), slog.LevelWarn, "storage does not answer",
			slog.String("host", r.URL.Host), slog.Int("attempt", int(try)), slog.String("error", withoutURL(err).Error()))
	}
	_, other := errors.AsType[*entra.Impostor](err)
	few := (other || entra.Refused(err)) && try >= fewTries
	if few || !a.answered.Load() && time.Since(a.first) >= longestFirst {
		return &lastError{err}
	}
	return err
}

func timedOut(err error) bool {
	network, ok := errors.AsType[net.Error](err)
	return ok && network.Timeout()
}

// triesKey is for a counter in the context of a request.
type triesKey struct{}

// countTries lets the caller see how often its request was sent.
func countTries(ctx context.Context) (context.Context, *atomic.Int32) {
	count := new(atomic.Int32)
	return context.WithValue(ctx, triesKey{}, count), count
}

// counted is a policy above the retries: below them, each try knows its number.
type counted struct{}

// Do gives the request a counter, unless its caller did.
func (counted) Do(r *policy.Request) (*http.Response, error) {
	ctx := r.Raw().Context()
	if ctx.Value(triesKey{}) == nil {
		ctx, _ = countTries(ctx)
		r = r.WithContext(ctx)
	}
	return r.Next()
}

// watched is a try that is given up when it is silent for too long; then it is
// the body of the response, each read of which has the same patience.
type watched struct {
	ctx      context.Context
	cancel   context.CancelCauseFunc
	timer    *time.Timer
	patience time.Duration
	body     io.ReadCloser
	release  func()
	ended    atomic.Bool
}

func (a *attempts) watch(ctx context.Context, upload int64) *watched {
	ctx, cancel := context.WithCancelCause(ctx)
	patience := a.patience + time.Duration(max(upload, 0))*time.Second/slowest
	return &watched{
		ctx: ctx, cancel: cancel, patience: patience,
		timer:   time.AfterFunc(patience, func() { cancel(silence(patience)) }),
		release: func() { a.places.Release(1) },
	}
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.patience)
	n, err := w.body.Read(p)
	w.timer.Stop()
	if err != nil && err != io.EOF { //nolint:errorlint // the end of a body is not wrapped
		err = w.explain(err)
	}
	return n, err
}

func (w *watched) Close() error {
	err := w.body.Close()
	w.end()
	return err
}

// explain says that silence was the cause where the transport says "canceled".
func (w *watched) explain(err error) error {
	if cause := context.Cause(w.ctx); errors.Is(cause, errSilent) {
		return cause
	}
	return err
}

func (w *watched) end() {
	if w.ended.CompareAndSwap(false, true) {
		w.timer.Stop()
		w.cancel(nil)
		w.release()
	}
}
