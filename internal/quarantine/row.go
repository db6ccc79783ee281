package quarantine

import (
	"time"
	"unicode/utf8"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// Row is a row that was set aside.
type Row struct {
	Folder string `json:"folder"`
	File   string `json:"file"` // without its folder
	URL    string `json:"url"`  // of the file
	Rank   int32  `json:"rank"` // of the file, see synapselink.File
	Line   int64  `json:"line"` // physical, from 1
	Offset int64  `json:"offset"`
	// Form is the id of the table's form at the row's place, and Least the fewest
	// cells that the row may have there.
	Form  string `json:"form"`
	Least int    `json:"least_cells"`
	// ID is the row's Id, empty where it cannot be read.
	ID string `json:"id,omitempty"`
	// Column of the source by number, from 1, and name; 0 and "" where the whole
	// row is concerned.
	Column     int    `json:"column,omitempty"`
	ColumnName string `json:"column_name,omitempty"`
	Code       string `json:"code"` // NOT_A_NUMBER, …
	Reason     string `json:"reason"`
	Raw        string `json:"raw,omitempty"`
	RawBytes   []byte `json:"raw_base64,omitempty"` // where it is not UTF-8
	// Truncated: only the beginning of the text was kept, so that the row cannot
	// be read again.
	Truncated bool      `json:"truncated,omitempty"`
	Time      time.Time `json:"time"` // when it was set aside
}

// RowOf makes a row of what reading it found.
func RowOf(e *synapselink.RowError, now time.Time) Row {
	r := Row{
		Folder: e.Folder.String(), File: e.Name, URL: e.File, Rank: e.Rank, Line: e.Line, Offset: e.Offset,
		Least: e.Least, Truncated: e.Truncated, Time: now.UTC(),
	}
	if e.Keyed {
		r.ID = e.Key.String()
	}
	if utf8.Valid(e.Raw) {
		r.Raw = string(e.Raw)
	} else {
		r.RawBytes = e.Raw
	}
	return r.Because(e)
}

// Because is the row with another reason. A row that was narrower than one before
// it is merely too short when it is read alone, which says less.
func (r Row) Because(e *synapselink.RowError) Row {
	if r.Code == codeWidthDecreased && e.Code() == codeTooShort {
		return r
	}
	r.Column, r.ColumnName, r.Code, r.Reason = e.Column, e.ColumnName, e.Code(), e.Reason
	return r
}

// Text of the row as it was written, or its beginning.
func (r *Row) Text() []byte {
	if r.RawBytes != nil {
		return r.RawBytes
	}
	return []byte(r.Raw)
}

// RawRow is the row as package synapselink reads it again.
func (r *Row) RawRow() (synapselink.RawRow, error) {
	folder, err := synapselink.ParseFolderName(r.Folder)
	if err != nil {
		return synapselink.RawRow{}, err
	}
	return synapselink.RawRow{
		Folder: folder, File: r.URL, Name: r.File, Rank: r.Rank, Line: r.Line, Offset: r.Offset,
		Least: r.Least, Raw: r.Text(),
	}, nil
}

var (
	codeWidthDecreased = (&synapselink.RowError{Err: synapselink.ErrWidthDecreased}).Code()
	codeTooShort       = (&synapselink.RowError{Err: synapselink.ErrRowTooShort}).Code()
)
