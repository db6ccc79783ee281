package entra

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
	"strings"
)

// Codes of what keeps a request from being answered.
const (
	dnsNotFound   = "DNS_NOT_FOUND"
	dnsFailed     = "DNS_FAILED"
	tlsUntrusted  = "TLS_UNTRUSTED"
	tlsOtherName  = "TLS_OTHER_NAME"
	tlsExpired    = "TLS_EXPIRED"
	tlsNotSpoken  = "TLS_NOT_SPOKEN"
	tlsFailed     = "TLS_FAILED"
	notConnected  = "NOT_CONNECTED"
	timedOut      = "TIMED_OUT"
	connectionCut = "CONNECTION_CUT"
	otherAnswer   = "OTHER_ANSWER"
	proxySignIn   = "PROXY_SIGN_IN"
	proxyRefused  = "PROXY_REFUSED"
)

// networkRows are about hosts that do not answer.
var networkRows = []row{
	{code: dnsNotFound, when: (*facts).atSignIn, fix: func(f *facts) string {
		return "check authority_host (" + f.authority + "), and that this machine's name server knows the internet"
	}},
	{code: dnsNotFound, fix: func(f *facts) string {
		return fmt.Sprintf("check the account's name (%s): no storage account has it, or it is known only to a private DNS zone that this machine does not use", f.account())
	}},
	{code: dnsFailed, fix: func(*facts) string {
		return "this machine's name server does not answer: check the network and the name servers"
	}},
	{code: tlsUntrusted, fix: func(*facts) string {
		return "nobody whom this machine trusts has signed the certificate: behind a proxy that opens TLS add the proxy's authority to the system's, or name it by SSL_CERT_FILE"
	}},
	{code: tlsOtherName, fix: func(*facts) string {
		return "another host answers in its place: check endpoint and authority_host, proxies, and what the name server says"
	}},
	{code: tlsExpired, fix: func(*facts) string {
		return "check this machine's clock; if it is right, the host's certificate has to be renewed"
	}},
	{code: tlsNotSpoken, fix: func(*facts) string {
		return "the host does not speak TLS at this port: Azurite without a certificate is reached by http"
	}},
	{code: tlsFailed, fix: func(*facts) string {
		return "a proxy or firewall between here and the host may be in the way of TLS 1.2"
	}},
	{code: notConnected, when: func(f *facts) bool { return f.refused }, fix: listens},
	{code: notConnected, fix: reach},
	{code: timedOut, fix: reach},
	{code: connectionCut, fix: reach},
	{code: otherAnswer, fix: func(f *facts) string {
		return "a proxy, a captive portal or a firewall gives such answers: sign in to it, have it let this machine reach " + orWord(f.host, "the host") +
			", or go around it (NO_PROXY); and check that endpoint is a blob service"
	}},
	{code: proxySignIn, fix: signInToProxy},
	{code: proxyRefused, fix: func(f *facts) string {
		return "have the proxy (HTTPS_PROXY) let this machine reach " + orWord(f.host, "the storage account and the sign-in host") + ", or go around it (NO_PROXY)"
	}},
}

func signInToProxy(*facts) string {
	return "the proxy wants to know who asks: give it name and password in its address (HTTPS_PROXY=http://name:password@proxy:port), " +
		"have it let this machine through without, or go around it (NO_PROXY)"
}

// listens is about a port at which nothing takes connections.
func listens(f *facts) string {
	setting := "endpoint"
	if f.atSignIn() {
		setting = "authority_host"
	}
	return fmt.Sprintf("start the service that is to listen at %s, or correct %s; hosts of Azure do not refuse: there a proxy (HTTPS_PROXY) or firewall in between does",
		orWord(f.host, "that address"), setting)
}

func reach(f *facts) string {
	return "check that proxies (HTTPS_PROXY) and firewalls let this machine reach " + orWord(f.host, "the host") + ", and that endpoint is right"
}

func (f *facts) atSignIn() bool { return f.authority != "" }

// network tells errors of names, certificates and connections apart.
func (f *facts) network(err error) bool {
	f.host = hostOf(err)
	f.own = true
	f.refused = Refused(err)
	code, message := networkCode(err, orWord(f.host, "the host"))
	f.code, f.message = code, message
	return code != ""
}

func networkCode(err error, host string) (code, message string) {
	if code, message = betweenCode(err); code != "" {
		return code, message
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		if name.IsNotFound {
			return dnsNotFound, "there is no host " + orWord(name.Name, host)
		}
		return dnsFailed, "the name " + orWord(name.Name, host) + " cannot be looked up: " + sentence(name.Err)
	}
	if code, message = tlsCode(err, host); code != "" {
		return code, message
	}
	timeout, isNet := errors.AsType[net.Error](err)
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	case isNet && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return timedOut, host + " does not answer in time"
	case Refused(err):
		return notConnected, "nothing listens at " + host + ": connection refused"
	case isOp && op.Op == "dial":
		return notConnected, host + " takes no connection: " + innermost(err)
	case isOp, errors.Is(err, io.ErrUnexpectedEOF), isNet && errors.Is(err, io.EOF):
		return connectionCut, host + " ended the connection: " + innermost(err)
	}
	// Its own text would show the address whole.
	if _, ok := errors.AsType[*url.Error](err); ok {
		return connectionCut, "no answer from " + host + ": " + innermost(err)
	}
	return "", ""
}

// betweenCode tells what something else than the host answered.
func betweenCode(err error) (code, message string) {
	if other, ok := errors.AsType[*Impostor](err); ok {
		return otherAnswer, other.Error()
	}
	proxy, ok := errors.AsType[*ProxyRefusal](err)
	switch {
	case !ok:
		return "", ""
	case proxy.Status == http.StatusProxyAuthRequired:
		return proxySignIn, proxy.Error()
	}
	return proxyRefused, proxy.Error()
}

func tlsCode(err error, host string) (code, message string) {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return tlsUntrusted, "the certificate of " + host + " is signed by an unknown authority"
	}
	if other, ok := errors.AsType[x509.HostnameError](err); ok {
		return tlsOtherName, "the certificate is not for " + orWord(other.Host, host) + " but for " + names(other.Certificate)
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if invalid.Reason == x509.Expired {
			return tlsExpired, "the certificate of " + host + " has expired or is not valid yet"
		}
		return tlsFailed, "the certificate of " + host + " is not valid: " + sentence(invalid.Error())
	}
	_, record := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case record, errors.Is(err, http.ErrSchemeMismatch):
		return tlsNotSpoken, host + " does not speak TLS"
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return tlsFailed, host + " refuses TLS: " + innermost(err)
	}
	if failed, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return tlsUntrusted, "the certificate of " + host + " cannot be verified: " + innermost(failed)
	}
	return "", ""
}

// names are those of a certificate, a few of them.
func names(certificate *x509.Certificate) string {
	const few = 3
	if certificate == nil || len(certificate.DNSNames) == 0 {
		return "another host"
	}
	return strings.Join(certificate.DNSNames[:min(few, len(certificate.DNSNames))], ", ")
}

// hostOf is the host that an error of a request names.
func hostOf(err error) string {
	if silent, ok := errors.AsType[*unanswered](err); ok {
		return silent.host
	}
	if other, ok := errors.AsType[*Impostor](err); ok {
		return other.Host
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		if u, bad := url.Parse(failed.URL); bad == nil {
			return hostIn(u, Refused(err))
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Addr != nil {
		return op.Addr.String()
	}
	return ""
}

// hostIn an address; its port is told where that may be what is wrong.
func hostIn(u *url.URL, port bool) string {
	if !port || u.Port() != "" || u.Host == "" {
		return u.Host
	}
	if u.Scheme == "http" {
		return u.Host + ":80"
	}
	return u.Host + ":443"
}

// innermost is the text of the error that all others wrap. Those around it show
// addresses, which may carry signatures.
func innermost(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return sentence(err.Error())
		}
		err = next
	}
}
