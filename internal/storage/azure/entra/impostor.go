package entra

import (
	"context"
	"fmt"
	"html"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Impostor is an answer that the storage service did not give: a proxy, a captive
// portal or a firewall gave it, mostly as a page for people and with status 200.
type Impostor struct {
	Host   string // that was asked
	Status int
	// Type and Words are what came instead: a media type, and how its text
	// begins. Both may be empty.
	Type, Words string
}

// NewImpostor describes an answer by its head and the beginning of its body.
func NewImpostor(response *http.Response, beginning []byte) *Impostor {
	e := &Impostor{Status: response.StatusCode, Words: firstWords(beginning)}
	if kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err == nil {
		e.Type = kind
	}
	if response.Request != nil {
		e.Host = response.Request.URL.Host
	}
	return e
}

func (e *Impostor) Error() string {
	came := statusText(e.Status)
	if e.Type != "" {
		came += ", " + e.Type
	}
	if e.Words != "" {
		return fmt.Sprintf("something between here and Azure answered in its place: %s, %q", came, e.Words)
	}
	return "something between here and Azure answered in its place: " + came + ", without a text"
}

var (
	unseen  = regexp.MustCompile(`(?is)<(?:script|style)\b.*?(?:</(?:script|style)>|$)|<!--.*?(?:-->|$)`)
	markups = regexp.MustCompile(`<[^>]*(?:>|$)`)
)

// firstWords are those that a browser would show, enough to know the page again.
func firstWords(page []byte) string {
	const most = 80
	shown := markups.ReplaceAllString(unseen.ReplaceAllString(string(page), " "), " ")
	words := []rune(strings.TrimSpace(sentence(strings.Join(strings.Fields(html.UnescapeString(shown)), " "))))
	if len(words) > most {
		return string(words[:most]) + "…"
	}
	return string(words)
}

// ProxyRefusal is the answer of a proxy that carries no request.
type ProxyRefusal struct {
	Proxy  string // its host, empty where that is not known
	Status int
}

// ProxyAnswer is for [http.Transport.OnProxyConnectResponse]: of a refusal the
// transport itself tells the text alone.
func ProxyAnswer(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &ProxyRefusal{Proxy: proxy.Host, Status: answer.StatusCode}
}

func (e *ProxyRefusal) Error() string {
	return strings.TrimRight("the proxy "+e.Proxy, " ") + " answered " + statusText(e.Status)
}

func statusText(status int) string {
	return strings.TrimRight(fmt.Sprintf("%d %s", status, http.StatusText(status)), " ")
}
