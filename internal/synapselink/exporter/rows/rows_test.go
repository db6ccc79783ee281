package rows

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestAppendInt(t *testing.T) {
	for v, want := range map[int64]string{
		0: "0", 7: "7", -1: "-1", 1234567890123: "1234567890123",
		math.MaxInt64: "9223372036854775807", math.MinInt64: "-9223372036854775808",
	} {
		if got := string(AppendInt(nil, v)); got != want {
			t.Errorf("%d is written %s", v, got)
		}
	}
}

func TestAppendDecimal(t *testing.T) {
	for _, tc := range []struct {
		unscaled int64
		scale    int
		want     string
	}{
		{0, 2, "0.00"}, {5, 2, "0.05"}, {-5, 2, "-0.05"}, {123456, 2, "1234.56"}, {-1234560000, 6, "-1234.560000"},
		{12, 0, "12"}, {-500_0000000000000000, 16, "-500.0000000000000000"},
	} {
		if got := string(appendDecimal(nil, tc.unscaled, tc.scale)); got != tc.want {
			t.Errorf("%d with scale %d is written %s, want %s", tc.unscaled, tc.scale, got, tc.want)
		}
	}
}

func TestIDs(t *testing.T) {
	// a published Id of table 4277 and recid 5648001569
	if got := string(foID(4277, 5648001569).append(nil)); got != "000010b5-0000-0000-21aa-a55001000000" {
		t.Errorf("F&O Id %s", got)
	}
	seen := map[GUID]bool{}
	for i := range uint64(1 << 16) {
		seen[ceID(i, 9)] = true
		seen[ceID(i<<48, 9)] = true
	}
	if len(seen) != 1<<17-1 { // 0 is in both
		t.Errorf("%d distinct Ids", len(seen))
	}
}

func TestTimes(t *testing.T) {
	at := time.Date(2025, 2, 3, 21, 52, 5, 0, time.UTC)
	if got := QuotedSink(at); got != `"2/3/2025 9:52:05 PM"` {
		t.Errorf("Sink column %s", got)
	}
	if got := QuotedSink(at.Truncate(24 * time.Hour)); got != `"2/3/2025 12:00:00 AM"` {
		t.Errorf("Sink column at midnight %s", got)
	}
	if got := string(appendISO(nil, at.Unix(), ".0000000Z")); got != `"2025-02-03T21:52:05.0000000Z"` {
		t.Errorf("date-time %s", got)
	}
	if got := string(appendISO(nil, emptyDate, "")); got != `"1900-01-01T00:00:00"` {
		t.Errorf("empty date %s", got)
	}
}

func TestQuotingAndBack(t *testing.T) {
	for _, s := range []string{"", "plain", `say "no"`, `"`, "a,b\r\nc", `""`, "Zoë"} {
		q := string(appendQuoted(nil, s))
		if inner := strings.ReplaceAll(q[1:len(q)-1], `""`, ""); strings.Contains(inner, `"`) {
			t.Errorf("%q has a single quote inside", q)
		}
		if got := unquote([]byte(q)); got != s {
			t.Errorf("%q comes back as %q", s, got)
		}
	}
}

func TestProgramWritesGapsAsCommas(t *testing.T) {
	x := literal("x")
	for _, tc := range []struct {
		cells []cell
		want  string
	}{
		{[]cell{x}, "x\n"}, {[]cell{nil, x, nil, nil, x, nil}, ",x,,,x,\n"}, {[]cell{nil, nil}, ",\n"}, {[]cell{x, x}, "x,x\n"},
	} {
		if got := string(compileProgram(tc.cells).Append(nil, &Row{})); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func TestShapeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"guid":                              "line 1: want a type",
		"string a:x":                        "maximum length",
		"int64 a=int(1,2)%x":                "share of filled cells",
		"decimal(38) a":                     "decimal(38)",
		"int64 a=nothing":                   `fill "nothing" is not known`,
		"int64 a=int(1)":                    "int wants 2 arguments",
		"int64 a=int(1,b)":                  `"b" is no whole number`,
		"int64 a=pick(1:2)":                 "not value/Label:weight",
		"guid a=lookup(nowhere)":            `table "nowhere" is not known`,
		"string a=word(nouns)":              `list "nouns" is not known`,
		"decimal(38,2) a=dec(1,2,99)":       "scale 99",
		"string a=code(X,99)":               "digits",
		"string a=document(tail)":           `no part "tail"`,
		"@tableid 99999999999\nguid Id=id":  "value out of range",
		"@partition soon\nguid Id=id":       "invalid syntax",
		"guid Id=id\nstring a=document(,x)": "document wants one argument",
	} {
		if err := compileText(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func compileText(text string) error {
	sh, err := parseShape("t", text)
	if err != nil {
		return err
	}
	w, err := NewWorld(1, Style{}, nil)
	if err != nil {
		return err
	}
	c := &compiler{world: w, table: &Table{Name: "t", shape: sh}, shape: sh, makers: makers()}
	_, err = c.cells()
	return err
}

// TestUpdatesChangeValues: of a volatile source about every third update gives
// another value, of a fixed one none does.
func TestUpdatesChangeValues(t *testing.T) {
	changes := func(d draw) int {
		n := 0
		for hash := range uint64(200) {
			var last uint64
			for rev := range uint32(31) {
				h, _ := d.get(&Row{hash: hash * 0x9e3779b97f4a7c15, Rev: rev})
				if rev > 0 && h != last {
					n++
				}
				last = h
			}
		}
		return n
	}
	if n := changes(fixed("x")); n != 0 {
		t.Errorf("a fixed source changed %d times", n)
	}
	if n := changes(draw{salt: 5, percent: 100, volatile: true}); n < 1800 || n > 2200 {
		t.Errorf("a volatile source changed %d times in 6000 updates, want about 2000", n)
	}
}
