// Package parquetfile moves typed batches of rows into and out of Parquet
// files. It knows columns, pages and row groups; it knows nothing of tables,
// logs or storage: bytes leave by an io.Writer and come from an io.ReaderAt.
//
// # Files that are written
//
// Every column is optional and flat. Pages are of version 1 and compressed
// with zstd; the encoding is plain or dictionary.
//
//	string            BYTE_ARRAY             String
//	long              INT64
//	integer           INT32
//	boolean           BOOLEAN
//	double            DOUBLE
//	timestamp         INT64                  Timestamp(MICROS, adjusted to UTC)
//	date              INT32                  Date
//	decimal(p,s)      INT32  p <= 9          Decimal(p,s)
//	                  INT64  p <= 18
//	                  FIXED_LEN_BYTE_ARRAY(16), big-endian two's complement
//
//	"PAR1" ┌ row group 0 ──────────────────────┐ ┌ row group 1 … ┐ footer "PAR1"
//	       │ column 0        │ column 1 …      │
//	       │ [dictionary]    │                 │
//	       │ page page page  │                 │
//
// A row group is held in memory as compressed pages until it ends, because
// its columns follow one another in the file while rows arrive across them. A row
// of many megabytes is a row group of its own, see largerow.go.
//
// # Files that are read
//
// Any flat column, written by anyone: each wanted type lists the physical
// types that it can be made from without losing a digit (see convert.go).
//
// # Errors
//
// [ErrCorrupt] says that a file is not what a Parquet file should be,
// [ErrType] that a column cannot be read as the type that was asked for.
// Errors of the io.Writer and the io.ReaderAt come out wrapped, so that
// errors.Is finds them. No panic of the Parquet library leaves the package.
package parquetfile
