package batch

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample() *Batch {
	b := &Batch{}
	b.Reset(Schema{{"s", Type{Kind: String}}, {"n", Type{Kind: Long}}, {"empty", Type{Kind: Long}}, {"flag", Type{Kind: Boolean}}})
	for i := range 4 {
		if i == 2 {
			b.Cols[0].Null(1)
		} else {
			b.Cols[0].Text([]byte{byte('a' + i)})
		}
		b.Cols[1].Int(int64(i * 10))
		b.Cols[3].Bool(i%2 == 0)
	}
	b.Rows = 4
	return b
}

func TestAppendRows(t *testing.T) {
	src := sample()
	var b Batch
	b.Reset(src.Schema)
	b.AppendRows(src, []int{1})
	b.AppendRows(src, []int{0, 2, 3})
	want := []Column{
		{Def: []int16{1, 1, 0, 1}, Bytes: [][]byte{{'b'}, {'a'}, {'d'}}},
		{Def: []int16{1, 1, 1, 1}, Ints: []int64{10, 0, 20, 30}},
		{},
		{Def: []int16{1, 1, 1, 1}, Bools: []bool{false, true, true, false}},
	}
	if diff := cmp.Diff(want, b.Cols); diff != "" || b.Rows != 4 {
		t.Fatalf("rows %d, columns (-want +got):\n%s", b.Rows, diff)
	}
}

func TestAppendRowsToNullColumn(t *testing.T) {
	src := sample()
	empty := &Batch{}
	empty.Reset(src.Schema)
	empty.Rows = 2
	empty.AppendRows(src, []int{3})
	if got := empty.Cols[1]; !cmp.Equal(got.Def, []int16{0, 0, 1}) || !cmp.Equal(got.Ints, []int64{30}) {
		t.Fatalf("null rows before values: %+v", got)
	}
}

func TestDigestsTellRowsApart(t *testing.T) {
	b := sample()
	digests := b.Digests(4)
	seen := map[Digest]bool{}
	for _, d := range digests {
		if seen[d] {
			t.Fatal("two different rows have one digest")
		}
		seen[d] = true
	}
	var again Batch
	again.Reset(b.Schema)
	again.AppendRows(b, []int{0, 1, 2, 3})
	if diff := cmp.Diff(digests, again.Digests(4)); diff != "" {
		t.Fatal("equal rows have other digests", diff)
	}
}

func TestDigestOfNullAndZeroByte(t *testing.T) {
	digest := func(v []byte) Digest {
		var b Batch
		b.Reset(Schema{{"s", Type{Kind: String}}})
		if v == nil {
			b.Cols[0].Null(1)
		} else {
			b.Cols[0].Text(v)
		}
		b.Rows = 1
		return b.Digests(1)[0]
	}
	values := [][]byte{nil, {}, {0}, {1}, {0, 0}, {1, 0}, []byte("a")}
	for i, a := range values {
		for _, b := range values[i+1:] {
			if digest(a) == digest(b) {
				t.Errorf("%v and %v have one digest", a, b)
			}
		}
	}
}

func TestParseType(t *testing.T) {
	for _, name := range []string{"string", "long", "boolean", "double", "timestamp", "date", "integer", "decimal(38,6)", "decimal(1,0)"} {
		typ, err := ParseType(name)
		if err != nil || typ.String() != name {
			t.Errorf("%s: %v, %v", name, typ, err)
		}
	}
	for _, name := range []string{"", "struct", "decimal", "decimal(39,0)", "decimal(2,3)", "decimal(2, 1)", "array<long>"} {
		if typ, err := ParseType(name); err == nil {
			t.Errorf("%q was read as %v", name, typ)
		}
	}
}
