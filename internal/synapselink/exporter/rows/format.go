package rows

import "time"

const hexDigits = "0123456789abcdef"

// GUID is in the order in which its digits are written.
type GUID [16]byte

func (g GUID) append(b []byte) []byte {
	var t [36]byte
	p := 0
	for i, c := range g {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			t[p] = '-'
			p++
		}
		t[p], t[p+1] = hexDigits[c>>4], hexDigits[c&15]
		p += 2
	}
	return append(b, t[:]...)
}

// ceID spreads the 64 bits of v over a GUID that looks like Dataverse's
// (…-ee11-…-000d3a…); tag tells tables apart.
func ceID(v, tag uint64) GUID {
	return GUID{
		byte(v >> 56), byte(v >> 48), byte(v >> 40), byte(v >> 32), byte(v >> 24), byte(v >> 16),
		0xee, 0x11, 0x80 | byte(v>>8)&0x3f, byte(v),
		0x00, 0x0d, 0x3a, byte(v>>14) & 3, byte(tag >> 8), byte(tag),
	}
}

// foID is the Id of an F&O row: the table's number in the first four bytes, the
// recid in the last eight, least significant byte first.
func foID(table uint32, recid int64) GUID {
	g := GUID{byte(table >> 24), byte(table >> 16), byte(table >> 8), byte(table)}
	for i := range 8 {
		g[8+i] = byte(recid >> (8 * i))
	}
	return g
}

// AppendDigits writes v with leading zeros.
func AppendDigits(b []byte, v, width int) []byte {
	var t [20]byte
	for i := width - 1; i >= 0; i-- {
		t[i] = byte('0' + v%10)
		v /= 10
	}
	return append(b, t[:width]...)
}

// AppendInt writes v without leading zeros.
func AppendInt(b []byte, v int64) []byte {
	u := uint64(v)
	if v < 0 {
		b = append(b, '-')
		u = -u
	}
	var t [20]byte
	i := len(t)
	for {
		i--
		t[i] = byte('0' + u%10)
		u /= 10
		if u == 0 {
			return append(b, t[i:]...)
		}
	}
}

// appendDecimal writes unscaled with scale digits behind the point.
func appendDecimal(b []byte, unscaled int64, scale int) []byte {
	if scale == 0 {
		return AppendInt(b, unscaled)
	}
	u := uint64(unscaled)
	if unscaled < 0 {
		b = append(b, '-')
		u = -u
	}
	pow := uint64(1)
	for range scale {
		pow *= 10
	}
	b = append(AppendInt(b, int64(u/pow)), '.')
	return AppendDigits(b, int(u%pow), scale)
}

// appendISO writes "2006-01-02T15:04:05" and the suffix, in quotes; sec is in
// seconds since 1970 UTC.
func appendISO(b []byte, sec int64, suffix string) []byte {
	t := time.Unix(sec, 0).UTC()
	y, mo, d := t.Date()
	h, mi, s := t.Clock()
	b = AppendDigits(append(b, '"'), y, 4)
	b = AppendDigits(append(b, '-'), int(mo), 2)
	b = AppendDigits(append(b, '-'), d, 2)
	b = AppendDigits(append(b, 'T'), h, 2)
	b = AppendDigits(append(b, ':'), mi, 2)
	b = AppendDigits(append(b, ':'), s, 2)
	return append(append(b, suffix...), '"')
}

// SinkTime is the form of the Sink columns, without quotes.
func SinkTime(t time.Time) string { return t.UTC().Format("1/2/2006 3:04:05 PM") }

// appendQuoted writes s as a quoted cell.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
