package local

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/keyindex"
)

// tableIndex is the key index of a table during one attempt. Its entries are the
// facts that a scan of the table's files would find: rows that were alive when
// they were noted, and tombstones. Which of them still count is for the files
// and vectors of the snapshot to say, so that an index is never wrong about a
// file, however old it is; it only lacks the files that came since.
type tableIndex struct {
	*keyindex.Index
	dir     string
	added   *keyindex.Builder
	holders map[int64]int // by ordinal, those that entries may point into
}

// fileState is what the index keeps of a file: the vector with which it was last
// seen. Entries of the rows in it may be gone.
type fileState struct {
	Size   int64                 `json:"size"`
	Vector *delta.DeletionVector `json:"vector,omitempty"`
}

// openIndex opens the index of the table. Without one, for whatever reason, keys
// are found by a scan.
func (a *attempt) openIndex() {
	// Tables without vectors copy whole files; looking for keys is the least of it.
	if a.engine.opts.IndexDir == "" || !a.vectors || a.engine.indexOff.Load() {
		return
	}
	dir := filepath.Join(a.engine.opts.IndexDir, indexName(a.base.URL()))
	index, err := keyindex.Open(dir, a.indexStamp())
	if errors.Is(err, keyindex.ErrDamaged) {
		a.engine.opts.Log.Warn("the key index is made anew", "table", a.batch.Table, "error", err)
		if err = keyindex.Remove(dir); err == nil {
			index, err = keyindex.Open(dir, a.indexStamp())
		}
	}
	if err != nil {
		a.engine.opts.Log.Warn("keys are looked for in the whole table", "table", a.batch.Table, "error", err)
		return
	}
	a.index = &tableIndex{Index: index, dir: dir, holders: map[int64]int{}}
	a.index.added = index.NewBuilder(a.engine.opts.Memory / 16)
	a.matchFiles()
}

// indexName is the folder of a table's index: the last of its names, for people,
// and a digest of its address.
func indexName(url string) string {
	sum := sha256.Sum256([]byte(url))
	last := url[strings.LastIndexByte(url, '/')+1:]
	plain := strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, last)
	return plain[:min(len(plain), 64)] + "-" + hex.EncodeToString(sum[:8])
}

// indexStamp names what facts are made from: with other columns they would be
// others.
func (a *attempt) indexStamp() keyindex.Stamp {
	l := &a.layout
	names := []string{strconv.Itoa(int(a.batch.Type))}
	for _, i := range []int{l.key, l.version, l.modified, l.end} {
		if i >= 0 {
			names = append(names, l.full[i].Name)
		}
	}
	return keyindex.Stamp{Table: a.base.URL(), ID: a.base.Metadata.ID, Layout: strings.Join(names, ",")}
}

// matchFiles finds the table's files in the index.
func (a *attempt) matchFiles() {
	holders := map[string]int{}
	for i, h := range a.holders {
		if h.file != nil {
			holders[h.file.add.Path] = i
		}
	}
	for _, known := range a.index.Files() {
		i, ok := holders[known.Name]
		if !ok || !a.stillKnown(a.holders[i].file, known) {
			continue
		}
		a.holders[i].ordinal = known.Ordinal
		a.holders[i].file.rows = known.Rows
		a.index.holders[known.Ordinal] = i
	}
}

// stillKnown reports whether the index has all of the file's rows that count. A
// row that was dead may be alive again, when the table was restored to an older
// version.
func (a *attempt) stillKnown(f *tableFile, known keyindex.File) bool {
	var state fileState
	if json.Unmarshal(known.State, &state) != nil || state.Size != f.add.Size {
		return false
	}
	if state.Vector == nil || state.Vector.UniqueID() == f.add.DeletionVector.UniqueID() {
		return true
	}
	if f.vector == nil {
		return false
	}
	before, err := delta.ReadVector(a.ctx, a.engine.lake, a.batch.Table, state.Vector)
	if err != nil {
		return false // it has been cleaned up; the file is read anew
	}
	before.AndNot(f.vector)
	return before.IsEmpty()
}

// dropIndex removes an index that is no good, so that it is made anew.
func (a *attempt) dropIndex(reason error) {
	a.engine.opts.Log.Warn("the key index is made anew", "table", a.batch.Table, "error", reason)
	dir := a.index.dir
	a.sweepRows(nil)
	err := a.closeIndex()
	if err == nil {
		err = keyindex.Remove(dir)
	}
	if err != nil {
		a.engine.indexOff.Store(true)
		a.engine.opts.Log.Warn("the key index could not be removed", "table", a.batch.Table, "error", err)
	}
}

// closeIndex lets go of the index and of what was to be added to it.
func (a *attempt) closeIndex() error {
	if a.index == nil {
		return nil
	}
	index := a.index
	a.index = nil
	index.added.Discard()
	for _, h := range a.holders {
		h.ordinal = 0
	}
	return index.Close()
}
