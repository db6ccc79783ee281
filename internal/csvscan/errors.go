package csvscan

import (
	"errors"
	"fmt"
)

// What can be wrong with the text of a file; wrapped in a [*SyntaxError].
var (
	// ErrBareQuote: a quote inside a cell that does not begin with one.
	ErrBareQuote = errors.New("quote inside an unquoted cell")
	// ErrAfterQuote: something other than a comma or a line end follows a
	// closing quote.
	ErrAfterQuote = errors.New("text after the closing quote")
	// ErrUnterminated: the file ends inside quotes. Line, Offset and Column
	// are those of the opening quote.
	ErrUnterminated = errors.New("end of file inside quotes")
	// ErrRecordTooLarge: a record is longer than [Options].MaxRecord.
	ErrRecordTooLarge = errors.New("record larger than the limit")
)

// SyntaxError says where the text of a file breaks the dialect. Reading cannot
// go on behind it: which quotes open and which close is lost.
type SyntaxError struct {
	Record int64 // offset in the file of the record's first byte
	Offset int64 // offset in the file of the offending byte
	Line   int64 // physical line of the offending byte, from 1
	Column int   // cell within the record, from 1
	Err    error
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d (byte %d): %v", e.Line, e.Column, e.Offset, e.Err)
}

func (e *SyntaxError) Unwrap() error { return e.Err }
