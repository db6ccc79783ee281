package spec

import (
	"fmt"
	"io"
	"net/url"
)

// Redacted is what is shown instead of a secret.
const Redacted = "[redacted]"

// Secret is text that must never be shown. However it is printed, logged or
// marshalled, [Redacted] comes out; only Reveal gives the text. An empty
// secret is shown as empty, so that "not set" can be told from "set".
type Secret string

// Reveal is the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String is [Redacted], or empty for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return Redacted
}

// Format covers every verb: %s, %v, %+v, %#v, %q, %x.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText serves JSON, YAML and slog.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// URL is an address that may hold a password, as those of databases do. It is
// shown without the password and without the values of its query; Reveal gives
// the whole.
type URL string

// Reveal is the address with its password.
func (u URL) Reveal() string { return string(u) }

// String is the address without password and query values. Text that has a
// password's shape and cannot be parsed is not shown at all.
func (u URL) String() string {
	if !hasScheme(string(u)) {
		return string(u)
	}
	parsed, err := url.Parse(string(u))
	if err != nil {
		return Redacted
	}
	if _, set := parsed.User.Password(); set {
		parsed.User = url.UserPassword(parsed.User.Username(), "redacted")
	}
	query := parsed.Query()
	for key := range query {
		query.Set(key, "redacted")
	}
	parsed.RawQuery = query.Encode()
	return parsed.String()
}

// Format covers every verb.
func (u URL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// MarshalText serves JSON, YAML and slog.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
