package rows

import (
	"encoding/base64"
	"fmt"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/dice"
)

const (
	minDocument  = 600 // bytes before base64
	documentSpan = 3000
)

// document is the attachment of a note or a message: size and kind by the row's
// number.
type document struct {
	size int
	mime string
	ext  string
}

var documentKinds = []document{
	{mime: "application/pdf", ext: ".pdf"}, {mime: "image/png", ext: ".png"},
	{mime: "text/plain", ext: ".txt"}, {mime: "message/rfc822", ext: ".eml"},
}

// documentOf is the row's attachment. About half of the rows have one, and with a
// large size the first row has that.
func documentOf(h uint64, r *Row, percent uint64, large int64) (doc document, ok bool) {
	doc = documentKinds[h%uint64(len(documentKinds))]
	doc.size = minDocument + int((h>>8)%documentSpan)
	if large > 0 && r.Index == 0 {
		doc.size = base64.StdEncoding.DecodedLen(int(large))
		return doc, true
	}
	return doc, (h>>40)%100 < percent
}

// documentShare is how many of a hundred notes carry a file. Attachments of
// messages, a table of their own, all do.
const documentShare = 45

// makeDocument is one of the columns of an attachment.
func makeDocument(c *compiler, col shapeColumn) (cell, error) {
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
	d, large, none, share := col.fill.draw(), c.world.style.LargeCell, "", uint64(documentShare)
	if part == "flag" {
		none = "False"
	}
	if c.table.Name == "activitymimeattachment" {
		share = 100
	}
	return func(b []byte, r *Row) []byte {
		h, _ := d.get(r)
		doc, has := documentOf(h, r, share, large)
		if !has {
			return append(b, none...)
		}
		return put(b, h, doc)
	}, nil
}

// appendBody encodes as many random bytes as the document is long.
func appendBody(b []byte, h uint64, doc document) []byte {
	var raw [3 << 10]byte // base64 of a multiple of 3 can be written piece by piece
	b = append(b, '"')
	for left := doc.size; left > 0; left -= len(raw) {
		piece := raw[:min(left, len(raw))]
		for i := 0; i < len(piece); i += 8 {
			h = dice.Mix(h + dice.Golden)
			for j := range 8 {
				raw[i+j] = byte(h >> (8 * j))
			}
		}
		b = base64.StdEncoding.AppendEncode(b, piece)
	}
	return append(b, '"')
}
