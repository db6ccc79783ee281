package compare

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
)

func keyOf(n int) change.Key {
	var k change.Key
	binary.BigEndian.PutUint64(k[8:], uint64(n))
	return k
}

// fillLedger hands the same to every ledger: keys with one change and one row.
func fillLedger(t *testing.T, l *Ledger, keys int) {
	t.Helper()
	for n := range keys {
		c := up(f1, int64(n), uint64(n))
		c.Key = keyOf(n)
		if err := l.AddChange(c); err != nil {
			t.Fatal(err)
		}
		if err := l.AddRow(c.Key, row(f1, int64(n), open, uint64(n))); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPartsAreTheWhole goes through parts until none is left: every key comes
// once, whole, and never more at a time than the budget allows.
func TestPartsAreTheWhole(t *testing.T) {
	const keys = 1000
	for _, budget := range []int64{1 << 30, 200_000, 20_000, 2_000} {
		var seen []change.Key
		passes, most := 0, 0
		for todo := []Part{{}}; len(todo) > 0; passes++ {
			l := NewLedger(todo[0], budget)
			fillLedger(t, l, keys)
			todo = append(todo[1:], l.Later...)
			n := 0
			for key, h := range l.Keys() {
				n++
				seen = append(seen, key)
				if len(h.Changes) != 1 || len(h.Rows) != 1 {
					t.Fatalf("budget %d: key %s has %d changes and %d rows", budget, key, len(h.Changes), len(h.Rows))
				}
			}
			most = max(most, n)
		}
		slices.SortFunc(seen, compareKeys)
		if len(slices.Compact(seen)) != keys || len(seen) != keys {
			t.Errorf("budget %d: %d keys in %d passes", budget, len(seen), passes)
		}
		if limit := budget / (keyBytes + changeBytes + rowBytes); int64(most) > limit {
			t.Errorf("budget %d: %d keys at a time, more than %d", budget, most, limit)
		}
		if (passes == 1) != (budget == 1<<30) {
			t.Errorf("budget %d: %d passes", budget, passes)
		}
	}
}

func TestOneKeyTooLarge(t *testing.T) {
	l := NewLedger(Part{}, 10_000)
	var err error
	for n := 0; err == nil && n < 1000; n++ {
		// Of the parts of a part, the first is kept: this key is in all of them.
		err = l.AddRow(firstOfAll(), row(f1, int64(n), open, 0))
	}
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

// firstOfAll is a key that stays in a ledger however often it is halved.
func firstOfAll() change.Key {
	for n := 0; ; n++ {
		if (Part{mostParts, 0}).Has(keyOf(n)) {
			return keyOf(n)
		}
	}
}

func TestSmallest(t *testing.T) {
	s := Smallest{Most: 3}
	for _, n := range []int{9, 4, 7, 1, 8, 2} {
		s.Add(keyOf(n))
	}
	if d := cmp.Diff([]change.Key{keyOf(1), keyOf(2), keyOf(4)}, s.Keys()); d != "" {
		t.Error(d)
	}
	none := Smallest{}
	none.Add(keyOf(1))
	if len(none.Keys()) != 0 {
		t.Error("a key was kept where none was wanted")
	}
}

func sampleRows(change func(*batch.Batch)) *batch.Batch {
	b := &batch.Batch{}
	b.Reset(batch.Schema{
		{Name: "s", Type: batch.Type{Kind: batch.String}}, {Name: "n", Type: batch.Type{Kind: batch.Long}},
		{Name: "w", Type: batch.Type{Kind: batch.Decimal, Precision: 38}}, {Name: "d", Type: batch.Type{Kind: batch.Double}},
		{Name: "b", Type: batch.Type{Kind: batch.Boolean}},
	})
	b.Cols[0].Text([]byte("a"))
	b.Cols[0].Null(1)
	b.Cols[1].Null(1)
	b.Cols[1].Int(7)
	b.Cols[2] = batch.Column{Def: []int16{1, 1}, Wide: [][16]byte{{1}, {2}}}
	b.Cols[3] = batch.Column{Def: []int16{1, 0}, Doubles: []float64{math.Pi}}
	b.Cols[4].Bool(true)
	b.Cols[4].Bool(false)
	b.Rows = 2
	if change != nil {
		change(b)
	}
	return b
}

func digests(b *batch.Batch, columns, width int) []Digest {
	var h Hasher
	var list []Digest
	h.Rows(b, columns, func(int) int { return width }, func(int) bool { return true }, func(_ int, d Digest) { list = append(list, d) })
	return list
}

// TestDigests: they are the same in every process, and every value counts.
func TestDigests(t *testing.T) {
	var sum Checksum
	for _, d := range digests(sampleRows(nil), 5, 5) {
		sum.Add(d)
	}
	if got, want := sum.String(), "4c6b002c9ca0ea52134c9d4d1e52dbf1"; got != want {
		t.Errorf("the checksum of the sample is %s, and was %s: results that are kept cannot be compared with it", got, want)
	}
	plain := digests(sampleRows(nil), 5, 5)
	for name, change := range map[string]func(*batch.Batch){
		"text":    func(b *batch.Batch) { b.Cols[0].Bytes[0] = []byte("b") },
		"number":  func(b *batch.Batch) { b.Cols[1].Ints[0]++ },
		"wide":    func(b *batch.Batch) { b.Cols[2].Wide[0][15] = 9 },
		"double":  func(b *batch.Batch) { b.Cols[3].Doubles[0] = 3 },
		"boolean": func(b *batch.Batch) { b.Cols[4].Bools[0] = false },
		"empty text for null": func(b *batch.Batch) {
			b.Cols[0].Def[1] = 1
			b.Cols[0].Bytes = append(b.Cols[0].Bytes, nil)
		},
	} {
		if cmp.Equal(plain, digests(sampleRows(change), 5, 5)) {
			t.Errorf("%s: another value has the same digests", name)
		}
	}
	withoutLast := digests(sampleRows(func(b *batch.Batch) { b.Cols[4] = batch.Column{} }), 5, 5)
	if !cmp.Equal(withoutLast, digests(sampleRows(nil), 5, 4)) {
		t.Error("columns behind the width do not count as null")
	}
}

// TestTallyHasNoOrder: rows of parts add up to those of the whole.
func TestTallyHasNoOrder(t *testing.T) {
	a, b, c := row(f1, 1, 5, 1), row(f1, 5, open, 2), row(f1, 9, 12, 3)
	var one, other Tally
	one.Add(change.Type2, []Row{a, b})
	one.Add(change.Type2, []Row{c})
	other.Add(change.Type2, []Row{c})
	other.Add(change.Type2, []Row{b, a})
	if one != other || one.Rows != 3 || one.Keys != 1 {
		t.Errorf("%+v, %+v", one, other)
	}
	var ended Tally
	b.End = 9
	ended.Add(change.Type2, []Row{a, b})
	ended.Add(change.Type2, []Row{c})
	if ended.Checksum == one.Checksum {
		t.Error("the end of a row does not count")
	}
}
