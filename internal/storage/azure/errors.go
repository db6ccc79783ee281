package azure

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

// ErrLeased: another program holds a lease on the blob or its container.
var ErrLeased = fmt.Errorf("%w: it is leased by another program", storage.ErrDenied)

// ErrUnreachable: requests do not get to the service, but to nobody or to something
// else, and further tries would not change that. It is an ErrTransient, too: what
// is stored, and what became of a write, is not known.
var ErrUnreachable error = unreachableError{}

type unreachableError struct{}

func (unreachableError) Error() string { return "storage cannot be reached" }
func (unreachableError) Unwrap() error { return storage.ErrTransient }

// fail makes the error of an operation on a path.
func (s *Store) fail(op, path string, err error) error {
	return storage.NewError(op, s.URL(path), classify(op, err))
}

// serviceError is the short form of a failed request: its class and what the
// service said.
type serviceError struct {
	class error // a sentinel, or nil
	text  string
	cause error
}

func (e *serviceError) Error() string {
	if e.class == nil {
		return e.text
	}
	return fmt.Sprintf("%v (%s)", e.class, e.text)
}

func (e *serviceError) Unwrap() []error {
	if e.class == nil {
		return []error{e.cause}
	}
	return []error{e.class, e.cause}
}

// classify puts what azcore returns under the sentinel that it means.
func classify(op string, err error) error {
	if err == nil || classified(err) {
		return err
	}
	if response, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return &serviceError{class: classOf(op, response), text: textOf(response), cause: response}
	}
	err = withoutURL(err)
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case untrusted(err):
		return &serviceError{class: ErrUnreachable, text: "no trusted connection: " + firstLine(err.Error()), cause: err}
	case unreachable(err):
		return &serviceError{class: ErrUnreachable, text: firstLine(err.Error()), cause: err}
	case transient(err):
		return &serviceError{class: storage.ErrTransient, text: firstLine(err.Error()), cause: err}
	}
	if refusal := entraCode.FindString(err.Error()); refusal != "" {
		return &serviceError{class: storage.ErrDenied, text: "no token: " + firstLine(refusal), cause: err}
	}
	return &serviceError{text: firstLine(err.Error()), cause: err}
}

// unreachable: the host does not exist, or something before it answers.
func unreachable(err error) bool {
	_, other := errors.AsType[*entra.Impostor](err)
	_, proxy := errors.AsType[*entra.ProxyRefusal](err)
	name, looked := errors.AsType[*net.DNSError](err)
	return other || proxy || looked && name.IsNotFound
}

// withoutURL is the error below that of a request, which shows its URL: that may
// end in a SAS token.
func withoutURL(err error) error {
	if request, ok := errors.AsType[*url.Error](err); ok {
		return request.Err
	}
	return err
}

// entraCode begins the sentence of Entra ID that says why there is no token, in
// the midst of a response that azidentity prints whole.
var entraCode = regexp.MustCompile(`AADSTS\d+: [^"\\\r\n]*`)

// classified says whether an error has its class already.
func classified(err error) bool {
	for _, class := range []error{
		storage.ErrNotExist, storage.ErrExists, storage.ErrChanged, storage.ErrDenied,
		storage.ErrNoSpace, storage.ErrTransient, storage.ErrInvalidPath,
	} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}

func classOf(op string, e *azcore.ResponseError) error {
	switch code := bloberror.Code(e.ErrorCode); code {
	case bloberror.LeaseIDMissing, bloberror.LeaseIDMismatchWithBlobOperation, bloberror.LeaseAlreadyPresent,
		bloberror.LeaseIDMismatchWithContainerOperation, bloberror.LeaseLost:
		return ErrLeased
	case bloberror.BlobAlreadyExists, "PathAlreadyExists":
		return storage.ErrExists
	case bloberror.BlobImmutableDueToPolicy, bloberror.UnauthorizedBlobOverwrite:
		return storage.ErrDenied
	case bloberror.InvalidBlockList:
		// Another writer of the same path committed first, which drops the
		// blocks of all others.
		return storage.ErrTransient
	case bloberror.ConditionNotMet, bloberror.TargetConditionNotMet:
		return conditionClass(op)
	}
	switch e.StatusCode {
	case http.StatusNotFound:
		return storage.ErrNotExist
	case http.StatusUnauthorized, http.StatusForbidden:
		return storage.ErrDenied
	case http.StatusPreconditionFailed:
		return conditionClass(op)
	case http.StatusInsufficientStorage:
		return storage.ErrNoSpace
	}
	if transientStatus(e.StatusCode) {
		return storage.ErrTransient
	}
	return nil
}

// conditionClass is the meaning of an unmet condition, which for a put is that
// nothing is there, and for a read that one version is.
func conditionClass(op string) error {
	if op == opPut {
		return storage.ErrExists
	}
	return storage.ErrChanged
}

// textOf is "Code: message" of a response.
func textOf(e *azcore.ResponseError) string {
	message := messageOf(e)
	if message == "" {
		message = fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	}
	if e.ErrorCode == "" {
		return message
	}
	return e.ErrorCode + ": " + message
}

// messageOf is the first line of the message in the body, without the full stop.
// The lines behind it name the request, or what was signed.
func messageOf(e *azcore.ResponseError) string {
	if e.RawResponse == nil || e.RawResponse.Body == nil {
		return ""
	}
	body, err := runtime.Payload(e.RawResponse)
	if err != nil {
		return ""
	}
	var parsed struct {
		Message string `xml:"Message"`
	}
	if xml.Unmarshal(body, &parsed) != nil {
		return ""
	}
	return strings.TrimSuffix(firstLine(parsed.Message), ".")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return entra.Clean(strings.TrimSpace(line))
}
