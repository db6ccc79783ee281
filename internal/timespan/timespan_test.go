package timespan

import (
	"math"
	"testing"
	"time"
)

func TestText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour:                       "0 s",
		0:                                "0 s",
		59*time.Second + 999:             "59 s",
		90 * time.Second:                 "1 min",
		119 * time.Minute:                "119 min",
		4*time.Hour + 59*time.Minute:     "4 h",
		47*time.Hour + 59*time.Minute:    "47 h",
		48 * time.Hour:                   "2 days",
		60*day - 1:                       "59 days",
		61 * day:                         "2 months",
		2*year - 1:                       "23 months",
		2 * year:                         "2 y",
		2*year + month:                   "2 y 1 month",
		25049*time.Hour + 77*time.Second: "2 y 10 months",
		math.MaxInt64:                    "292 y 3 months",
	} {
		if got := Text(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                       "0 s ago",
		-500 * time.Millisecond: "0 s ago",
		90 * time.Minute:        "90 min ago",
		-2 * time.Minute:        "in 2 min",
		-4329 * time.Minute:     "in 3 days (the clock of this machine or of the export is wrong?)",
		-5*time.Minute - 1:      "in 5 min (the clock of this machine or of the export is wrong?)",
	} {
		if got := Ago(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestExact(t *testing.T) {
	for d, want := range map[time.Duration]string{
		2 * time.Hour:  "2 h",
		25 * time.Hour: "25 h", 72 * time.Hour: "3 d",
		150 * time.Minute:       "2 h 30 min",
		day + 61*time.Second:    "24 h 1 min 1 s",
		1500 * time.Millisecond: "1.5s",
		0:                       "0s",
		-time.Hour:              "-1h0m0s",
	} {
		if got := Exact(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
