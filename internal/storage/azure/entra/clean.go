package entra

import "regexp"

// signatures and tokens, as an address or a header has them.
var signatures = []*regexp.Regexp{
	regexp.MustCompile(`(?i)((?:sig|client_secret|client_assertion|access_token)(?:=|%3D))[^&\s"'<>]+`),
	regexp.MustCompile(`(?i)((?:bearer|sharedkey|sharedkeylite) )[A-Za-z0-9._~+/=:-]{8,}`),
}

// Clean cuts out of a text what would let its reader in, should a proxy or a
// server have sent a request back.
func Clean(text string) string {
	for _, pattern := range signatures {
		text = pattern.ReplaceAllString(text, "${1}[redacted]")
	}
	return text
}
