package spec

import "time"

// Duration is a time span as people write it: 90s, 15m, 36h, 1h30m.
type Duration string

// Parse is the span; that of the empty Duration is zero.
func (d Duration) Parse() (time.Duration, error) {
	if d == "" {
		return 0, nil
	}
	return time.ParseDuration(string(d))
}

// duration checks a time span and gives it, zero where it is none.
func (r *resolver) duration(at string, d Duration) time.Duration {
	span, err := d.Parse()
	if err != nil || span < 0 || d != "" && span == 0 {
		r.errorf(at, r.quote(at, string(d))+" is not a time span", "write one such as 90s, 15m, 36h or 1h30m")
		return 0
	}
	return span
}
