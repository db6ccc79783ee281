package delta

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/sluicedata/sluice/internal/storage/mem"
)

// Whatever bytes a log holds, loading it gives a table or an error, and what it
// gives can be asked everything.
func FuzzLog(f *testing.F) {
	f.Add([]byte(protocolLine+metadataLine+addLine("a")), []byte(`{"remove":{"path":"a"}}`))
	f.Add([]byte(`{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[],"writerFeatures":["x"]}}`+"\n"+metadataLine), []byte(`{"commitInfo":{}}`))
	f.Add([]byte(protocolLine+`{"metaData":{"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":\"array\"}}]}"}}`), []byte(`{"add":null}`))
	f.Add([]byte(protocolLine+metadataLine), []byte(`{"add":{"path":"%zz","deletionVector":{"storageType":"u"}}}`))
	f.Add([]byte(`null`), []byte(`[]`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		store := mem.New(testClock)
		put(t, store, "_delta_log/"+commitName(0), string(first))
		put(t, store, "_delta_log/"+commitName(1), string(second))
		s, err := Load(t.Context(), store, "")
		if err != nil {
			return
		}
		_, _ = s.Schema()
		_, _ = s.BatchSchema()
		_ = s.Tombstones(testTime)
		for _, file := range s.Files() {
			_, _ = s.FilePath(file.Path)
			_, _ = ParseStats(file.Stats)
			if file.DeletionVector != nil {
				_, _ = ReadVector(t.Context(), store, "", file.DeletionVector)
			}
		}
		// A commit on it is refused, or is there for the next reader.
		out, err := Commit(t.Context(), s, Changes{Adds: []Add{testAdd("new")}}, testOptions())
		if (out.Kind == Committed) != (err == nil) {
			t.Fatalf("%v, %v", out.Kind, err)
		}
		if err == nil {
			equalSnapshots(t, must(Load(t.Context(), store, ""))(t), out.Snapshot)
		}
	})
}

// A damaged checkpoint is an error, never a panic, and gives no action without
// what identifies it.
func FuzzCheckpoint(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "samples", "delta-golden", "*", "_delta_log", "*.checkpoint.*parquet"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("PAR1\x00\x00\x00\x00PAR1"))
	for _, path := range paths[:min(len(paths), 3)] {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = applyParquet(context.Background(), data, func(a *Action) error {
			if err := a.check(); err != nil {
				t.Errorf("handed over unchecked: %v", err)
			}
			return nil
		})
	})
}

func FuzzVector(f *testing.F) {
	for _, rows := range []*roaring64.Bitmap{roaring64.BitmapOf(1), roaring64.BitmapOf(1, 1<<20, 1<<40), roaring64.New()} {
		data, err := encodeVector(rows)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, int64(rows.GetCardinality()))
	}
	f.Fuzz(func(t *testing.T, data []byte, cardinality int64) {
		rows, err := decodeVector(data, cardinality)
		if err != nil {
			return
		}
		if int64(rows.GetCardinality()) != cardinality {
			t.Errorf("%d rows, announced %d", rows.GetCardinality(), cardinality)
		}
		again := must(encodeVector(rows))(t)
		if back := must(decodeVector(again, cardinality))(t); !back.Equals(rows) {
			t.Error("encoding and decoding gives other rows")
		}
	})
}

func FuzzZ85(f *testing.F) {
	f.Add("HelloWorld")
	f.Add("#####")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		data, err := decodeZ85(text)
		if err == nil && encodeZ85(data) != text {
			t.Errorf("%q became %q", text, encodeZ85(data))
		}
	})
}
