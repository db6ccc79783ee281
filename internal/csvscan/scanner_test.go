package csvscan

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// record is what a test sees of one record.
type record struct {
	Offset, Line int64
	Cells        []string
	Quoted       []bool
	Raw          string
}

func scanBlock(t testing.TB, b *Block) ([]record, error) {
	t.Helper()
	var s Scanner
	s.Reset(b)
	var got []record
	var cells [][][]byte
	for {
		row, err := s.Next()
		if err != nil {
			for i := range got {
				for _, c := range cells[i] {
					got[i].Cells = append(got[i].Cells, string(c))
				}
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return got, err
		}
		r := record{Offset: s.Offset(), Line: s.Line(), Raw: string(s.AppendRaw(nil, 1<<20))}
		for i := range row {
			r.Quoted = append(r.Quoted, s.Quoted(i))
		}
		got = append(got, r)
		// Kept and turned into strings at the end: cells live as long as
		// their block.
		cells = append(cells, slices.Clone(row))
	}
}

func block(text string) *Block { return &Block{Data: []byte(text), Line: 1} }

func TestScanner(t *testing.T) {
	f, q := false, true
	for name, tt := range map[string]struct {
		in   string
		want []record
	}{
		"empty":                     {"", nil},
		"only blank":                {"\n\r\n\n\r", nil},
		"one cell":                  {"a", []record{{0, 1, []string{"a"}, []bool{f}, "a"}}},
		"lf":                        {"a,b\nc\n", []record{{0, 1, []string{"a", "b"}, []bool{f, f}, "a,b"}, {4, 2, []string{"c"}, []bool{f}, "c"}}},
		"crlf":                      {"a,b\r\nc,\r\n", []record{{0, 1, []string{"a", "b"}, []bool{f, f}, "a,b"}, {5, 2, []string{"c", ""}, []bool{f, f}, "c,"}}},
		"crlf quoted":               {"a,\"b\"\r\n\"c\"\r\n", []record{{0, 1, []string{"a", "b"}, []bool{f, q}, `a,"b"`}, {7, 2, []string{"c"}, []bool{q}, `"c"`}}},
		"blank lines":               {"\na\n\r\n\nb\n\n", []record{{1, 2, []string{"a"}, []bool{f}, "a"}, {6, 5, []string{"b"}, []bool{f}, "b"}}},
		"no last line":              {"a,\"b\"", []record{{0, 1, []string{"a", "b"}, []bool{f, q}, `a,"b"`}}},
		"trailing comma at the end": {"a,", []record{{0, 1, []string{"a", ""}, []bool{f, f}, "a,"}}},
		"empty and quoted empty":    {`,"",` + "\n", []record{{0, 1, []string{"", "", ""}, []bool{f, q, f}, `,"",`}}},
		"line ends inside quotes": {"\"a\r\nb\nc\rd\",1\nx\n", []record{
			{0, 1, []string{"a\r\nb\nc\rd", "1"}, []bool{q, f}, "\"a\r\nb\nc\rd\",1"},
			{13, 4, []string{"x"}, []bool{f}, "x"},
		}},
		"escaped quotes": {"\"\"\"\",\"a\"\"b\n\"\"\"\"c\",\"\"\"x\"\nz", []record{
			{0, 1, []string{`"`, "a\"b\n\"\"c", `"x`}, []bool{q, q, q}, "\"\"\"\",\"a\"\"b\n\"\"\"\"c\",\"\"\"x\""},
			{24, 3, []string{"z"}, []bool{f}, "z"},
		}},
		"commas and low characters": {"a b!c,\"d,e\",(1+2)*3#$%&\n", []record{
			{0, 1, []string{"a b!c", "d,e", "(1+2)*3#$%&"}, []bool{f, q, f}, "a b!c,\"d,e\",(1+2)*3#$%&"},
		}},
		"carriage return inside a bare cell": {"a\rb,c\n", []record{{0, 1, []string{"a\rb", "c"}, []bool{f, f}, "a\rb,c"}}},
		"carriage return at the end":         {"a,\"b\"\r", []record{{0, 1, []string{"a", "b"}, []bool{f, q}, `a,"b"`}}},
		"bytes above ascii":                  {"żółć,\xff\xfe,日本語日本語\n", []record{{0, 1, []string{"żółć", "\xff\xfe", "日本語日本語"}, []bool{f, f, f}, "żółć,\xff\xfe,日本語日本語"}}},
		"nul bytes":                          {"a\x00b,\"\x00\"\n", []record{{0, 1, []string{"a\x00b", "\x00"}, []bool{f, q}, "a\x00b,\"\x00\""}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := scanBlock(t, block(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("records (-want +got):\n%s", d)
			}
		})
	}
}

func TestScannerLengths(t *testing.T) {
	// Every length passes the eight-byte steps and the tail differently.
	for n := range 120 {
		for _, text := range []string{strings.Repeat("x", n), strings.Repeat(" ", n), strings.Repeat("é", n)} {
			in := text + `,"` + text + `","` + text + `""` + "\"\n" + text + "y"
			got, err := scanBlock(t, block(in))
			if err != nil {
				t.Fatalf("length %d: %v", n, err)
			}
			want := [][]string{{text, text, text + `"`}, {text + "y"}}
			if len(got) != 2 {
				t.Fatalf("length %d: %d records, want 2", n, len(got))
			}
			for i := range want {
				if d := cmp.Diff(want[i], got[i].Cells); d != "" {
					t.Fatalf("length %d: %s", n, d)
				}
			}
		}
	}
}

func TestScannerErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		in   string
		want SyntaxError
	}{
		"bare quote":                             {"a\nb,c\"d\"\n", SyntaxError{2, 5, 2, 2, ErrBareQuote}},
		"bare quote at the start":                {"a\n,b\",\n", SyntaxError{2, 4, 2, 2, ErrBareQuote}},
		"after quote":                            {"a,\"b\nb\" ,c\n", SyntaxError{0, 7, 2, 2, ErrAfterQuote}},
		"carriage return and text after a quote": {"\"b\"\rc\n", SyntaxError{0, 3, 1, 1, ErrAfterQuote}},
		"unterminated":                           {"a\n\nb,\"c\nd\n", SyntaxError{3, 5, 3, 2, ErrUnterminated}},
		"lonely quote":                           {"\"", SyntaxError{0, 0, 1, 1, ErrUnterminated}},
		"three quotes":                           {"\"\"\"", SyntaxError{0, 0, 1, 1, ErrUnterminated}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scanBlock(t, block(tt.in))
			var got *SyntaxError
			if !errors.As(err, &got) {
				t.Fatalf("error %v, want a SyntaxError", err)
			}
			if *got != tt.want {
				t.Errorf("got  %+v\nwant %+v", *got, tt.want)
			}
			if !errors.Is(err, tt.want.Err) || !strings.Contains(err.Error(), tt.want.Err.Error()) {
				t.Errorf("text %q does not carry %q", err, tt.want.Err)
			}
		})
	}
}

func TestScannerAfterError(t *testing.T) {
	var s Scanner
	s.Reset(block("a,\"b\"\"c\"\nbad\"line\n"))
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(); !errors.Is(err, ErrBareQuote) {
		t.Fatalf("error %v, want %v", err, ErrBareQuote)
	}
	if got := string(s.AppendBroken(nil, 6)); got != "bad\"li" {
		t.Errorf("broken text %q", got)
	}
}

func TestAppendRawLimit(t *testing.T) {
	var s Scanner
	s.Reset(block("abcdef,\"g\"\"h\",ijkl\n"))
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	whole := "abcdef,\"g\"\"h\",ijkl"
	for limit := range len(whole) + 3 {
		want := "<" + whole[:min(limit, len(whole))]
		if got := string(s.AppendRaw([]byte("<"), limit)); got != want {
			t.Errorf("limit %d: %q, want %q", limit, got, want)
		}
	}
}

// FuzzScanner holds the scanner to encoding/csv, which reads the same dialect
// except for carriage returns (it drops them) and a BOM (it keeps it).
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		"", "a", "a,b\nc", "\"a\"\"b\",\"c\nd\"\n\n,\n", "a\"b\n", "\"a\"b\n", "\"a", "\n\n\"\"\n",
		"50bff458-d47a-4924-804b-31c0a83108e6,\"1/1/2020 0:00:00 PM\",,,0,\"dat\",True\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if bytes.ContainsRune(in, '\r') {
			return
		}
		got, err := scanBlock(t, &Block{Data: bytes.Clone(in), Line: 1})
		r := csv.NewReader(bytes.NewReader(in))
		r.FieldsPerRecord = -1
		for i := 0; ; i++ {
			want, wantErr := r.Read()
			if wantErr != nil {
				if i != len(got) || errors.Is(wantErr, io.EOF) != (err == nil) {
					t.Fatalf("record %d: got %d records and %v; encoding/csv ends with %v", i, len(got), err, wantErr)
				}
				return
			}
			if i >= len(got) {
				t.Fatalf("got %d records and %v; encoding/csv has %q", len(got), err, want)
			}
			if d := cmp.Diff(want, got[i].Cells); d != "" {
				t.Fatalf("record %d: %s", i, d)
			}
			if line, _ := r.FieldPos(0); int64(line) != got[i].Line {
				t.Fatalf("record %d: line %d, want %d", i, got[i].Line, line)
			}
		}
	})
}

func TestNextWidthLeavesTheBlock(t *testing.T) {
	const text = "a,\"b \"\"quoted\"\"\nline\",c\n\nd,e\n\"f\""
	block := NewBlock([]byte(text), 100, 7)
	var scanner Scanner
	scanner.Reset(block)
	var widths []int
	for {
		n, err := scanner.NextWidth()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		widths = append(widths, n)
	}
	if !slices.Equal(widths, []int{3, 2, 1}) || string(block.Data) != text {
		t.Errorf("widths %v of %q", widths, block.Data)
	}
	scanner.Reset(block)
	for _, want := range []struct {
		cells  int
		line   int64
		offset int64
	}{{3, 7, 100}, {2, 10, 125}, {1, 11, 129}} {
		cells, err := scanner.Next()
		if err != nil || len(cells) != want.cells || scanner.Line() != want.line || scanner.Offset() != want.offset {
			t.Errorf("%d cells, line %d, offset %d, %v; want %+v", len(cells), scanner.Line(), scanner.Offset(), err, want)
		}
	}
	if block.Size() != len(text) {
		t.Errorf("a block of %d bytes has the size %d", len(text), block.Size())
	}
	block.Release()
	scanner.Reset(NewBlock([]byte("a\"b\n"), 0, 1))
	if _, err := scanner.NextWidth(); !errors.Is(err, ErrBareQuote) {
		t.Errorf("%v, want %v", err, ErrBareQuote)
	}
}
