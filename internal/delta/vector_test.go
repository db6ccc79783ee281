package delta

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

func TestVectorFile(t *testing.T) {
	store := mem.New(testClock)
	full := roaring64.New()
	full.AddRange(0, 100_000)
	want := []*roaring64.Bitmap{roaring64.BitmapOf(3, 4, 7, 11, 18, 29), full, roaring64.BitmapOf(1<<40 + 1)}
	got := must(WriteVectors(t.Context(), store, "t", testUUID, want))(t)
	for i, v := range got {
		rows := must(ReadVector(t.Context(), store, "t", &v))(t)
		if !rows.Equals(want[i]) {
			t.Errorf("vector %d: %v", i, rows)
		}
	}
	const name = "t/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"
	first := readFile(t, store, name)[:1+int(got[0].SizeInBytes)+vectorFrame]
	text := "01 0000002c d1d33964 0100000000000000 00000000 3a300000 01000000 0000 0500 10000000 0300 0400 0700 0b00 1200 1d00 "
	if !strings.HasPrefix(hex.EncodeToString([]byte(first)), strings.ReplaceAll(text, " ", "")) {
		t.Errorf("file begins with %x", first)
	}
	offset := int32(1)
	descriptor := DeletionVector{StorageType: "u", PathOrInlineDV: "^-aqEH.-t@S}K{vb[*k^", Offset: &offset, SizeInBytes: 44, Cardinality: 6}
	if diff := cmp.Diff(descriptor, got[0]); diff != "" {
		t.Errorf("descriptor (-want +got):\n%s", diff)
	}
	if id := got[0].UniqueID(); id != "u^-aqEH.-t@S}K{vb[*k^@1" {
		t.Errorf("id %q", id)
	}
	if none := must(WriteVectors(t.Context(), store, "t", testUUID, nil))(t); none != nil {
		t.Errorf("of nothing: %v", none)
	}
	if _, err := WriteVectors(t.Context(), store, "t", testUUID, []*roaring64.Bitmap{roaring64.New()}); !errors.Is(err, ErrInvalidChanges) {
		t.Errorf("empty vector: %v", err)
	}
}

// The same rows by each way of storing them.
func TestVectorStorageTypes(t *testing.T) {
	store := mem.New(testClock)
	want := roaring64.BitmapOf(3, 4, 7, 11, 18, 29)
	v := must(WriteVectors(t.Context(), store, "t", testUUID, []*roaring64.Bitmap{want}))(t)[0]
	file := readFile(t, store, "t/"+VectorFileName(testUUID))
	put(t, store, "t/ab/"+VectorFileName(testUUID), file)
	inline := v
	inline.StorageType, inline.Offset = "i", nil
	inline.PathOrInlineDV = encodeZ85([]byte(file[5 : 5+v.SizeInBytes]))
	prefixed := v
	prefixed.PathOrInlineDV = "ab" + v.PathOrInlineDV
	absolute := v
	absolute.StorageType, absolute.PathOrInlineDV = "p", "mem://t/ab/"+VectorFileName(testUUID)
	for name, v := range map[string]DeletionVector{"u": v, "u with a prefix": prefixed, "p": absolute, "i": inline} {
		rows, err := ReadVector(t.Context(), store, "t", &v)
		if err != nil || !rows.Equals(want) {
			t.Errorf("%s: %v, %v", name, rows, err)
		}
	}
}

func TestVectorsThatDoNotMatch(t *testing.T) {
	store := mem.New(testClock)
	good := must(WriteVectors(t.Context(), store, "t", testUUID, []*roaring64.Bitmap{roaring64.BitmapOf(1, 2, 3)}))(t)[0]
	file := readFile(t, store, "t/"+VectorFileName(testUUID))
	flipped := []byte(file)
	flipped[len(file)-6] ^= 1
	other := testUUID
	other[0]++
	put(t, store, "t/"+VectorFileName(other), string(flipped))
	far, negative := int32(len(file)), int32(-1)
	for name, test := range map[string]struct {
		change func(v *DeletionVector)
		want   string
	}{
		"cardinality":    {func(v *DeletionVector) { v.Cardinality = 2 }, "3 rows, the log says 2"},
		"size":           {func(v *DeletionVector) { v.SizeInBytes-- }, "the log says"},
		"no size":        {func(v *DeletionVector) { v.SizeInBytes = 0 }, "a size of 0 bytes"},
		"offset":         {func(v *DeletionVector) { v.Offset = &far }, "bytes early"},
		"offset below 0": {func(v *DeletionVector) { v.Offset = &negative }, "before the file"},
		"checksum":       {func(v *DeletionVector) { v.PathOrInlineDV = encodeZ85(other[:]) }, "checksum"},
		"no file":        {func(v *DeletionVector) { v.PathOrInlineDV = encodeZ85(make([]byte, 16)) }, "does not exist"},
		"short id":       {func(v *DeletionVector) { v.PathOrInlineDV = "abc" }, "too short"},
		"outside":        {func(v *DeletionVector) { v.PathOrInlineDV = ".." + v.PathOrInlineDV }, "invalid path"},
		"storage type":   {func(v *DeletionVector) { v.StorageType = "x" }, "storage type \"x\""},
		"elsewhere":      {func(v *DeletionVector) { v.StorageType, v.PathOrInlineDV = "p", "s3://x/y" }, "leads out of the table"},
		"inline, digits": {func(v *DeletionVector) { v.StorageType = "i"; v.PathOrInlineDV = "~~~~~" }, "not a z85 digit"},
		"inline, short":  {func(v *DeletionVector) { v.StorageType = "i"; v.PathOrInlineDV = "00000" }, "4 bytes inline"},
		"legacy format": {func(v *DeletionVector) {
			v.StorageType, v.SizeInBytes, v.PathOrInlineDV = "i", 40, "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L"
		}, "magic number"},
	} {
		t.Run(name, func(t *testing.T) {
			v := good
			test.change(&v)
			_, err := ReadVector(t.Context(), store, "t", &v)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if name == "no file" && !errors.Is(err, storage.ErrNotExist) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestZ85(t *testing.T) {
	// The example of the RFC.
	raw := []byte{0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B}
	if got := encodeZ85(raw); got != "HelloWorld" {
		t.Errorf("encoded %q", got)
	}
	if got := must(decodeZ85("HelloWorld"))(t); string(got) != string(raw) {
		t.Errorf("decoded %x", got)
	}
	for _, bad := range []string{"Hell", "Hello,", "~~~~~", "#####", "%nSc1"} {
		if got, err := decodeZ85(bad); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%q: %x, %v", bad, got, err)
		}
	}
	if got := must(decodeZ85("%nSc0"))(t); string(got) != "\xff\xff\xff\xff" {
		t.Errorf("largest: %x", got)
	}
}
