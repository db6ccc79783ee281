package synapselink

import (
	"bytes"

	"github.com/sluicedata/sluice/internal/change"
)

// nibbles gives the value of a hex digit in its low four bits. Bits above tell
// what else is to be known of the character.
var nibbles = hexTable()

const (
	upperNibble = 0x40 // an upper-case letter
	badNibble   = 0x80 // no hex digit
)

func hexTable() (t [256]byte) {
	for i := range t {
		t[i] = badNibble
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	for i, c := range []byte("ABCDEF") {
		t[c] = upperNibble | byte(10+i)
	}
	return t
}

// guidBytes says where the two digits of each byte of a GUID are.
var guidBytes = [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// parseGUID reads xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx in either case, also in
// braces, as its bytes and as text in the one form that is written: lower case
// without braces. That text is the cell itself where it has this form.
func parseGUID(cell []byte) (key change.Key, text []byte, err error) {
	if len(cell) == 38 && cell[0] == '{' && cell[37] == '}' {
		cell = cell[1:37]
	}
	if len(cell) != 36 || cell[8] != '-' || cell[13] != '-' || cell[18] != '-' || cell[23] != '-' {
		return key, nil, ErrGUID
	}
	flags := byte(0)
	for i, at := range guidBytes {
		high, low := nibbles[cell[at]], nibbles[cell[at+1]]
		flags |= high | low
		key[i] = high<<4 | low&0x0f
	}
	if flags&badNibble != 0 {
		return change.Key{}, nil, ErrGUID
	}
	if flags&upperNibble != 0 {
		cell = bytes.ToLower(cell)
	}
	return key, cell, nil
}
