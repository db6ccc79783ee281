package entra

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// SAS is what a shared access signature says of itself, all but its signature.
// What is empty is not said, or said by a stored access policy of the container.
type SAS struct {
	// Start and Expiry as they stand in the token (st, se), and as times; zero
	// where they are of no form that the service takes.
	Start, Expiry     string
	StartAt, ExpiryAt time.Time
	// Permissions are letters (sp): r read, l list, w write, c create, d delete.
	Permissions string
	// Policy: the container has times and permissions, under a name (si).
	Policy bool
}

// ParseSAS reads a token, with or without '?'. Of one that is no query it says
// nothing.
func ParseSAS(token string) SAS {
	q, err := url.ParseQuery(strings.TrimPrefix(token, "?"))
	if err != nil {
		return SAS{}
	}
	return SAS{
		Start: q.Get("st"), StartAt: sasTimeOf(q.Get("st")), Expiry: q.Get("se"), ExpiryAt: sasTimeOf(q.Get("se")),
		Permissions: q.Get("sp"), Policy: q.Get("si") != "",
	}
}

// sasTimeOf reads the forms of ISO 8601 that the service takes, all in UTC.
func sasTimeOf(text string) time.Time {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04Z", "2006-01-02"} {
		if at, err := time.Parse(form, text); err == nil {
			return at
		}
	}
	return time.Time{}
}

// Expired and Early report whether the token is not valid any more at a time, or
// not yet.
func (s *SAS) Expired(now time.Time) bool {
	return !s.ExpiryAt.IsZero() && !now.IsZero() && !now.Before(s.ExpiryAt)
}

// Early: see [SAS.Expired].
func (s *SAS) Early(now time.Time) bool {
	return !s.StartAt.IsZero() && !now.IsZero() && now.Before(s.StartAt)
}

// sasLetters are the permissions that are needed, in the order in which tokens
// have them. Write includes create.
var sasLetters = []struct {
	letter, name string
	lake         bool
}{{"r", "read", false}, {"w", "write", true}, {"d", "delete", true}, {"l", "list", false}}

// Lacks names the permissions that the token lacks for reading, or for a lake:
// "w (write)". A stored access policy may have them.
func (s *SAS) Lacks(write bool) []string {
	if s.Permissions == "" {
		return nil
	}
	var lacking []string
	for _, l := range sasLetters {
		if (write || !l.lake) && !strings.Contains(s.Permissions, l.letter) {
			lacking = append(lacking, l.letter+" ("+l.name+")")
		}
	}
	return lacking
}

// ExpiredFix says since when a token is not valid any more.
func (s *SAS) ExpiredFix(now time.Time) string {
	return fmt.Sprintf("sas_token has expired: it was valid until %s (its se), %s ago; make a new one and put it into sas_token",
		s.Expiry, apart(now, s.ExpiryAt))
}

// EarlyFix says from when on a token is valid.
func (s *SAS) EarlyFix(now time.Time) string {
	return fmt.Sprintf("sas_token is not valid yet: it is from %s on (its st), in %s; wait, or make one that starts earlier",
		s.Start, apart(now, s.StartAt))
}

// LacksFix names what a token may not do.
func (s *SAS) LacksFix(write bool) string {
	letters := "rl"
	if write {
		letters = "rcwdl"
	}
	return fmt.Sprintf("sas_token has the permissions sp=%s and lacks %s: make a new one with sp=%s and put it into sas_token",
		s.Permissions, strings.Join(s.Lacks(write), ", "), letters)
}

// apart is the time between two, in units that people think in.
func apart(a, b time.Time) string {
	const day = 24 * time.Hour
	d := a.Sub(b).Abs()
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}
