package obs

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// Redacted is shown instead of a secret.
const Redacted = "[redacted]"

// secretNames are parts of the names of attributes that hold secrets, without
// underscores and hyphens and in lower case.
var secretNames = []string{
	"secret", "password", "passwd", "accountkey", "sastoken", "accesstoken", "refreshtoken", "bearer",
	"authorization", "credentials", "privatekey", "connectionstring", "signature",
}

// IsSecret reports whether an attribute of that name is shown as [Redacted].
func IsSecret(name string) bool {
	name = strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(name))
	for _, part := range secretNames {
		if strings.Contains(name, part) {
			return true
		}
	}
	return name == "token"
}

// secretTexts are what is cut out of texts.
var secretTexts = []struct {
	pattern     *regexp.Regexp
	replacement string
}{
	// Query values that sign an address or stand for a password.
	{regexp.MustCompile(`(?i)\b((?:sig|sslpassword|password|client_secret|client_assertion|access_token)=)[^&\s"']+`), "${1}" + Redacted},
	// The password of an address.
	{regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^/\s:@"']*:)[^/\s"']+@`), "${1}" + Redacted + "@"},
	{regexp.MustCompile(`(?i)\b(bearer )[A-Za-z0-9._~+/=-]{16,}`), "${1}" + Redacted},
	// Keys of Azure connection strings.
	{regexp.MustCompile(`(?i)\b((?:AccountKey|SharedAccessSignature)=)[^;\s"']+`), "${1}" + Redacted},
}

// Redact cuts secrets out of a text, such as an error that names the address
// of a failed request.
func Redact(text string) string {
	for _, s := range secretTexts {
		text = s.pattern.ReplaceAllString(text, s.replacement)
	}
	return text
}

// redactAttr is a slog ReplaceAttr function. Groups need no care: slog calls it
// for each attribute in them.
func redactAttr(_ []string, a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	switch {
	case a.Value.Kind() == slog.KindGroup:
	case IsSecret(a.Key):
		a.Value = slog.StringValue(Redacted)
	case a.Value.Kind() == slog.KindString:
		a.Value = slog.StringValue(Redact(a.Value.String()))
	case a.Value.Kind() == slog.KindAny:
		a.Value = redactAny(a.Value.Any())
	}
	return a
}

// redactAny renders what knows its own text, so that the text can be looked at.
// Other values, such as the line's level, stay what they are.
func redactAny(v any) slog.Value {
	switch v := v.(type) {
	case error:
		return slog.StringValue(Redact(v.Error()))
	case slog.Level:
		return slog.AnyValue(v)
	case fmt.Stringer:
		return slog.StringValue(Redact(v.String()))
	case []string:
		out := make([]string, len(v))
		for i := range v {
			out[i] = Redact(v[i])
		}
		return slog.AnyValue(out)
	}
	return slog.AnyValue(v)
}
