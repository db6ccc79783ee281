package report

import (
	"math/big"
	"strconv"
	"time"

	"github.com/sluicedata/sluice/internal/batch"
)

// Cell is a named value as text; null where there is none.
type Cell struct {
	Column string  `json:"column"`
	Value  *string `json:"value"`
}

// CellsOf is the text of all rows. Timestamps are ISO 8601 in UTC, decimals have
// all digits of their scale.
func CellsOf(b *batch.Batch) [][]Cell {
	rows := make([][]Cell, b.Rows)
	for i := range rows {
		rows[i] = make([]Cell, len(b.Schema))
	}
	for c, field := range b.Schema {
		column := &b.Cols[c]
		value := 0
		for i := range rows {
			rows[i][c].Column = field.Name
			if len(column.Def) == 0 || column.Def[i] == 0 {
				continue
			}
			text := valueText(field.Type, column, value)
			rows[i][c].Value = &text
			value++
		}
	}
	return rows
}

func valueText(t batch.Type, c *batch.Column, i int) string {
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
