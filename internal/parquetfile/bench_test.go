package parquetfile

import (
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/sluicedata/sluice/internal/batch"
)

// dataverseSchema is the shape of a typical exported table: keys, lookups,
// dates, choices, texts and money.
func dataverseSchema() batch.Schema {
	text, long := batch.Type{Kind: batch.String}, batch.Type{Kind: batch.Long}
	stamp, flag := batch.Type{Kind: batch.Timestamp}, batch.Type{Kind: batch.Boolean}
	money := batch.Type{Kind: batch.Decimal, Precision: 38, Scale: 6}
	rate := batch.Type{Kind: batch.Decimal, Precision: 18, Scale: 4}
	return batch.Schema{
		{Name: "Id", Type: text}, {Name: "SinkCreatedOn", Type: stamp}, {Name: "SinkModifiedOn", Type: stamp},
		{Name: "statecode", Type: long}, {Name: "statuscode", Type: long}, {Name: "donotemail", Type: flag},
		{Name: "ownerid", Type: text}, {Name: "ownerid_entitytype", Type: text}, {Name: "parentid", Type: text},
		{Name: "createdon", Type: stamp}, {Name: "modifiedon", Type: stamp}, {Name: "versionnumber", Type: long},
		{Name: "name", Type: text}, {Name: "emailaddress1", Type: text}, {Name: "telephone1", Type: text},
		{Name: "address1_city", Type: text}, {Name: "description", Type: text}, {Name: "revenue", Type: money},
		{Name: "exchangerate", Type: rate}, {Name: "creditlimit", Type: rate}, {Name: "numberofemployees", Type: long},
		{Name: "IsDelete", Type: flag},
	}
}

func guid(r *rand.Rand) []byte {
	a, b := r.Uint64(), r.Uint64()
	return fmt.Appendf(nil, "%08x-%04x-%04x-%04x-%012x", uint32(a), uint16(a>>32), uint16(a>>48), uint16(b), b>>16)
}

// dataverseBatch fills a batch and says how many bytes its rows have as CSV.
func dataverseBatch(rows int, seed uint64) (*batch.Batch, int64) {
	r := rand.New(rand.NewPCG(seed, 1))
	owners := make([][]byte, 200)
	for i := range owners {
		owners[i] = guid(r)
	}
	words := []string{"Contoso", "Fabrikam", "Adventure", "Works", "Northwind", "Traders", "Litware", "Proseware", "Wide", "World"}
	var b batch.Batch
	b.Reset(dataverseSchema())
	b.Rows = rows
	size := int64(0)
	for i, f := range b.Schema {
		c := &b.Cols[i]
		for row := range rows {
			size++ // separator
			if i > 12 && i < 21 && r.IntN(10) < 3 {
				c.Def = append(c.Def, 0)
				continue
			}
			c.Def = append(c.Def, 1)
			switch f.Type.Kind {
			case batch.String:
				var v []byte
				switch f.Name {
				case "Id", "parentid":
					v = guid(r)
				case "ownerid":
					v = owners[r.IntN(len(owners))]
				case "ownerid_entitytype":
					v = []byte("systemuser")
				case "emailaddress1":
					v = fmt.Appendf(nil, "%s.%d@%s.example", words[r.IntN(10)], r.IntN(1e6), words[r.IntN(10)])
				case "telephone1":
					v = fmt.Appendf(nil, "+1 %03d %07d", r.IntN(1000), r.IntN(1e7))
				case "address1_city":
					v = fmt.Appendf(nil, "City %d", r.IntN(500))
				case "description":
					for range 8 {
						v = append(append(v, words[r.IntN(10)]...), ' ')
					}
				default:
					v = fmt.Appendf(nil, "%s %s %d", words[r.IntN(10)], words[r.IntN(10)], r.IntN(1e5))
				}
				c.Bytes = append(c.Bytes, v)
				size += int64(len(v)) + 2
			case batch.Timestamp:
				c.Ints = append(c.Ints, 1_726_000_000_000_000+int64(r.IntN(30_000_000))*1_000_000)
				size += 28
			case batch.Boolean:
				c.Bools = append(c.Bools, r.IntN(20) == 0)
				size += 5
			case batch.Decimal:
				v := int64(r.IntN(1e9)) * 10_000
				if f.Type.IsWide() {
					c.Wide = append(c.Wide, int128Of(v).wide())
				} else {
					c.Ints = append(c.Ints, v/100)
				}
				size += 12
			default:
				v := int64(r.IntN(3))
				if f.Name == "versionnumber" {
					v = int64(1e9) + int64(row)*7
				} else if f.Name == "numberofemployees" {
					v = int64(r.IntN(5000))
				}
				c.Ints = append(c.Ints, v)
				size += 4
			}
		}
	}
	return &b, size
}

func BenchmarkWriter(b *testing.B) {
	in, size := dataverseBatch(64<<10, 7)
	b.SetBytes(size)
	b.ReportAllocs()
	w, err := NewWriter(io.Discard, in.Schema, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := w.Write(in); err != nil {
			b.Fatal(err)
		}
	}
	info, err := w.Close()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Bytes)/float64(info.Rows), "fileB/row")
	b.ReportMetric(float64(size)/float64(in.Rows), "csvB/row")
}

func BenchmarkScanStrings(b *testing.B) {
	const rows = 256 << 10
	r := rand.New(rand.NewPCG(3, 1))
	s := batch.Schema{{Name: "Id", Type: batch.Type{Kind: batch.String}}}
	var in batch.Batch
	in.Reset(s)
	in.Rows = rows
	for range rows {
		in.Cols[0].Def = append(in.Cols[0].Def, 1)
		in.Cols[0].Bytes = append(in.Cols[0].Bytes, guid(r))
	}
	data, _ := write(b, s, Options{}, &in)
	f := open(b, data)
	b.SetBytes(rows * 36)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for i := range f.RowGroups() {
			err := f.ScanStrings(i, "Id", func(_ int64, values [][]byte, _ []int16) error {
				n += len(values)
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		if n != rows {
			b.Fatalf("%d keys", n)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mkeys/s")
}

func BenchmarkReadRowGroup(b *testing.B) {
	in, size := dataverseBatch(64<<10, 7)
	data, _ := write(b, in.Schema, Options{}, in)
	f := open(b, data)
	b.SetBytes(size)
	b.ReportAllocs()
	var out batch.Batch
	for b.Loop() {
		if err := f.ReadRowGroup(0, in.Schema, &out); err != nil {
			b.Fatal(err)
		}
	}
}
