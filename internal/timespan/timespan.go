// Package timespan words spans of time for people: how old a folder is, how long
// something waited. Spans are rounded down to what a person would say; settings are
// given exactly.
package timespan

import (
	"fmt"
	"strings"
	"time"
)

const (
	day   = 24 * time.Hour
	year  = 365*day + 6*time.Hour
	month = year / 12
)

// doubtful is how far in the future something must lie to be told as a clock that
// is wrong: clocks of two machines are seldom further apart.
const doubtful = 5 * time.Minute

// Text is a span in the unit that a person would choose: 59 s, 90 min, 47 h,
// 59 days, 23 months, 2 y 10 months. One that is negative is none.
func Text(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d < 60*day:
		return fmt.Sprintf("%d days", d/day)
	case d < 2*year:
		return fmt.Sprintf("%d months", d/month)
	}
	switch years, months := d/year, d%year/month; months {
	case 0:
		return fmt.Sprintf("%d y", years)
	case 1:
		return fmt.Sprintf("%d y 1 month", years)
	default:
		return fmt.Sprintf("%d y %d months", years, months)
	}
}

// Ago is how long ago something was. What lies in the future is told as such, with
// a doubt about the clocks where they would have to be far apart.
func Ago(d time.Duration) string {
	switch {
	case d <= -time.Second && d >= -doubtful:
		return "in " + Text(-d)
	case d < -doubtful:
		return "in " + Text(-d) + " (the clock of this machine or of the export is wrong?)"
	}
	return Text(d) + " ago"
}

// Exact is a span with all its units: 3 d, 25 h, 2 h 30 min, 500ms.
func Exact(d time.Duration) string {
	if d <= 0 || d%time.Second != 0 {
		return d.String()
	}
	var parts []string
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / unit.size; n > 0 && (unit.size < day || n > 1) {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
			d %= unit.size
		}
	}
	return strings.Join(parts, " ")
}
