package synapselink

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/csvscan"
	"github.com/sluicedata/sluice/internal/storage"
)

// FolderPart is what one folder has of a table.
type FolderPart struct {
	Folder FolderName
	Entity Entity // the table as the folder describes it
	Files  []File // in order of Rank
	// FullWidthOnly is set when the entity does not extend the one of the
	// folder before, see [Entity.Extends]: a shorter row then may be an old
	// one whose columns mean something else.
	FullWidthOnly bool
}

// SourceOptions bound what a source takes. Zero values are the defaults.
type SourceOptions struct {
	// BlockBytes is the size of a piece, csvscan.DefaultBlockBytes. A piece is
	// larger only where a single row is, smaller where the file is.
	BlockBytes int
	// MaxRow is the most bytes of one row, csvscan.DefaultMaxRecord.
	MaxRow int
	// LargeBlock: of pieces that are larger than that many bytes one is out at a
	// time, and Next waits until the one before is released. Default: any number.
	LargeBlock int
	// ReadAhead is how many bytes of the file being read, and again of the
	// one after it, are held beside the pieces. 1 MiB.
	ReadAhead int
	// BadRow decides about each row that cannot be bound or typed: true leaves
	// it out and goes on, false fails. Without it every bad row fails. It is
	// called from the goroutines that decode. Which rows it is asked about does
	// not depend on how a file is cut into pieces. Broken quotes and too large
	// rows always fail: where the next row begins is not known then.
	BadRow func(*RowError) bool
}

const defaultReadAhead = 1 << 20

// Source gives the changes of one table from the files of several folders, in
// order of folder and file.
type Source struct {
	ctx     context.Context
	export  *Export
	opts    SourceOptions
	pool    *csvscan.Pool
	pending []tableFile // not yet open
	open    []*openFile // the one being read and those begun ahead
	cuts    cutCounter
}

var _ change.Source = (*Source)(nil)

// tableFile is a file with all that decoding its pieces takes.
type tableFile struct {
	binding         *Binding
	least, greatest int // legal widths
	file            File
	folderName      FolderName
	folder          int64
	rank            int32
	url             string
	badRow          func(*RowError) bool
	cuts            *cutCounter
	widths          fileWidths
}

// openFile is a file being read.
type openFile struct {
	*tableFile
	reader   io.ReadCloser
	splitter *csvscan.Splitter
	pieces   int
	widest   int // row so far, where rows are left out for being narrower
}

// NewSource binds each folder's rows to the target's columns; an entity that
// cannot be bound is a [*TableError]. Reading lasts no longer than ctx; it
// begins with Next. Files are read in the versions that were listed: one that
// changed meanwhile ends in storage.ErrChanged, and the table is to be planned
// again.
func NewSource(ctx context.Context, export *Export, parts []FolderPart, target batch.Schema,
	selection Selection, opts SourceOptions,
) (*Source, error) {
	opts.ReadAhead = cmp.Or(opts.ReadAhead, defaultReadAhead)
	s := &Source{ctx: ctx, export: export, opts: opts, pool: csvscan.NewPool(opts.BlockBytes)}
	if opts.LargeBlock > 0 {
		s.pool.OneLarge(opts.LargeBlock)
	}
	var b *Binding
	for _, part := range parts {
		if part.Entity.Labels != nil {
			part.Entity = part.Entity.Labels.row
		}
		// Folders seldom differ, and there may be thousands of them.
		if b == nil || part.Entity.Name != b.Entity.Name || !part.Entity.SameColumns(b.Entity) {
			var err error
			if b, err = Bind(part.Entity, target, selection); err != nil {
				return nil, fmt.Errorf("folder %s: %w", part.Folder, err)
			}
		}
		s.add(part, b)
	}
	return s, nil
}

func (s *Source) add(part FolderPart, b *Binding) {
	least, greatest := b.widths(part.FullWidthOnly)
	if labels := b.Entity.Labels; labels != nil {
		least, greatest = labels.widths()
	}
	for _, f := range part.Files {
		if f.Size == 0 {
			continue
		}
		s.pending = append(s.pending, tableFile{
			binding: b, least: least, greatest: greatest, file: f,
			folderName: part.Folder, folder: part.Folder.Digits(), rank: f.Rank,
			url: s.export.Store.URL(f.Path), badRow: s.opts.BadRow, cuts: &s.cuts,
		})
	}
}

// Next returns the next piece of the current file or of the next one.
func (s *Source) Next(ctx context.Context) (change.Piece, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.begin()
		if len(s.open) == 0 {
			return nil, io.EOF
		}
		f := s.open[0]
		block, err := f.splitter.Next(ctx)
		switch {
		case err == nil:
			return f.piece(block), nil
		case !errors.Is(err, io.EOF):
			return nil, f.readError(err)
		}
		s.open = s.open[1:]
		if err := f.reader.Close(); err != nil {
			return nil, err
		}
	}
}

// piece is the next piece of the file.
func (f *openFile) piece(block *csvscan.Block) *piece {
	p := &piece{file: f.tableFile, seq: f.pieces, block: block, widest: f.widest}
	f.pieces++
	if f.badRow != nil && f.least < f.greatest {
		f.widest = max(f.widest, f.widestIn(block))
	}
	return p
}

// begin keeps one file ahead of the current one open: most files of an
// increment are small, and what they cost is the wait for their first byte.
func (s *Source) begin() {
	for len(s.open) < 2 && len(s.pending) > 0 {
		f := &s.pending[0]
		s.pending = s.pending[1:]
		entry := storage.Entry{Path: f.file.Path, Size: f.file.Size, ETag: f.file.ETag}
		r := storage.NewReader(s.ctx, s.export.Store, entry, s.opts.ReadAhead)
		s.open = append(s.open, &openFile{
			tableFile: f, reader: r,
			splitter: csvscan.NewSplitter(r, csvscan.Options{Pool: s.pool, MaxRecord: s.opts.MaxRow, FileSize: f.file.Size}),
		})
	}
}

// Close stops reading. Pieces that were handed out stay valid.
func (s *Source) Close() error {
	var errs []error
	for _, f := range s.open {
		errs = append(errs, f.reader.Close())
	}
	s.open, s.pending = nil, nil
	s.pool.Close()
	return errors.Join(errs...)
}

func (f *tableFile) readError(err error) error {
	if syntax := (*csvscan.SyntaxError)(nil); errors.As(err, &syntax) {
		return f.syntaxError(err, nil)
	}
	return err
}

// syntaxError makes a row error of what the scanner found.
func (f *tableFile) syntaxError(err error, raw []byte) error {
	var syntax *csvscan.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	// The record has no end any more; show it to the end of the bad line.
	if i := int(syntax.Offset - syntax.Record); i < len(raw) && !errors.Is(err, csvscan.ErrUnterminated) {
		if n := bytes.IndexByte(raw[i:], '\n'); n >= 0 {
			raw = raw[:i+n]
		}
	}
	table := f.binding.Entity.Name
	e := &RowError{
		Table: table, Folder: f.folderName, File: f.url, Name: f.file.Name, Rank: f.rank,
		Line: syntax.Line, Offset: syntax.Record, Column: syntax.Column,
		Reason: syntax.Err.Error(), Raw: raw, Err: ErrQuote,
	}
	if errors.Is(err, csvscan.ErrRecordTooLarge) {
		e.Err, e.Column = ErrRowTooLarge, 0
	}
	if i := syntax.Column - 1; e.Column > 0 && i < len(f.binding.Entity.Attributes) {
		e.ColumnName = f.binding.Entity.Attributes[i].Name
	}
	e.Hint = rowHint(e.Err, table, e.ColumnName)
	return e
}
