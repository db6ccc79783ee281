package rowcache

import "encoding/binary"

// guidText is the length of a GUID in its usual notation.
const guidText = 36

// appendGUIDs writes texts as 16 bytes each, if all of them come out again as
// they went in. Most columns of a Dataverse table that repeat little are keys.
func appendGUIDs(dst []byte, values [][]byte) (out []byte, ok bool) {
	for _, v := range values {
		if len(v) != guidText || v[8] != '-' || v[13] != '-' || v[18] != '-' || v[23] != '-' {
			return dst, false
		}
		wrong := uint64(0)
		for _, eight := range [...]uint64{
			binary.LittleEndian.Uint64(v), fours(v[9:], v[14:]), fours(v[19:], v[24:]), binary.LittleEndian.Uint64(v[28:]),
		} {
			four, bad := parseHex(eight)
			dst = binary.LittleEndian.AppendUint32(dst, four)
			wrong |= bad
		}
		if wrong != 0 {
			return dst, false
		}
	}
	return dst, true
}

// fours puts four digits and four more side by side.
func fours(a, b []byte) uint64 {
	return uint64(binary.LittleEndian.Uint32(a)) | uint64(binary.LittleEndian.Uint32(b))<<32
}

// eachByte times a number below 256 is that number in each byte.
const eachByte = 0x0101010101010101

// parseHex reads eight digits at a time, the first in the lowest byte. bad is 0
// if they are hexadecimal, in small letters.
func parseHex(digits uint64) (value uint32, bad uint64) {
	nibbles := digits&(15*eachByte) + digits>>6&eachByte*9 // bit 6 tells letters from digits
	letters := (nibbles + 6*eachByte) >> 4 & eachByte
	bad = (nibbles + '0'*eachByte + letters*('a'-'0'-10)) ^ digits | nibbles&(0xf0*eachByte)
	pairs := (nibbles<<4 | nibbles>>8) & 0x00ff00ff00ff00ff
	pairs = (pairs | pairs>>8) & 0x0000ffff0000ffff
	return uint32(pairs | pairs>>16), bad
}

const hexDigits = "0123456789abcdef"

// appendGUID writes the text of 16 bytes.
func appendGUID(dst, id []byte) []byte {
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[b>>4], hexDigits[b&15])
	}
	return dst
}
