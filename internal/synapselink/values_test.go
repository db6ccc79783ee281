package synapselink

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestParseTimestamp(t *testing.T) {
	for text, want := range map[string]string{
		// The forms of the export.
		"2/3/2025 9:52:15 AM":               "2025-02-03T09:52:15Z",
		"12/31/2025 12:00:00 AM":            "2025-12-31T00:00:00Z",
		"12/31/2025 12:00:00 PM":            "2025-12-31T12:00:00Z",
		"1/1/2020 0:00:00 PM":               "2020-01-01T12:00:00Z",
		"1/1/2020 0:01:02 AM":               "2020-01-01T00:01:02Z",
		"1/1/2020 11:59:59 PM":              "2020-01-01T23:59:59Z",
		"2018-05-25T16:21:09.0000000+00:00": "2018-05-25T16:21:09Z",
		"2025-02-03T09:52:01.0000000Z":      "2025-02-03T09:52:01Z",
		"2025-02-15T00:00:00.0000000":       "2025-02-15T00:00:00Z",
		"2021-06-25T16:21:12Z":              "2021-06-25T16:21:12Z",
		"1900-01-01T00:00:00.0000000":       "1900-01-01T00:00:00Z",
		"9999-12-31T23:59:59.9999999Z":      "9999-12-31T23:59:59.999999Z",
		"0001-01-03T00:00:00.0000000":       "null",
		"0004-01-01T00:00:00.0000000":       "null",
		"1899-12-31T23:59:59Z":              "null",
		"1/1/0001 12:00:00 AM":              "null",
		// Fractions are cut, never rounded.
		"2025-02-03T09:52:01.1Z":           "2025-02-03T09:52:01.1Z",
		"2025-02-03T09:52:01.1234567Z":     "2025-02-03T09:52:01.123456Z",
		"2025-02-03T09:52:01.99999999999Z": "2025-02-03T09:52:01.999999Z",
		// Zones.
		"2025-02-03T09:52:01+05:30":     "2025-02-03T04:22:01Z",
		"2025-02-03T09:52:01-0800":      "2025-02-03T17:52:01Z",
		"2/3/2025 9:52:15 PM +02:00":    "2025-02-03T19:52:15Z",
		"2/3/2025 9:52:15 AM Z":         "2025-02-03T09:52:15Z",
		"1900-01-01T00:00:00.000+02:00": "1899-12-31T22:00:00Z",
		// Other spellings of the same.
		"2025-02-15":                "2025-02-15T00:00:00Z",
		"2025-02-15T10:20Z":         "2025-02-15T10:20:00Z",
		"2025-02-15 10:20:30":       "2025-02-15T10:20:30Z",
		"02/03/2025 21:52:15":       "2025-02-03T21:52:15Z",
		"2/3/2025":                  "2025-02-03T00:00:00Z",
		"2/3/2025 9:52 pm":          "2025-02-03T21:52:00Z",
		"2/29/2024 9:52:15.5 AM":    "2024-02-29T09:52:15.5Z",
		"1969-12-31T23:59:59.9999Z": "1969-12-31T23:59:59.9999Z",
	} {
		micros, null, err := parseTimestamp([]byte(text))
		got := time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.999999Z")
		if null {
			got = "null"
		}
		if err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestParseTimestampRefuses(t *testing.T) {
	for _, text := range []string{
		"", "0", "x", "2025", "2025-02", "2025-2-3T00:00:00Z", "0000-01-01T00:00:00Z", "2025-13-01", "2025-00-01", "2025-02-29", "2025-04-31",
		"2100-02-29", "2025-02-03T", "2025-02-03T24:00:00Z", "2025-02-03T09:60:00Z", "2025-02-03T09:00:60Z", "2025-02-03T09:00:00.Z",
		"2025-02-03T09:00:00+24:00", "2025-02-03T09:00:00+01:60", "2025-02-03T09:00:00*01:00", "2025-02-03T09:00:00ZZ", "2025-02-03x09:00:00",
		"13/1/2025", "2/30/2025", "2/3/25 9:52:15 AM", "2/3/2025 13:00:00 PM", "2/3/2025 9:52:15 XM", "2/3/2025 9:52:15 AMx", "2/3/2025 9", "/3/2025",
		"2-3-2025", "2/3/2025 :52", "2025-02-03T09:5", "2025-02-03T0952", "2/3/2025 9:52:15 AM ", "2025/02-03T00:00:00Z", "١/٢/2025",
	} {
		if _, _, err := parseTimestamp([]byte(text)); !errors.Is(err, ErrDate) {
			t.Errorf("%q: %v, want %v", text, err, ErrDate)
		}
	}
}

func TestParseDate(t *testing.T) {
	for text, want := range map[string]string{
		"2025-02-15": "2025-02-15", "2025-02-15T00:00:00.0000000": "2025-02-15", "2/15/2025 11:00:00 PM": "2025-02-15",
		"1969-12-31": "1969-12-31", "1969-12-30T23:59:59Z": "1969-12-30", "1900-01-01": "1900-01-01", "9999-12-31": "9999-12-31", "0001-01-01": "null",
	} {
		days, null, err := parseDate([]byte(text))
		got := time.Unix(days*secondsPerDay, 0).UTC().Format("2006-01-02")
		if null {
			got = "null"
		}
		if err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
}

// FuzzTimestamp: what the standard library reads in the forms of the export is
// read as the same moment.
func FuzzTimestamp(f *testing.F) {
	for _, seed := range []string{
		"2018-05-25T16:21:09.0000000+00:00", "2/3/2025 9:52:15 AM", "1/1/2020 0:00:00 PM", "2025-02-15", "0001-01-03T00:00:00.0000000", "2025-02-03T09:52:01-08:00",
	} {
		f.Add(seed)
	}
	layouts := []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02", "1/2/2006 3:04:05 PM"}
	f.Fuzz(func(t *testing.T, text string) {
		micros, null, err := parseTimestamp([]byte(text))
		if strings.Contains(text, ",") || strings.Contains(text, "  ") || strings.HasSuffix(text, ":60") {
			return // a decimal comma, runs of spaces and zones of 60 minutes are time.Parse's own
		}
		for _, layout := range layouts {
			want, wantErr := time.Parse(layout, text)
			if wantErr != nil || want.Year() == 0 {
				continue
			}
			if _, offset := want.Zone(); offset <= -24*3600 || offset >= 24*3600 {
				continue
			}
			if err != nil {
				t.Fatalf("%q: %v, the standard library reads %v", text, err, want)
			}
			if null != (want.Year() < sentinelBefore) || !null && micros != want.Truncate(time.Microsecond).UnixMicro() {
				t.Fatalf("%q: %d null %v, want %v", text, micros, null, want)
			}
		}
	})
}

func TestDaysOfEveryMonth(t *testing.T) {
	for year := 1900; year <= 2405; year++ {
		for month := 1; month <= 12; month++ {
			m := moment{year: year, month: month, day: 1}
			if want := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay; m.days() != want {
				t.Fatalf("%d-%d: day %d, want %d", year, month, m.days(), want)
			}
			m.day = time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
			if next := (moment{year: year, month: month, day: m.day + 1}); !m.validDate() || next.validDate() {
				t.Fatalf("%d-%d: day %d must be the last", year, month, m.day)
			}
		}
	}
}

func TestParseDecimal(t *testing.T) {
	for _, tt := range []struct {
		text             string
		precision, scale int32
		want             string
	}{
		{"0", 38, 6, "0.000000"},
		{"-1", 38, 6, "-1.000000"},
		{"0.12345", 38, 6, "0.123450"},
		{"+1.5", 10, 2, "1.50"},
		{".5", 10, 2, "0.50"},
		{"5.", 10, 2, "5.00"},
		{"-0.00", 10, 2, "0.00"},
		{"1.2300000000000000000000000000000000000000", 10, 2, "1.23"},
		{"00000000000000000000000000000000000000000012", 2, 0, "12"},
		{"1234.5600000000", 38, 10, "1234.5600000000"},
		{"1e3", 10, 2, "1000.00"},
		{"1.25E-1", 10, 3, "0.125"},
		{"1200e-2", 4, 0, "12"},
		{"0e99999999999", 4, 0, "0"},
		{"99999999999999999999999999999999.999999", 38, 6, "99999999999999999999999999999999.999999"},
		{"-99999999999999999999999999999999999999", 38, 0, "-99999999999999999999999999999999999999"},
		{"10000000000000000000000000000000000000", 38, 0, "10000000000000000000000000000000000000"},
		{"0.00000000000000000000000000000000000001", 38, 38, "0.00000000000000000000000000000000000001"},
		{"999999999999999999", 18, 0, "999999999999999999"},
		{"9999999999999999.99", 18, 2, "9999999999999999.99"},
		{"1234567890123456789", 19, 0, "1234567890123456789"},
	} {
		v, negative, err := parseDecimal([]byte(tt.text), tt.precision, tt.scale)
		if got := decimalText(wide(v.bytes(negative)), tt.scale); err != nil || got != tt.want {
			t.Errorf("%q as (%d,%d): %s, %v, want %s", tt.text, tt.precision, tt.scale, got, err, tt.want)
		}
	}
}

func TestParseDecimalRefuses(t *testing.T) {
	for _, tt := range []struct {
		text             string
		precision, scale int32
		want             error
	}{
		{"", 10, 2, ErrNumber}, {"-", 10, 2, ErrNumber}, {".", 10, 2, ErrNumber}, {"1,5", 10, 2, ErrNumber}, {"1.2.3", 10, 2, ErrNumber},
		{"--1", 10, 2, ErrNumber}, {"1e", 10, 2, ErrNumber}, {"1e+", 10, 2, ErrNumber}, {"e5", 10, 2, ErrNumber}, {"1ex", 10, 2, ErrNumber},
		{" 1", 10, 2, ErrNumber}, {"NaN", 10, 2, ErrNumber}, {"0x10", 10, 2, ErrNumber}, {"1_0", 10, 2, ErrNumber}, {"1e5.5", 10, 2, ErrNumber},
		{"1.234", 10, 2, ErrDecimalOverflow}, {"100000000", 10, 2, ErrDecimalOverflow}, {"1e-3", 10, 2, ErrDecimalOverflow},
		{"1e99999999999", 38, 6, ErrDecimalOverflow}, {"1e-99999999999", 38, 6, ErrDecimalOverflow},
		{"100000000000000000000000000000000000000", 38, 0, ErrDecimalOverflow},
		{"340282366920938463463374607431768211456", 38, 0, ErrDecimalOverflow},
		{"1234567890123456789", 18, 0, ErrDecimalOverflow},
		{"0.0000001", 38, 6, ErrDecimalOverflow},
	} {
		if v, _, err := parseDecimal([]byte(tt.text), tt.precision, tt.scale); !errors.Is(err, tt.want) {
			t.Errorf("%q as (%d,%d): %v, %v, want %v", tt.text, tt.precision, tt.scale, v, err, tt.want)
		}
	}
}

// FuzzDecimal holds the hand-written reading to math/big.
func FuzzDecimal(f *testing.F) {
	for _, seed := range []string{"0", "-1.50", "12345678901234567890.123456", "1e5", "-9.99E-2", "00.100", "1000000e-6"} {
		f.Add(seed, uint8(38), uint8(6))
		f.Add(seed, uint8(18), uint8(2))
	}
	f.Fuzz(func(t *testing.T, text string, p, s uint8) {
		precision := int32(p%38) + 1
		scale := int32(s) % (precision + 1)
		v, negative, err := parseDecimal([]byte(text), precision, scale)
		if errors.Is(err, ErrNumber) || len(text) > 200 {
			return
		}
		if i := strings.IndexAny(text, "eE"); i >= 0 {
			if e, convErr := strconv.Atoi(text[i+1:]); convErr != nil || e > 1000 || e < -1000 {
				return // math/big would compute it
			}
		}
		want, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q was read, math/big does not", text)
		}
		want.Mul(want, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
		fits := want.IsInt() && new(big.Int).Abs(want.Num()).Cmp(limit) < 0
		if fits != (err == nil) {
			t.Fatalf("%q as (%d,%d): %v, fits: %v", text, precision, scale, err, fits)
		}
		if fits && wide(v.bytes(negative)).Cmp(want.Num()) != 0 {
			t.Fatalf("%q as (%d,%d): %v, want %v", text, precision, scale, wide(v.bytes(negative)), want.Num())
		}
	})
}

func TestParseLong(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-1": -1, "+7": 7, "007": 7, "5637144576": 5637144576, "999999999999999999": 999999999999999999,
		"9223372036854775807": 9223372036854775807, "-9223372036854775808": -9223372036854775808,
	} {
		if got, err := parseLong([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "+", "1.0", "1e3", "9223372036854775808", "-9223372036854775809", " 1", "1 ", "1_000", "0x10", "--1", "12345678901234567890x"} {
		if got, err := parseLong([]byte(text)); !errors.Is(err, ErrNumber) {
			t.Errorf("%q: %d, %v, want %v", text, got, err, ErrNumber)
		}
	}
	if n, err := parseInteger([]byte("-2147483648")); err != nil || n != -2147483648 {
		t.Errorf("the least integer: %d, %v", n, err)
	}
	if _, err := parseInteger([]byte("2147483648")); !errors.Is(err, ErrNumber) {
		t.Errorf("an integer of 33 bits: %v, want %v", err, ErrNumber)
	}
}

func TestParseDouble(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "-1.5": -1.5, "1E+3": 1000, ".5": .5, "0.1": 0.1, "1.7976931348623157e308": 1.7976931348623157e308} {
		if got, err := parseDouble([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "1,5", "0x1p-2", "1e999", "1_0", "inf", "NaN", " 1", "-"} {
		if got, err := parseDouble([]byte(text)); !errors.Is(err, ErrNumber) {
			t.Errorf("%q: %v, %v, want %v", text, got, err, ErrNumber)
		}
	}
}

func TestParseBoolean(t *testing.T) {
	for text, want := range map[string]bool{"True": true, "true": true, "TRUE": true, "1": true, "False": false, "fAlSe": false, "0": false} {
		if got, err := parseBoolean([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "2", "yes", "Tru", "Truee", "\x14rue", "10"} {
		if got, err := parseBoolean([]byte(text)); !errors.Is(err, ErrBoolean) {
			t.Errorf("%q: %v, %v, want %v", text, got, err, ErrBoolean)
		}
	}
}

func TestParseGUID(t *testing.T) {
	const want = "000010b5-0000-0000-21aa-a550010000ff"
	for _, text := range []string{want, strings.ToUpper(want), "{" + want + "}", "{" + strings.ToUpper(want) + "}"} {
		key, got, err := parseGUID([]byte(text))
		if err != nil || string(got) != want || key.String() != want {
			t.Errorf("%q: %s, %s, %v", text, key, got, err)
		}
	}
	for at := range want {
		for _, c := range "gG/:@`{ \x10\x19\xff" {
			text := []byte(want)
			text[at] = byte(c)
			if _, _, err := parseGUID(text); !errors.Is(err, ErrGUID) {
				t.Errorf("%q: %v, want %v", text, err, ErrGUID)
			}
		}
	}
	for _, text := range []string{"", "0", want[1:], want + "0", "{" + want[1:], strings.ReplaceAll(want, "-", "")} {
		if _, _, err := parseGUID([]byte(text)); !errors.Is(err, ErrGUID) {
			t.Errorf("%q: %v, want %v", text, err, ErrGUID)
		}
	}
}

func TestHexTable(t *testing.T) {
	for c := range 256 {
		want, err := strconv.ParseUint(fmt.Sprintf("%c", rune(c)), 16, 8)
		if bad := nibbles[c]&badNibble != 0; bad != (err != nil) || !bad && uint64(nibbles[c]&0x0f) != want {
			t.Errorf("%q: %#x", rune(c), nibbles[c])
		}
	}
}
