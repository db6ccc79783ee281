package rowcache

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/s2"

	"github.com/sluicedata/sluice/internal/batch"
)

// Read appends the rows of the given numbers, strictly ascending, to into, which
// has those columns. Columns that the cache does not have are null.
func (f *File) Read(rows []int64, columns batch.Schema, into *batch.Batch) error {
	r := &reading{file: f, targets: make([]*batch.Column, len(f.schema))}
	for i, c := range columns {
		if at := f.schema.Index(c.Name); at >= 0 {
			r.targets[at] = &into.Cols[i]
			if len(into.Cols[i].Def) == 0 {
				into.Cols[i].Null(into.Rows)
			}
		} else if len(into.Cols[i].Def) > 0 {
			into.Cols[i].Null(len(rows))
		}
	}
	for rest := rows; len(rest) > 0; {
		block, n := rest[0]/blockRows, 1
		for n < len(rest) && rest[n]/blockRows == block && rest[n] > rest[n-1] {
			n++
		}
		if rest[0] < 0 || rest[n-1] >= f.rows || n < len(rest) && rest[n] <= rest[n-1] {
			return fmt.Errorf("row %d of %d: rows must be ascending and exist", rest[n-1], f.rows)
		}
		if err := r.block(block, rest[:n]); err != nil {
			return fmt.Errorf("reading block %d of a row cache: %w", block, err)
		}
		rest = rest[n:]
	}
	into.Rows += len(rows)
	return nil
}

// reading carries what is used again from block to block.
type reading struct {
	file    *File
	targets []*batch.Column // by column of the cache; nil: not wanted
	packed  []byte
	plain   []byte
	parser
}

func (r *reading) block(block int64, rows []int64) error {
	offset, length := r.file.place(block)
	if length < rawBytes+crcBytes || length > int64(s2.MaxEncodedLen(maxBlock)+rawBytes+crcBytes) {
		return damaged("%d bytes are no block", length)
	}
	if int64(cap(r.packed)) < length {
		r.packed = make([]byte, length)
	}
	r.packed = r.packed[:length]
	if _, err := r.file.src.ReadAt(r.packed, offset); err != nil {
		return err
	}
	body, err := unseal(r.packed)
	if err != nil {
		return err
	}
	raw := int64(binary.LittleEndian.Uint32(body))
	if raw > int64(len(body)-rawBytes) {
		return damaged("%d bytes are not there", raw)
	}
	r.raw, body = body[rawBytes:rawBytes+raw], body[rawBytes+raw:]
	if n, err := s2.DecodedLen(body); err != nil || n > maxBlock {
		return damaged("%d bytes are more than a block has", n)
	}
	if r.plain, err = s2.Decode(r.plain[:cap(r.plain)], body); err != nil {
		return damaged("%w", err)
	}
	r.data, r.rows = r.plain, int(min(blockRows, r.file.rows-block*blockRows))
	r.wanted = r.wanted[:0]
	for _, row := range rows {
		r.wanted = append(r.wanted, uint8(row-block*blockRows))
	}
	for i, f := range r.file.schema {
		r.column(f.Type, r.targets[i])
	}
	if r.short || len(r.data)+len(r.raw) > 0 {
		return damaged("its columns do not fill it")
	}
	return nil
}

// arena holds texts together, so that there is not an allocation for each.
type arena struct{ block []byte }

const arenaBytes = 64 << 10

// room is for a text of that length.
func (a *arena) room(length int) []byte {
	if length > cap(a.block)-len(a.block) {
		a.block = make([]byte, 0, max(arenaBytes, length))
	}
	at := len(a.block)
	a.block = a.block[:at+length]
	return a.block[at : at : at+length]
}
