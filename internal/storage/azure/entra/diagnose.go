package entra

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Diagnosis is what is wrong and what to do about it.
type Diagnosis struct {
	// Code is the service's own, AADSTS7000215 or ContainerNotFound, or one of
	// the network, DNS_NOT_FOUND.
	Code string
	// Reason is what the service said, with its code, in one line.
	Reason string
	// Fix is what to do, in one line, with commands where there are some.
	Fix string
}

// About is what was being reached, for fixes to name. What is not known is
// empty.
type About struct {
	Account, Container string
	// Write: the container is written to, so that reading is not enough.
	Write bool
	// Way in which requests are signed, and by whom.
	Way                Way
	TenantID, ClientID string
	// SAS of requests that a shared access signature signs.
	SAS SAS
	// Now is this machine's clock, to compare with the service's.
	Now time.Time
}

// row says how one finding is known and what to do about it.
type row struct {
	code string            // as found, "" for any
	when func(*facts) bool // nil for always
	fix  func(*facts) string
}

func (r *row) matches(f *facts) bool {
	return (r.code == "" || r.code == f.code) && (r.when == nil || r.when(f))
}

// rows in the order in which they are looked at.
var rows = slices.Concat(signInRows, storageRows, networkRows)

// Diagnose says what an error of a sign-in, of the storage service or of the
// network means. It reports false for errors of other kinds, and where the work
// was interrupted; an answer that no row is about comes with its own words and
// without a fix.
func Diagnose(err error, about About) (Diagnosis, bool) {
	if err == nil || errors.Is(err, context.Canceled) {
		return Diagnosis{}, false
	}
	f, ok := gather(err, about)
	if !ok {
		return Diagnosis{}, false
	}
	d := Diagnosis{Code: f.code, Reason: f.reason()}
	for i := range rows {
		if rows[i].matches(f) {
			d.Fix = rows[i].fix(f)
			break
		}
	}
	return d, true
}

// reason is the service's code and sentence.
func (f *facts) reason() string {
	switch {
	case f.message == "":
		return f.code
	case f.code == "" || f.own:
		return f.message
	}
	return f.code + ": " + f.message
}

// sentence is the first one of an answer, on one line and not endless.
func sentence(text string) string {
	const most = 300
	text = Clean(strings.TrimSpace(strings.ToValidUTF8(text, "?")))
	text, _, _ = strings.Cut(text, "\n")
	text, _, _ = strings.Cut(strings.TrimSpace(text), ". ")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strings.TrimRight(text, ". ")
}
