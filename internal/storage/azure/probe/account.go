package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

// patience with one request: who looks at a connection sits before it.
const patience = 20 * time.Second

// Account is a container of a storage account, and how requests to it are
// signed: by one of Credential, Key and SAS.
type Account struct {
	// Name of the account, for texts.
	Name, Container string
	// Service is the URL of the blob service, without a slash at its end.
	Service string
	// Options of the sign-in, for texts; the zero value without one.
	Entra      entra.Options
	Credential azcore.TokenCredential
	Key        string // base64
	SAS        string // with or without '?'
	// Transport sends the requests; nil for one that lasts as long as each.
	Transport policy.Transporter
	// Log gets a line for every request, at level debug; nil for none.
	Log *slog.Logger
}

// About is what entra.Diagnose names in its texts.
func (a *Account) About(write bool, now time.Time) entra.About {
	return entra.About{
		Account: a.Name, Container: a.Container, Write: write, Now: now,
		Way: a.way(), TenantID: a.Entra.TenantID, ClientID: a.Entra.ClientID, SAS: entra.ParseSAS(a.SAS),
	}
}

func (a *Account) way() entra.Way {
	switch {
	case a.Key != "":
		return entra.AccountKey
	case a.SAS != "":
		return entra.SASToken
	}
	return a.Entra.Way()
}

// Reached is how a service answers.
type Reached struct {
	Address string // of the host, or of the proxy before it
	TLS     string // version, empty without
	Clock   time.Time
	Took    time.Duration
}

// Reach sends a request without credentials. Whatever is answered, the service
// is there.
func (a *Account) Reach(ctx context.Context, now func() time.Time) (Reached, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var r Reached
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(c httptrace.GotConnInfo) { r.Address = c.Conn.RemoteAddr().String() },
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Service+"/?comp=list&maxresults=1", http.NoBody)
	if err != nil {
		return r, err
	}
	began := now()
	response, err := a.transport().Do(request)
	if err != nil {
		return r, err
	}
	defer response.Body.Close()
	r.Took = now().Sub(began)
	if response.TLS != nil {
		r.TLS = tls.VersionName(response.TLS.Version)
	}
	if at, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		r.Clock = at
	}
	return r, nil
}

// Token signs in.
func (a *Account) Token(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	_, err := a.Credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{entra.DefaultScope}})
	return err
}

// ShowsContainer reports whether the signature can be one that shows the
// container: shared access signatures mostly are for its blobs alone.
func (a *Account) ShowsContainer() bool { return a.SAS == "" }

// See asks for the container's properties.
func (a *Account) See(ctx context.Context) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err = client.NewContainerClient(a.Container).GetProperties(ctx, nil)
	return err
}

// Hierarchical tells whether the account has a hierarchical namespace. Readers of
// a container may not ask for that, but the listing shows it: only there has a
// blob a type.
func (a *Account) Hierarchical(ctx context.Context) (bool, error) {
	client, err := a.client()
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	inside := client.NewContainerClient(a.Container)
	info, err := inside.GetAccountInfo(ctx, nil)
	if err == nil && info.IsHierarchicalNamespaceEnabled != nil {
		return *info.IsHierarchicalNamespaceEnabled, nil
	}
	one := int32(1)
	page, err := inside.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{MaxResults: &one}).NextPage(ctx)
	switch {
	case err != nil:
		return false, err
	case page.Segment == nil || len(page.Segment.BlobItems) == 0:
		return false, errors.New("an empty container does not show it")
	}
	properties := page.Segment.BlobItems[0].Properties
	return properties != nil && properties.ResourceType != nil, nil
}

// Fate is what became of a container that is not there.
type Fate struct {
	// Deleted containers of that name can be restored by Version for Days more.
	Deleted bool
	Version string
	Days    int32
	// Others that the account has, the first few.
	Others []string
}

// others is how many containers a person reads through.
const others = 8

// Fate looks for the container among those of the account, which not every
// identity may list.
func (a *Account) Fate(ctx context.Context) (Fate, error) {
	client, err := a.client()
	if err != nil {
		return Fate{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var fate Fate
	pages := client.NewListContainersPager(&service.ListContainersOptions{Include: service.ListContainersInclude{Deleted: true}})
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return Fate{}, err
		}
		for _, item := range page.ContainerItems {
			fate.add(a.Container, item)
		}
	}
	return fate, nil
}

func (f *Fate) add(wanted string, item *service.ContainerItem) {
	switch {
	case item.Name == nil:
	case *item.Name == wanted && item.Deleted != nil && *item.Deleted:
		f.Deleted = true
		if item.Version != nil {
			f.Version = *item.Version
		}
		if item.Properties != nil && item.Properties.RemainingRetentionDays != nil {
			f.Days = *item.Properties.RemainingRetentionDays
		}
	case (item.Deleted == nil || !*item.Deleted) && len(f.Others) < others:
		f.Others = append(f.Others, *item.Name)
	}
}

// client makes a client that tries twice: a person waits for the answer.
func (a *Account) client() (*service.Client, error) {
	options := &service.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: a.transport(),
		Retry:     policy.RetryOptions{MaxRetries: 1, RetryDelay: time.Second},
		Telemetry: policy.TelemetryOptions{ApplicationID: "sluice"},
	}}
	switch {
	case a.Credential != nil:
		return service.NewClient(a.Service, a.Credential, options)
	case a.Key != "":
		key, err := azblob.NewSharedKeyCredential(a.Name, a.Key)
		if err != nil {
			return nil, fmt.Errorf("account_key is not base64: %s", strings.TrimPrefix(err.Error(), "decode account key: "))
		}
		return service.NewClientWithSharedKeyCredential(a.Service, key, options)
	case a.SAS != "":
		return service.NewClientWithNoCredential(a.Service+"/?"+strings.TrimPrefix(a.SAS, "?"), options)
	}
	return service.NewClientWithNoCredential(a.Service, options)
}

func (a *Account) transport() policy.Transporter {
	if a.Transport != nil {
		return azure.Logged(a.Transport, a.Log)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	transport.OnProxyConnectResponse = entra.ProxyAnswer
	transport.DisableKeepAlives = true
	return azure.Logged(&http.Client{Transport: transport}, a.Log)
}
