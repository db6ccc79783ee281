package rowcache

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/sluicedata/sluice/internal/batch"
)

// ErrDamaged: a cache is not whole, or of another version.
var ErrDamaged = errors.New("the row cache is damaged")

const (
	magic        = "SLUICERC"
	version      = 1
	headerBytes  = 14 // before the schema
	trailerBytes = 28
	crcBytes     = 4
	rawBytes     = 4 // how long the raw part of a block is
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrDamaged, fmt.Errorf(format, args...))
}

// seal appends the checksum of what was written from an offset on.
func seal(dst []byte, from int) []byte {
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[from:], castagnoli))
}

// unseal is a part without its checksum.
func unseal(part []byte) ([]byte, error) {
	if len(part) < crcBytes {
		return nil, damaged("%d bytes are no part of it", len(part))
	}
	body := part[:len(part)-crcBytes]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(part[len(body):]) {
		return nil, damaged("a checksum is wrong")
	}
	return body, nil
}

// field is a column in the header.
type field struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

func appendHeader(dst []byte, schema batch.Schema) ([]byte, error) {
	fields := make([]field, len(schema))
	for i, f := range schema {
		fields[i] = field{f.Name, f.Type.String()}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	dst = binary.LittleEndian.AppendUint16(append(dst, magic...), version)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(text)))
	return seal(append(dst, text...), 0), nil
}

// schemaBytes is how long the schema is, by the beginning of the header.
func schemaBytes(head []byte) (int64, error) {
	if string(head[:len(magic)]) != magic || binary.LittleEndian.Uint16(head[len(magic):]) != version {
		return 0, damaged("it does not begin as one of this version")
	}
	return int64(binary.LittleEndian.Uint32(head[len(magic)+2:])), nil
}

func parseHeader(header []byte) (batch.Schema, error) {
	body, err := unseal(header)
	if err != nil {
		return nil, err
	}
	var fields []field
	if err := json.Unmarshal(body[headerBytes:], &fields); err != nil {
		return nil, damaged("its schema: %w", err)
	}
	schema := make(batch.Schema, len(fields))
	for i, f := range fields {
		t, err := batch.ParseType(f.Type)
		if err != nil {
			return nil, damaged("its schema: %w", err)
		}
		schema[i] = batch.Field{Name: f.Name, Type: t}
	}
	return schema, nil
}

// trailer says how the end of a cache is to be read.
type trailer struct {
	rows      int64
	directory int64 // bytes
	crc       uint32
}

func (t *trailer) append(dst []byte) []byte {
	from := len(dst)
	dst = binary.LittleEndian.AppendUint64(append(dst, magic...), uint64(t.rows))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(t.directory))
	return seal(binary.LittleEndian.AppendUint32(dst, t.crc), from)
}

func parseTrailer(part []byte) (trailer, error) {
	body, err := unseal(part)
	if err != nil {
		return trailer{}, err
	}
	if string(body[:len(magic)]) != magic {
		return trailer{}, damaged("it does not end as one")
	}
	body = body[len(magic):]
	return trailer{
		rows:      int64(binary.LittleEndian.Uint64(body)),
		directory: int64(binary.LittleEndian.Uint32(body[8:])),
		crc:       binary.LittleEndian.Uint32(body[12:]),
	}, nil
}
