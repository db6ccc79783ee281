package local

import (
	"fmt"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// A large folder that is delivered again changes nothing, and its rows are counted
// as superseded; so many rows of a row group are read in parts.
func TestManyRepeats(t *testing.T) {
	for _, typ := range []change.Type{change.Type1, change.Type2} {
		store := mem.New(testClock)
		engine := New(store, Options{Clock: testClock, Workers: 1})
		const rows = 3*copyRows + 100
		folder := func(number int64) []row {
			list := make([]row, rows)
			for i := range list {
				list[i] = upsert(number, 10, fmt.Sprint("row ", i))
				list[i].Key = change.Key{0: byte(i), 1: byte(i >> 8), 15: 1}
			}
			return list
		}
		apply(t, engine, typ, false, nil, folder(1)...)
		result := apply(t, engine, typ, false, nil, folder(2)...)
		if want := (Counts{Read: rows, Superseded: rows}); result.Counts != want {
			t.Errorf("type %d: %+v, want %+v", typ, result.Counts, want)
		}
		got := readTable(t, store, testTable, typ)
		if len(got) != rows {
			t.Errorf("type %d: %d rows, want %d", typ, len(got), rows)
		}
	}
}
