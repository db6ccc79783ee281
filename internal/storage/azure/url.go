package azure

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/sluicedata/sluice/internal/storage"
)

const blobSuffix = ".blob.core.windows.net"

// ParseURL takes the URL of a folder in a container apart:
//
//	abfss://container@account.dfs.core.windows.net/path     abfs, wasb and wasbs, too
//	https://account.blob.core.windows.net/container/path    or .dfs.
//
// Names in the https form may be percent-encoded, in the others they are taken
// as they stand. An endpoint (http://127.0.0.1:10000/devstoreaccount1) replaces
// the host of the service URL, and the account, where it names one. A SAS token
// in the URL is refused; errors do not show it.
func ParseURL(address, endpoint string) (account, container, root, serviceURL string, err error) {
	p, err := parse(address, endpoint)
	if err != nil {
		return "", "", "", "", fmt.Errorf("reading the azure URL %q: %w", withoutSecrets(address), err)
	}
	return p.account, p.container, p.root, p.service, nil
}

// withoutSecrets leaves out what stands behind '?', and before the '@' of a form
// in which that is no container.
func withoutSecrets(address string) string {
	bare, _, _ := strings.Cut(address, "?")
	scheme, rest, found := strings.Cut(bare, "://")
	if found && strings.HasPrefix(strings.ToLower(scheme), "http") {
		return scheme + "://" + rest[strings.LastIndexByte(rest, '@')+1:]
	}
	return bare
}

// place is where a store is.
type place struct {
	account, container, root, service string
}

func parse(address, endpoint string) (p place, err error) {
	scheme, rest, found := strings.Cut(address, "://")
	switch {
	case !found:
		return p, errors.New("it has no scheme; write abfss://container@account.dfs.core.windows.net/path")
	case strings.Contains(rest, "?"):
		return p, errors.New("it has a query; a SAS token belongs into the option sas_token")
	}
	switch strings.ToLower(scheme) {
	case "abfss", "abfs", "wasbs", "wasb":
		p, err = parseHadoop(rest)
	case "https", "http":
		p, err = parseHTTP(strings.ToLower(scheme), rest)
	default:
		return p, fmt.Errorf("the scheme %q is none of abfss, abfs, wasbs, wasb, https and http", scheme)
	}
	if err != nil {
		return p, err
	}
	if p.container == "" {
		return p, errors.New("it names no container")
	}
	if p.root = strings.TrimRight(p.root, "/"); p.root != "" {
		if err := storage.CheckPath(p.root); err != nil {
			return p, err
		}
	}
	return p, p.redirect(endpoint)
}

// parseHadoop reads container@account.dfs.suffix/path.
func parseHadoop(rest string) (place, error) {
	authority, root, _ := strings.Cut(rest, "/")
	container, host, found := strings.Cut(authority, "@")
	if !found {
		return place{}, errors.New("it has no container before an '@'; write abfss://container@account.dfs.core.windows.net/path")
	}
	account, host, err := blobHost(host)
	return place{account: account, container: container, root: root, service: "https://" + host}, err
}

// parseHTTP reads account.blob.suffix/container/path.
func parseHTTP(scheme, rest string) (place, error) {
	host, path, _ := strings.Cut(rest, "/")
	path, err := url.PathUnescape(path)
	if err != nil {
		return place{}, err
	}
	account, host, err := blobHost(host)
	container, root, _ := strings.Cut(path, "/")
	return place{account: account, container: container, root: root, service: scheme + "://" + host}, err
}

// blobHost turns the host of either service into that of the blob service, in
// whichever cloud it is.
func blobHost(host string) (account, blob string, err error) {
	host = strings.ToLower(host)
	labels := strings.SplitN(host, ".", 3)
	if len(labels) < 3 || labels[0] == "" || labels[1] != "blob" && labels[1] != "dfs" || strings.ContainsAny(host, "@#%\\: ") {
		host = host[strings.LastIndexByte(host, '@')+1:]
		return "", "", fmt.Errorf("its host %q is not account.dfs.core.windows.net or account.blob.core.windows.net; "+
			"another address of the service belongs into the option endpoint", host)
	}
	return labels[0], labels[0] + ".blob." + labels[2], nil
}

// redirect puts the endpoint in the place of the service URL. One whose host is
// an address or has a port carries the account as its path, as Azurite's does.
func (p *place) redirect(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return errors.New("the endpoint is not a URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("the endpoint is not an http or https URL; write https://account.blob.core.windows.net")
	case u.RawQuery != "" || u.User != nil || u.Fragment != "":
		return errors.New("the endpoint has more than a host and a path; a SAS token belongs into the option sas_token")
	}
	// Portals show the address of the Data Lake service first.
	if _, host, err := blobHost(u.Host); err == nil {
		u.Host = host
	}
	p.service = strings.TrimRight(u.String(), "/")
	if account := strings.Trim(u.Path, "/"); account != "" {
		p.account = account
	}
	return nil
}

// naming makes URLs of paths as users write them.
type naming struct {
	base    string // without '/' at its end
	encoded bool
}

func newNaming(c Config) (naming, error) {
	if strings.Contains(c.URL, "?") {
		return naming{}, errors.New("its URL has a query; a SAS token belongs into the option sas_token")
	}
	if scheme, _, found := strings.Cut(c.URL, "://"); found {
		return naming{base: strings.TrimRight(c.URL, "/"), encoded: strings.HasPrefix(strings.ToLower(scheme), "http")}, nil
	}
	base, err := url.Parse(c.Endpoint)
	if err != nil || base.Host == "" || base.RawQuery != "" || base.User != nil {
		return naming{}, errors.New("its endpoint is not the URL of a blob service")
	}
	u := base.JoinPath(url.PathEscape(c.Container), escape(c.Root))
	return naming{base: strings.TrimRight(u.String(), "/"), encoded: true}, nil
}

func (n naming) of(path string) string {
	switch {
	case path == "":
		return n.base
	case n.encoded:
		return n.base + "/" + escape(path)
	}
	return n.base + "/" + path
}

func escape(path string) string {
	elements := strings.Split(path, "/")
	for i, element := range elements {
		elements[i] = url.PathEscape(element)
	}
	return strings.Join(elements, "/")
}
