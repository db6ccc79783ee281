package local

import (
	"encoding/json"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/keyindex"
)

// noteRows notes rows that are about to be written to a data file of this batch.
func (a *attempt) noteRows(o *output, facts []change.Fact) {
	if a.index == nil || len(facts) == 0 {
		return
	}
	entries := make([]keyindex.Entry, len(facts))
	for i := range facts {
		entries[i] = entryOf(&facts[i], o.ordinal, o.rows+int64(i))
	}
	a.index.added.Add(entries...)
}

// noteChanges notes changes that a large batch is about to write.
func (a *attempt) noteChanges(o *output, changes []change.Change, chosen []int) {
	if a.index == nil {
		return
	}
	entries := make([]keyindex.Entry, len(chosen))
	for n, i := range chosen {
		f := change.New(changes[i], 0)
		entries[n] = entryOf(&f, o.ordinal, o.rows+int64(n))
	}
	a.index.added.Add(entries...)
}

// updateIndex brings the index to the version that the commit made. Where that
// does not succeed the index stays behind, and finds out by itself next time.
func (a *attempt) updateIndex(s *delta.Snapshot, changes *delta.Changes) {
	if a.index == nil || s == nil {
		return
	}
	files, holders, err := a.indexedFiles(s, changes)
	if err == nil {
		err = a.index.Update(keyindex.Update{Version: s.Version, Files: files, Added: a.index.added,
			Keep: func(e *keyindex.Entry) bool { return a.outlives(e, holders) }})
	}
	a.sweepRows(s)
	if err != nil {
		a.engine.opts.Log.Warn("the key index stays behind", "table", a.batch.Table, "error", err)
	}
}

// indexedFiles are the files of the new version that entries may point into. One
// that somebody else changed meanwhile is left out, and read anew next time.
func (a *attempt) indexedFiles(s *delta.Snapshot, changes *delta.Changes) (files []keyindex.File, holders map[int64]*holder, err error) {
	ours := map[string]*holder{}
	expected := map[string]string{} // vectors
	for _, h := range a.holders {
		if h.ordinal == 0 {
			continue
		}
		var name string
		if h.file != nil {
			name = h.file.add.Path
			expected[name] = h.file.add.DeletionVector.UniqueID()
		} else {
			name = h.output.name
		}
		ours[name] = h
	}
	for i := range changes.Adds {
		expected[changes.Adds[i].Path] = changes.Adds[i].DeletionVector.UniqueID()
	}
	holders = map[int64]*holder{}
	for _, add := range s.Files() {
		h, ok := ours[add.Path]
		if !ok || expected[add.Path] != add.DeletionVector.UniqueID() {
			continue
		}
		state, err := json.Marshal(fileState{Size: add.Size, Vector: add.DeletionVector})
		if err != nil {
			return nil, nil, err
		}
		holders[h.ordinal] = h
		files = append(files, keyindex.File{Ordinal: h.ordinal, Name: add.Path, Rows: h.physicalRows(), State: state})
	}
	return files, holders, nil
}

// physicalRows of a file, dead ones included.
func (h *holder) physicalRows() int64 {
	if h.file != nil {
		return h.file.rows
	}
	return h.output.rows
}

// outlives reports whether an entry still says something after the batch.
func (a *attempt) outlives(e *keyindex.Entry, holders map[int64]*holder) bool {
	h, ok := holders[ordinalOf(e)]
	if !ok || isTombstone(e) {
		return ok
	}
	row := entryRow(e)
	return !h.dead.Contains(uint64(row)) && (h.file == nil || !h.file.wasDead(row))
}
