package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable is a value of the data as a terminal can show it: line breaks as
// they are, other control characters as \x1b. What is longer than most
// characters is cut, and says so; most 0 cuts nothing.
func Printable(s string, most int) string {
	cut := ""
	if n := utf8.RuneCountInString(s); most > 0 && n > most {
		at := 0
		for range most {
			_, size := utf8.DecodeRuneInString(s[at:])
			at += size
		}
		s, cut = s[:at], fmt.Sprintf("… (%s characters)", Count(int64(n)))
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if strings.ContainsFunc(s, isControl) {
		var b strings.Builder
		for _, r := range s {
			if isControl(r) {
				fmt.Fprintf(&b, `\x%02x`, r)
			} else {
				b.WriteRune(r)
			}
		}
		s = b.String()
	}
	return s + cut
}

func isControl(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }
