package spec

import (
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Location is a folder: on this machine, where Path is set, or in a storage
// account, where URL is set.
type Location struct {
	// Path is absolute and in the form of the operating system.
	Path string
	// URL is abfss://container@account.dfs.core.windows.net/folder, or an
	// http(s) address. It holds no credentials.
	URL string
	// Access is how URL is opened; its Scope has its default, and OAuthScope
	// has been moved there.
	Access Access
}

// IsLocal tells a folder on this machine from one in a storage account.
func (l Location) IsLocal() bool { return l.Path != "" }

// String is the location as a user would write it.
func (l Location) String() string {
	if l.IsLocal() {
		return l.Path
	}
	return l.URL
}

// refusal is a problem whose place the caller knows.
type refusal struct{ message, hint string }

// A single letter before a colon is a drive of Windows.
var scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+):`)

func schemeOf(raw string) string {
	if m := scheme.FindStringSubmatch(raw); m != nil {
		return strings.ToLower(m[1])
	}
	return ""
}

func hasScheme(raw string) bool { return schemeOf(raw) != "" }

var remoteSchemes = []string{"abfss", "abfs", "https", "http"}

// locate reads an address of the file; relative folders start at dir. No
// message shows the address: it may hold a signature.
func locate(raw, dir string) (Location, *refusal) {
	switch s := schemeOf(raw); {
	case raw == "":
		return Location{}, &refusal{"is empty", "name a folder, or abfss://container@account.dfs.core.windows.net/path"}
	case strings.ContainsFunc(raw, isControl):
		return Location{}, &refusal{"holds a control character", "remove it; a line break at the end may come from the environment variable"}
	case s == "":
		return Location{Path: absolute(raw, dir)}, nil
	case s == "file":
		return locateFile(raw)
	case slices.Contains(remoteSchemes, s):
		return locateRemote(raw)
	default:
		return Location{}, &refusal{
			fmt.Sprintf("%s addresses are not supported", s),
			"use a local folder, abfss://container@account.dfs.core.windows.net/path or https://…",
		}
	}
}

// locateFile reads file:///folder, and file:///C:/folder on Windows.
func locateFile(raw string) (Location, *refusal) {
	u, err := url.Parse(raw)
	if err != nil || u.Path == "" || (u.Host != "" && u.Host != "localhost") {
		return Location{}, &refusal{"is not a file URL of this machine", "write file:///absolute/folder, or the folder alone"}
	}
	p := u.Path
	if len(p) > 2 && p[2] == ':' {
		p = strings.TrimPrefix(p, "/")
	}
	return Location{Path: filepath.FromSlash(path.Clean(p))}, nil
}

func locateRemote(raw string) (Location, *refusal) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "":
		return Location{}, &refusal{"is not a URL", "write abfss://container@account.dfs.core.windows.net/path"}
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return Location{}, &refusal{"has a query", "a shared access signature goes into sas_token"}
	case strings.HasPrefix(u.Scheme, "abfs"):
		if _, hasPassword := u.User.Password(); u.User.Username() == "" || hasPassword {
			return Location{}, &refusal{"names no container", "write abfss://container@account.dfs.core.windows.net/path"}
		}
	case u.User != nil:
		return Location{}, &refusal{"holds a user name", "credentials go into keys of their own, such as account_key"}
	}
	return Location{URL: strings.TrimRight(u.String(), "/")}, nil
}

// absolute is a local path that starts at dir where it is relative.
func absolute(p, dir string) string {
	p = filepath.FromSlash(p)
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(dir, p)
}

// StateStore is where run history is kept: a folder of this machine, or a
// Postgres database.
type StateStore struct {
	Path     string // absolute; empty for Postgres
	Postgres URL
}

func locateState(raw URL, dir string) (StateStore, *refusal) {
	text := raw.Reveal()
	switch schemeOf(text) {
	case "postgres", "postgresql":
		if u, err := url.Parse(text); err != nil || u.Host == "" {
			return StateStore{}, &refusal{"is not a Postgres URL", "write postgres://user:password@host:5432/database; special characters of the password as %XX"}
		}
		return StateStore{Postgres: raw}, nil
	case "", "file":
		if text == "" {
			text = DefaultStateDir
		}
		l, refused := locate(text, dir)
		return StateStore{Path: l.Path}, refused
	default:
		return StateStore{}, &refusal{"is neither a local folder nor a Postgres URL", "write a folder, or postgres://user:password@host/database"}
	}
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 }
