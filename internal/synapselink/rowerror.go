package synapselink

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/sluicedata/sluice/internal/change"
)

// What can be wrong with a row; wrapped in a [*RowError].
var (
	ErrRowTooShort     = errors.New("row has too few cells")
	ErrRowTooLong      = errors.New("row has too many cells")
	ErrWidthDecreased  = errors.New("row has fewer cells than a row before it in the file")
	ErrRowTooLarge     = errors.New("row is larger than the limit")
	ErrGUID            = errors.New("not a GUID")
	ErrNumber          = errors.New("not a number of this type")
	ErrDecimalOverflow = errors.New("number has too many digits")
	ErrDate            = errors.New("not a date-time")
	ErrBoolean         = errors.New("neither True nor False")
	ErrQuote           = errors.New("quotes are broken")
	ErrUTF8            = errors.New("text is not UTF-8")
	ErrNoVersion       = errors.New("only deletes may lack a versionnumber")
)

const (
	// rawKept is how much of a row an error carries.
	rawKept = 1 << 20
	// rawShown is how much of a row, and cellShown of a cell, its text shows.
	rawShown  = 200
	cellShown = 60
)

// RowError is a row that cannot be bound or typed. Of several the first one by
// [RowError.Compare] does not depend on the order in which pieces were decoded.
type RowError struct {
	Table  string
	Folder FolderName
	File   string // as a user would find it
	Name   string // of the file, without its folder
	Rank   int32  // of the file, see File.Rank
	// Line is the physical line of the row's first byte, from 1; where quotes
	// are broken, of the offending one.
	Line   int64
	Offset int64 // of the row's first byte in the file
	// Column of the source by number, from 1, and name; 0 and "" where the
	// whole row is concerned.
	Column     int
	ColumnName string
	Reason     string // what is wrong, with the values
	Raw        []byte // the row as it was written, its first MiB
	Truncated  bool   // the row is longer than Raw
	Err        error  // one of the sentinels
	Hint       string

	// What it takes to read the row again, see [RawRow]. Entity is nil and Key
	// not known where quotes are broken.
	Entity *Entity // the table as the folder describes it
	Least  int     // fewest cells that a row may have at its place
	Key    change.Key
	Keyed  bool // Key is the row's Id
}

// codes name what can be wrong with a row, for programs.
var codes = map[error]string{
	ErrRowTooShort: "ROW_TOO_SHORT", ErrRowTooLong: "ROW_TOO_LONG", ErrWidthDecreased: "WIDTH_DECREASED",
	ErrRowTooLarge: "ROW_TOO_LARGE", ErrGUID: "NOT_A_GUID", ErrNumber: "NOT_A_NUMBER",
	ErrDecimalOverflow: "TOO_MANY_DIGITS", ErrDate: "NOT_A_DATE_TIME", ErrBoolean: "NOT_A_BOOLEAN",
	ErrQuote: "BROKEN_QUOTES", ErrUTF8: "NOT_UTF8", ErrNoVersion: "NO_VERSIONNUMBER",
}

// Code names what is wrong in capitals, for programs.
func (e *RowError) Code() string { return codes[e.Err] }

func (e *RowError) Unwrap() error { return e.Err }

// Error is one line: what, where, why, what next.
func (e *RowError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "read table %s: folder %s, file %s, line %d (byte %d)", e.Table, e.Folder, e.File, e.Line, e.Offset)
	if e.Column > 0 {
		fmt.Fprintf(&b, ", column %d", e.Column)
	}
	if e.ColumnName != "" {
		fmt.Fprintf(&b, " %s", e.ColumnName)
	}
	fmt.Fprintf(&b, ": %s", e.Reason)
	if len(e.Raw) > 0 {
		fmt.Fprintf(&b, "; the row is %s", excerpt(e.Raw, rawShown))
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "; %s", e.Hint)
	}
	return b.String()
}

// Compare orders errors by place: folder, file, offset.
func (e *RowError) Compare(o *RowError) int {
	return cmp.Or(e.Folder.Compare(o.Folder), cmp.Compare(e.Rank, o.Rank), cmp.Compare(e.Offset, o.Offset))
}

// excerpt quotes text on one line and says how much of it is left out.
func excerpt(text []byte, limit int) string {
	if len(text) <= limit {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprintf("%q… (%d bytes)", text[:limit], len(text))
}

// widthReason explains a row of n cells where least to greatest are legal.
func widthReason(n, least, greatest int) string {
	if least == greatest {
		return fmt.Sprintf("%d cells where model.json has %d attributes", n, greatest)
	}
	return fmt.Sprintf("%d cells where model.json allows %d (up to IsDelete) to %d", n, least, greatest)
}

// rowHint says what to do about a row.
func rowHint(err error, table, column string) string {
	switch {
	case errors.Is(err, ErrRowTooShort), errors.Is(err, ErrRowTooLong), errors.Is(err, ErrWidthDecreased):
		return "its cells cannot be told apart without a header: re-export the table (remove it from the Synapse Link profile and add it again), then " +
			fullRefresh(table)
	case errors.Is(err, ErrQuote):
		return "where the next row begins is not known, so that the row cannot be set aside either: re-export the table, then " + fullRefresh(table)
	case errors.Is(err, ErrRowTooLarge):
		return "it cannot be set aside either: raise the memory (--memory), or shorten the value at the source"
	case strings.EqualFold(column, columnID), strings.EqualFold(column, columnVersion), strings.EqualFold(column, columnDelete):
		return "the row has no place among the changes of its table: re-export the table, then " + fullRefresh(table)
	}
	return fmt.Sprintf("correct the value at the source and re-export the table, or leave the column out (exclude_columns: [%s])", column)
}
