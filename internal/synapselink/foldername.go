package synapselink

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// FolderName names an incremental folder by the time at which it was begun, in
// UTC and whole seconds. The zero FolderName names none and sorts first.
type FolderName struct {
	text   string
	digits int64
}

// ParseFolderName reads 2024-09-11T16.29.10Z, which is what the service
// writes, and the form that the vendor's page prints, 2024-09-11T16:29:10Z,
// with or without a fraction of a second (which is not compared). Spaces
// before the name occur and are kept in the text.
func ParseFolderName(text string) (FolderName, error) {
	t, err := parseFolderTime(strings.TrimLeft(text, " "))
	if err != nil {
		return FolderName{}, fmt.Errorf("%q is not the name of an incremental folder, such as 2024-09-11T16.29.10Z", text)
	}
	day := int64(t.Year())*10000 + int64(t.Month())*100 + int64(t.Day())
	clock := int64(t.Hour())*10000 + int64(t.Minute())*100 + int64(t.Second())
	return FolderName{text: text, digits: day*1_000_000 + clock}, nil
}

func parseFolderTime(name string) (time.Time, error) {
	// time.Parse takes a fraction after the seconds without being asked.
	if len(name) > len("2006-01-02T15") && name[len("2006-01-02T15")] == '.' {
		return time.Parse("2006-01-02T15.04.05Z", name)
	}
	return time.Parse("2006-01-02T15:04:05Z", name)
}

// String is the name as it is stored, for paths.
func (f FolderName) String() string { return f.text }

// Digits is the time as a number, 20240911162910. It orders folders.
func (f FolderName) Digits() int64 { return f.digits }

// IsZero reports whether f names no folder.
func (f FolderName) IsZero() bool { return f == FolderName{} }

// Time is the moment that the name stands for.
func (f FolderName) Time() time.Time {
	d, c := f.digits/1_000_000, f.digits%1_000_000
	return time.Date(int(d/10000), time.Month(d/100%100), int(d%100), int(c/10000), int(c/100%100), int(c%100), 0, time.UTC)
}

// Compare orders names by time, then by text: two spellings of one moment are
// two folders.
func (f FolderName) Compare(o FolderName) int {
	return cmp.Or(cmp.Compare(f.digits, o.digits), cmp.Compare(f.text, o.text))
}
