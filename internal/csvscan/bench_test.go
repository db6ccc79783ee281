package csvscan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
)

// rows22 is about 4 MiB of the usual mix: 22 cells, 400 bytes a row.
func rows22() []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < DefaultBlockBytes-500; i++ {
		fmt.Fprintf(&b, `%08x-d47a-4924-804b-31c0a83108e6,"2/3/2025 9:52:15 AM","2/3/2025 9:52:15 AM",0,1,%d,`, i, 100000000+i)
		fmt.Fprintf(&b, `"Contoso Ltd. %d","someone%d@contoso.example","A street 17","+1 425 555 0100",,`, i, i)
		b.WriteString(`5b4bc74e-2132-4d8e-8572-48ce4260f182,"systemuser",1234.5600000000,0.5,True,False,,`)
		fmt.Fprintf(&b, `"2025-02-03T09:52:01.0000000Z",%d,"2025-02-03T09:52:01.0000000+00:00",`+"\n", 3111000001+i)
	}
	return b.Bytes()
}

func BenchmarkScanner(b *testing.B) {
	data := rows22()
	b.SetBytes(int64(len(data)))
	var s Scanner
	for b.Loop() {
		s.Reset(&Block{Data: data, Line: 1})
		for {
			if _, err := s.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkSplitter(b *testing.B) {
	data := bytes.Repeat(rows22(), 4)
	pool := NewPool(0)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		s := NewSplitter(bytes.NewReader(data), Options{Pool: pool})
		for {
			block, err := s.Next(b.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			block.Release()
		}
	}
}
