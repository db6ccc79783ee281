package parquetfile

import (
	"errors"
	"fmt"
)

var (
	// ErrCorrupt means that the bytes are not a sound Parquet file.
	ErrCorrupt = errors.New("not a sound parquet file")
	// ErrType means that a column is not of a type that can be read as the
	// wanted one without loss.
	ErrType = errors.New("column type does not fit")
	// ErrBatch means that a batch given to a Writer contradicts itself or the
	// writer's schema.
	ErrBatch = errors.New("batch does not fit")
)

// recovered turns a panic of the Parquet library into an error. Damaged files
// reach index expressions and type assertions in its decoders.
func recovered(err *error) {
	switch r := recover().(type) {
	case nil:
	case error:
		*err = fmt.Errorf("parquet library: %w", r)
	default:
		*err = fmt.Errorf("parquet library: %v", r)
	}
}
