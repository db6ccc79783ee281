package synapselink

import (
	"math/bits"
	"strconv"
)

// parseLong reads an integer in plain digits.
func parseLong(cell []byte) (int64, error) {
	digits, negative := sign(cell)
	if len(digits) == 0 {
		return 0, ErrNumber
	}
	if len(digits) > 18 {
		return parseLongest(cell)
	}
	n := int64(0)
	for _, c := range digits {
		d := c - '0'
		if d > 9 {
			return 0, ErrNumber
		}
		n = n*10 + int64(d)
	}
	if negative {
		n = -n
	}
	return n, nil
}

// parseLongest reads integers that may not fit into 64 bits.
func parseLongest(cell []byte) (int64, error) {
	n, err := strconv.ParseInt(string(cell), 10, 64)
	if err != nil {
		return 0, ErrNumber
	}
	return n, nil
}

func parseInteger(cell []byte) (int64, error) {
	n, err := parseLong(cell)
	if err != nil || n != int64(int32(n)) {
		return 0, ErrNumber
	}
	return n, nil
}

func sign(cell []byte) (rest []byte, negative bool) {
	if len(cell) > 0 && (cell[0] == '-' || cell[0] == '+') {
		return cell[1:], cell[0] == '-'
	}
	return cell, false
}

// parseDouble reads plain and exponent forms. Go's hexadecimal and underscored
// numbers are nothing that an export holds.
func parseDouble(cell []byte) (float64, error) {
	for _, c := range cell {
		if c-'0' > 9 && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, ErrNumber
		}
	}
	f, err := strconv.ParseFloat(string(cell), 64)
	if err != nil {
		return 0, ErrNumber
	}
	return f, nil
}

// parseBoolean reads True and False in any case, and 1 and 0.
func parseBoolean(cell []byte) (value bool, err error) {
	switch {
	case equalFold(cell, "true"), len(cell) == 1 && cell[0] == '1':
		return true, nil
	case equalFold(cell, "false"), len(cell) == 1 && cell[0] == '0':
		return false, nil
	}
	return false, ErrBoolean
}

// equalFold compares with a word of lower-case ASCII letters.
func equalFold(cell []byte, word string) bool {
	if len(cell) != len(word) {
		return false
	}
	for i := range cell {
		if cell[i]|0x20 != word[i] {
			return false
		}
	}
	return true
}

// unscaled is the absolute value of a decimal without its point, at most 38
// digits, which 128 bits hold with room for a sign.
type unscaled struct{ hi, lo uint64 }

// timesPlus is u*factor + addend.
func (u unscaled) timesPlus(factor, addend uint64) unscaled {
	hi, lo := bits.Mul64(u.lo, factor)
	lo, carry := bits.Add64(lo, addend, 0)
	return unscaled{u.hi*factor + hi + carry, lo}
}

// shift multiplies by a power of ten.
func (u unscaled) shift(digits int) unscaled {
	if digits == 0 {
		return u
	}
	for digits > 18 {
		u = u.timesPlus(powersOfTen[18], 0)
		digits -= 18
	}
	return u.timesPlus(powersOfTen[digits], 0)
}

// bytes is the value in big-endian two's complement.
func (u unscaled) bytes(negative bool) (b [16]byte) {
	if negative {
		var borrow uint64
		u.lo, borrow = bits.Sub64(0, u.lo, 0)
		u.hi, _ = bits.Sub64(0, u.hi, borrow)
	}
	for i := range 8 {
		b[i] = byte(u.hi >> (56 - 8*i))
		b[8+i] = byte(u.lo >> (56 - 8*i))
	}
	return b
}

var powersOfTen = [19]uint64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// parseDecimal reads a decimal exactly: zeros behind the scale are dropped,
// other digits there are an error as is a number with too many before the
// point. Exponents are taken where the value stays exact.
func parseDecimal(cell []byte, precision, scale int32) (value unscaled, negative bool, err error) {
	text, negative := sign(cell)
	if value, ok := plainDecimal(text, int(precision), int(scale)); ok {
		return value, negative, nil
	}
	m, err := cutMantissa(text)
	if err != nil || m.digits == 0 {
		return unscaled{}, false, err
	}
	// value = digits * 10^shift once the point stands behind scale digits
	shift := int(scale) - m.fraction + m.exponent
	if shift < 0 || m.digits+shift > int(precision) {
		return unscaled{}, false, ErrDecimalOverflow
	}
	return m.value().shift(shift), negative, nil
}

// plainDecimal reads what nearly all decimals are: up to 18 digits and not more
// behind the point than the scale. ok is false for anything else, right or
// wrong.
func plainDecimal(text []byte, precision, scale int) (value unscaled, ok bool) {
	if len(text) == 0 || len(text) > 19 {
		return unscaled{}, false
	}
	n, point := uint64(0), -1
	for i, c := range text {
		if d := c - '0'; d <= 9 {
			n = n*10 + uint64(d)
			continue
		}
		if c != '.' || point >= 0 {
			return unscaled{}, false
		}
		point = i
	}
	digits, fraction := len(text), 0
	if point >= 0 {
		digits, fraction = len(text)-1, len(text)-1-point
	}
	shift := scale - fraction
	if digits == 0 || digits > 18 || shift < 0 || digits+shift > precision {
		return unscaled{}, false
	}
	return unscaled{lo: n}.shift(shift), true
}

// mantissa is a number without sign, exponent and the zeros at both ends.
type mantissa struct {
	text     []byte // digits and at most one point
	digits   int    // in text; 0 is the number zero
	fraction int    // digits of text behind the point; negative: zeros dropped before it
	exponent int
}

// value is the digits without the point; there are 38 at most.
func (m mantissa) value() (value unscaled) {
	part, partDigits := uint64(0), 0
	for _, c := range m.text {
		if c == '.' {
			continue
		}
		part = part*10 + uint64(c-'0')
		if partDigits++; partDigits == 18 {
			value, part, partDigits = value.timesPlus(powersOfTen[18], part), 0, 0
		}
	}
	return value.timesPlus(powersOfTen[partDigits], part)
}

// cutMantissa checks the whole text, which is without its sign.
func cutMantissa(text []byte) (mantissa, error) {
	first, last, point, end := -1, -1, -1, len(text)
	exponent, digits := 0, false
scan:
	for i, c := range text {
		switch {
		case c-'0' <= 9:
			digits = true
			if c == '0' {
				continue
			}
			if last = i; first < 0 {
				first = i
			}
		case c == '.' && point < 0:
			point = i
		case c|0x20 == 'e' && digits:
			var err error
			if exponent, err = parseExponent(text[i+1:]); err != nil {
				return mantissa{}, err
			}
			end = i
			break scan
		default:
			return mantissa{}, ErrNumber
		}
	}
	if !digits {
		return mantissa{}, ErrNumber
	}
	if first < 0 {
		return mantissa{}, nil
	}
	if point < 0 {
		point = end
	}
	m := mantissa{text: text[first : last+1], digits: last + 1 - first, fraction: last - point, exponent: exponent}
	if last < point {
		m.fraction++ // there is no point to step over
	} else if first < point {
		m.digits--
	}
	return m, nil
}

// parseExponent reads what follows the e. Beyond four digits nothing but zero
// fits into a decimal, so the number is cut there instead of overflowing.
func parseExponent(text []byte) (int, error) {
	digits, negative := sign(text)
	if len(digits) == 0 {
		return 0, ErrNumber
	}
	n := 0
	for _, c := range digits {
		if c-'0' > 9 {
			return 0, ErrNumber
		}
		n = min(n*10+int(c-'0'), 9999)
	}
	if negative {
		n = -n
	}
	return n, nil
}
