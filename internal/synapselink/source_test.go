package synapselink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/storage"
)

const (
	idA = "50bff458-d47a-4924-804b-31c0a83108e6"
	idB = "000010b5-0000-0000-21aa-a55001000000"
)

// oneFolder is a table with one file in one folder.
func oneFolder(t testing.TB, e Entity, csv string) (*Export, []FolderPart) {
	t.Helper()
	const folder = "2024-01-01T10.00.00Z"
	export := newExport(t, folder+"/"+e.Name+"/2024.csv", csv)
	return export, []FolderPart{folderPart(t, export, folder, e)}
}

func folderPart(t testing.TB, export *Export, folder string, e Entity) FolderPart {
	t.Helper()
	files, err := export.FolderTables(t.Context(), name(t, folder))
	if err != nil {
		t.Fatal(err)
	}
	return FolderPart{Folder: name(t, folder), Entity: e, Files: files.Tables[e.Name]}
}

func readTable(t testing.TB, export *Export, parts []FolderPart, target batch.Schema, s Selection, o SourceOptions) ([]string, []change.Change, error) {
	t.Helper()
	source, err := NewSource(t.Context(), export, parts, target, s, o)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	return decodeAll(t, source, nil)
}

// mustRead reads a table of one file that is expected to be good.
func mustRead(t testing.TB, e Entity, csv string) ([]string, []change.Change) {
	t.Helper()
	export, parts := oneFolder(t, e, csv)
	rows, changes, err := readTable(t, export, parts, schemaOf(t, e, Selection{}), Selection{}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return rows, changes
}

func TestDecodeTypes(t *testing.T) {
	e := entity("account", "Id guid", "SinkModifiedOn dateTime", "name string", "ownerid guid", "statecode int64", "flag boolean", "revenue decimal(38,10)",
		"small decimal(10,2)", "ratio double", "born date", "createdon dateTimeOffset", "duration time", "odd whatever", "versionnumber int64", "IsDelete boolean")
	rows, changes := mustRead(t, e, strings.Join([]string{
		idA + `,"2/3/2025 9:52:15 AM","a ""b"", c",{` + strings.ToUpper(idB) + `},-1,True,-12.5,-0.01,1.5E3,"2025-02-15T00:00:00.0000000",` +
			`"2018-05-25T16:21:09.1234567+00:00","12:30","x",100,`,
		strings.ToUpper(idB) + `,,"line` + "\r\n" + `two",,,False,99999999999999999999.0000000001,99999999.99,,2025-02-15,"0001-01-03T00:00:00.0000000",,,101,False`,
		"",
		idA + `,,"",,,,,,,,,,,,True`,
	}, "\r\n"))
	want := []string{
		`Id="50bff458-d47a-4924-804b-31c0a83108e6" SinkModifiedOn=2025-02-03T09:52:15Z name="a \"b\", c" ownerid="000010b5-0000-0000-21aa-a55001000000" ` +
			`statecode=-1 flag=true revenue=-12.5000000000 small=-0.01 ratio=1500 born=2025-02-15 createdon=2018-05-25T16:21:09.123456Z duration="12:30" odd="x" versionnumber=100`,
		`Id="000010b5-0000-0000-21aa-a55001000000" name="line\r\ntwo" flag=false revenue=99999999999999999999.0000000001 small=99999999.99 born=2025-02-15 versionnumber=101 IsDelete=false`,
		`Id="50bff458-d47a-4924-804b-31c0a83108e6" IsDelete=true`,
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	a, _, _ := parseGUID([]byte(idA))
	b, _, _ := parseGUID([]byte(idB))
	wantChanges := []change.Change{
		{Key: a, Version: 100, Modified: 1738576335000000, Folder: 20240101100000},
		{Key: b, Version: 101, Modified: change.NoTime, Folder: 20240101100000},
		{Key: a, Modified: change.NoTime, Folder: 20240101100000, Delete: true, Unversioned: true},
	}
	for i := range changes {
		wantChanges[i].Offset = changes[i].Offset
	}
	if d := cmp.Diff(wantChanges, changes); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
	if changes[0].Offset != 0 || changes[1].Offset == 0 || changes[2].Offset <= changes[1].Offset {
		t.Errorf("offsets %d %d %d", changes[0].Offset, changes[1].Offset, changes[2].Offset)
	}
}

func TestDecodeIntoIntegerColumn(t *testing.T) {
	e := entity("account", "Id guid", "code int32", "versionnumber int64")
	target := batch.Schema{{Name: "code", Type: batch.Type{Kind: batch.Integer}}, {Name: "VersionNumber", Type: batch.Type{Kind: batch.Long}}, {Name: "ID", Type: batch.Type{Kind: batch.String}}, {Name: "gone", Type: batch.Type{Kind: batch.Double}}}
	export, parts := oneFolder(t, e, idA+",7,5\n")
	rows, _, err := readTable(t, export, parts, target, Selection{}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{`code=7 VersionNumber=5 ID="` + idA + `"`}; !slices.Equal(rows, want) {
		t.Errorf("rows %q, want %q", rows, want)
	}
}

func TestDeletes(t *testing.T) {
	e := entity("account", "Id guid", "versionnumber int64", "createdon dateTimeOffset", "IsDelete boolean")
	_, changes := mustRead(t, e, strings.Join([]string{
		idA + `,5,"0001-01-01T00:00:00.0000000",True`, idA + `,,,true`, idA + `,6,,TRUE`, idA + `,7,,1`, idA + `,8,,False`, idA + `,9,,0`, idA + `,10,,`,
	}, "\n"))
	var got []string
	for _, c := range changes {
		got = append(got, fmt.Sprintf("%d %v %v", c.Version, c.Delete, c.Unversioned))
	}
	want := []string{"5 true false", "0 true true", "6 true false", "7 true false", "8 false false", "9 false false", "10 false false"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestSelectionInSource(t *testing.T) {
	csv := idA + `,"2/3/2025 9:52:15 AM","2/3/2025 9:52:15 AM",Ann,1.5,7,True,new` + "\n"
	export, parts := oneFolder(t, account, csv)
	s := Selection{Include: []string{"name"}}
	rows, changes, err := readTable(t, export, parts, schemaOf(t, account, s), s, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{`Id="` + idA + `" name="Ann" versionnumber=7`}; !slices.Equal(rows, want) {
		t.Errorf("rows %q, want %q", rows, want)
	}
	modified := time.Date(2025, 2, 3, 9, 52, 15, 0, time.UTC).UnixMicro()
	if !changes[0].Delete || changes[0].Modified != modified {
		t.Errorf("%+v: IsDelete and SinkModifiedOn count without their columns", changes[0])
	}
	// Left out later: the target keeps the column, with nulls.
	s = Selection{Exclude: []string{"name", "SinkModifiedOn"}}
	rows, changes, err = readTable(t, export, parts, schemaOf(t, account, Selection{}), s, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(rows[0], "name=") || strings.Contains(rows[0], "SinkModifiedOn") || changes[0].Modified != modified {
		t.Errorf("row %q, change %+v", rows[0], changes[0])
	}
}

func TestRaggedFile(t *testing.T) {
	// Anomaly 4: one CSV with two widths.
	attributes := []string{"Id guid", "versionnumber int64"}
	for i := range 114 {
		attributes = append(attributes, fmt.Sprintf("c%03d string", i))
	}
	e := entity("account", append(attributes, "IsDelete boolean", "added int64")...)
	var csv strings.Builder
	for i := range 53 {
		fmt.Fprintf(&csv, "%s,%d%s", idA, i, strings.Repeat(",", 115))
		if i >= 18 {
			fmt.Fprintf(&csv, ",%d", i)
		}
		csv.WriteByte('\n')
	}
	rows, _ := mustRead(t, e, csv.String())
	for i, row := range rows {
		want := fmt.Sprintf(`Id=%q versionnumber=%d`, idA, i)
		if i >= 18 {
			want += fmt.Sprintf(" added=%d", i)
		}
		if row != want {
			t.Fatalf("row %d: %s, want %s", i, row, want)
		}
	}
	if len(rows) != 53 {
		t.Errorf("%d rows, want 53", len(rows))
	}
}

var narrow = entity("account", "Id guid", "versionnumber int64", "name string", "IsDelete boolean", "add1 string", "add2 string")

func TestWidths(t *testing.T) {
	row := func(cells int) string { return idA + ",1" + strings.Repeat(",", cells-2) + "\n" }
	for _, tt := range []struct {
		widths   []int
		fullOnly bool
		want     error
		offset   int // of the bad row, as its number
	}{
		{[]int{4, 4, 5, 6, 6}, false, nil, 0},
		{[]int{6}, true, nil, 0},
		{[]int{3}, false, ErrRowTooShort, 0},
		{[]int{4, 7}, false, ErrRowTooLong, 1},
		{[]int{4, 6, 5}, false, ErrWidthDecreased, 2},
		{[]int{6, 6, 5}, true, ErrRowTooShort, 2},
		{[]int{5, 5, 5, 5, 4}, false, ErrWidthDecreased, 4},
	} {
		var csv strings.Builder
		offset := 0
		for i, w := range tt.widths {
			if i == tt.offset {
				offset = csv.Len()
			}
			csv.WriteString(row(w))
		}
		for _, blockBytes := range []int{0, 8, 50, 100} {
			for _, reverse := range []bool{false, true} {
				export, parts := oneFolder(t, narrow, csv.String())
				parts[0].FullWidthOnly = tt.fullOnly
				s, err := NewSource(t.Context(), export, parts, schemaOf(t, narrow, Selection{}), Selection{}, SourceOptions{BlockBytes: blockBytes})
				if err != nil {
					t.Fatal(err)
				}
				_, _, err = decodeAll(t, s, func(n int) []int {
					order := rand.New(rand.NewPCG(1, uint64(n))).Perm(n)
					if reverse {
						slices.Sort(order)
						slices.Reverse(order)
					}
					return order
				})
				bad := (*RowError)(nil)
				if !errors.Is(err, tt.want) || tt.want != nil && (!errors.As(err, &bad) || bad.Offset != int64(offset) || bad.Line != int64(tt.offset+1)) {
					t.Errorf("widths %v in blocks of %d: %v, want %v at %d", tt.widths, blockBytes, err, tt.want, offset)
				}
			}
		}
	}
}

func TestWidthErrorIsTheSameInAnyOrder(t *testing.T) {
	csv := strings.Repeat(idA+",1,x,,a,b\n", 3) + idA + ",2,\"y\"\"\",,a\n" + strings.Repeat(idA+",1,,,a,b\n", 3)
	texts := map[string]bool{}
	for seed := range uint64(10) {
		for _, blockBytes := range []int{0, 8, 60} {
			export, parts := oneFolder(t, narrow, csv)
			s, err := NewSource(t.Context(), export, parts, schemaOf(t, narrow, Selection{}), Selection{}, SourceOptions{BlockBytes: blockBytes})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = decodeAll(t, s, func(n int) []int { return rand.New(rand.NewPCG(seed, 0)).Perm(n) })
			if !errors.Is(err, ErrWidthDecreased) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			texts[err.Error()] = true
		}
	}
	if len(texts) != 1 {
		t.Errorf("%d different texts: %v", len(texts), texts)
	}
}

func TestFoldersWithDifferentEntities(t *testing.T) {
	old := entity("account", "Id guid", "versionnumber int64", "name string", "IsDelete boolean")
	next := entity("account", "Id guid", "name string", "versionnumber int64", "IsDelete boolean", "added int64")
	export := newExport(t,
		"2024-01-01T10.00.00Z/account/2024.csv", idA+",1,a,\n", "2024-01-01T10.00.00Z/account/1.csv", idB+",2,b,True\n",
		"2024-01-01T10.05.00Z/account/2024.csv", idA+",c,3,,9\n", "2024-01-01T10.05.00Z/account/2025.csv", "",
		"2024-01-01T10.05.00Z/account/2026.csv", idB+",d,4,,10\n")
	m, err := MergeSchema(schemaOf(t, old, Selection{}), next, Selection{})
	if err != nil {
		t.Fatal(err)
	}
	parts := []FolderPart{folderPart(t, export, "2024-01-01T10.00.00Z", old), folderPart(t, export, "2024-01-01T10.05.00Z", next)}
	rows, changes, err := readTable(t, export, parts, m.Schema, Selection{}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, c := range changes {
		got = append(got, fmt.Sprintf("%d/%d %s", c.Folder, c.File, rows[i]))
	}
	want := []string{
		`20240101100000/0 Id="` + idB + `" versionnumber=2 name="b" IsDelete=true`,
		`20240101100000/1 Id="` + idA + `" versionnumber=1 name="a"`,
		`20240101100500/0 Id="` + idA + `" versionnumber=3 name="c" added=9`,
		`20240101100500/2 Id="` + idB + `" versionnumber=4 name="d" added=10`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestNewSourceNamesTheFolder(t *testing.T) {
	e := entity("account", "Id guid", "name string")
	export, parts := oneFolder(t, e, "")
	_, err := NewSource(t.Context(), export, parts, nil, Selection{}, SourceOptions{})
	if !errors.Is(err, ErrNoSequence) || !strings.Contains(err.Error(), "2024-01-01T10.00.00Z") {
		t.Errorf("%v", err)
	}
}

func TestChangedFile(t *testing.T) {
	export, parts := oneFolder(t, narrow, idA+",1,,,,\n")
	put(t, export.Store, parts[0].Files[0].Path, idA+",2,,,,\n")
	_, _, err := readTable(t, export, parts, schemaOf(t, narrow, Selection{}), Selection{}, SourceOptions{})
	if !errors.Is(err, storage.ErrChanged) {
		t.Errorf("%v, want %v", err, storage.ErrChanged)
	}
}

func TestMissingFile(t *testing.T) {
	export, parts := oneFolder(t, narrow, idA+",1,,,,\n")
	if err := export.Store.Delete(t.Context(), parts[0].Files[0].Path); err != nil {
		t.Fatal(err)
	}
	_, _, err := readTable(t, export, parts, schemaOf(t, narrow, Selection{}), Selection{}, SourceOptions{})
	if !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("%v, want %v", err, storage.ErrNotExist)
	}
}

func TestSourceStops(t *testing.T) {
	export, parts := oneFolder(t, narrow, strings.Repeat(idA+",1,,,,\n", 1000))
	s, err := NewSource(t.Context(), export, parts, schemaOf(t, narrow, Selection{}), Selection{}, SourceOptions{BlockBytes: 64, ReadAhead: 4096})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Next(stopped); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("after Close: %v, want EOF", err)
	}
	var block change.Block
	if err := p.Decode(&block); err != nil || block.Rows.Rows != 1 || p.Size() < 50 {
		t.Errorf("a piece outlives its source: %d rows, %d bytes, %v", block.Rows.Rows, p.Size(), err)
	}
	p.Release()
}

func TestBadRowsAreLeftOut(t *testing.T) {
	csv := strings.Join([]string{
		idA + ",1,good,",
		"nothing,2,key,",
		idA + ",x,version,",
		idA + ",3,bad flag,maybe",
		idA + ",4,too,few",
		idA + ",,no version,",
		idA + ",5,\xff,",
		idA + ",6,wide,,a,b",
		idA + ",7,narrow again,",
		idA + ",8,long,,a,b,c",
		idA + ",9,good too,,a,b",
	}, "\n")
	export, parts := oneFolder(t, narrow, strings.Replace(csv, ",4,too,few", ",4,too", 1))
	var mu sync.Mutex
	var bad []string
	rows, changes, err := readTable(t, export, parts, schemaOf(t, narrow, Selection{}), Selection{}, SourceOptions{BadRow: func(e *RowError) bool {
		mu.Lock()
		defer mu.Unlock()
		bad = append(bad, fmt.Sprintf("%d %v", e.Line, e.Err))
		return true
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`Id="` + idA + `" versionnumber=1 name="good"`,
		`Id="` + idA + `" versionnumber=6 name="wide" add1="a" add2="b"`,
		`Id="` + idA + `" versionnumber=9 name="good too" add1="a" add2="b"`,
	}
	if d := cmp.Diff(want, rows); d != "" || len(changes) != 3 {
		t.Errorf("%d changes, rows (-want +got):\n%s", len(changes), d)
	}
	wantBad := []string{
		"2 not a GUID", "3 not a number of this type", "4 neither True nor False", "5 row has too few cells", "6 only deletes may lack a versionnumber",
		"7 text is not UTF-8", "9 row has fewer cells than a row before it in the file", "10 row has too many cells",
	}
	if d := cmp.Diff(wantBad, bad); d != "" {
		t.Errorf("bad rows (-want +got):\n%s", d)
	}
}

func TestBadRowCanFail(t *testing.T) {
	export, parts := oneFolder(t, narrow, idA+",1,,\nx,1,,\n\"y\n")
	refuse := SourceOptions{BadRow: func(*RowError) bool { return false }}
	_, _, err := readTable(t, export, parts, schemaOf(t, narrow, Selection{}), Selection{}, refuse)
	if !errors.Is(err, ErrGUID) {
		t.Errorf("%v, want %v", err, ErrGUID)
	}
	accept := SourceOptions{BadRow: func(*RowError) bool { return true }}
	if _, _, err = readTable(t, export, parts, schemaOf(t, narrow, Selection{}), Selection{}, accept); !errors.Is(err, ErrQuote) {
		t.Errorf("%v, want %v: nothing can be left out behind it", err, ErrQuote)
	}
}

func TestBlockSizeDoesNotMatter(t *testing.T) {
	const seed = 7
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var csv strings.Builder
	csv.WriteString("\xef\xbb\xbf")
	for i := range 200 {
		text := strings.Repeat([]string{"x", "\n", "\"\"", ",", "é", "\r\n"}[random.IntN(6)], random.IntN(30))
		fmt.Fprintf(&csv, "%s,%d,\"%s\",%s\r\n", idA, i, text, []string{"", "True"}[random.IntN(2)])
	}
	export, parts := oneFolder(t, narrow, csv.String())
	target := schemaOf(t, narrow, Selection{})
	wantRows, wantChanges, err := readTable(t, export, parts, target, Selection{}, SourceOptions{})
	if err != nil || len(wantRows) != 200 {
		t.Fatalf("%d rows, %v", len(wantRows), err)
	}
	for _, size := range []int{1, 16, 100, 1000, 5000} {
		rows, changes, err := readTable(t, export, parts, target, Selection{}, SourceOptions{BlockBytes: size})
		if err != nil {
			t.Fatalf("blocks of %d: %v", size, err)
		}
		if d := cmp.Diff(wantRows, rows); d != "" {
			t.Fatalf("blocks of %d (-want +got):\n%s", size, d)
		}
		if d := cmp.Diff(wantChanges, changes); d != "" {
			t.Fatalf("blocks of %d (-want +got):\n%s", size, d)
		}
	}
}

func TestDecodeConcurrently(t *testing.T) {
	export, parts := oneFolder(t, narrow, strings.Repeat(idA+",1,\"a\"\"b\",\n", 500)+strings.Repeat(idA+",2,,,x,\n", 500))
	s, err := NewSource(t.Context(), export, parts, schemaOf(t, narrow, Selection{}), Selection{}, SourceOptions{BlockBytes: 512})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	pieces := make(chan change.Piece, 200)
	var wait sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for range 4 {
		wait.Go(func() {
			var block change.Block
			for p := range pieces {
				if err := p.Decode(&block); err != nil {
					t.Error(err)
				}
				mu.Lock()
				total += block.Rows.Rows
				mu.Unlock()
				p.Release()
			}
		})
	}
	for {
		p, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Error(err)
			break
		}
		pieces <- p
	}
	close(pieces)
	wait.Wait()
	if total != 1000 {
		t.Errorf("%d rows, want 1000", total)
	}
}

func TestLargeCell(t *testing.T) {
	// Anomaly 21, at a size that tests can afford.
	large := strings.Repeat("line,\r\n\"\"quoted\"\" ", 1<<16)
	csv := idA + ",1,small,\n" + idB + ",2,\"" + large + "\",\n" + idA + ",3,small,\n"
	export, parts := oneFolder(t, narrow, csv)
	rows, _, err := readTable(t, export, parts, schemaOf(t, narrow, Selection{}), Selection{}, SourceOptions{BlockBytes: 4096})
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if want := fmt.Sprintf("Id=%q versionnumber=2 name=%q", idB, strings.ReplaceAll(large, `""`, `"`)); rows[1] != want {
		t.Error("the large cell is not what was written")
	}
	_, _, err = readTable(t, export, parts, schemaOf(t, narrow, Selection{}), Selection{}, SourceOptions{BlockBytes: 4096, MaxRow: 1 << 16})
	if !errors.Is(err, ErrRowTooLarge) {
		t.Errorf("%v, want %v", err, ErrRowTooLarge)
	}
}
