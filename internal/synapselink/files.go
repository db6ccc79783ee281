package synapselink

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/storage"
)

// File is one CSV file of a table in a folder.
type File struct {
	Table string // without the spaces that sometimes precede it in the path
	Path  string // in the store
	Name  string // last part of Path, "2024_001.csv"
	Size  int64
	ETag  string // of the version that was listed
	// Rank of the name among the table's files in the folder, in byte order.
	// It places a file's rows in the order of changes however it is read.
	Rank int32
}

// FolderFiles is what a folder holds.
type FolderFiles struct {
	// Tables by name, each with its files in order of Rank. A table without
	// changes is not there.
	Tables map[string][]File
	// Unknown files, by path in the store: nothing reads them.
	Unknown []string
}

// FolderTables lists a folder once for all its tables: one request for each
// table would not scale to hundreds of them.
func (e *Export) FolderTables(ctx context.Context, folder FolderName) (FolderFiles, error) {
	prefix := e.prefix(folder.String())
	files := FolderFiles{Tables: map[string][]File{}}
	for entry, err := range e.Store.List(ctx, prefix, storage.ListOptions{}) {
		if err != nil {
			return FolderFiles{}, err
		}
		files.add(entry, strings.Split(strings.TrimPrefix(entry.Path, prefix), "/"))
	}
	for _, table := range files.Tables {
		slices.SortFunc(table, func(a, b File) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Path, b.Path))
		})
		for i := range table {
			table[i].Rank = int32(i)
		}
	}
	return files, nil
}

// add files an entry under its table. Parts is its path within the folder.
func (f *FolderFiles) add(entry storage.Entry, parts []string) {
	name := parts[len(parts)-1]
	switch {
	case entry.IsDir, ignored(parts):
	case len(parts) == 2 && strings.HasSuffix(strings.ToLower(name), ".csv"):
		table := strings.TrimLeft(parts[0], " ")
		f.Tables[table] = append(f.Tables[table], File{
			Table: table, Path: entry.Path, Name: name, Size: entry.Size, ETag: entry.ETag,
		})
	default:
		f.Unknown = append(f.Unknown, entry.Path)
	}
}

// ignored reports whether a file is known and holds no rows.
func ignored(parts []string) bool {
	if len(parts) == 1 && parts[0] == manifestFile {
		return true
	}
	for _, p := range parts {
		if strings.HasPrefix(p, ".") {
			return true
		}
	}
	switch strings.TrimLeft(parts[0], " ") {
	case optionFolder, trickleFolder:
		return true
	}
	return false
}
