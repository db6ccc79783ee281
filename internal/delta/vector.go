package delta

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/storage"
)

// A vector file, as [WriteVectors] makes it:
//
//	byte   0           1, the version of the format
//	       for each vector, at DeletionVector.Offset:
//	         uint32 BE   n, DeletionVector.SizeInBytes
//	         n bytes     data
//	         uint32 BE   CRC-32 (IEEE) of data
//
//	data   uint32 LE   1681511377
//	       uint64 LE   number of buckets; for each, in ascending order:
//	         uint32 LE   high half of the row numbers
//	         …           the low halves as a 32-bit roaring bitmap
const (
	vectorFileVersion = 1
	vectorMagic       = 1681511377
	vectorFrame       = 4 + 4 // size prefix and checksum
	minVectorSize     = 4 + 8 // magic and bucket count
	uuidDigits        = 20    // of 16 bytes in z85
	maxVectorSize     = 1 << 30
)

// ReadVector reads the numbers of a file's dead rows. Size, format, checksum
// and cardinality must be what the descriptor says.
func ReadVector(ctx context.Context, store storage.Store, root string, v *DeletionVector) (*roaring64.Bitmap, error) {
	data, err := vectorData(ctx, store, root, v)
	if err == nil {
		var rows *roaring64.Bitmap
		if rows, err = decodeVector(data, v.Cardinality); err == nil {
			return rows, nil
		}
	}
	return nil, fmt.Errorf("deletion vector %s of %s: %w", v.UniqueID(), store.URL(root), err)
}

func vectorData(ctx context.Context, store storage.Store, root string, v *DeletionVector) ([]byte, error) {
	if v.SizeInBytes < minVectorSize || v.SizeInBytes > maxVectorSize {
		return nil, fmt.Errorf("%w: a size of %d bytes", ErrCorrupt, v.SizeInBytes)
	}
	if v.StorageType == "i" {
		return inlineVector(v)
	}
	path, err := vectorPath(store, root, v)
	if err != nil {
		return nil, err
	}
	var offset int32
	if v.Offset != nil {
		offset = *v.Offset
	}
	return readFramed(ctx, store, path, int64(offset), int(v.SizeInBytes))
}

// inlineVector undoes the padding to a multiple of four bytes.
func inlineVector(v *DeletionVector) ([]byte, error) {
	data, err := decodeZ85(v.PathOrInlineDV)
	if err != nil {
		return nil, err
	}
	if padding := len(data) - int(v.SizeInBytes); padding < 0 || padding > 3 {
		return nil, fmt.Errorf("%w: %d bytes inline, %d announced", ErrCorrupt, len(data), v.SizeInBytes)
	}
	return data[:v.SizeInBytes], nil
}

func vectorPath(store storage.Store, root string, v *DeletionVector) (string, error) {
	switch v.StorageType {
	case "p":
		return resolve(store, root, v.PathOrInlineDV)
	case "u":
		cut := len(v.PathOrInlineDV) - uuidDigits
		if cut < 0 {
			return "", fmt.Errorf("%w: %q is too short for a UUID", ErrCorrupt, v.PathOrInlineDV)
		}
		raw, err := decodeZ85(v.PathOrInlineDV[cut:])
		if err != nil {
			return "", err
		}
		name := VectorFileName(uuid.UUID(raw))
		if cut > 0 {
			name = v.PathOrInlineDV[:cut] + "/" + name
		}
		if err := storage.CheckPath(name); err != nil {
			return "", fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		return join(root, name), nil
	}
	return "", fmt.Errorf("%w: storage type %q", ErrUnsupported, v.StorageType)
}

// VectorPath is the path in the store of the file that holds a vector, or "" for
// one that is inline.
func (s *Snapshot) VectorPath(v *DeletionVector) (string, error) {
	if v.StorageType == "i" {
		return "", nil
	}
	return vectorPath(s.store, s.Root, v)
}

// VectorFileName is the name, in the table's folder, of the file that
// [WriteVectors] writes with that id.
func VectorFileName(id uuid.UUID) string { return "deletion_vector_" + id.String() + ".bin" }

// readFramed reads one vector of a file and checks what frames it.
func readFramed(ctx context.Context, store storage.Store, path string, offset int64, size int) ([]byte, error) {
	r, err := store.ReadRange(ctx, path, storage.Range{Offset: offset, Length: int64(size + vectorFrame)})
	if err != nil {
		return nil, err
	}
	framed, err := io.ReadAll(io.LimitReader(r, int64(size+vectorFrame)))
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", store.URL(path), err)
	}
	if len(framed) != size+vectorFrame {
		return nil, fmt.Errorf("%w: %s ends %d bytes early", ErrCorrupt, store.URL(path), size+vectorFrame-len(framed))
	}
	if stored := binary.BigEndian.Uint32(framed); int64(stored) != int64(size) {
		return nil, fmt.Errorf("%w: %s has a vector of %d bytes at %d, the log says %d", ErrCorrupt, store.URL(path), stored, offset, size)
	}
	data := framed[4 : 4+size]
	if sum := binary.BigEndian.Uint32(framed[4+size:]); sum != crc32.ChecksumIEEE(data) {
		return nil, fmt.Errorf("%w: checksum of %s at %d does not match", ErrCorrupt, store.URL(path), offset)
	}
	return data, nil
}

func decodeVector(data []byte, cardinality int64) (*roaring64.Bitmap, error) {
	if len(data) < minVectorSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrCorrupt, len(data))
	}
	if magic := binary.LittleEndian.Uint32(data); magic != vectorMagic {
		return nil, fmt.Errorf("%w: magic number %d, not %d", ErrCorrupt, magic, vectorMagic)
	}
	in := bytes.NewReader(data[4:])
	rows := roaring64.New()
	if _, err := rows.ReadPortableFrom(in); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if in.Len() > 0 {
		return nil, fmt.Errorf("%w: %d bytes too many", ErrCorrupt, in.Len())
	}
	if rows.IsEmpty() {
		if cardinality != 0 {
			return nil, fmt.Errorf("%w: no rows, the log says %d", ErrCorrupt, cardinality)
		}
		return rows, nil
	}
	if err := rows.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if n := rows.GetCardinality(); cardinality < 0 || n != uint64(cardinality) {
		return nil, fmt.Errorf("%w: %d rows, the log says %d", ErrCorrupt, n, cardinality)
	}
	if last := rows.Maximum(); last > 1<<63-1 {
		return nil, fmt.Errorf("%w: row number %d", ErrCorrupt, last)
	}
	return rows, nil
}

func encodeVector(rows *roaring64.Bitmap) ([]byte, error) {
	compact := rows.Clone()
	compact.RunOptimize()
	out := bytes.NewBuffer(binary.LittleEndian.AppendUint32(nil, vectorMagic))
	if _, err := compact.WritePortableTo(out); err != nil {
		return nil, fmt.Errorf("encode a deletion vector: %w", err)
	}
	if out.Len() > maxVectorSize {
		return nil, fmt.Errorf("%w: a deletion vector of %d bytes", ErrInvalidChanges, out.Len())
	}
	return out.Bytes(), nil
}

// WriteVectors stores vectors in one new file of the table's folder, named by
// id, and returns their descriptors in the same order. None may be empty: a file
// without dead rows has no vector.
func WriteVectors(ctx context.Context, store storage.Store, root string, id uuid.UUID, vectors []*roaring64.Bitmap) ([]DeletionVector, error) {
	if len(vectors) == 0 {
		return nil, nil
	}
	file := []byte{vectorFileVersion}
	out := make([]DeletionVector, len(vectors))
	for i, rows := range vectors {
		if rows.IsEmpty() {
			return nil, fmt.Errorf("%w: deletion vector %d of %d is empty", ErrInvalidChanges, i+1, len(vectors))
		}
		data, err := encodeVector(rows)
		if err != nil {
			return nil, err
		}
		offset := int32(len(file))
		if len(file)+len(data) > maxVectorSize {
			return nil, fmt.Errorf("%w: deletion vectors of more than %d bytes in one commit", ErrInvalidChanges, maxVectorSize)
		}
		out[i] = DeletionVector{
			StorageType:    "u",
			PathOrInlineDV: encodeZ85(id[:]),
			Offset:         &offset,
			SizeInBytes:    int32(len(data)),
			Cardinality:    int64(rows.GetCardinality()),
		}
		file = binary.BigEndian.AppendUint32(file, uint32(len(data)))
		file = append(file, data...)
		file = binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(data))
	}
	return out, writeFile(ctx, store, join(root, VectorFileName(id)), file)
}

func writeFile(ctx context.Context, store storage.Store, path string, data []byte) error {
	w, err := store.Write(ctx, path)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Close()
}
