package csvscan

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestOneLarge: of large blocks one is out at a time, and all have the same buffer.
func TestOneLarge(t *testing.T) {
	pool := NewPool(16)
	pool.OneLarge(64)
	long := strings.Repeat("x", 200)
	s := NewSplitter(strings.NewReader(long+"\nshort\n"+long+"\n"+long+"\n"), Options{Pool: pool, MaxRecord: 256})
	first, err := s.Next(t.Context())
	if err != nil || string(first.Data) != long+"\nshort\n" {
		t.Fatalf("%q, %v", first.Data, err)
	}
	buffer := &first.buf[0]

	waiting, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Next(waiting); !errors.Is(err, context.Canceled) {
		t.Fatalf("another large block while one is out: %v", err)
	}
	s = NewSplitter(strings.NewReader(long+"\n"+long+"\n"), Options{Pool: pool, MaxRecord: 256})
	first.Release()
	for n := range 2 {
		b, err := s.Next(t.Context())
		if err != nil || string(b.Data) != long+"\n" {
			t.Fatalf("%q, %v", b.Data, err)
		}
		if &b.buf[0] != buffer {
			t.Errorf("block %d has another buffer", n)
		}
		b.Release()
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// TestLargeBufferIsGivenBack: whatever ends the reading of a large record, the next
// one is not kept waiting.
func TestLargeBufferIsGivenBack(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		in   io.Reader
		want error
	}{
		"too large": {strings.NewReader(strings.Repeat("x", 300)), ErrRecordTooLarge},
		"broken":    {io.MultiReader(strings.NewReader(strings.Repeat("x", 120)), failingReader{broken}), broken},
	} {
		t.Run(name, func(t *testing.T) {
			pool := NewPool(16)
			pool.OneLarge(64)
			s := NewSplitter(test.in, Options{Pool: pool, MaxRecord: 256})
			if _, err := s.Next(t.Context()); !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if len(pool.large.turn) > 0 {
				t.Error("the turn was not given back")
			}
		})
	}
}

// TestClosedPoolKeepsNothing: the buffer of a large block goes with the pool.
func TestClosedPoolKeepsNothing(t *testing.T) {
	pool := NewPool(16)
	pool.OneLarge(64)
	s := NewSplitter(strings.NewReader(strings.Repeat("x", 100)+"\n"), Options{Pool: pool})
	b, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pool.Close()
	b.Release()
	if pool.large.kept != nil {
		t.Error("a closed pool keeps a buffer")
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }
