package parquetfile

import (
	"unsafe"

	"github.com/apache/arrow-go/v18/parquet"
)

// byteArrays views byte slices as the Parquet library's byte arrays. The type
// parquet.ByteArray is defined as []byte, so both slices have elements of the
// same layout; Go has no conversion between slices of them, and copying the
// headers would cost an allocation and 24 bytes for every value.
func byteArrays(v [][]byte) []parquet.ByteArray {
	return unsafe.Slice((*parquet.ByteArray)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

// byteSlices is the way back.
func byteSlices(v []parquet.ByteArray) [][]byte {
	return unsafe.Slice((*[]byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}
