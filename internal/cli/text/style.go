package text

import (
	"regexp"
	"unicode/utf8"
)

// Style colours words, or leaves them as they are: its zero value is plain.
type Style struct{ Color bool }

// Bold is for headings.
func (s Style) Bold(t string) string { return s.with("1", t) }

// Good is for what is done.
func (s Style) Good(t string) string { return s.with("32", t) }

// Bad is for what failed.
func (s Style) Bad(t string) string { return s.with("31", t) }

// Wary is for what wants a look.
func (s Style) Wary(t string) string { return s.with("33", t) }

// Faint is for what matters less.
func (s Style) Faint(t string) string { return s.with("2", t) }

func (s Style) with(code, t string) string {
	if !s.Color || t == "" {
		return t
	}
	return "\x1b[" + code + "m" + t + "\x1b[0m"
}

var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

// width is the number of characters that are seen.
func width(t string) int { return utf8.RuneCountInString(escape.ReplaceAllString(t, "")) }
