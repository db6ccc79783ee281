package local

import (
	"context"
	"io"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/parquetfile"
	"github.com/sluicedata/sluice/internal/storage"
)

// row is one change as tests write it.
type row struct {
	change.Change
	name string
}

var testSchema = batch.Schema{
	{Name: "Id", Type: batch.Type{Kind: batch.String}},
	{Name: "SinkModifiedOn", Type: batch.Type{Kind: batch.Timestamp}},
	{Name: "name", Type: batch.Type{Kind: batch.String}},
	{Name: "versionnumber", Type: batch.Type{Kind: batch.Long}},
	{Name: "IsDelete", Type: batch.Type{Kind: batch.Boolean}},
}

var testColumns = Columns{Key: "Id", Version: "versionnumber", Modified: "SinkModifiedOn", Delete: "IsDelete"}

// rowSource is a source of rows in memory, some to a piece.
type rowSource struct {
	rows     []row
	perPiece int
	closed   bool
}

func (s *rowSource) Next(context.Context) (change.Piece, error) {
	if len(s.rows) == 0 {
		return nil, io.EOF
	}
	n := min(s.perPiece, len(s.rows))
	// A piece is of one file.
	for i := 1; i < n; i++ {
		if s.rows[i].Folder != s.rows[0].Folder || s.rows[i].File != s.rows[0].File {
			n = i
		}
	}
	p := &rowPiece{rows: s.rows[:n]}
	s.rows = s.rows[n:]
	return p, nil
}

func (s *rowSource) Close() error { s.closed = true; return nil }

type rowPiece struct {
	rows []row
	text [][]byte
}

func (p *rowPiece) Size() int { return len(p.rows) }

// Release spoils the memory, so that a block that outlives its piece shows.
func (p *rowPiece) Release() {
	for _, t := range p.text {
		for i := range t {
			t[i] = '!'
		}
	}
}

func (p *rowPiece) Decode(b *change.Block) error {
	b.Rows.Reset(testSchema)
	b.Rows.Rows = len(p.rows)
	b.Changes = b.Changes[:0]
	text := func(s string) []byte {
		t := []byte(s)
		p.text = append(p.text, t)
		return t
	}
	cols := b.Rows.Cols
	for _, r := range p.rows {
		b.Changes = append(b.Changes, r.Change)
		cols[0].Text(text(r.Key.String()))
		intOrNull(&cols[1], r.Modified, r.Modified != change.NoTime)
		cols[2].Text(text(r.name))
		intOrNull(&cols[3], r.Version, !r.Unversioned)
		if r.Delete {
			cols[4].Bool(true)
		} else {
			cols[4].Null(1)
		}
	}
	return nil
}

// tableRow is a row as a reader sees it.
type tableRow struct {
	Key        change.Key
	Name       string
	Start, End int64 // End NoEnd for null; Start is the version
}

// readTable reads the live rows of a table as any reader would.
func readTable(t fataler, store storage.Store, path string, typ change.Type) []tableRow {
	t.Helper()
	ctx := context.Background()
	snapshot, err := delta.Load(ctx, store, path)
	if err != nil {
		t.Fatal(err)
	}
	columns := batch.Schema{testSchema[0], testSchema[2], testSchema[3]}
	if typ == change.Type2 {
		columns = append(columns, batch.Field{Name: startColumn, Type: long}, batch.Field{Name: endColumn, Type: long})
	}
	var rows []tableRow
	for _, add := range snapshot.Files() {
		name, err := snapshot.FilePath(add.Path)
		if err != nil {
			t.Fatal(err)
		}
		data, err := storage.ReadAll(ctx, store, name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parquetfile.Open(readerAt(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		dead := orEmpty(nil)
		if add.DeletionVector != nil {
			if dead, err = delta.ReadVector(ctx, store, path, add.DeletionVector); err != nil {
				t.Fatal(err)
			}
		}
		at := uint64(0)
		for g := range file.RowGroups() {
			var b batch.Batch
			b.Reset(columns)
			if err := file.ReadRowGroup(g, columns, &b); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, liveRows(t, &b, func(i int) bool { return !dead.Contains(at + uint64(i)) }, typ)...)
			at += uint64(b.Rows)
		}
	}
	return rows
}

type readerAt []byte

func (r readerAt) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, r[min(off, int64(len(r))):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func liveRows(t fataler, b *batch.Batch, live func(int) bool, typ change.Type) []tableRow {
	t.Helper()
	var rows []tableRow
	version, name := &cursor{column: &b.Cols[2]}, 0
	var start, end *cursor
	if typ == change.Type2 {
		start, end = &cursor{column: &b.Cols[3]}, &cursor{column: &b.Cols[4]}
	}
	for i := range b.Rows {
		v := version.or(-1)
		r := tableRow{Start: v, End: change.NoEnd}
		if typ == change.Type2 {
			s := start.or(-1)
			r.End = end.or(change.NoEnd)
			if live(i) && s != v {
				t.Fatalf("row of version %d starts at %d", v, s)
			}
		}
		if b.Cols[1].Def != nil && b.Cols[1].Def[i] == 1 {
			r.Name = string(b.Cols[1].Bytes[name])
			name++
		}
		if live(i) {
			key, ok := change.ParseKey(b.Cols[0].Bytes[i])
			if !ok {
				t.Fatalf("Id %q", b.Cols[0].Bytes[i])
			}
			r.Key = key
			rows = append(rows, r)
		}
	}
	return rows
}
