package csvscan

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// split reads everything through blocks of that size, checks what holds for
// each block and returns the records of all.
func split(t testing.TB, in []byte, blockBytes int) ([]record, error) {
	t.Helper()
	s := NewSplitter(bytes.NewReader(in), Options{Pool: NewPool(blockBytes)})
	var all []record
	next, line := int64(0), int64(1)
	if bytes.HasPrefix(in, bom) {
		next = int64(len(bom))
	}
	for {
		b, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		if b.Offset != next || b.Line != line || b.Size() < len(b.Data) {
			t.Fatalf("block at offset %d line %d size %d, want offset %d line %d", b.Offset, b.Line, b.Size(), next, line)
		}
		if !bytes.Equal(b.Data, in[next:next+int64(len(b.Data))]) {
			t.Fatalf("block at %d does not hold the bytes of the file", next)
		}
		next += int64(len(b.Data))
		line += int64(bytes.Count(b.Data, newline))
		records, err := scanBlock(t, b)
		all = append(all, records...)
		b.Release()
		if err != nil {
			return all, err
		}
	}
}

func TestSplitterBlocks(t *testing.T) {
	in := "a,\"1\n2\"\nb,\"3\"\"\n4\"\nc\n"
	s := NewSplitter(strings.NewReader(in), Options{Pool: NewPool(10)})
	var got []string
	for {
		b, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(b.Data))
		b.Release()
	}
	want := []string{"a,\"1\n2\"\n", "b,\"3\"\"\n4\"\n", "c\n"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("blocks (-want +got):\n%s", d)
	}
}

func TestSplitterKeepsRecordsAtAnySize(t *testing.T) {
	texts := []string{
		"", "\n", "a", "\xef\xbb\xbf", "\xef\xbb\xbfa,b\nc,d\n", "\xef\xbb",
		"a,\"b\nc\"\n\nd,e\r\n\"f\"\"\",\n",
		strings.Repeat("x,\"y\n\"\"z\"\"\n\",1\n", 40) + strings.Repeat("long", 100),
	}
	for _, text := range texts {
		want, err := split(t, []byte(text), 1<<16)
		if err != nil {
			t.Fatal(err)
		}
		for size := 1; size < 70; size++ {
			got, err := split(t, []byte(text), size)
			if err != nil {
				t.Fatalf("%q at %d: %v", text, size, err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("%q at %d (-want +got):\n%s", text, size, d)
			}
		}
	}
}

func TestSplitterBOM(t *testing.T) {
	got, err := split(t, []byte("\xef\xbb\xbfa\nb\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Cells[0] != "a" || got[0].Offset != 3 || got[1].Offset != 5 {
		t.Errorf("records %+v: the BOM must be dropped and counted", got)
	}
}

func TestSplitterErrorAtAnySize(t *testing.T) {
	good := strings.Repeat("a,\"b\"\n", 20)
	for name, tt := range map[string]struct {
		in   string
		want SyntaxError
	}{
		"open quote":  {good + "c,\"d\n" + strings.Repeat("e,f\n", 50), SyntaxError{120, 122, 21, 2, ErrUnterminated}},
		"stray quote": {good + "c,d\"\n" + strings.Repeat("e,\"f\"\n", 50), SyntaxError{120, 123, 21, 2, ErrBareQuote}},
		"after quote": {good + "\"c\"d\n" + good, SyntaxError{120, 123, 21, 1, ErrAfterQuote}},
	} {
		for size := 1; size < 200; size += 3 {
			records, err := split(t, []byte(tt.in), size)
			var got *SyntaxError
			if !errors.As(err, &got) || *got != tt.want {
				t.Fatalf("%s at %d: %+v, want %+v", name, size, err, tt.want)
			}
			if len(records) != 20 {
				t.Fatalf("%s at %d: %d records before the error, want 20", name, size, len(records))
			}
		}
	}
}

func TestSplitterReportsStrayQuoteEarly(t *testing.T) {
	in := "a,b\"c\n" + strings.Repeat("d,\"e\"\n", 1<<16)
	s := NewSplitter(strings.NewReader(in), Options{Pool: NewPool(64), MaxRecord: 1 << 20})
	b, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if b.Size() > 64 {
		t.Errorf("the buffer grew to %d bytes before the error was seen", b.Size())
	}
	if _, err := scanBlock(t, b); !errors.Is(err, ErrBareQuote) {
		t.Errorf("error %v, want %v", err, ErrBareQuote)
	}
}

func TestSplitterRecordTooLarge(t *testing.T) {
	in := "a\n\"" + strings.Repeat("x\n", 500) + "\"\nb\n"
	opts := Options{Pool: NewPool(16), MaxRecord: 200}
	s := NewSplitter(strings.NewReader(in), opts)
	if b, err := s.Next(t.Context()); err != nil || string(b.Data) != "a\n" {
		t.Fatalf("first block %v, %v", b, err)
	}
	_, err := s.Next(t.Context())
	var got *SyntaxError
	if want := (SyntaxError{2, 2, 2, 1, ErrRecordTooLarge}); !errors.As(err, &got) || *got != want {
		t.Fatalf("error %v, want %v", err, &want)
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("after the error: %v, want EOF", err)
	}
	opts.MaxRecord = 2000
	s = NewSplitter(strings.NewReader(in), opts)
	for _, want := range []string{"a\n", "\"" + strings.Repeat("x\n", 500) + "\"\nb\n"} {
		if b, err := s.Next(t.Context()); err != nil || string(b.Data) != want {
			t.Fatalf("block %v, %v, want %q", b, err, want)
		}
	}
}

func TestSplitterReadError(t *testing.T) {
	broken := errors.New("cable cut")
	r := io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken))
	if _, err := NewSplitter(r, Options{}).Next(t.Context()); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func TestSplitterShortReads(t *testing.T) {
	in := "\xef\xbb\xbfa,\"b\n\"\nc\n"
	s := NewSplitter(iotest.OneByteReader(strings.NewReader(in)), Options{Pool: NewPool(6)})
	b, err := s.Next(t.Context())
	if err != nil || string(b.Data) != in[3:] || b.Offset != 3 {
		t.Fatalf("block %+v, %v", b, err)
	}
}

func TestSplitterSmallFileSmallBuffer(t *testing.T) {
	in := "a,b\nc,d\n"
	s := NewSplitter(strings.NewReader(in), Options{FileSize: int64(len(in))})
	b, err := s.Next(t.Context())
	if err != nil || string(b.Data) != in || b.Size() > 64 {
		t.Fatalf("block %q of %d bytes, %v; want the file in a small buffer", b.Data, b.Size(), err)
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("second block: %v, want EOF", err)
	}
}

func TestPoolReusesBuffers(t *testing.T) {
	p := NewPool(32)
	take := func() []byte {
		buf, err := p.get(t.Context(), 32)
		if err != nil {
			t.Fatal(err)
		}
		return buf
	}
	b := &Block{buf: take(), pool: p}
	b.Release()
	b.Release() // giving back twice must not share the buffer
	x, y := take(), take()
	if &x[:1][0] == &y[:1][0] {
		t.Error("two blocks got the same buffer")
	}
}

// FuzzSplitter: the records and the first error do not depend on the size of
// the blocks.
func FuzzSplitter(f *testing.F) {
	for _, seed := range []string{
		"a,b\nc\n", "\"a\nb\"\"\",c\r\n\n\"\n", "a\"b\nc,\"d\"\n", "\xef\xbb\xbf\"\"\n\"\"\"\n", "\"a\"\r\"b\"\n",
	} {
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, size uint8) {
		want, wantErr := split(t, in, 1<<20)
		got, err := split(t, in, int(size)+1)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("records at %d (-whole +split):\n%s", int(size)+1, d)
		}
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("error at %d: %v, whole: %v", int(size)+1, err, wantErr)
		}
	})
}
