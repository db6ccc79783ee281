package rows

import (
	"fmt"
	"strconv"
	"strings"
)

// Option is one value of a choice.
type Option struct {
	Value  int64
	Label  string
	weight uint64
}

// options reads pick's arguments, "value/Label:weight".
func (f fill) options() ([]Option, error) {
	var out []Option
	for _, a := range f.args {
		head, weight, ok1 := strings.Cut(a, ":")
		value, label, ok2 := strings.Cut(head, "/")
		v, err1 := strconv.ParseInt(value, 10, 64)
		w, err2 := strconv.ParseUint(weight, 10, 16)
		if !ok1 || !ok2 || err1 != nil || err2 != nil || w == 0 {
			return nil, fmt.Errorf("pick: %q is not value/Label:weight", a)
		}
		out = append(out, Option{Value: v, Label: strings.ReplaceAll(label, "_", " "), weight: w})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("pick wants values")
	}
	return out, nil
}

func makePick(_ *compiler, col shapeColumn) (cell, error) {
	opts, err := col.fill.options()
	if err != nil {
		return nil, err
	}
	var slots []string
	for _, o := range opts {
		for range o.weight {
			slots = append(slots, strconv.FormatInt(o.Value, 10))
		}
	}
	d := col.fill.draw()
	return func(b []byte, r *Row) []byte {
		h, _ := d.get(r)
		return append(b, slots[h%uint64(len(slots))]...)
	}, nil
}

func makeInt(_ *compiler, col shapeColumn) (cell, error) {
	n, err := col.fill.ints(2)
	if err != nil {
		return nil, err
	}
	d, low, span := col.fill.draw(), n[0], uint64(n[1]-n[0]+1)
	return func(b []byte, r *Row) []byte {
		h, _ := d.get(r)
		return appendTyped(b, low+int64(h%span), col.DataType)
	}, nil
}

// appendTyped writes a number, quoted where the column is a string.
func appendTyped(b []byte, v int64, dataType string) []byte {
	if dataType != "string" {
		return AppendInt(b, v)
	}
	return append(AppendInt(append(b, '"'), v), '"')
}

func makeBool(no, yes string) maker {
	return func(_ *compiler, col shapeColumn) (cell, error) {
		n, err := col.fill.ints(1)
		if err != nil {
			return nil, err
		}
		d, percent := col.fill.draw(), uint64(n[0])
		return func(b []byte, r *Row) []byte {
			if h, _ := d.get(r); h%100 < percent {
				return append(b, yes...)
			}
			return append(b, no...)
		}, nil
	}
}

// makeDecimal draws hundredths between two whole numbers; further digits of
// the scale are zero, as they nearly always are in accounts.
func makeDecimal(_ *compiler, col shapeColumn) (cell, error) {
	n, err := col.fill.ints(3)
	if err != nil {
		return nil, err
	}
	if n[2] < 2 || n[2] > 16 {
		return nil, fmt.Errorf("dec: scale %d is not 2 to 16", n[2])
	}
	d, low, span, scale := col.fill.draw(), n[0]*100, uint64(n[1]-n[0])*100+1, int(n[2])
	unit := int64(1)
	for range scale - 2 {
		unit *= 10
	}
	return func(b []byte, r *Row) []byte {
		h, _ := d.get(r)
		return appendDecimal(b, (low+int64(h%span))*unit, scale)
	}, nil
}

const daySeconds = 24 * 60 * 60

// dayNear is midnight of a day drawn from [created-before, created+after].
func dayNear(r *Row, h uint64, before, after int64) int64 {
	day := r.Created/daySeconds - before + int64(h%uint64(before+after+1))
	return day * daySeconds
}

func makeDate(suffix string) maker {
	return func(_ *compiler, col shapeColumn) (cell, error) {
		n, err := col.fill.ints(2)
		if err != nil {
			return nil, err
		}
		d := col.fill.draw()
		return func(b []byte, r *Row) []byte {
			h, _ := d.get(r)
			return appendISO(b, dayNear(r, h, n[0], n[1]), suffix)
		}, nil
	}
}

// makeDay is an F&O date.
func makeDay(c *compiler, col shapeColumn) (cell, error) { return makeDate(".0000000")(c, col) }

func makeBirth(_ *compiler, col shapeColumn) (cell, error) {
	d := col.fill.draw()
	return func(b []byte, r *Row) []byte {
		h, _ := d.get(r)
		return appendISO(b, -10*365*daySeconds+int64(h%(45*365))*daySeconds, "Z")
	}, nil
}

// makeCode is a prefix and the row's number.
func makeCode(_ *compiler, col shapeColumn) (cell, error) {
	if len(col.fill.args) != 2 {
		return nil, fmt.Errorf("code wants a prefix and a number of digits")
	}
	digits, err := strconv.Atoi(col.fill.args[1])
	if err != nil || digits < 1 || digits > 18 {
		return nil, fmt.Errorf("code: %q digits are not 1 to 18", col.fill.args[1])
	}
	prefix := `"` + col.fill.args[0]
	return func(b []byte, r *Row) []byte {
		return append(AppendDigits(append(b, prefix...), int(r.Index+1), digits), '"')
	}, nil
}

// makeHexID is F&O's number sequence for inventory dimensions.
func makeHexID(_ *compiler, col shapeColumn) (cell, error) {
	d := col.fill.draw()
	return func(b []byte, r *Row) []byte {
		h, _ := d.get(r)
		b = append(b, `"#`...)
		for shift := 60; shift >= 0; shift -= 4 {
			b = append(b, "0123456789ABCDEF"[(h&(1<<33-1))>>shift&15])
		}
		return append(b, '"')
	}, nil
}
