package control

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/storage/azure/probe"
	"github.com/sluicedata/sluice/internal/storage/local"
)

// stores opens each location once: pipelines of one connection share its
// requests in flight and its token.
type stores struct {
	clock func() time.Time
	log   *slog.Logger

	mu   sync.Mutex
	open map[spec.Location]storage.Store
}

// theLake is what the lake is called; it is written to.
const theLake = "lake"

// at gives the store of a location. Opening sends no request; what cannot be
// reached shows with the first one.
func (s *stores) at(l spec.Location, what string) (storage.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if store, ok := s.open[l]; ok {
		return store, nil
	}
	store, err := s.openStore(l, what == theLake)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrEnvironment, what, err)
	}
	if what == theLake {
		store = logCommits(store, s.log, s.clock)
	}
	if s.open == nil {
		s.open = map[spec.Location]storage.Store{}
	}
	s.open[l] = store
	return store, nil
}

// close lets go of connections.
func (s *stores) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, store := range s.open {
		if c, ok := store.(interface{ Close() error }); ok {
			errs = append(errs, c.Close())
		}
	}
	s.open = nil
	return errors.Join(errs...)
}

func (s *stores) openStore(l spec.Location, write bool) (storage.Store, error) {
	if l.IsLocal() {
		return local.New(l.Path)
	}
	name, container, root, service, err := azure.ParseURL(l.URL, l.Access.Endpoint)
	if err != nil {
		return nil, err
	}
	config := azure.Config{
		Endpoint: service, Account: name, Container: container, Root: root, URL: l.URL,
		AccountKey: l.Access.AccountKey.Reveal(), SASToken: l.Access.SASToken.Reveal(), Log: s.log,
	}
	if config.AccountKey == "" && config.SASToken == "" {
		if config.Credential, err = s.credential(l.Access); err != nil {
			return nil, err
		}
	}
	store, err := azure.New(config)
	if err != nil {
		return nil, err
	}
	account := probe.Account{
		Name: name, Container: container, Service: service, Entra: signIn(l.Access),
		Key: config.AccountKey, SAS: config.SASToken, Credential: config.Credential,
	}
	return &diagnosed{store, account.About(write, time.Time{}), s.clock}, nil
}

// credential signs in as the configuration says.
func (s *stores) credential(a spec.Access) (azcore.TokenCredential, error) {
	o := signIn(a)
	o.Log = s.log
	return entra.New(o)
}

// signIn is the configuration's way to sign in.
func signIn(a spec.Access) entra.Options {
	return entra.Options{
		TenantID: a.TenantID, ClientID: a.ClientID, ClientSecret: a.ClientSecret.Reveal(),
		CertificatePath: a.ClientCertificatePath, CertificatePassword: a.ClientCertificatePassword.Reveal(),
		Credential: entra.Way(a.Credential), AuthorityHost: a.AuthorityHost, Scope: a.Scope,
	}
}
