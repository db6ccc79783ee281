package parquetfile

import (
	"bytes"
	"encoding/binary"

	"github.com/sluicedata/sluice/internal/batch"
)

// maxBoundBytes is how much of a string is kept as a bound.
const maxBoundBytes = 1 << 10

// textRange holds the smallest and largest of the strings added to it, as
// bytes compare. It keeps prefixes: the prefix of the largest string is the
// largest of the prefixes, so nothing longer ever needs to be held.
type textRange struct {
	any      bool
	min, max textBound
}

// textBound is a string's first maxBoundBytes; cut says that it goes on. key
// is its first eight bytes as a number, by which most strings can be told to
// lie inside the range without looking at the rest.
type textBound struct {
	key uint64
	txt []byte
	cut bool
}

func (r *textRange) add(values [][]byte) {
	if len(values) > 0 && !r.any {
		r.any = true
		r.min.set(values[0])
		r.max.set(values[0])
	}
	for _, v := range values {
		key := prefixKey(v)
		if key > r.min.key && key < r.max.key {
			continue
		}
		r.consider(v)
	}
}

func (r *textRange) consider(v []byte) {
	if r.min.compare(v) > 0 {
		r.min.set(v)
	}
	if r.max.compare(v) < 0 {
		r.max.set(v)
	}
}

func (r *textRange) merge(o *textRange) {
	switch {
	case !o.any:
	case !r.any:
		r.any = true
		r.min.copyOf(&o.min)
		r.max.copyOf(&o.max)
	default:
		if r.min.compareBound(&o.min) > 0 {
			r.min.copyOf(&o.min)
		}
		if r.max.compareBound(&o.max) < 0 {
			r.max.copyOf(&o.max)
		}
	}
}

func (b *textBound) set(v []byte) {
	head := v[:min(len(v), maxBoundBytes)]
	b.key, b.cut = prefixKey(v), len(v) > len(head)
	b.txt = append(b.txt[:0], head...)
}

func (b *textBound) copyOf(o *textBound) {
	b.key, b.cut = o.key, o.cut
	b.txt = append(b.txt[:0], o.txt...)
}

// compare orders the bound and a string by their first maxBoundBytes; a
// string that ends there comes before those that go on.
func (b *textBound) compare(v []byte) int {
	head := v[:min(len(v), maxBoundBytes)]
	if c := bytes.Compare(b.txt, head); c != 0 {
		return c
	}
	return compareBool(b.cut, len(v) > len(head))
}

func (b *textBound) compareBound(o *textBound) int {
	if c := bytes.Compare(b.txt, o.txt); c != 0 {
		return c
	}
	return compareBool(b.cut, o.cut)
}

func (b *textBound) value() batch.Value {
	return batch.Value{Bytes: append([]byte{}, b.txt...), Cut: b.cut}
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func prefixKey(v []byte) uint64 {
	if len(v) >= 8 {
		return binary.BigEndian.Uint64(v)
	}
	var head [8]byte
	copy(head[:], v)
	return binary.BigEndian.Uint64(head[:])
}
