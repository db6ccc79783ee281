package azure

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"golang.org/x/sync/semaphore"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

const (
	defaultRequests  = 32
	defaultReadAhead = 32 << 20
	defaultPatience  = 30 * time.Second
)

// Config says where a store is and how it is reached. Exactly one of Credential,
// AccountKey and SASToken is set.
type Config struct {
	// Endpoint is the URL of the blob service, as [ParseURL] returns it; empty
	// means https://ACCOUNT.blob.core.windows.net.
	Endpoint string
	// Account is the name of the storage account. It may be empty if Endpoint
	// is set and AccountKey is not.
	Account string
	// Container must exist: a store does not create it.
	Container string
	// Root is the folder in the container that all paths lie below; empty means
	// the whole container.
	Root string
	// URL is the store's root as the user wrote it, for [Store.URL] and errors;
	// empty means the https form.
	URL string

	Credential azcore.TokenCredential
	AccountKey string // base64
	SASToken   string // with or without '?'

	// Requests bounds the requests in flight; 0 means 32.
	Requests int
	// ReadAhead bounds the bytes that readers and writers of this store hold
	// beyond one block each; 0 means 32 MiB.
	ReadAhead int64
	// Patience is for how long a request may be silent before it is given up
	// and tried again; 0 means 30 s.
	Patience time.Duration
	// Transport sends the requests; nil means one of the store's own.
	Transport policy.Transporter
	// Log gets a line for every request, at level debug, and a warning when the
	// service falls silent; nil for none.
	Log *slog.Logger
}

// Store is a folder of a container as a store.
type Store struct {
	container *container.Client
	root      string // "" or with '/' at its end
	names     naming
	attempts  *attempts
	ahead     *semaphore.Weighted
	namespace atomic.Int32 // a namespace, as listings show it
	close     func()
}

var _ storage.Store = (*Store)(nil)

// New makes a store. It sends no request.
func New(c Config) (*Store, error) {
	s, err := newStore(c)
	if err != nil {
		return nil, fmt.Errorf("opening the azure container %q: %w", c.Container, err)
	}
	return s, nil
}

func newStore(c Config) (*Store, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Endpoint == "" {
		c.Endpoint = "https://" + c.Account + blobSuffix
	}
	names, err := newNaming(c)
	if err != nil {
		return nil, err
	}
	s := &Store{
		names: names,
		ahead: semaphore.NewWeighted(cmp.Or(c.ReadAhead, defaultReadAhead)),
		close: func() {},
	}
	if c.Root != "" {
		s.root = c.Root + "/"
	}
	places := cmp.Or(c.Requests, defaultRequests)
	if c.Transport == nil {
		own := newTransport(places)
		c.Transport, s.close = &http.Client{Transport: own}, own.CloseIdleConnections
	}
	s.attempts = newAttempts(genuine{Logged(c.Transport, c.Log)}, places, cmp.Or(c.Patience, defaultPatience), c.Log)
	s.container, err = newClient(c, s.attempts)
	return s, err
}

// Close closes idle connections. The store can be used on.
func (s *Store) Close() error {
	s.close()
	return nil
}

// Requests is how many HTTP requests were sent, repeated ones included.
func (s *Store) Requests() int64 { return s.attempts.sent.Load() }

func (c Config) check() error {
	credentials := 0
	for _, set := range []bool{c.Credential != nil, c.AccountKey != "", c.SASToken != ""} {
		if set {
			credentials++
		}
	}
	switch {
	case c.Container == "":
		return errors.New("no container is named")
	case strings.ContainsAny(c.Container, "/?#"):
		return errors.New("it is not the name of a container")
	case c.Account == "" && (c.Endpoint == "" || c.AccountKey != ""):
		return errors.New("no storage account is named")
	case credentials != 1:
		return fmt.Errorf("it needs one of a token credential, an account key and a SAS token, %d are given", credentials)
	case c.Requests < 0 || c.ReadAhead < 0 || c.Patience < 0:
		return errors.New("a limit is negative")
	case c.Root == "":
		return nil
	}
	return storage.CheckPath(c.Root)
}

// newTransport takes bodies as they are: content that is stored compressed is
// to be read compressed, in the length that its headers say.
func newTransport(connections int) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        connections,
		MaxIdleConnsPerHost: connections,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		DisableCompression:  true,

		OnProxyConnectResponse: entra.ProxyAnswer,
	}
}

func newClient(c Config, a *attempts) (*container.Client, error) {
	address := strings.TrimSuffix(c.Endpoint, "/") + "/" + url.PathEscape(c.Container)
	options := &container.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport:       a,
		Retry:           retryOptions(),
		Telemetry:       policy.TelemetryOptions{ApplicationID: "sluice"},
		PerCallPolicies: []policy.Policy{counted{}},
	}}
	switch {
	case c.Credential != nil:
		return container.NewClient(address, c.Credential, options)
	case c.AccountKey != "":
		key, err := blob.NewSharedKeyCredential(c.Account, c.AccountKey)
		if err != nil {
			return nil, fmt.Errorf("the account key is not the base64 text of one: %w", err)
		}
		return container.NewClientWithSharedKeyCredential(address, key, options)
	}
	sas := strings.TrimPrefix(c.SASToken, "?")
	// What url.ParseQuery has to say about it would show a part of it.
	if values, err := url.ParseQuery(sas); err != nil || values.Get("sig") == "" {
		return nil, errors.New("the SAS token has no signature (sig=…); copy it whole, as the portal shows it")
	}
	return container.NewClientWithNoCredential(address+"?"+sas, options)
}
