package azure_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

const base = "https://contosolake.blob.core.windows.net/c"

// Every error of the service has its class, the short text, and its code in the
// chain; none shows the signature, or what stands behind the first line.
func TestErrors(t *testing.T) {
	read := func(t *testing.T, s storage.Store) error {
		_, err := storage.ReadAll(t.Context(), s, "a")
		return err
	}
	create := func(t *testing.T, s storage.Store) error { return s.PutIfAbsent(t.Context(), "a", nil) }
	replace := func(t *testing.T, s storage.Store) error { return write(t, s, "a", "x") }
	tests := []struct {
		do     func(t *testing.T, s storage.Store) error
		status int
		code   string
		class  error
		want   string
	}{
		{read, 404, "BlobNotFound", storage.ErrNotExist, "read " + base + "/a: does not exist (BlobNotFound: The text of BlobNotFound)"},
		{read, 404, "ContainerNotFound", storage.ErrNotExist, "read " + base + "/a: does not exist (ContainerNotFound: The text of ContainerNotFound)"},
		{read, 401, "InvalidAuthenticationInfo", storage.ErrDenied, "access denied (InvalidAuthenticationInfo: The text"},
		{read, 403, "AuthorizationPermissionMismatch", storage.ErrDenied, "access denied (AuthorizationPermissionMismatch: The text"},
		{read, 412, "ConditionNotMet", storage.ErrChanged, "changed since it was listed (ConditionNotMet: The text"},
		{read, 409, "BlobArchived", nil, "read " + base + "/a: BlobArchived: The text of BlobArchived"},
		{read, 418, "", nil, "read " + base + "/a: The text of"},
		{read, 503, "ServerBusy", storage.ErrTransient, "temporarily unavailable (ServerBusy: The text of ServerBusy)"},
		{create, 409, "BlobAlreadyExists", storage.ErrExists, "put-if-absent " + base + "/a: exists already (BlobAlreadyExists: The text"},
		{create, 412, "ConditionNotMet", storage.ErrExists, "exists already"},
		{create, 409, "ContainerBeingDeleted", nil, "put-if-absent " + base + "/a: ContainerBeingDeleted: The text"},
		{create, 412, "LeaseIdMissing", azure.ErrLeased, "access denied: it is leased by another program (LeaseIdMissing: The text"},
		{replace, 507, "InsufficientStorage", storage.ErrNoSpace, "write " + base + "/a: no space left (InsufficientStorage: The text"},
		{replace, 409, "BlobImmutableDueToPolicy", storage.ErrDenied, "access denied (BlobImmutableDueToPolicy: The text"},
		{replace, 400, "InvalidBlockList", storage.ErrTransient, "temporarily unavailable (InvalidBlockList: The text"},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.fault = refused(tt.status, tt.code)
				err := tt.do(t, f.open(t, nil))
				if err == nil || tt.class != nil && !errors.Is(err, tt.class) || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("got %v, want %v that says %q", err, tt.class, tt.want)
				}
				if strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "RequestId") {
					t.Errorf("it says too much: %v", err)
				}
				response, ok := errors.AsType[*azcore.ResponseError](err)
				if !ok || tt.code != "" && !bloberror.HasCode(err, bloberror.Code(tt.code)) || response.StatusCode != tt.status {
					t.Errorf("the response is not in the chain of %v", err)
				}
			})
		})
	}
}

func TestErrorsOfConnections(t *testing.T) {
	untrusted := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	tests := []struct {
		cause error
		class error
		says  string
	}{
		{&net.DNSError{Err: "no such host", Name: "contosolake.blob.core.windows.net", IsNotFound: true}, azure.ErrUnreachable, "storage cannot be reached (lookup contosolake.blob.core.windows.net: no such host)"},
		{untrusted, azure.ErrUnreachable, "no trusted connection: tls: failed to verify certificate"},
		{http.ErrSchemeMismatch, storage.ErrTransient, "no trusted connection: http: server gave HTTP response to HTTPS client"},
		{&net.OpError{Op: "dial", Err: errors.New("connection timed out")}, storage.ErrTransient, "temporarily unavailable (dial: connection timed out)"},
		{&entra.ProxyRefusal{Proxy: "proxy:3128", Status: 407}, storage.ErrTransient,
			"storage cannot be reached (the proxy proxy:3128 answered 407 Proxy Authentication Required)"},
		{context.Canceled, context.Canceled, "context canceled"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.fault = broken(tt.cause)
			_, err := f.open(t, nil).Stat(t.Context(), "a")
			if err == nil || tt.class != nil && !errors.Is(err, tt.class) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v that says %q", err, tt.class, tt.says)
			}
			if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "sig=")) {
				t.Errorf("it shows the signature: %v", err)
			}
		})
	}
}

// noToken fails as azidentity does, which prints the whole response.
type noToken struct{}

func (noToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, errNoToken{}
}

type errNoToken struct{}

func (errNoToken) Error() string {
	return "ClientSecretCredential authentication failed. \nPOST https://login.microsoftonline.com/t/oauth2/v2.0/token\n" +
		"RESPONSE 401: 401 Unauthorized\n{\n  \"error\": \"invalid_client\",\n" +
		"  \"error_description\": \"AADSTS7000215: Invalid client secret provided. Trace ID: 1\",\n}"
}
func (errNoToken) NonRetriable() {}

func TestErrorsOfTokens(t *testing.T) {
	s, err := azure.New(azure.Config{
		Account: "contosolake", Container: "c", Credential: noToken{}, Transport: newFake(),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Stat(t.Context(), "a")
	want := "stat " + base + "/a: access denied (no token: AADSTS7000215: Invalid client secret provided. Trace ID: 1)"
	if !errors.Is(err, storage.ErrDenied) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, ok := errors.AsType[errNoToken](err); !ok {
		t.Error("the cause is not in its chain")
	}
}

// The answer to a HEAD has no body: the status speaks.
func TestErrorsWithoutMessage(t *testing.T) {
	f := newFake()
	f.fault = func(r *http.Request, _ func() *http.Response) (*http.Response, error) {
		return refusal(r, http.StatusForbidden, "AuthorizationFailure", ""), nil
	}
	_, err := f.open(t, nil).Stat(t.Context(), "a")
	want := "stat " + base + "/a: access denied (AuthorizationFailure: 403 Forbidden)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
