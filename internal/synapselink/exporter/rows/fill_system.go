package rows

import (
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/dice"
)

const (
	firstRecID  = 5637144576 // where F&O begins to count
	recIDStride = 3
	emptyDate   = -2208988800 // 1900-01-01, F&O's "no date"
)

func recID(index int64) int64 { return firstRecID + 750 + index*recIDStride }

func putID(b []byte, r *Row) []byte         { return r.table.ID(r.Index).append(b) }
func putSink(b []byte, r *Row) []byte       { return append(b, r.Sink...) }
func putVersion(b []byte, r *Row) []byte    { return AppendInt(b, r.Version) }
func putCreatedOn(b []byte, r *Row) []byte  { return appendISO(b, r.Created, ".0000000+00:00") }
func putCreatedUTC(b []byte, r *Row) []byte { return appendISO(b, r.Created, ".0000000Z") }
func putRecID(b []byte, r *Row) []byte      { return AppendInt(b, recID(r.Index)) }
func putTableID(b []byte, r *Row) []byte    { return AppendInt(b, int64(r.table.shape.tableID)) }

// makeCreatedOn: tables without a creation time of their own carry 1900-01-01.
func makeCreatedOn(c *compiler, _ shapeColumn) (cell, error) {
	if c.shape.partition == 1900 {
		return literal(string(appendISO(nil, emptyDate, ".0000000+00:00"))), nil
	}
	return putCreatedOn, nil
}

func makeConst(_ *compiler, col shapeColumn) (cell, error) {
	v, err := col.fill.word()
	if err != nil {
		return nil, err
	}
	if col.DataType == "string" {
		v = string(appendQuoted(nil, strings.ReplaceAll(v, "_", " ")))
	}
	return literal(v), nil
}

// makeSub is a GUID that belongs to the row beside its Id.
func makeSub(_ *compiler, col shapeColumn) (cell, error) {
	n, err := col.fill.ints(1)
	if err != nil {
		return nil, err
	}
	tag := uint64(n[0])
	return func(b []byte, r *Row) []byte { return ceID(dice.Mix(r.hash+tag), tag).append(b) }, nil
}

// makeModified writes the time of the last change. Which of two forms a row has
// stays the same from version to version, so that one file holds both.
func makeModified(suffix string) maker {
	return func(c *compiler, _ shapeColumn) (cell, error) {
		mixed := c.world.style.MixedDates
		return func(b []byte, r *Row) []byte {
			switch {
			case mixed && r.hash>>8&1 == 1:
				return append(b, QuotedSink(time.Unix(r.Modified, 0))...)
			case r.Offset:
				return appendISO(b, r.Modified, ".0000000+00:00")
			}
			return appendISO(b, r.Modified, suffix)
		}, nil
	}
}
