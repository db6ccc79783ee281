package entra

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// DefaultScope is what a token for storage accounts is asked for.
const DefaultScope = "https://storage.azure.com/.default"

// Way is how requests are signed: the name of a key of the configuration, or a
// value of its key credential.
type Way string

// The ways. The last two need no token.
const (
	ClientSecret      Way = "client_secret"
	ClientCertificate Way = "client_certificate"
	ManagedIdentity   Way = "managed_identity"
	WorkloadIdentity  Way = "workload_identity"
	AzureCLI          Way = "azure_cli"
	DefaultChain      Way = "default"
	AccountKey        Way = "account_key"
	SASToken          Way = "sas_token"
)

// ErrOptions: the options name no way to sign in, or a part of one is missing.
var ErrOptions = errors.New("cannot sign in")

// Options say who signs in, and where.
type Options struct {
	// TenantID is the directory's id or one of its domains, ClientID the
	// application's id.
	TenantID, ClientID string
	ClientSecret       string
	// CertificatePath is a PEM or PKCS#12 file with certificate and key.
	CertificatePath     string
	CertificatePassword string
	// Credential is empty or one of managed_identity, workload_identity,
	// azure_cli and default.
	Credential Way
	// AuthorityHost is where to sign in, https://login.microsoftonline.com
	// unless AZURE_AUTHORITY_HOST says otherwise.
	AuthorityHost string
	// Scope is what the token is for, DefaultScope if empty.
	Scope string
	// DisableInstanceDiscovery trusts AuthorityHost without asking Microsoft
	// whether it is one of theirs. Hosts that are not known here are always
	// taken so: the question could not be answered for them.
	DisableInstanceDiscovery bool
	// Transport carries the requests of the sign-in; nil for the usual one.
	Transport policy.Transporter
	// Retry of requests that the sign-in host did not answer; the zero value
	// is azcore's.
	Retry policy.RetryOptions
	// Log gets a line for every sign-in, at level debug; nil for none.
	Log *slog.Logger
}

// Way is the way that the options choose; empty where they choose none.
func (o *Options) Way() Way {
	switch {
	case o.Credential != "":
		return o.Credential
	case o.ClientSecret != "":
		return ClientSecret
	case o.CertificatePath != "":
		return ClientCertificate
	}
	return ""
}

// Authority is the URL of the host that signs in, without a slash at its end.
func (o *Options) Authority() string {
	host := cmp.Or(o.AuthorityHost, os.Getenv("AZURE_AUTHORITY_HOST"), cloud.AzurePublic.ActiveDirectoryAuthorityHost)
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	return strings.TrimRight(host, "/")
}

// microsoftHosts are sign-in hosts that instance discovery knows: the clouds of
// azcore and the other names that they answer to.
var microsoftHosts = []string{
	"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net",
	"login.microsoftonline.us", "login.usgovcloudapi.net", "login-us.microsoftonline.com",
	"login.chinacloudapi.cn", "login.partner.microsoftonline.cn",
}

// discoverable reports whether Microsoft can be asked about the authority.
func discoverable(authority string) bool {
	u, err := url.Parse(authority)
	if err != nil {
		return false
	}
	for _, host := range microsoftHosts {
		if strings.EqualFold(u.Host, host) {
			return true
		}
	}
	return false
}

// check says what is missing, in the words of the configuration.
func (o *Options) check() error {
	way := o.Way()
	if u, err := url.Parse(o.Authority()); err != nil || u.Host == "" || u.Scheme != "https" {
		return fmt.Errorf("%w: authority_host is not an https address such as https://login.microsoftonline.us", ErrOptions)
	}
	switch way {
	case "":
		return fmt.Errorf("%w: give client_secret, client_certificate_path or credential", ErrOptions)
	case ClientSecret, ClientCertificate:
		if o.TenantID == "" || o.ClientID == "" {
			return fmt.Errorf("%w with %s: tenant_id or client_id is missing", ErrOptions, way)
		}
	case ManagedIdentity, WorkloadIdentity, AzureCLI, DefaultChain:
	default:
		return fmt.Errorf("%w: credential %q is not one of managed_identity, workload_identity, azure_cli, default", ErrOptions, way)
	}
	return nil
}

// client are the options that all of azidentity's HTTP clients share.
func (o *Options) client() azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: o.Authority() + "/"},
		Retry:     o.Retry,
		Telemetry: policy.TelemetryOptions{ApplicationID: "sluice"},
		Transport: recorder{o.Transport},
	}
}
