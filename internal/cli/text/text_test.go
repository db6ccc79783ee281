package text

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1949: "1.9 kB", 9_940: "9.9 kB", 9_960: "10 kB",
		999_499: "999 kB", 999_500: "1.0 MB", 1_234_567_890: "1.2 GB", math.MaxInt64: "9.2 EB",
	} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		n    int64
		d    time.Duration
		want string
	}{
		{85_000_000, time.Second, "85 MB/s"},
		{1_500_000, time.Second, "1.5 MB/s"},
		{1, 0, "-"},
		{0, time.Second, "-"},
		{1_000_000, time.Microsecond, "-"},
	} {
		if got := Rate(c.n, c.d); got != c.want {
			t.Errorf("Rate(%d, %v) = %q, want %q", c.n, c.d, got, c.want)
		}
	}
}

func TestCountAndPlural(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	if got := Plural(1, "table") + ", " + Plural(1200, "row"); got != "1 table, 1,200 rows" {
		t.Errorf("Plural: %q", got)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                           "0.00 s",
		0:                                      "0.00 s",
		42 * time.Millisecond:                  "0.04 s",
		1234 * time.Millisecond:                "1.2 s",
		59940 * time.Millisecond:               "59.9 s",
		59960 * time.Millisecond:               "1 min",
		185 * time.Second:                      "3 min 5 s",
		time.Hour + 59*time.Minute:             "1 h 59 min",
		2*24*time.Hour + 4*time.Hour:           "2 d 4 h",
		3*24*time.Hour + 10*time.Minute:        "3 d",
		time.Hour - 100*time.Millisecond:       "1 h",
		119*time.Second + 999*time.Millisecond: "2 min",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s ago", 59 * time.Second: "59 s ago", 90 * time.Second: "1 min ago",
		3*time.Hour + 50*time.Minute: "3 h ago", 47 * time.Hour: "47 h ago", 49 * time.Hour: "2 days ago",
		-5 * time.Minute: "in 5 min",
	} {
		if got := Ago(d); got != want {
			t.Errorf("Ago(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{
		"1GiB": 1 << 30, "256MiB": 256 << 20, "512MB": 512_000_000, "1000": 1000, "64 mib": 64 << 20,
		"1.5GiB": 3 << 29, " 2kB ": 2000, "7B": 7, "0": 0, "1TiB": 1 << 40, "3KiB": 3072,
	} {
		if got, err := ParseSize(s); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "GiB", "1XB", "-1", "1.2.3", "1e9", "10000000TiB", "1 GiB 2", "0x10", "NaN", "Inf"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", s, got)
		}
	}
}

func TestFormatSizeIsReadAgain(t *testing.T) {
	for n, want := range map[int64]string{1 << 30: "1GiB", 512_000_000: "512MB", 1000: "1000", 2_000_001: "2000001", 3_000_000_000: "3GB"} {
		got := FormatSize(n)
		if back, err := ParseSize(got); err != nil || back != n {
			t.Errorf("ParseSize(FormatSize(%d)) = %d, %v", n, back, err)
		}
		if got != want {
			t.Errorf("FormatSize(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	table := NewTable(Style{}, "NAME", ">ROWS", "STATE")
	table.Row("größe", "1,000", "done")
	table.Row("a", "5", "")
	want := "NAME    ROWS  STATE\ngröße  1,000  done\na          5\n"
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	if got := NewTable(Style{}, "NAME").String(); got != "" {
		t.Errorf("a table without rows is %q", got)
	}
}

func TestColoursDoNotMoveColumns(t *testing.T) {
	lines := func(s Style) string {
		table := NewTable(s, "STATE", ">ROWS")
		table.Row(s.Good("done"), "1")
		table.Row(s.Bad("failed"), "22")
		return table.String()
	}
	colored := lines(Style{Color: true})
	if !strings.Contains(colored, "\x1b[31mfailed\x1b[0m") {
		t.Errorf("no colour in %q", colored)
	}
	if diff := cmp.Diff(lines(Style{}), escape.ReplaceAllString(colored, "")); diff != "" {
		t.Errorf("columns moved (-plain +colored):\n%s", diff)
	}
}

func TestPairs(t *testing.T) {
	got := Pairs("  ", [2]string{"id", "1"}, [2]string{"longer", "two\nlines"}, [2]string{"none", ""})
	want := "  id      1\n  longer  two\n          lines\n  none\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
}

func TestPrintable(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"plain", 0, "plain"},
		{"two\r\nlines\tand a tab", 0, "two\nlines\tand a tab"},
		{"\x1b[31mred\x07", 0, `\x1b[31mred\x07`},
		{"größer", 3, "grö… (6 characters)"},
		{"größer", 6, "größer"},
		{"\r alone", 0, `\x0d alone`},
	} {
		if got := Printable(c.in, c.most); got != c.want {
			t.Errorf("Printable(%q, %d) = %q, want %q", c.in, c.most, got, c.want)
		}
	}
}
