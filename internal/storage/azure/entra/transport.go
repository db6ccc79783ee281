package entra

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// usual is the transport of sign-ins: proxies of the environment, TLS 1.2, and
// no wait for a host that does not answer longer than a person would have.
var usual policy.Transporter = sync.OnceValue(func() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	transport.ResponseHeaderTimeout = 30 * time.Second
	transport.OnProxyConnectResponse = ProxyAnswer
	// Tokens are asked for once an hour: a connection is not worth keeping.
	transport.DisableKeepAlives = true
	return &http.Client{Transport: transport}
})()

// recorder notes errors of the network in the record of the request's context.
// The libraries in between make plain text of them.
type recorder struct{ to policy.Transporter }

// Do carries a request.
func (r recorder) Do(request *http.Request) (*http.Response, error) {
	to := r.to
	if to == nil {
		to = usual
	}
	response, err := to.Do(request)
	if heard, ok := request.Context().Value(recordKey{}).(*record); ok {
		heard.note(err)
	}
	return response, err
}

type recordKey struct{}

// record is the last error of the network during one sign-in, nil after an
// answer. The chain of credentials asks in turn, the libraries from goroutines
// of their own.
type record struct {
	mu  sync.Mutex
	err error
}

func withRecord(ctx context.Context) (context.Context, *record) {
	r := &record{}
	return context.WithValue(ctx, recordKey{}, r), r
}

func (r *record) note(err error) {
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = &unanswered{host: hostOf(err), err: request.Err}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *record) last() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// unanswered is an error of the network with the host that did not answer. It
// stands for a *url.Error, which callers take for one of their own request.
type unanswered struct {
	host string
	err  error
}

func (e *unanswered) Error() string { return e.host + ": " + e.err.Error() }
func (e *unanswered) Unwrap() error { return e.err }
