package entra

import (
	"errors"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/sluicedata/sluice/internal/storage"
)

// SignInError says who could not sign in where, why, and what to do.
type SignInError struct {
	Way                           Way
	Authority, TenantID, ClientID string

	cause   error // of azidentity
	network error // of the connection, where it is the reason
	secrets []string
}

// Error is one line, without what to do.
func (e *SignInError) Error() string {
	d, _ := Diagnose(e, About{})
	return "sign in " + e.who() + ": " + d.Reason
}

// Hint says what to do, in one line.
func (e *SignInError) Hint() string {
	d, _ := Diagnose(e, About{})
	return d.Fix
}

// who signs in, and where.
func (e *SignInError) who() string {
	who := "with " + string(e.Way)
	if e.ClientID != "" {
		who = "as application " + e.ClientID + " " + who
	}
	if e.TenantID != "" {
		who += " in tenant " + e.TenantID
	}
	return who + " at " + e.Authority
}

// Unwrap gives storage.ErrDenied or storage.ErrTransient, and the causes.
func (e *SignInError) Unwrap() []error {
	var all []error
	for _, err := range []error{e.class(), e.network, e.cause} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// NonRetriable keeps the pipeline of a storage request from signing in again
// and again: what could be tried again was.
func (e *SignInError) NonRetriable() {}

func (e *SignInError) class() error {
	got, answered := e.reply()
	busy := got.status == http.StatusTooManyRequests || got.status == http.StatusRequestTimeout || got.status >= http.StatusInternalServerError
	switch {
	case answered && busy:
		return storage.ErrTransient
	case answered || e.network == nil:
		return storage.ErrDenied
	}
	return nil
}

// reply is an answer that was read.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// reply is what the sign-in failed with, if it was answered.
func (e *SignInError) reply() (reply, bool) {
	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](e.cause)
	if !ok || failed.RawResponse == nil {
		return reply{}, false
	}
	return read(failed.RawResponse), true
}

// read takes the body too, which the libraries keep after reading it.
func read(response *http.Response) reply {
	r := reply{status: response.StatusCode, header: response.Header}
	if response.Body != nil {
		// A body that cannot be read leaves the status to go by.
		r.body, _ = runtime.Payload(response)
	}
	return r
}

// clean takes out secrets, should a server have sent one back.
func (e *SignInError) clean(text string) string {
	for _, secret := range e.secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}
