package synapselink

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/change"
)

// leaveOut reads a file of the table in blocks of that size and leaves out the
// bad rows, which it returns in order of place.
func leaveOut(t *testing.T, csv string, blockBytes int, order func(int) []int) (rows []string, bad []*RowError) {
	t.Helper()
	export, parts := oneFolder(t, narrow, csv)
	var mu sync.Mutex
	s, err := NewSource(t.Context(), export, parts, schemaOf(t, narrow, Selection{}), Selection{},
		SourceOptions{BlockBytes: blockBytes, BadRow: func(e *RowError) bool {
			mu.Lock()
			defer mu.Unlock()
			bad = append(bad, e)
			return true
		}})
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err = decodeAll(t, s, order)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(bad, (*RowError).Compare)
	return rows, bad
}

func badTexts(bad []*RowError) []string {
	var texts []string
	for _, e := range bad {
		texts = append(texts, fmt.Sprintf("line %d at least %d %s: %s", e.Line, e.Least, e.Code(), e.Reason))
	}
	return texts
}

// TestBadRowsDoNotDependOnBlocks cuts a file whose rows grow and shrink in many
// ways, and decodes the pieces backwards.
func TestBadRowsDoNotDependOnBlocks(t *testing.T) {
	const seed = 11
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var csv strings.Builder
	for i := range 300 {
		wide := min(i/100, 2) // cells behind IsDelete
		if random.IntN(4) == 0 {
			wide = random.IntN(wide + 1)
		}
		version := fmt.Sprint(i)
		if random.IntN(15) == 0 {
			version = "x"
		}
		fmt.Fprintf(&csv, "%s,%s,\"a \"\"text\"\"\",%s\n", idA, version, strings.Repeat(",more", wide))
	}
	wantRows, wantBad := leaveOut(t, csv.String(), 1<<20, nil)
	if len(wantBad) < 30 || len(wantRows) < 100 {
		t.Fatalf("%d bad rows and %d good ones show little", len(wantBad), len(wantRows))
	}
	backwards := func(n int) []int {
		order := make([]int, n)
		for i := range order {
			order[i] = n - 1 - i
		}
		return order
	}
	for _, size := range []int{1, 100, 1000} {
		for name, order := range map[string]func(int) []int{"in order": nil, "backwards": backwards} {
			rows, bad := leaveOut(t, csv.String(), size, order)
			if d := cmp.Diff(wantRows, rows); d != "" {
				t.Errorf("blocks of %d, %s: rows (-want +got):\n%s", size, name, d)
			}
			if d := cmp.Diff(badTexts(wantBad), badTexts(bad)); d != "" {
				t.Errorf("blocks of %d, %s: bad rows (-want +got):\n%s", size, name, d)
			}
		}
	}
}

// TestRawRows reads bad rows again from what their errors tell.
func TestRawRows(t *testing.T) {
	csv := strings.Join([]string{
		idA + ",1,\"wide \"\"one\"\"\",,a,b",
		idB + ",x,\"line\r\nend\",",
		idB + ",2,narrow,,a",
		idB + ",3,\"\xff\",,a,b",
		idB + ",4,flag,maybe,a,b\r",
	}, "\n")
	_, bad := leaveOut(t, csv, 1<<20, nil)
	if len(bad) != 4 {
		t.Fatalf("%d bad rows: %v", len(bad), badTexts(bad))
	}
	without := Selection{Exclude: []string{"name"}}
	for i, want := range []struct {
		selection Selection
		row       string // as it is read again
		err       error
	}{
		{Selection{}, "", ErrRowTooShort},
		{Selection{}, "", ErrRowTooShort},
		{without, `Id="` + idB + `" versionnumber=3 add1="a" add2="b"`, nil},
		{Selection{}, "", ErrBoolean},
	} {
		e := bad[i]
		if !e.Keyed || e.Key.String() != idB || e.Truncated || e.Name != "2024.csv" {
			t.Errorf("row %d: %+v", i, e)
		}
		b, err := Bind(*e.Entity, schemaOf(t, *e.Entity, want.selection), want.selection)
		if err != nil {
			t.Fatal(err)
		}
		var again *RowError
		p := b.Piece(RawRow{Folder: e.Folder, File: e.File, Name: e.Name, Rank: e.Rank, Line: e.Line, Offset: e.Offset,
			Least: e.Least, Raw: e.Raw}, func(e *RowError) bool { again = e; return true })
		var block change.Block
		if err := p.Decode(&block); err != nil {
			t.Fatal(err)
		}
		if again == nil != (want.err == nil) || again != nil && !errors.Is(again, want.err) {
			t.Errorf("row %d: %v, want %v", i, again, want.err)
		}
		if again != nil && (again.Compare(e) != 0 || again.Line != e.Line || string(again.Raw) != string(e.Raw)) {
			t.Errorf("row %d is another one when it is read again: %+v", i, again)
		}
		if again == nil {
			if d := cmp.Diff([]string{want.row}, rowTexts(t, &block.Rows)); d != "" {
				t.Errorf("row %d (-want +got):\n%s", i, d)
			}
			if c := block.Changes[0]; c.Folder != e.Folder.Digits() || c.File != e.Rank || c.Offset != e.Offset {
				t.Errorf("row %d has lost its place: %+v", i, c)
			}
		}
		p.Release()
	}
}

func TestRawOfLargeRowIsTruncated(t *testing.T) {
	for extra, want := range map[int]bool{0: false, 1: true} {
		row := idA + ",x,"
		row += strings.Repeat("y", rawKept-len(row)-1+extra) + ","
		_, bad := leaveOut(t, row+"\n", 1<<20, nil)
		if len(bad) != 1 || bad[0].Truncated != want || len(bad[0].Raw) != rawKept {
			t.Errorf("a row of %d bytes: %d bad, truncated %t", len(row), len(bad), len(bad) == 1 && bad[0].Truncated)
		}
	}
}

func TestCodesOfRowErrors(t *testing.T) {
	seen := map[string]error{}
	for _, err := range []error{
		ErrRowTooShort, ErrRowTooLong, ErrWidthDecreased, ErrRowTooLarge, ErrGUID, ErrNumber, ErrDecimalOverflow,
		ErrDate, ErrBoolean, ErrQuote, ErrUTF8, ErrNoVersion,
	} {
		code := (&RowError{Err: err}).Code()
		if code == "" || seen[code] != nil {
			t.Errorf("%v has the code %q, which %v has, too", err, code, seen[code])
		}
		seen[code] = err
	}
	if got := (&RowError{Err: io.EOF}).Code(); got != "" {
		t.Errorf("an error that is none of a row has the code %q", got)
	}
}
