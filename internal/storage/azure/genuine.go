package azure

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

// genuine is a transport that takes no answer for the service's but its own. What
// a proxy says with status 200 would be an empty listing or the content of a
// file, and with 404 a file that is gone.
type genuine struct{ inner policy.Transporter }

// Do sends a try. Answers of others are an [*entra.Impostor] or an
// [*entra.ProxyRefusal].
func (g genuine) Do(r *http.Request) (*http.Response, error) {
	response, err := g.inner.Do(r)
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode == http.StatusProxyAuthRequired:
		_ = response.Body.Close()
		return nil, &entra.ProxyRefusal{Status: response.StatusCode}
	case r.URL.Query().Get("comp") == "list" && response.StatusCode == http.StatusOK:
		return listed(response)
	case believed(response.StatusCode) && !signs(response.Header):
		return nil, refuted(response)
	}
	return response, nil
}

// believed are the answers from which something follows for what is stored. All
// others end an operation as failures, whoever gave them.
func believed(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return true
	}
	return status/100 == 2
}

// signs: every answer of the service, and of Azurite, has headers of its own,
// x-ms-request-id at the least.
func signs(header http.Header) bool {
	for name := range header {
		if strings.HasPrefix(name, "X-Ms-") {
			return true
		}
	}
	return false
}

// beginning is how much of a body is looked at.
const beginning = 2 << 10

// listed looks whether a body is a listing: one that is none is decoded as one
// that is empty.
func listed(response *http.Response) (*http.Response, error) {
	head := make([]byte, beginning)
	n, err := io.ReadFull(response.Body, head)
	head = head[:n]
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		_ = response.Body.Close()
		return nil, err
	case !isListing(head):
		_ = response.Body.Close()
		return nil, entra.NewImpostor(response, head)
	}
	response.Body = &rejoined{io.MultiReader(bytes.NewReader(head), response.Body), response.Body}
	return response, nil
}

// isListing finds the root of the service's document behind a byte order mark and
// the XML declaration.
func isListing(head []byte) bool {
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	if bytes.HasPrefix(head, []byte("<?xml")) {
		_, head, _ = bytes.Cut(head, []byte("?>"))
	}
	return bytes.HasPrefix(bytes.TrimSpace(head), []byte("<EnumerationResults"))
}

// rejoined is a body whose beginning was read.
type rejoined struct {
	io.Reader
	io.Closer
}

// refuted describes an answer and ends it.
func refuted(response *http.Response) error {
	defer response.Body.Close()
	head, err := io.ReadAll(io.LimitReader(response.Body, beginning))
	if err != nil {
		head = nil // the answer is told without its words
	}
	return entra.NewImpostor(response, head)
}
