package quarantine

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// formatVersion is that of the file.
const formatVersion = 1

// Header says whose rows a file holds.
type Header struct {
	Version     int    `json:"version"`
	Table       string `json:"table"` // catalog.schema.table
	SourceTable string `json:"source_table"`
}

// line of a file: one of these.
type line struct {
	Header *Header `json:"header,omitempty"`
	Form   *form   `json:"form,omitempty"`
	Row    *Row    `json:"row,omitempty"`
}

// Writer writes one file. Close makes it whole; Abort drops it, and does nothing
// after Close.
type Writer struct {
	path  string
	file  storage.Writer
	out   *bufio.Writer
	forms map[string]bool                // written
	ids   map[*synapselink.Entity]string // of forms that came with Add
	rows  int64
}

// Create begins a file. Its header gets the version of the format.
func Create(ctx context.Context, store storage.Store, path string, header Header) (*Writer, error) {
	file, err := store.Write(ctx, path)
	if err != nil {
		return nil, err
	}
	w := &Writer{path: store.URL(path), file: file, out: bufio.NewWriterSize(file, 64<<10),
		forms: map[string]bool{}, ids: map[*synapselink.Entity]string{}}
	header.Version = formatVersion
	if err := w.line(line{Header: &header}); err != nil {
		_ = file.Abort() // the error before it is the one to tell
		return nil, err
	}
	return w, nil
}

// Add writes a row of another file as it stands.
func (w *Writer) Add(row Row, entity *synapselink.Entity) error {
	if _, ok := w.ids[entity]; !ok {
		f, err := formOf(entity)
		if err != nil {
			return err
		}
		w.ids[entity] = f.ID
		if err := w.form(f); err != nil {
			return err
		}
	}
	row.Form = w.ids[entity]
	w.rows++
	return w.line(line{Row: &row})
}

// AddAll writes all rows of a spool.
func (w *Writer) AddAll(s *Spool) error {
	for _, f := range s.forms {
		if err := w.form(f); err != nil {
			return err
		}
	}
	if err := s.writeTo(w.out); err != nil {
		return fmt.Errorf("writing %s: %w", w.path, err)
	}
	w.rows += s.Rows()
	return nil
}

func (w *Writer) form(f form) error {
	if w.forms[f.ID] {
		return nil
	}
	w.forms[f.ID] = true
	return w.line(line{Form: &f})
}

func (w *Writer) line(l line) error {
	text, err := json.Marshal(l)
	if err == nil {
		_, err = w.out.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", w.path, err)
	}
	return nil
}

// Rows is how many were written.
func (w *Writer) Rows() int64 { return w.rows }

// Close makes the file whole.
func (w *Writer) Close() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("writing %s: %w", w.path, err)
	}
	return w.file.Close()
}

// Abort drops the file.
func (w *Writer) Abort() error { return w.file.Abort() }
