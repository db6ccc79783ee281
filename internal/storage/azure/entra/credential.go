package entra

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// New makes the credential that the options mean. It asks nobody; errors are
// those of the options and of files that they name.
func New(o Options) (azcore.TokenCredential, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	inner, err := o.inner()
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &credential{inner: inner, log: o.Log, scope: cmp.Or(o.Scope, DefaultScope), about: SignInError{
		Way: o.Way(), Authority: o.Authority(), TenantID: o.TenantID, ClientID: o.ClientID,
		secrets: []string{o.ClientSecret, o.CertificatePassword},
	}}, nil
}

func (o *Options) inner() (azcore.TokenCredential, error) {
	way := o.Way()
	trusted := o.DisableInstanceDiscovery || !discoverable(o.Authority())
	var inner azcore.TokenCredential
	var err error
	switch way {
	case ClientSecret:
		inner, err = azidentity.NewClientSecretCredential(o.TenantID, o.ClientID, o.ClientSecret,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: o.client(), DisableInstanceDiscovery: trusted})
	case ClientCertificate:
		return o.certificate(trusted)
	case ManagedIdentity:
		inner, err = azidentity.NewManagedIdentityCredential(o.managedIdentity())
	case WorkloadIdentity:
		inner, err = azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: o.client(), DisableInstanceDiscovery: trusted, ClientID: o.ClientID, TenantID: o.TenantID})
	case AzureCLI:
		inner, err = azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: o.TenantID})
	default:
		inner, err = azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
			ClientOptions: o.client(), DisableInstanceDiscovery: trusted, TenantID: o.TenantID})
	}
	if err != nil {
		return nil, fmt.Errorf("%w with %s: %s", ErrOptions, way, firstLine(err.Error()))
	}
	return inner, nil
}

// managedIdentity has a transport only where one was given: on Service Fabric
// the library takes none but its own.
func (o *Options) managedIdentity() *azidentity.ManagedIdentityCredentialOptions {
	opts := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: o.client()}
	if o.Transport == nil {
		opts.Transport = nil
	}
	if o.ClientID != "" {
		opts.ID = azidentity.ClientID(o.ClientID)
	}
	return opts
}

func (o *Options) certificate(trusted bool) (azcore.TokenCredential, error) {
	data, err := os.ReadFile(o.CertificatePath)
	if err != nil {
		return nil, fmt.Errorf("%w: client_certificate_path: %w; name a PEM or PKCS#12 file that this user can read", ErrOptions, err)
	}
	certs, key, err := parseCertificate(data, o.CertificatePassword)
	if err != nil {
		return nil, fmt.Errorf("%w: client_certificate_path %s: %w", ErrOptions, o.CertificatePath, err)
	}
	inner, err := azidentity.NewClientCertificateCredential(o.TenantID, o.ClientID, certs, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: o.client(), DisableInstanceDiscovery: trusted})
	if err != nil {
		return nil, fmt.Errorf("%w with client_certificate_path %s: %s", ErrOptions, o.CertificatePath, firstLine(err.Error()))
	}
	return inner, nil
}

// credential asks for one scope, and explains what fails.
type credential struct {
	inner azcore.TokenCredential
	log   *slog.Logger
	scope string
	about SignInError // without what failed
}

// GetToken gives a token for the configured scope.
func (c *credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	o.Scopes = []string{c.scope}
	// A storage account of another tenant names that tenant. Asking there would
	// fail in a library's words; the service's own answer tells more.
	o.TenantID = ""
	ctx, heard := withRecord(ctx)
	began := time.Now()
	token, err := c.inner.GetToken(ctx, o)
	if err != nil && ctx.Err() != nil {
		return token, ctx.Err()
	}
	if err != nil {
		failed := c.about
		failed.cause, failed.network = err, heard.last()
		c.tell(ctx, began, slog.String("error", failed.Error()))
		return token, &failed
	}
	c.tell(ctx, began, slog.Time("expires", token.ExpiresOn.UTC()))
	return token, nil
}

// tell writes a line of the log: who signed in, where, and how that ended. The
// token itself is in no text.
func (c *credential) tell(ctx context.Context, began time.Time, ended slog.Attr) {
	if !c.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "token request", slog.String("with", string(c.about.Way)), slog.String("authority", c.about.Authority),
		slog.String("tenant_id", c.about.TenantID), slog.String("client_id", c.about.ClientID), slog.String("scope", c.scope),
		slog.Duration("duration", time.Since(began).Round(time.Microsecond)), ended)
}

// firstLine of a text that a library laid out over several.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return Clean(strings.TrimRight(line, " .\r"))
}
