package rows

import "github.com/sluicedata/sluice/internal/synapselink/exporter/dice"

// quotedPhrases are the phrases with their quotes doubled.
var quotedPhrases = func() []string {
	out := make([]string, len(phrases))
	for i, p := range phrases {
		q := appendQuoted(nil, p)
		out[i] = string(q[1 : len(q)-1])
	}
	return out
}()

// makeNote is one to four sentences that people type, with commas, quotes and
// line breaks. With the fault crlf-cells all three are in every note.
func makeNote(c *compiler, col shapeColumn) (cell, error) {
	d, crlf := col.fill.draw(), c.world.style.CRLF
	return quoted(func(b []byte, r *Row) []byte {
		h, _ := d.get(r)
		if crlf {
			b = append(b, "Dear \"\"team\"\",\r\n"...)
		}
		for n := h % 4; ; n-- {
			h >>= 5
			b = append(b, quotedPhrases[h%uint64(len(quotedPhrases))]...)
			switch {
			case n == 0:
				return b
			case crlf:
				b = append(b, '\r', '\n')
			case h&0x60 == 0:
				b = append(b, '\n')
			default:
				b = append(b, ' ')
			}
		}
	}), nil
}

// makeSentence fills a text of about the given length with words of high
// variety; with crlf-cells it has a line break in the middle.
func makeSentence(c *compiler, col shapeColumn) (cell, error) {
	n, err := col.fill.ints(1)
	if err != nil {
		return nil, err
	}
	d, length, crlf := col.fill.draw(), int(n[0]), c.world.style.CRLF
	return quoted(func(b []byte, r *Row) []byte {
		h, _ := d.get(r)
		end := len(b) + length
		for {
			h = dice.Mix(h + dice.Golden)
			b = append(b, sentenceWords[h%uint64(len(sentenceWords))]...)
			if len(b) >= end {
				return b
			}
			b = append(b, ' ')
			if crlf && end-len(b) > length/2 {
				b = append(b[:len(b)-1], ",\r\n"...)
			}
		}
	}), nil
}

var sentenceWords = split(`order pallet invoice Monday quarter colour blue steel offer reply urgent sample second
	monthly harbour discount repair 2nd shelf carton label truck crane winter summer Bergen Torino paper green
	ticket phone answer spare motor belt frame visit lunch budget draft final signed copy scan letter stock`)
