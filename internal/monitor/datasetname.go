package monitor

import (
	"net/url"
	"path/filepath"
	"strings"
)

// datasetName gives what is at an address the name that OpenLineage's naming
// rules give it (https://openlineage.io/docs/spec/naming), so that other programs
// that read the same table speak of the same dataset:
//
//	abfss://c@a.dfs.core.windows.net/lake/t   abfss://c@a.dfs.core.windows.net   lake/t
//	https://a.blob.core.windows.net/c/lake/t  abfss://c@a.dfs.core.windows.net   lake/t
//	http://127.0.0.1:10000/devstore/c/lake/t  http://127.0.0.1:10000             devstore/c/lake/t
//	/srv/lake/t                               file                               /srv/lake/t
func datasetName(address, below string) (space, name string) {
	if below != "" {
		address = strings.TrimRight(filepath.ToSlash(address), "/") + "/" + below
	}
	scheme, rest, isURL := strings.Cut(address, "://")
	if !isURL {
		return "file", filepath.ToSlash(address)
	}
	host, path, _ := strings.Cut(rest, "/")
	if unescaped, err := url.PathUnescape(path); err == nil && strings.HasPrefix(scheme, "http") {
		path = unescaped
	}
	account, cloud, isBlob := cutService(host)
	container, inside, hasContainer := strings.Cut(path, "/")
	if isBlob && hasContainer && strings.HasPrefix(scheme, "http") {
		return "abfss://" + container + "@" + account + ".dfs." + cloud, inside
	}
	return scheme + "://" + host, path
}

// cutService takes the host of an Azure blob service apart: ACCOUNT.blob.CLOUD.
func cutService(host string) (account, cloud string, ok bool) {
	account, rest, ok := strings.Cut(host, ".")
	if !ok {
		return "", "", false
	}
	for _, service := range []string{"blob.", "dfs."} {
		if cloud, ok = strings.CutPrefix(rest, service); ok {
			return account, cloud, true
		}
	}
	return "", "", false
}
