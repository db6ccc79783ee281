package delta

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluicedata/sluice/internal/batch"
)

// IndexedColumns is how many columns, from the first, have bounds and null
// counts unless delta.dataSkippingNumIndexedCols says otherwise.
const IndexedColumns = 32

// boundRunes is where strings are cut.
const boundRunes = 32

// NewStats makes the stats of a data file from what is known of its columns, of
// which the first indexed (all, when negative) get bounds and null counts.
// schema names the first of the columns; there may be more.
func NewStats(schema batch.Schema, rows int64, columns []batch.ColumnStats, indexed int) Stats {
	if indexed < 0 || indexed > len(schema) {
		indexed = len(schema)
	}
	s := Stats{NumRecords: rows, MinValues: map[string]any{}, MaxValues: map[string]any{}, NullCount: map[string]int64{}}
	for i, f := range schema[:indexed] {
		c := &columns[i]
		s.NullCount[f.Name] = c.NullCount
		if !c.HasMinMax {
			continue
		}
		if v := lower(f.Type, &c.Min); v != nil {
			s.MinValues[f.Name] = v
		}
		if v := upper(f.Type, &c.Max); v != nil {
			s.MaxValues[f.Name] = v
		}
	}
	return s
}

// lower is the value for minValues: at most the smallest value. nil when there
// is none that JSON or other readers can hold.
func lower(t batch.Type, v *batch.Value) any {
	switch t.Kind {
	case batch.String:
		return textLower(v.Bytes)
	case batch.Double:
		return doubleBound(v.Double)
	case batch.Timestamp:
		return timestampBound(floorDiv(v.Int, 1000))
	}
	return exactBound(t, v)
}

// upper is the value for maxValues: at least the largest value.
func upper(t batch.Type, v *batch.Value) any {
	switch t.Kind {
	case batch.String:
		return textUpper(v.Bytes, v.Cut)
	case batch.Double:
		return doubleBound(v.Double)
	case batch.Timestamp:
		// Rounded up, not down as Spark does: a reader that trusts the bound
		// would miss the last microseconds.
		up := floorDiv(v.Int, 1000)
		if up*1000 < v.Int {
			up++
		}
		return timestampBound(up)
	}
	return exactBound(t, v)
}

// exactBound is for the types of which bounds are the values themselves.
func exactBound(t batch.Type, v *batch.Value) any {
	switch t.Kind {
	case batch.Long, batch.Integer:
		return json.Number(strconv.FormatInt(v.Int, 10))
	case batch.Date:
		return dateBound(v.Int)
	case batch.Decimal:
		if t.IsWide() {
			return decimalBound(wideInt(v.Wide), t.Scale)
		}
		return decimalBound(big.NewInt(v.Int), t.Scale)
	}
	return nil
}

// textLower cuts: a prefix sorts before what it begins.
func textLower(v []byte) any {
	head, _ := cutRunes(v)
	if !utf8.Valid(head) {
		return nil
	}
	return string(head)
}

// textUpper cuts and then raises the last character that can be, dropping those
// behind it, so that the bound sorts after everything with the same beginning.
func textUpper(v []byte, cut bool) any {
	head, more := cutRunes(v)
	if !utf8.Valid(head) {
		return nil
	}
	if !more && !cut {
		return string(head)
	}
	for len(head) > 0 {
		last, size := utf8.DecodeLastRune(head)
		head = head[:len(head)-size]
		if next, ok := nextRune(last); ok {
			return string(head) + string(next)
		}
	}
	return nil
}

// nextRune is the character that follows, over the gap of the surrogates.
func nextRune(r rune) (rune, bool) {
	const beforeSurrogates, afterSurrogates = 0xD7FF, 0xE000
	switch {
	case r == beforeSurrogates:
		return afterSurrogates, true
	case r >= utf8.MaxRune:
		return 0, false
	}
	return r + 1, true
}

// cutRunes gives the first characters and whether there are more.
func cutRunes(v []byte) (head []byte, cut bool) {
	end := 0
	for range boundRunes {
		if end >= len(v) {
			return v, false
		}
		_, size := utf8.DecodeRune(v[end:])
		end += size
	}
	return v[:end], end < len(v)
}

// doubleBound writes a fraction even where there is none, as readers that infer
// types from JSON expect of a double.
func doubleBound(v float64) any {
	if math.IsInf(v, 0) {
		return nil
	}
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return json.Number(text)
}

// Years outside 1 to 9999 have no form that all readers parse.
var (
	firstMilli = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	lastMilli  = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC).UnixMilli()
)

func timestampBound(milli int64) any {
	if milli < firstMilli || milli > lastMilli {
		return nil
	}
	return time.UnixMilli(milli).UTC().Format("2006-01-02T15:04:05.000Z")
}

func dateBound(days int64) any {
	const perDay = 24 * 60 * 60 * 1000
	if days < floorDiv(firstMilli, perDay) || days > floorDiv(lastMilli, perDay) {
		return nil
	}
	return time.UnixMilli(days * perDay).UTC().Format(time.DateOnly)
}

func decimalBound(unscaled *big.Int, scale int32) any {
	digits := new(big.Int).Abs(unscaled).String()
	if missing := int(scale) + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	if point := len(digits) - int(scale); scale > 0 {
		digits = digits[:point] + "." + digits[point:]
	}
	if unscaled.Sign() < 0 {
		digits = "-" + digits
	}
	return json.Number(digits)
}

// wideInt reads two's complement big-endian.
func wideInt(v [16]byte) *big.Int {
	n := new(big.Int).SetBytes(v[:])
	if v[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return n
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
