package synapselink

import (
	"cmp"
	"context"
	"errors"
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
	// Failed are tables whose folder could not be listed, with the reason.
	Failed map[string]error
	// Labels are the files of choice labels, see [LabelTables].
	Labels []File
	// Unknown files, by path in the store: nothing reads them.
	Unknown []string
	// Manifest is the folder's model.json as it was listed; without a path if
	// there is none.
	Manifest storage.Entry
	// Entries is how many files there are of whatever kind.
	Entries int
}

// FolderTables lists a folder once for all its tables: one request for each
// table would not scale to hundreds of them.
func (e *Export) FolderTables(ctx context.Context, folder FolderName) (FolderFiles, error) {
	prefix := e.prefix(folder.String())
	files := FolderFiles{Tables: map[string][]File{}, Failed: map[string]error{}}
	err := files.list(ctx, e.Store, prefix, prefix)
	if errors.Is(err, storage.ErrDenied) {
		files = FolderFiles{Tables: map[string][]File{}, Failed: map[string]error{}}
		err = files.listEach(ctx, e.Store, prefix)
	}
	if err != nil {
		return FolderFiles{}, err
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

// list adds what lies below a prefix within the folder's.
func (f *FolderFiles) list(ctx context.Context, store storage.Store, folder, prefix string) error {
	for entry, err := range store.List(ctx, prefix, storage.ListOptions{}) {
		if err != nil {
			return err
		}
		f.add(entry, strings.Split(strings.TrimPrefix(entry.Path, folder), "/"))
	}
	return nil
}

// listEach lists the tables one by one, so that one that may not be listed
// leaves the others.
func (f *FolderFiles) listEach(ctx context.Context, store storage.Store, folder string) error {
	for entry, err := range store.List(ctx, folder, storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(entry.Path, folder), "/")
		if !entry.IsDir {
			f.add(entry, []string{name})
			continue
		}
		if err := f.list(ctx, store, folder, folder+name+"/"); err != nil {
			f.Failed[strings.TrimLeft(name, " ")] = err
		}
	}
	return nil
}

// add files an entry under its table. Parts is its path within the folder.
func (f *FolderFiles) add(entry storage.Entry, parts []string) {
	name := parts[len(parts)-1]
	if !entry.IsDir {
		f.Entries++
	}
	switch {
	case len(parts) == 1 && name == manifestFile:
		f.Manifest = entry
	case len(parts) == 2 && strings.TrimLeft(parts[0], " ") == optionFolder:
		if file, ok := labelFile(entry); ok {
			f.Labels = append(f.Labels, file)
		}
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

// LabelsFailed is why the label files could not be listed.
func (f *FolderFiles) LabelsFailed() error { return f.Failed[optionFolder] }
