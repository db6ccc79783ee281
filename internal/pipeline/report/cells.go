package report

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/sluicedata/sluice/internal/batch"
)

// Cell is a named value as text; null where there is none. Of a text of more than
// 1 MiB it is the beginning: then Bytes is how long the whole is, in UTF-8, and
// SHA256 its hash.
type Cell struct {
	Column string  `json:"column"`
	Value  *string `json:"value"`
	Bytes  int64   `json:"bytes,omitempty"`
	SHA256 string  `json:"sha256,omitempty"`
}

// Same reports whether both hold the same value.
func (c Cell) Same(o Cell) bool {
	if c.Value == nil || o.Value == nil {
		return c.Value == o.Value
	}
	return *c.Value == *o.Value && c.SHA256 == o.SHA256
}

// CellsOf is the text of all rows. Timestamps are ISO 8601 in UTC, decimals have
// all digits of their scale.
func CellsOf(b *batch.Batch) [][]Cell { return cellsOf(b, math.MaxInt) }

// shownBytes is how much of a text is shown. A key may have many versions with a
// file of 50 MB each.
const shownBytes = 1 << 20

// ShownCells is the text of all rows; of a long one its beginning.
func ShownCells(b *batch.Batch) [][]Cell { return cellsOf(b, shownBytes) }

func cellsOf(b *batch.Batch, most int) [][]Cell {
	rows := make([][]Cell, b.Rows)
	for i := range rows {
		rows[i] = make([]Cell, len(b.Schema))
	}
	for c, field := range b.Schema {
		column := &b.Cols[c]
		value := 0
		for i := range rows {
			cell := &rows[i][c]
			cell.Column = field.Name
			if len(column.Def) == 0 || column.Def[i] == 0 {
				continue
			}
			if field.Type.Kind == batch.String && len(column.Bytes[value]) > most {
				cell.cut(column.Bytes[value], most)
			} else {
				text := ValueText(field.Type, column, value)
				cell.Value = &text
			}
			value++
		}
	}
	return rows
}

// cut keeps the beginning of a text and what tells it from others.
func (c *Cell) cut(text []byte, most int) {
	shown := string(bytes.ToValidUTF8(text[:most], nil)) + "…"
	c.Value, c.Bytes, c.SHA256 = &shown, int64(len(text)), fmt.Sprintf("%x", sha256.Sum256(text))
}

// ValueText is the i-th value of a column as text.
func ValueText(t batch.Type, c *batch.Column, i int) string {
	switch t.Kind {
	case batch.String:
		return string(c.Bytes[i])
	case batch.Boolean:
		return strconv.FormatBool(c.Bools[i])
	case batch.Double:
		return strconv.FormatFloat(c.Doubles[i], 'g', -1, 64)
	case batch.Timestamp:
		return time.UnixMicro(c.Ints[i]).UTC().Format("2006-01-02T15:04:05.999999Z")
	case batch.Date:
		return time.Unix(c.Ints[i]*86400, 0).UTC().Format(time.DateOnly)
	case batch.Decimal:
		if t.IsWide() {
			return decimalText(wide(c.Wide[i]), t.Scale)
		}
		return decimalText(big.NewInt(c.Ints[i]), t.Scale)
	case batch.Long, batch.Integer:
	}
	return strconv.FormatInt(c.Ints[i], 10)
}

// wide reads two's complement, big-endian.
func wide(v [16]byte) *big.Int {
	n := new(big.Int).SetBytes(v[:])
	if v[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return n
}

func decimalText(unscaled *big.Int, scale int32) string {
	digits := new(big.Int).Abs(unscaled).String()
	for len(digits) <= int(scale) {
		digits = "0" + digits
	}
	sign := ""
	if unscaled.Sign() < 0 {
		sign = "-"
	}
	if scale == 0 {
		return sign + digits
	}
	at := len(digits) - int(scale)
	return sign + digits[:at] + "." + digits[at:]
}
