package rows

import (
	"github.com/sluicedata/sluice/internal/synapselink/exporter/dice"

	"encoding/base64"
	"fmt"
)

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
	d, crlf := col.fill.draw(), c.world.crlf
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
	d, length, crlf := col.fill.draw(), int(n[0]), c.world.crlf
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

const (
	minDocument  = 600 // bytes before base64
	documentSpan = 3000
)

// document is the attachment of a note: size and kind by the row's number.
type document struct {
	size int
	mime string
	ext  string
}

var documentKinds = []document{
	{mime: "application/pdf", ext: ".pdf"}, {mime: "image/png", ext: ".png"},
	{mime: "text/plain", ext: ".txt"}, {mime: "message/rfc822", ext: ".eml"},
}

func documentOf(h uint64) (doc document, ok bool) {
	doc = documentKinds[h%uint64(len(documentKinds))]
	doc.size = minDocument + int((h>>8)%documentSpan)
	return doc, (h>>40)%100 < 45
}

// makeDocument is one of the columns of a note's attachment.
func makeDocument(_ *compiler, col shapeColumn) (cell, error) {
	part, err := col.fill.word()
	if err != nil {
		return nil, err
	}
	put, ok := map[string]func(b []byte, h uint64, doc document) []byte{
		"body": appendBody,
		"name": func(b []byte, h uint64, doc document) []byte {
			return append(append(AppendInt(append(b, `"scan_`...), int64((h>>20)%100000)), doc.ext...), '"')
		},
		"size": func(b []byte, _ uint64, doc document) []byte { return AppendInt(b, int64(doc.size)) },
		"mime": func(b []byte, _ uint64, doc document) []byte { return appendQuoted(b, doc.mime) },
		"flag": func(b []byte, _ uint64, _ document) []byte { return append(b, "True"...) },
	}[part]
	if !ok {
		return nil, fmt.Errorf("document has no part %q", part)
	}
	d, none := col.fill.draw(), ""
	if part == "flag" {
		none = "False"
	}
	return func(b []byte, r *Row) []byte {
		h, _ := d.get(r)
		doc, has := documentOf(h)
		if !has {
			return append(b, none...)
		}
		return put(b, h, doc)
	}, nil
}

// appendBody encodes as many random bytes as the document is long.
func appendBody(b []byte, h uint64, doc document) []byte {
	var raw [minDocument + documentSpan + 8]byte
	for i := 0; i < doc.size; i += 8 {
		h = dice.Mix(h + dice.Golden)
		for j := range 8 {
			raw[i+j] = byte(h >> (8 * j))
		}
	}
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, raw[:doc.size])
	return append(b, '"')
}
