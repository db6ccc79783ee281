package text

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/timespan"
)

// None stands where there is no value.
const None = "-"

var sizeUnits = []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}

// Size is a number of bytes with up to three digits: 0 B, 999 B, 1.2 GB.
func Size(n int64) string {
	v, unit := float64(n), 0
	for v >= 999.5 && unit < len(sizeUnits)-1 {
		v /= 1000
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return digits(v) + " " + sizeUnits[unit]
}

// digits shows one decimal place below ten and none above.
func digits(v float64) string {
	if v < 9.95 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// MegabytesPerSecond is a rate without its unit, for columns that name it in
// their head. Where the time is too short to tell, it is [None].
func MegabytesPerSecond(n int64, d time.Duration) string {
	if d < time.Millisecond || n <= 0 {
		return None
	}
	return digits(float64(n) / 1e6 / d.Seconds())
}

// Rate is a rate with its unit: 85 MB/s.
func Rate(n int64, d time.Duration) string {
	v := MegabytesPerSecond(n, d)
	if v == None {
		return v
	}
	return v + " MB/s"
}

// Count groups digits by three: 1,234,567.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return sign + s
}

// Plural is a counted noun: 1 table, 2 tables.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(int64(n)) + " " + noun + "s"
}

// Duration is a time span in one or two units: 0.04 s, 1.2 s, 3 min 5 s, 2 d 4 h.
func Duration(d time.Duration) string {
	d = max(d, 0)
	if d > time.Minute {
		d = d.Round(time.Second)
	}
	switch {
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < 59950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return two(d, time.Minute, "min", time.Second, "s")
	case d < 48*time.Hour:
		return two(d, time.Hour, "h", time.Minute, "min")
	}
	return two(d, 24*time.Hour, "d", time.Hour, "h")
}

func two(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	d = d.Round(small)
	if rest := d % large / small; rest > 0 {
		return fmt.Sprintf("%d %s %d %s", d/large, largeName, rest, smallName)
	}
	return fmt.Sprintf("%d %s", d/large, largeName)
}

// Ago is how long ago something was, in the unit that a person would choose: 3 h
// ago. What lies in the future is told as such: clocks differ.
func Ago(d time.Duration) string { return timespan.Ago(d) }
