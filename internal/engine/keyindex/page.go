package keyindex

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"sort"
)

const (
	leafKind = 1
	nodeKind = 2

	pageEntries = 128 // entries of a leaf, references of a node
	crcBytes    = 4
	refBytes    = 28
	// maxPageBytes is more than any page has.
	maxPageBytes = 3 + 16 + Columns*packingBytes + pageEntries*(16+8*Columns) + crcBytes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ref says where a page is, and what the first key below it is.
type ref struct {
	first  Key
	offset int64
	length int
}

// seal appends the checksum of what begins at start.
func seal(dst []byte, start int) []byte {
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// unseal takes the checksum off a page.
func unseal(page []byte) ([]byte, error) {
	if len(page) < 2+crcBytes {
		return nil, damaged("a page of %d bytes", len(page))
	}
	body := page[:len(page)-crcBytes]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(page[len(body):]) {
		return nil, damaged("a page's checksum is wrong")
	}
	return body, nil
}

// appendLeaf writes sorted entries, 1 to pageEntries of them.
func appendLeaf(dst []byte, entries []Entry) []byte {
	start := len(dst)
	prefix := commonPrefix(&entries[0].Key, &entries[len(entries)-1].Key)
	dst = append(dst, leafKind, byte(len(entries)-1), byte(prefix))
	dst = append(dst, entries[0].Key[:prefix]...)
	var packings [Columns]packing
	for c := range packings {
		packings[c] = packingOf(entries, c)
		dst = packings[c].append(dst)
	}
	for i := range entries {
		dst = append(dst, entries[i].Key[prefix:]...)
	}
	for c := range packings {
		dst = packings[c].appendCodes(dst, entries, c)
	}
	return seal(dst, start)
}

// commonPrefix is how many bytes the keys share at their beginning.
func commonPrefix(a, b *Key) int {
	n := 0
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return n
}

// leaf is a page of entries that has been checked.
type leaf struct {
	count    int
	prefix   []byte
	rests    []byte // of the keys
	rest     int    // bytes of each
	packings [Columns]packing
	codes    [Columns][]byte
}

// parseLeaf reads a leaf, which keeps the bytes.
func parseLeaf(page []byte, l *leaf) error {
	body, err := unseal(page)
	if err != nil {
		return err
	}
	if body[0] != leafKind || len(body) < 3 || body[2] > 16 {
		return damaged("a page is no leaf")
	}
	l.count, l.rest = int(body[1])+1, 16-int(body[2])
	want := 3 + int(body[2]) + Columns*packingBytes + l.count*l.rest
	if l.count > pageEntries || len(body) < want {
		return damaged("a leaf of %d entries in %d bytes", l.count, len(body))
	}
	body, l.prefix = body[3+16-l.rest:], body[3:3+16-l.rest]
	for c := range l.packings {
		if l.packings[c] = readPacking(body); l.packings[c].bits > 64 {
			return damaged("a column of %d bits", l.packings[c].bits)
		}
		want += l.packings[c].bytes(l.count)
		body = body[packingBytes:]
	}
	l.rests, body = body[:l.count*l.rest], body[l.count*l.rest:]
	if len(page)-crcBytes != want {
		return damaged("a leaf of %d bytes instead of %d", len(page)-crcBytes, want)
	}
	for c := range l.codes {
		n := l.packings[c].bytes(l.count)
		l.codes[c], body = body[:n], body[n:]
	}
	return nil
}

// entry i of the leaf.
func (l *leaf) entry(i int, e *Entry) {
	copy(e.Key[:], l.prefix)
	copy(e.Key[len(l.prefix):], l.rests[i*l.rest:])
	for c := range e.Values {
		e.Values[c] = l.packings[c].value(l.codes[c], i)
	}
}

// search is the first entry whose key is not less.
func (l *leaf) search(key *Key) int {
	switch c := bytes.Compare(key[:len(l.prefix)], l.prefix); {
	case c < 0:
		return 0
	case c > 0:
		return l.count
	}
	rest := key[len(l.prefix):]
	return sort.Search(l.count, func(i int) bool {
		return bytes.Compare(l.rests[i*l.rest:(i+1)*l.rest], rest) >= 0
	})
}

// appendNode writes references, 1 to pageEntries of them.
func appendNode(dst []byte, refs []ref) []byte {
	start := len(dst)
	dst = append(dst, nodeKind, byte(len(refs)-1))
	for i := range refs {
		dst = append(dst, refs[i].first[:]...)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(refs[i].offset))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(refs[i].length))
	}
	return seal(dst, start)
}

// node is a page of references that has been checked.
type node struct {
	count int
	refs  []byte
}

// parseNode reads a node, which keeps the bytes.
func parseNode(page []byte, n *node) error {
	body, err := unseal(page)
	if err != nil {
		return err
	}
	n.count, n.refs = int(body[1])+1, body[2:]
	if body[0] != nodeKind || n.count > pageEntries || len(n.refs) != n.count*refBytes {
		return damaged("a page of %d bytes is no node", len(page))
	}
	return nil
}

func (n *node) ref(i int) ref {
	b := n.refs[i*refBytes:]
	return ref{
		first:  Key(b),
		offset: int64(binary.LittleEndian.Uint64(b[16:])),
		length: int(binary.LittleEndian.Uint32(b[24:])),
	}
}

// search is the child in which the first entry with the key may be: the last one
// that begins before it. Entries of one key may be in several leaves.
func (n *node) search(key *Key) int {
	i := sort.Search(n.count, func(i int) bool { return bytes.Compare(n.refs[i*refBytes:i*refBytes+16], key[:]) >= 0 })
	return max(0, i-1)
}
