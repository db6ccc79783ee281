package synapselink

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
)

const (
	// youngManifest is the age, by clocks that need not agree, up to which a
	// model.json may have been written while its folder was being listed.
	youngManifest = 15 * time.Minute
	// mostLooks is how often a folder is looked into that changes meanwhile.
	mostLooks = 3
)

// Folder is a closed folder with what it holds.
type Folder struct {
	FolderStatus
	FolderFiles

	export   *Export
	manifest *sharedManifest // nil if not the whole of it was read
}

// Entity is what the table looked like in the folder, see [Export.TableSchema].
// It costs nothing for tables that were wanted and that the folder's model.json
// describes. What it returns is shared between folders: do not change it.
func (f *Folder) Entity(ctx context.Context, table string) (Entity, error) {
	if f.manifest == nil {
		return f.export.TableSchema(ctx, f.Name, table)
	}
	return f.export.tableIn(ctx, f.Name, table, f.manifest, nil)
}

// Undescribed lists the tables with files in the folder that its model.json does
// not describe, in order, and whether it is because the file breaks off. Of a
// folder without wanted tables nothing is known.
func (f *Folder) Undescribed() (tables []string, breaksOff bool) {
	if f.manifest == nil {
		return nil, false
	}
	for table := range f.Tables {
		if _, ok := f.manifest.byName[strings.ToLower(table)]; !ok {
			tables = append(tables, table)
		}
	}
	slices.Sort(tables)
	return tables, f.manifest.truncated
}

// Walk looks into closed folders one after the other, and ahead of its caller
// into lookAtOnce of them side by side: each is listed, and its model.json read
// once, as a whole if the folder has files of a table that want names (which is
// asked from several goroutines, by the table's name as it is stored), otherwise
// only its beginning. What was seen of the folders is added to the listing before
// they are given, and it ends with the folder that holds back the rest.
//
// The listing comes from [Export.Closed]. To look again into folders that were
// abandoned, make one of their names, with the Current of a new listing.
//
// Everything is one version: a model.json that changes between the folder's
// listing and its reading is looked at again with a new listing, and files that
// change later are found by their ETag when they are read. Once read, a manifest
// need not be pinned: the service writes a folder's files first and its manifest
// last, and what it may add to it later are tables, not columns.
func (e *Export) Walk(ctx context.Context, l *Listing, want func(folder FolderName, table string) bool) iter.Seq2[*Folder, error] {
	return func(yield func(*Folder, error) bool) {
		if _, held := l.Held(); held {
			return
		}
		names := e.limited(l.Closed)[len(l.Folders):]
		var running sync.WaitGroup
		ctx, cancel := context.WithCancel(ctx)
		defer running.Wait()
		defer cancel()
		var ahead []<-chan seenFolder
		for _, name := range names[:min(len(names), lookAtOnce)] {
			ahead = append(ahead, e.begin(ctx, &running, name, want))
		}
		for i := range names {
			seen := <-ahead[0]
			ahead = ahead[1:]
			if seen.err != nil {
				yield(nil, seen.err)
				return
			}
			goesOn := l.judge(e, FolderFacts{Name: names[i], Manifest: seen.fact})
			folder := &Folder{
				FolderStatus: l.Folders[len(l.Folders)-1], FolderFiles: seen.files,
				export: e, manifest: seen.manifest,
			}
			if !yield(folder, nil) || !goesOn {
				return
			}
			if next := i + lookAtOnce; next < len(names) {
				ahead = append(ahead, e.begin(ctx, &running, names[next], want))
			}
		}
	}
}

// seenFolder is what a look into a folder shows.
type seenFolder struct {
	manifestSeen
	files FolderFiles
	err   error
}

// begin looks into a folder beside what else goes on.
func (e *Export) begin(ctx context.Context, running *sync.WaitGroup, name FolderName, want func(FolderName, string) bool) <-chan seenFolder {
	result := make(chan seenFolder, 1)
	running.Go(func() {
		seen, err := e.lookInto(ctx, name, want)
		if err != nil {
			err = fmt.Errorf("look into folder %s: %w", name, err)
		}
		seen.err = err
		result <- seen
	})
	return result
}

// lookInto lists a folder and reads its manifest in the version listed.
func (e *Export) lookInto(ctx context.Context, name FolderName, want func(FolderName, string) bool) (seenFolder, error) {
	for range mostLooks {
		files, err := e.FolderTables(ctx, name)
		if err != nil {
			return seenFolder{}, err
		}
		seen := seenFolder{files: files}
		seen.manifestSeen, err = e.judgeManifest(ctx, files, wanted(name, files, want))
		if err == nil && seen.fact == ManifestUsable && e.young(files.Manifest) {
			seen.files, err = e.listAgain(ctx, name, files.Manifest)
		}
		switch {
		case err == nil:
			if seen.manifest != nil {
				e.manifests.put(name, seen.manifest)
			}
			return seen, nil
		case !errors.Is(err, storage.ErrChanged) && !errors.Is(err, storage.ErrNotExist):
			return seenFolder{}, err
		}
	}
	return seenFolder{manifestSeen: manifestSeen{fact: ManifestMoving}}, nil
}

// judgeManifest sees how far a folder is. The listing alone tells it of most
// folders that are not ready.
func (e *Export) judgeManifest(ctx context.Context, files FolderFiles, whole bool) (manifestSeen, error) {
	switch {
	case files.Entries == 0:
		return manifestSeen{fact: FolderEmpty}, nil
	case files.Manifest.Path == "":
		return manifestSeen{fact: ManifestMissing}, nil
	case files.Manifest.Size == 0:
		return manifestSeen{fact: ManifestEmpty}, nil
	}
	return e.lookAtManifest(ctx, files.Manifest, whole)
}

// young reports whether a model.json may have been written while its folder was
// being listed: a file that the service wrote just before it may then be missing
// from the listing, which comes in order of names and not at one moment.
func (e *Export) young(manifest storage.Entry) bool {
	return e.Now == nil || e.Now().Sub(manifest.ModTime) < youngManifest
}

// listAgain lists a folder whose manifest is known to be there already, which
// nothing can then be missing from.
func (e *Export) listAgain(ctx context.Context, name FolderName, manifest storage.Entry) (FolderFiles, error) {
	files, err := e.FolderTables(ctx, name)
	if err == nil && files.Manifest.ETag != manifest.ETag {
		err = storage.ErrChanged
	}
	return files, err
}

// wanted reports whether a folder has files of a table that is wanted.
func wanted(name FolderName, files FolderFiles, want func(FolderName, string) bool) bool {
	for table := range files.Tables {
		if want(name, table) {
			return true
		}
	}
	return false
}
