package delta

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
)

// column makes a batch of one column of which each value is there.
func column(t batch.Type, c batch.Column, rows int) *batch.Batch {
	return &batch.Batch{Schema: batch.Schema{{Name: "c", Type: t}}, Rows: rows, Cols: []batch.Column{c}}
}

func textCells(values ...string) batch.Column {
	c := batch.Column{}
	for _, v := range values {
		c.Bytes = append(c.Bytes, []byte(v))
	}
	return c
}

// wide is a decimal of more than 18 digits.
func wide(t *testing.T, digits string) [16]byte {
	t.Helper()
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		t.Fatal(digits)
	}
	if n.Sign() < 0 {
		n.Add(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	var out [16]byte
	n.FillBytes(out[:])
	return out
}

func TestBounds(t *testing.T) {
	micro := func(text string) int64 {
		return must(time.Parse(time.RFC3339Nano, text))(t).UnixMicro()
	}
	const x31 = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	for name, test := range map[string]struct {
		kind batch.Type
		col  batch.Column
		rows int
		want string
	}{
		"long": {batch.Type{Kind: batch.Long}, batch.Column{Ints: []int64{5, math.MinInt64, math.MaxInt64}}, 4,
			`"minValues":{"c":-9223372036854775808},"maxValues":{"c":9223372036854775807},"nullCount":{"c":1}`},
		"all null": {batch.Type{Kind: batch.Long}, batch.Column{}, 3, `"nullCount":{"c":3}`},
		"boolean":  {batch.Type{Kind: batch.Boolean}, batch.Column{Bools: []bool{true, false}}, 2, `"nullCount":{"c":0}`},
		"double": {batch.Type{Kind: batch.Double}, batch.Column{Doubles: []float64{1, -2.5, 1e300}}, 3,
			`"minValues":{"c":-2.5},"maxValues":{"c":1e+300},"nullCount":{"c":0}`},
		"double whole": {batch.Type{Kind: batch.Double}, batch.Column{Doubles: []float64{3}}, 1,
			`"minValues":{"c":3.0},"maxValues":{"c":3.0},"nullCount":{"c":0}`},
		"double NaN": {batch.Type{Kind: batch.Double}, batch.Column{Doubles: []float64{math.NaN(), 1, math.NaN()}}, 3,
			`"nullCount":{"c":0}`},
		"double infinite": {batch.Type{Kind: batch.Double}, batch.Column{Doubles: []float64{math.Inf(-1), 1}}, 2,
			`"maxValues":{"c":1.0},"nullCount":{"c":0}`},
		"date": {batch.Type{Kind: batch.Date}, batch.Column{Ints: []int64{19977, -1}}, 2,
			`"minValues":{"c":"1969-12-31"},"maxValues":{"c":"2024-09-11"},"nullCount":{"c":0}`},
		"date out of range": {batch.Type{Kind: batch.Date}, batch.Column{Ints: []int64{0, 10_000_000}}, 2,
			`"minValues":{"c":"1970-01-01"},"nullCount":{"c":0}`},
		"timestamp": {batch.Type{Kind: batch.Timestamp}, batch.Column{Ints: []int64{micro("2024-09-11T16:29:10.123999Z"), micro("2024-09-11T16:29:10.123001Z")}}, 2,
			`"minValues":{"c":"2024-09-11T16:29:10.123Z"},"maxValues":{"c":"2024-09-11T16:29:10.124Z"},"nullCount":{"c":0}`},
		"timestamp before 1970": {batch.Type{Kind: batch.Timestamp}, batch.Column{Ints: []int64{-1}}, 1,
			`"minValues":{"c":"1969-12-31T23:59:59.999Z"},"maxValues":{"c":"1970-01-01T00:00:00.000Z"},"nullCount":{"c":0}`},
		"timestamp at the end": {batch.Type{Kind: batch.Timestamp}, batch.Column{Ints: []int64{micro("9999-12-31T23:59:59.9999Z")}}, 1,
			`"minValues":{"c":"9999-12-31T23:59:59.999Z"},"nullCount":{"c":0}`},
		"decimal": {batch.Type{Kind: batch.Decimal, Precision: 10, Scale: 3}, batch.Column{Ints: []int64{-5, 12345}}, 2,
			`"minValues":{"c":-0.005},"maxValues":{"c":12.345},"nullCount":{"c":0}`},
		"decimal whole": {batch.Type{Kind: batch.Decimal, Precision: 10}, batch.Column{Ints: []int64{0}}, 1,
			`"minValues":{"c":0},"maxValues":{"c":0},"nullCount":{"c":0}`},
		"decimal wide": {batch.Type{Kind: batch.Decimal, Precision: 38, Scale: 10}, batch.Column{Wide: [][16]byte{wide(t, "-1"), wide(t, "-99999999999999999999999999999999999999"), wide(t, "1234567890123456789012345678")}}, 3,
			`"minValues":{"c":-9999999999999999999999999999.9999999999},"maxValues":{"c":123456789012345678.9012345678},"nullCount":{"c":0}`},
		"string": {batch.Type{Kind: batch.String}, textCells("b", "", "a<&"), 3,
			`"minValues":{"c":""},"maxValues":{"c":"b"},"nullCount":{"c":0}`},
		"string of 32": {batch.Type{Kind: batch.String}, textCells(x31 + "y"), 1,
			`"minValues":{"c":"` + x31 + `y"},"maxValues":{"c":"` + x31 + `y"},"nullCount":{"c":0}`},
		"string of 33": {batch.Type{Kind: batch.String}, textCells(x31 + "yy"), 1,
			`"minValues":{"c":"` + x31 + `y"},"maxValues":{"c":"` + x31 + `z"},"nullCount":{"c":0}`},
		"string, last cannot be raised": {batch.Type{Kind: batch.String}, textCells(x31 + "\U0010FFFFy"), 1,
			`"minValues":{"c":"` + x31 + "\U0010FFFF" + `"},"maxValues":{"c":"` + x31[1:] + `y"},"nullCount":{"c":0}`},
		"string, none can be raised": {batch.Type{Kind: batch.String}, textCells(strings.Repeat("\U0010FFFF", 33)), 1,
			`"minValues":{"c":"` + strings.Repeat("\U0010FFFF", 32) + `"},"nullCount":{"c":0}`},
		"string, over the surrogates": {batch.Type{Kind: batch.String}, textCells(x31 + "\uD7FFy"), 1,
			`"minValues":{"c":"` + x31 + "\uD7FF" + `"},"maxValues":{"c":"` + x31 + "\uE000" + `"},"nullCount":{"c":0}`},
		"string, not UTF-8": {batch.Type{Kind: batch.String}, textCells("a", "\xff\xff"), 2,
			`"minValues":{"c":"a"},"nullCount":{"c":0}`},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCollector(batch.Schema{{Name: "c", Type: test.kind}}, IndexedColumns)
			c.Observe(column(test.kind, test.col, test.rows))
			got := must(c.Stats().Encode())(t)
			_, got, _ = strings.Cut(got, ",")
			if diff := cmp.Diff(test.want+"}", got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the strings, the bounds hold, and have at most 32 characters.
func FuzzTextBounds(f *testing.F) {
	f.Add([]byte("a"), []byte("b"))
	f.Add([]byte(strings.Repeat("ü", 40)), []byte(strings.Repeat("ü", 33)))
	f.Add([]byte(strings.Repeat("\U0010FFFF", 40)), []byte(""))
	f.Add([]byte(strings.Repeat("z", 131)+"\xff"), []byte("\xf0\x9f"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		kind := batch.Type{Kind: batch.String}
		c := newCollector(batch.Schema{{Name: "c", Type: kind}}, 1)
		c.Observe(column(kind, textCells(string(a), string(b)), 2))
		s := c.Stats()
		for _, v := range []string{string(a), string(b)} {
			if low, ok := s.MinValues["c"].(string); ok && (low > v || len([]rune(low)) > 32) {
				t.Errorf("lower bound %q of %q", low, v)
			}
			if high, ok := s.MaxValues["c"].(string); ok && (high < v || len([]rune(high)) > 32) {
				t.Errorf("upper bound %q of %q", high, v)
			}
		}
	})
}

func TestCollectorOverBatches(t *testing.T) {
	schema := batch.Schema{testSchema[0], testSchema[1], {Name: "unindexed", Type: batch.Type{Kind: batch.Long}}}
	c := newCollector(schema, 2)
	for i := range int64(3) {
		c.Observe(&batch.Batch{Schema: schema, Rows: 2, Cols: []batch.Column{
			{Ints: []int64{i, -i}}, {Bytes: [][]byte{{byte('a' + i)}}}, {Ints: []int64{1, 2}},
		}})
	}
	want := `{"numRecords":6,"minValues":{"id":-2,"name":"a"},"maxValues":{"id":2,"name":"c"},"nullCount":{"id":0,"name":3}}`
	if got := must(c.Stats().Encode())(t); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if all := newCollector(schema, -1); len(all.cols) != 3 {
		t.Errorf("%d columns, want all", len(all.cols))
	}
}

func TestStatsRoundTrip(t *testing.T) {
	no := false
	c := newCollector(testSchema, IndexedColumns)
	c.Observe(&batch.Batch{Schema: testSchema, Rows: 2, Cols: []batch.Column{{Ints: []int64{1 << 60, 2}}, {}}})
	want := c.Stats()
	want.TightBounds = &no
	got := must(ParseStats(must(want.Encode())(t)))(t)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := ParseStats(`{"numRecords":"x"}`); err == nil {
		t.Error("text as a number")
	}
	nested := must(ParseStats(`{"numRecords":1,"nullCount":{"a":{"b":3},"c":4}}`))(t)
	if diff := cmp.Diff(map[string]int64{"c": 4}, nested.NullCount); diff != "" {
		t.Errorf("nested: %s", diff)
	}
}

func TestWithVectorKeepsForeignStats(t *testing.T) {
	a := testAdd("a")
	a.Stats = `{"numRecords":10,"minValues":{"s":{"x":1}},"theirs":[1.50]}`
	marked := must(a.WithVector(testVector(2)))(t)
	if want := `{"minValues":{"s":{"x":1}},"numRecords":10,"theirs":[1.50],"tightBounds":false}`; marked.Stats != want {
		t.Errorf("got %s", marked.Stats)
	}
	if fromState := must(Add{Path: "a", Stats: `{"numRecords":1}`}.WithVector(testVector(1)))(t); !fromState.DataChange {
		t.Error("marking rows is not a change of data")
	}
	for _, stats := range []string{"", "{}", "{"} {
		a.Stats = stats
		if _, err := a.WithVector(testVector(2)); err == nil {
			t.Errorf("stats %q: no error", stats)
		}
	}
}

func TestWideOrder(t *testing.T) {
	ordered := []string{"-99999999999999999999999999999999999999", "-256", "-1", "0", "1", "255", "99999999999999999999999999999999999999"}
	for i, a := range ordered {
		for j, b := range ordered {
			got := compareWide(wide(t, a), wide(t, b))
			if want := big.NewInt(int64(i)).Cmp(big.NewInt(int64(j))); got != want {
				t.Errorf("%s and %s: %d, want %d", a, b, got, want)
			}
		}
		if back := wideInt(wide(t, a)).String(); back != a {
			t.Errorf("%s became %s", a, back)
		}
	}
}
