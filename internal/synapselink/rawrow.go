package synapselink

import (
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/csvscan"
)

// RawRow is a row as it was written, apart from its file: what a [*RowError]
// tells of it is enough to read it again.
type RawRow struct {
	Folder FolderName
	File   string // as a user would find it
	Name   string // of the file, without its folder
	Rank   int32  // of the file, see File.Rank
	Line   int64
	Offset int64
	// Least is the fewest cells that a row may have at its place in the file.
	Least int
	Raw   []byte // whole, without line end
}

// Piece is the row as a piece of its own, with its old place among the changes.
// It keeps row.Raw. badRow is that of [SourceOptions].
func (b *Binding) Piece(row RawRow, badRow func(*RowError) bool) change.Piece {
	file := &tableFile{
		binding: b, least: row.Least, greatest: len(b.Entity.Attributes), file: File{Name: row.Name}, cuts: &cutCounter{},
		folderName: row.Folder, folder: row.Folder.Digits(), rank: row.Rank, url: row.File, badRow: badRow,
	}
	return &piece{file: file, block: csvscan.NewBlock(row.Raw, row.Offset, row.Line)}
}
