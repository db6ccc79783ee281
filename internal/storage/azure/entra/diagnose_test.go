package entra_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

var (
	serviceTime = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
	asReader    = entra.About{Account: "contosolake", Container: "dataverse-contoso", Way: entra.ClientSecret, TenantID: "tenant-a", ClientID: "app-1", Now: serviceTime}
)

func about(change func(*entra.About)) entra.About {
	a := asReader
	change(&a)
	return a
}

// signed is about requests with a shared access signature.
func signed(token string) entra.About {
	return about(func(a *entra.About) {
		a.Way, a.SAS, a.ClientID, a.TenantID = entra.SASToken, entra.ParseSAS(token), "", ""
	})
}

// refusal is an answer of the blob service.
func refusal(status int, code, message, detail string) error {
	body := fmt.Sprintf("<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>%s</Code><Message>%s\nRequestId:1\nTime:2</Message>", code, message)
	if detail != "" {
		body += "<AuthenticationErrorDetail>" + detail + "</AuthenticationErrorDetail>"
	}
	request, err := http.NewRequest(http.MethodGet, "https://contosolake.blob.core.windows.net/c?sig=secret", nil)
	if err != nil {
		panic(err)
	}
	return runtime.NewResponseError(&http.Response{
		StatusCode: status, Status: http.StatusText(status), Request: request, Body: io.NopCloser(strings.NewReader(body + "</Error>")),
		Header: http.Header{
			"X-Ms-Error-Code":  {code},
			"Content-Type":     {"application/xml"},
			"Date":             {serviceTime.Format(http.TimeFormat)},
			"Www-Authenticate": {"Bearer authorization_uri=https://login.microsoftonline.com/tenant-b/oauth2/authorize resource_id=https://storage.azure.com"},
		},
	})
}

// failedRequest is what net/http makes of an error of the network.
func failedRequest(err error) error {
	return &url.Error{Op: "Get", URL: "https://contosolake.blob.core.windows.net/c?sig=secret", Err: err}
}

const unauthorized = "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature."

func TestDiagnose(t *testing.T) {
	reader, lake := asReader, about(func(a *entra.About) { a.Write = true })
	key := about(func(a *entra.About) { a.Way, a.ClientID, a.TenantID = entra.AccountKey, "", "" })
	sas := about(func(a *entra.About) { a.Way, a.ClientID, a.TenantID = entra.SASToken, "", "" })
	const mismatch = "This request is not authorized to perform this operation using this permission."
	tests := []struct {
		name         string
		err          error
		about        entra.About
		code, reason string
		fix          string // a part that tells it from all others
	}{
		{"role, source", refusal(403, "AuthorizationPermissionMismatch", mismatch, ""), reader, "AuthorizationPermissionMismatch",
			"AuthorizationPermissionMismatch: This request is not authorized to perform this operation using this permission",
			`give application app-1 the role Storage Blob Data Reader on container dataverse-contoso of account contosolake (Owner and Contributor do not include it), and wait up to 10 minutes: ` +
				`az role assignment create --assignee app-1 --role "Storage Blob Data Reader" --scope "$(az storage account show --name contosolake --query id --output tsv)/blobServices/default/containers/dataverse-contoso"`},
		{"role, lake", refusal(403, "AuthorizationPermissionMismatch", mismatch, ""), lake, "AuthorizationPermissionMismatch", "", `--role "Storage Blob Data Contributor"`},
		{"role, user of the command line", refusal(403, "AuthorizationPermissionMismatch", mismatch, ""),
			about(func(a *entra.About) { a.Way, a.ClientID = entra.AzureCLI, "" }), "AuthorizationPermissionMismatch", "", "az ad signed-in-user show"},
		{"role, identity of the machine", refusal(403, "AuthorizationPermissionMismatch", mismatch, ""),
			about(func(a *entra.About) { a.Way, a.ClientID = entra.ManagedIdentity, "" }), "AuthorizationPermissionMismatch", "", "give the machine's managed identity the role"},
		{"permissions of a signature", refusal(403, "AuthorizationPermissionMismatch", mismatch, ""), sas, "AuthorizationPermissionMismatch", "", "rl (read, list)"},
		{"account-wide permissions", refusal(403, "InsufficientAccountPermissions", "The account being accessed does not have sufficient permissions to execute this operation.", ""),
			reader, "InsufficientAccountPermissions", "", "the role Storage Blob Data Reader"},
		{"kinds of things of a signature", refusal(403, "AuthorizationResourceTypeMismatch", mismatch, ""), sas, "AuthorizationResourceTypeMismatch", "", "its container and objects"},
		{"services of a signature", refusal(403, "AuthorizationServiceMismatch", mismatch, ""), sas, "AuthorizationServiceMismatch", "", "signature for the blob service"},
		{"address of a signature", refusal(403, "AuthorizationSourceIPMismatch", mismatch, ""), sas, "AuthorizationSourceIPMismatch", "", "whose IP range"},
		{"protocol of a signature", refusal(403, "AuthorizationProtocolMismatch", mismatch, ""), sas, "AuthorizationProtocolMismatch", "", "use an https address"},
		{"firewall", refusal(403, "AuthorizationFailure", "This request is not authorized to perform this operation.", ""), reader, "AuthorizationFailure",
			"AuthorizationFailure: This request is not authorized to perform this operation", "az storage account network-rule add --account-name contosolake"},
		{"firewall, other name", refusal(403, "IpAuthorizationError", "Not allowed from 203.0.113.7.", ""), reader, "IpAuthorizationError", "IpAuthorizationError: Not allowed from 203.0.113.7", "network rules"},
		{"no credentials, closed account", refusal(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.", ""), reader,
			"PublicAccessNotPermitted", "PublicAccessNotPermitted: Public access is not permitted on this storage account", "the request was not signed"},
		{"no credentials", refusal(401, "NoAuthenticationInformation", unauthorized, ""), reader, "NoAuthenticationInformation", "", "the request was not signed"},
		{"keys are forbidden", refusal(403, "KeyBasedAuthenticationNotPermitted", "Key based authentication is not permitted on this storage account.", ""), key,
			"KeyBasedAuthenticationNotPermitted", "", "refuses account_key"},
		{"wrong key", refusal(403, "AuthenticationFailed", unauthorized, "The MAC signature found in the HTTP request 'c2VjcmV0' is not the same as any computed signature."), key,
			"AuthenticationFailed", "AuthenticationFailed: Server failed to authenticate the request", "az storage account keys list --account-name contosolake"},
		{"wrong key, Azurite", refusal(403, "AuthorizationFailure", unauthorized, ""), key, "AuthorizationFailure", "", "account_key is not a key"},
		{"key of no form", refusal(401, "InvalidAuthenticationInfo", "Authentication information is not given in the correct format.", ""), key, "InvalidAuthenticationInfo", "", "account_key is not a key"},
		{"wrong signature, Azurite", refusal(403, "AuthorizationFailure", unauthorized, ""), sas, "AuthorizationFailure", "", "sas_token is not what Azure gave, or was made for another container: copy it whole"},
		{"expired signature", refusal(403, "AuthenticationFailed", unauthorized,
			"Signature not valid in the specified time frame: Start [x] - Expiry [y] - Current [z]"), sas, "AuthenticationFailed", "", "sas_token has expired or is not valid yet (the service's says 2024-01-15T12:00:00Z"},
		{"broken signature", refusal(403, "AuthenticationFailed", unauthorized, "Signature did not match. String to sign used was rl"), sas, "AuthenticationFailed", "", "copy it whole"},
		{"broken signature, no detail", refusal(403, "AuthenticationFailed", unauthorized, ""), sas, "AuthenticationFailed", "", "copy it whole"},
		{"expired signature, by its own words", refusal(403, "AuthenticationFailed", unauthorized, ""), signed("sv=2024-11-04&se=2024-01-15T09%3A59Z&sp=rl&sig=c2VjcmV0"),
			"AuthenticationFailed", "", "sas_token has expired: it was valid until 2024-01-15T09:59Z (its se), 2 hours ago; make a new one"},
		{"expired signature, Azurite", refusal(403, "AuthorizationFailure", unauthorized, ""), signed("se=2024-01-10&sp=rl&sig=c2VjcmV0"),
			"AuthorizationFailure", "", "it was valid until 2024-01-10 (its se), 5 days ago"},
		{"early signature", refusal(403, "AuthenticationFailed", unauthorized, ""), signed("st=2024-01-15T12:00:50Z&se=2025-01-15T12:00:00Z&sp=rl&sig=c2VjcmV0"),
			"AuthenticationFailed", "", "sas_token is not valid yet: it is from 2024-01-15T12:00:50Z on (its st), in 50 seconds"},
		{"signature that lacks what a source needs", refusal(403, "AuthorizationPermissionMismatch", mismatch, ""), signed("se=2025-01-15&sp=r&sig=c2VjcmV0"),
			"AuthorizationPermissionMismatch", "", "sas_token has the permissions sp=r and lacks l (list): make a new one with sp=rl"},
		{"signature that lacks what a lake needs", refusal(403, "AuthorizationPermissionMismatch", mismatch, ""),
			about(func(a *entra.About) {
				a.Way, a.SAS, a.Write = entra.SASToken, entra.ParseSAS("?se=2025-01-15&sp=rl&sig=c2VjcmV0"), true
			}),
			"AuthorizationPermissionMismatch", "", "sas_token has the permissions sp=rl and lacks w (write), d (delete): make a new one with sp=rcwdl"},
		{"signature whose permissions a policy has", refusal(403, "AuthorizationPermissionMismatch", mismatch, ""), signed("si=readers&sig=c2VjcmV0"),
			"AuthorizationPermissionMismatch", "", "rl (read, list)"},
		{"clock, by detail", refusal(403, "AuthenticationFailed", unauthorized, "Request date header too old: 'Mon, 01 Jan 2024 00:00:00 GMT'"), key,
			"AuthenticationFailed", "", "set this machine's clock, with a time service such as NTP: the service's says 2024-01-15T12:00:00Z, this machine's 2024-01-15T12:00:00Z"},
		{"clock, by comparison", refusal(403, "AuthenticationFailed", unauthorized, ""), about(func(a *entra.About) { a.Now = a.Now.Add(20 * time.Minute) }),
			"AuthenticationFailed", "", "this machine's 2024-01-15T12:20:00Z"},
		{"issuer", refusal(403, "AuthenticationFailed", unauthorized, "Issuer validation failed. Issuer did not match."), reader, "AuthenticationFailed", "", "account contosolake belongs to tenant tenant-b"},
		{"audience", refusal(401, "InvalidAuthenticationInfo", "Server failed to authenticate the request.", "Audience validation failed. Audience did not match."), reader,
			"InvalidAuthenticationInfo", "", "take scope out"},
		{"token expired", refusal(401, "InvalidAuthenticationInfo", unauthorized, "Lifetime validation failed. The token is expired."), reader, "InvalidAuthenticationInfo", "", "set this machine's clock"},
		{"other tenant", refusal(401, "InvalidAuthenticationInfo", unauthorized, "Issuer validation failed. Issuer did not match."), reader,
			"InvalidAuthenticationInfo", "InvalidAuthenticationInfo: Server failed to authenticate the request", "belongs to tenant tenant-b: sign in there, with an application of that tenant (tenant_id is tenant-a)"},
		{"own tenant", refusal(401, "InvalidAuthenticationInfo", unauthorized, ""), about(func(a *entra.About) { a.TenantID = "tenant-b" }),
			"InvalidAuthenticationInfo", "", "tenant_id (tenant-b) must be the tenant of account contosolake's subscription"},
		{"disabled account", refusal(403, "AccountIsDisabled", "The specified account is disabled.", ""), reader,
			"AccountIsDisabled", "AccountIsDisabled: The specified account is disabled", "enable storage account contosolake"},
		{"no such container", refusal(404, "ContainerNotFound", "The specified container does not exist.", ""), reader,
			"ContainerNotFound", "ContainerNotFound: The specified container does not exist", "az storage container list --account-name contosolake"},
		{"no such container, lake", refusal(404, "ContainerNotFound", "The specified container does not exist.", ""), lake, "ContainerNotFound", "",
			"create it: az storage container create --account-name contosolake --name dataverse-contoso --auth-mode login"},
		{"no such container, dfs", refusal(404, "FilesystemNotFound", "The specified filesystem does not exist.", ""), reader, "FilesystemNotFound", "", "endpoint is the blob service"},
		{"container being deleted", refusal(409, "ContainerBeingDeleted", "The specified container is being deleted. Try operation later.", ""), reader,
			"ContainerBeingDeleted", "ContainerBeingDeleted: The specified container is being deleted", "az storage container restore --account-name contosolake --name dataverse-contoso --deleted-version <version>"},
		{"container disabled", refusal(403, "ContainerDisabled", "The specified container has been disabled by the administrator.", ""), reader, "ContainerDisabled", "", "have container dataverse-contoso enabled"},
		{"container's name", refusal(400, "InvalidResourceName", "The specified resource name contains invalid characters.", ""), reader, "InvalidResourceName", "", "3 to 63"},
		{"endpoint", refusal(400, "InvalidUri", "The requested URI does not represent any resource on the server.", ""), reader, "InvalidUri", "", "check the address"},
		{"endpoint with a path", refusal(400, "InvalidQueryParameterValue", "Value for one of the query parameters specified in the request URI is invalid.", ""), reader,
			"InvalidQueryParameterValue", "", "check the address"},
		{"endpoint of something else", refusal(404, "ResourceNotFound", "The specified resource does not exist.", ""), reader, "ResourceNotFound", "", "check the address"},
		{"a new 403", refusal(403, "SomethingNew", "Not for you.", ""), reader, "SomethingNew", "SomethingNew: Not for you", "Storage Blob Data Reader"},
		{"busy", refusal(503, "ServerBusy", "The server is busy.", ""), reader, "ServerBusy", "ServerBusy: The server is busy", "try again"},
		{"an answer without a row", refusal(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.", ""), reader,
			"ConditionNotMet", "ConditionNotMet: The condition specified using HTTP conditional header(s) is not met", ""},

		{"no such host", failedRequest(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "contosolake.blob.core.windows.net", IsNotFound: true}}), reader,
			"DNS_NOT_FOUND", "there is no host contosolake.blob.core.windows.net", "check the account's name (contosolake)"},
		{"no name server", failedRequest(&net.DNSError{Err: "server misbehaving", Name: "x.example"}), reader, "DNS_FAILED", "the name x.example cannot be looked up: server misbehaving", "name servers"},
		{"unknown authority", failedRequest(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), reader,
			"TLS_UNTRUSTED", "the certificate of contosolake.blob.core.windows.net is signed by an unknown authority", "SSL_CERT_FILE"},
		{"other certificate", failedRequest(x509.HostnameError{Host: "contosolake.blob.core.windows.net", Certificate: &x509.Certificate{DNSNames: []string{"proxy.example"}}}), reader,
			"TLS_OTHER_NAME", "the certificate is not for contosolake.blob.core.windows.net but for proxy.example", "another host answers"},
		{"expired certificate", failedRequest(x509.CertificateInvalidError{Reason: x509.Expired}), reader, "TLS_EXPIRED", "", "check this machine's clock"},
		{"certificate of no use", failedRequest(x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}), reader, "TLS_FAILED", "", "TLS 1.2"},
		{"no TLS", failedRequest(tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}), reader, "TLS_NOT_SPOKEN", "contosolake.blob.core.windows.net does not speak TLS", "reached by http"},
		{"no TLS, known to net/http", failedRequest(http.ErrSchemeMismatch), reader, "TLS_NOT_SPOKEN", "", "reached by http"},
		{"TLS is refused", failedRequest(tls.AlertError(70)), reader, "TLS_FAILED", "", "TLS 1.2"},
		{"refused", failedRequest(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), reader,
			"NOT_CONNECTED", "nothing listens at contosolake.blob.core.windows.net:443: connection refused", "start the service that is to listen at contosolake.blob.core.windows.net:443"},
		{"refused in the middle of a run", &net.OpError{Op: "dial", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 10000}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, reader,
			"NOT_CONNECTED", "nothing listens at 127.0.0.1:10000: connection refused", "start the service that is to listen at 127.0.0.1:10000, or correct endpoint; hosts of Azure do not refuse"},
		{"no way to the host", failedRequest(&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}), reader,
			"NOT_CONNECTED", "contosolake.blob.core.windows.net takes no connection: no route to host", "HTTPS_PROXY"},
		{"cut", failedRequest(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), reader, "CONNECTION_CUT", "", "HTTPS_PROXY"},
		{"ended", failedRequest(io.EOF), reader, "CONNECTION_CUT", "contosolake.blob.core.windows.net ended the connection: EOF", "HTTPS_PROXY"},
		{"no HTTP", failedRequest(errors.New("malformed HTTP response")), reader, "CONNECTION_CUT", "no answer from contosolake.blob.core.windows.net: malformed HTTP response", "HTTPS_PROXY"},
		{"a proxy that asks who is there", failedRequest(&entra.ProxyRefusal{Proxy: "proxy.example:3128", Status: 407}), reader,
			"PROXY_SIGN_IN", "the proxy proxy.example:3128 answered 407 Proxy Authentication Required", "HTTPS_PROXY=http://name:password@proxy:port"},
		{"a proxy that asks, in the answer", refusal(407, "", "", ""), reader, "ProxyAuthenticationRequired", "", "HTTPS_PROXY=http://name:password@proxy:port"},
		{"a proxy that refuses", failedRequest(&entra.ProxyRefusal{Proxy: "proxy.example:3128", Status: 403}), reader,
			"PROXY_REFUSED", "the proxy proxy.example:3128 answered 403 Forbidden", "have the proxy (HTTPS_PROXY) let this machine reach contosolake.blob.core.windows.net"},
		{"a portal", &entra.Impostor{Host: "contosolake.blob.core.windows.net", Status: 200, Type: "text/html", Words: "Please log in"}, reader,
			"OTHER_ANSWER", `something between here and Azure answered in its place: 200 OK, text/html, "Please log in"`,
			"a captive portal or a firewall gives such answers: sign in to it, have it let this machine reach contosolake.blob.core.windows.net"},
		{"time-out", failedRequest(context.DeadlineExceeded), reader, "TIMED_OUT", "contosolake.blob.core.windows.net does not answer in time", "HTTPS_PROXY"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, ok := entra.Diagnose(fmt.Errorf("list: %w", tt.err), tt.about)
			if !ok || d.Code != tt.code || tt.reason != "" && d.Reason != tt.reason {
				t.Errorf("got  %v %s %q\nwant %s %q", ok, d.Code, d.Reason, tt.code, tt.reason)
			}
			if !strings.Contains(d.Fix, tt.fix) || (d.Fix == "") != (tt.fix == "") {
				t.Errorf("got  %s\nwant %s", d.Fix, tt.fix)
			}
			if all := d.Reason + d.Fix; strings.Contains(all, "secret\n") || strings.Contains(all, "c2VjcmV0") || strings.Contains(all, "sig=") || strings.ContainsAny(all, "\n\r") {
				t.Errorf("a secret or a line break in %s", all)
			}
		})
	}
}

func TestDiagnoseLeavesOtherErrorsAlone(t *testing.T) {
	for _, err := range []error{nil, errors.New("disk full"), context.Canceled, failedRequest(context.Canceled), io.EOF} {
		if d, ok := entra.Diagnose(err, asReader); ok {
			t.Errorf("%v is diagnosed as %+v", err, d)
		}
	}
}

func TestDiagnoseAnAnswerWithoutBody(t *testing.T) {
	head := runtime.NewResponseError(&http.Response{StatusCode: http.StatusForbidden, Body: http.NoBody, Header: http.Header{"X-Ms-Error-Code": {"AuthorizationPermissionMismatch"}}})
	if d, _ := entra.Diagnose(head, asReader); d.Reason != "AuthorizationPermissionMismatch" || d.Fix == "" {
		t.Errorf("got %+v", d)
	}
	bare := runtime.NewResponseError(&http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Header: http.Header{}})
	if d, _ := entra.Diagnose(bare, asReader); d.Code != "NotFound" || d.Reason != "NotFound" {
		t.Errorf("got %+v", d)
	}
}
