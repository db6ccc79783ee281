package synapselink

import (
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/change"
)

func TestTextsAreCut(t *testing.T) {
	e := entity("note", "Id guid", "subject string", "body string", "versionnumber int64", "IsDelete boolean")
	csv := idA + `,"plain","Zoë 🙂",100,` + "\n" + idB + `,"a ""quoted"" one",,101,` + "\n" + idA + ",,,102,True\n"
	for _, c := range []struct {
		name  string
		limit int64
		want  []string
		cut   map[string]int64
	}{
		{"nothing is that long", 12, []string{`subject="plain" body="Zoë 🙂"`, `subject="a \"quoted\" o"`}, map[string]int64{"subject": 1}},
		{"exactly as long", 14, []string{`subject="plain" body="Zoë 🙂"`, `subject="a \"quoted\" one"`}, nil},
		{"within a character of four bytes", 8, []string{`subject="plain" body="Zoë "`, `subject="a \"quote"`}, map[string]int64{"subject": 1, "body": 1}},
		{"within one of two", 3, []string{`subject="pla" body="Zo"`, `subject="a \""`}, map[string]int64{"subject": 2, "body": 1}},
		{"nothing is left", 0, []string{``, ``}, map[string]int64{"subject": 2, "body": 1}},
		{"no limit", math.MaxInt64, []string{`subject="plain" body="Zoë 🙂"`, `subject="a \"quoted\" one"`}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			selection := Selection{MaxCellBytes: &c.limit}
			export, parts := oneFolder(t, e, csv)
			source, err := NewSource(t.Context(), export, parts, schemaOf(t, e, selection), selection, SourceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			rows, _, err := decodeAll(t, source, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{
				strings.ReplaceAll(`Id="`+idA+`" `+c.want[0]+` versionnumber=100`, "  ", " "),
				strings.ReplaceAll(`Id="`+idB+`" `+c.want[1]+` versionnumber=101`, "  ", " "),
				`Id="` + idA + `" versionnumber=102 IsDelete=true`,
			}
			if d := cmp.Diff(want, rows); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			if got := source.Cut(); !maps.Equal(got, c.cut) {
				t.Errorf("cut %v, want %v", got, c.cut)
			}
		})
	}
}

// TestCutWithinBrokenText: what is no UTF-8 is refused where it would be written,
// and the cells of a row that is left out are not counted.
func TestCutWithinBrokenText(t *testing.T) {
	e := entity("note", "Id guid", "body string", "versionnumber int64", "IsDelete boolean")
	export, parts := oneFolder(t, e, idA+",\"\x80\x80\x80\x80\x80\x80\x80\",1,\n"+idB+",\"long\x80\",2,\n"+idB+",\"longer\",oops,\n")
	limit, bad := int64(4), 0
	selection := Selection{MaxCellBytes: &limit}
	source, err := NewSource(t.Context(), export, parts, schemaOf(t, e, selection), selection,
		SourceOptions{BadRow: func(*RowError) bool { bad++; return true }})
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := decodeAll(t, source, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{`Id="` + idB + `" body="long" versionnumber=2`}; bad != 2 || cmp.Diff(want, rows) != "" {
		t.Errorf("%d bad rows, and %q, want %q", bad, rows, want)
	}
	if got := source.Cut(); !maps.Equal(got, map[string]int64{"body": 1}) {
		t.Errorf("cut %v", got)
	}
}

// TestCutCellGivesMemoryBack looks at what a piece holds after most of it was cut.
func TestCutCellGivesMemoryBack(t *testing.T) {
	e := entity("note", "Id guid", "body string", "versionnumber int64", "IsDelete boolean")
	export, parts := oneFolder(t, e, idA+`,"`+strings.Repeat("x", 1<<20)+"\",1,\n"+idB+",\"kept\",2,\n")
	limit := int64(10)
	selection := Selection{MaxCellBytes: &limit}
	source, err := NewSource(t.Context(), export, parts, schemaOf(t, e, selection), selection, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	piece, err := source.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := piece.Size()
	var block change.Block
	if err := piece.Decode(&block); err != nil {
		t.Fatal(err)
	}
	if after := piece.Size(); before < 1<<20 || after > 100 {
		t.Errorf("the piece holds %d bytes, and %d when its rows are known", before, after)
	}
	want := []string{`Id="` + idA + `" body="xxxxxxxxxx" versionnumber=1`, `Id="` + idB + `" body="kept" versionnumber=2`}
	if d := cmp.Diff(want, rowTexts(t, &block.Rows)); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	piece.Release()
}
