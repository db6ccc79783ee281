package local

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/parquetfile"
)

// writeTombstones writes the tombstones that wait: as dead rows of a data file,
// or, where the table has no deletion vectors, into the side file.
func (a *attempt) writeTombstones() error {
	if len(a.buried) == 0 {
		return nil
	}
	if !a.vectors {
		a.side.fresh = append(a.side.fresh, a.buried...)
		a.buried = a.buried[:0]
		return nil
	}
	rest, err := a.restHolder()
	if err != nil {
		return err
	}
	first := uint64(rest.output.rows)
	a.noteRows(rest.output, a.buried)
	if err := rest.output.write(a.tombstoneRows(a.buried)); err != nil {
		return err
	}
	rest.dead.AddRange(first, first+uint64(len(a.buried)))
	rest.output.tombstones = true
	a.buried = a.buried[:0]
	return nil
}

func (a *attempt) tombstoneRows(facts []change.Fact) *batch.Batch {
	l := &a.layout
	rows := &batch.Batch{}
	rows.Reset(l.full)
	rows.Rows = len(facts)
	for i := range facts {
		f := &facts[i]
		rows.Cols[l.key].Text([]byte(f.Key.String()))
		intOrNull(&rows.Cols[l.version], f.Version, f.HasVersion())
		intOrNull(&rows.Cols[l.folder], f.Folder, f.Folder != 0)
		intOrNull(&rows.Cols[l.first], f.First, f.First != f.Folder)
		kind := int64(versionedTombstone)
		if f.Unversioned {
			kind = unversionedTombstone
		}
		rows.Cols[l.tombst].Int(kind)
		if l.del >= 0 {
			rows.Cols[l.del].Bool(true)
		}
	}
	return rows
}

// tombstoneFile keeps the tombstones of a table without deletion vectors, all
// of them, in _sluice/tombstones-<serial>.parquet. Which serial counts stands in
// a txn action of its own, so that it changes in one commit with the data:
//
//	{"txn":{"appId":"sluice.tombstones","version":<serial>}}
type tombstoneFile struct {
	held  []change.Fact // as loaded
	fresh []change.Fact
}

const tombstoneAppID = "sluice.tombstones"

func tombstonePath(serial int64) string { return fmt.Sprintf("_sluice/tombstones-%d.parquet", serial) }

// loadTombstones reads the side file, which a table may have from a time when
// it had no vectors.
func (a *attempt) loadTombstones() error {
	txn, ok := a.base.Txns[tombstoneAppID]
	if !ok {
		return nil
	}
	path := a.path(tombstonePath(txn.Version))
	entry, err := a.engine.lake.Stat(a.ctx, path)
	if err != nil {
		return fmt.Errorf("the table's tombstones: %w; run again with --full-refresh if the file is lost", err)
	}
	file, done, err := a.engine.openParquet(a.ctx, path, entry.Size)
	if err != nil {
		return err
	}
	defer done()
	l := &a.layout
	columns := batch.Schema{l.full[l.key], l.full[l.version], l.full[l.folder], l.full[l.first], l.full[l.tombst]}
	for i := range file.RowGroups() {
		var rows batch.Batch
		rows.Reset(columns)
		if err := file.ReadRowGroup(i, columns, &rows); err != nil {
			return fmt.Errorf("reading tombstones of %s: %w", a.engine.lake.URL(path), err)
		}
		a.side.held = append(a.side.held, tombstonesOf(&rows)...)
	}
	return nil
}

func tombstonesOf(rows *batch.Batch) []change.Fact {
	version, folder := &cursor{column: &rows.Cols[1]}, &cursor{column: &rows.Cols[2]}
	first, kind := &cursor{column: &rows.Cols[3]}, &cursor{column: &rows.Cols[4]}
	var facts []change.Fact
	for _, text := range rows.Cols[0].Bytes {
		v, versioned := version.next()
		in := folder.or(0)
		earlier := first.or(in)
		unversioned := kind.or(versionedTombstone) == unversionedTombstone
		if key, ok := change.ParseKey(text); ok {
			facts = append(facts, change.Tombstone(key, v, versioned, unversioned, in, earlier))
		}
	}
	return facts
}

// locateTombstones adds the side file's tombstones of the wanted keys.
func (a *attempt) locateTombstones() error {
	for i := range a.side.held {
		f := &a.side.held[i]
		hash := keyHash(&f.Key)
		if !a.touched.has(hash) {
			continue
		}
		a.join(hash)
		if err := a.facts.add(*f); err != nil {
			return err
		}
	}
	return nil
}

// writeSide writes the side file anew when tombstones came, or when those in it
// end with the table that is replaced, and returns its serial.
func (a *attempt) writeSide() (serial int64, changed bool, err error) {
	_, outdated := a.base.Txns[tombstoneAppID]
	if len(a.side.fresh) == 0 && !(a.batch.Replace && outdated) {
		return 0, false, nil
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	serial = int64(binary.LittleEndian.Uint64(random[:]) >> 1)
	path := a.path(tombstonePath(serial))
	a.willCreate(path)
	file, err := a.engine.lake.Write(a.ctx, path)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = file.Abort() }()
	writer, err := parquetfile.NewWriter(file, a.layout.full, parquetfile.Options{})
	if err != nil {
		return 0, false, err
	}
	for _, facts := range [][]change.Fact{a.side.held, a.side.fresh} {
		if err := writer.Write(a.tombstoneRows(facts)); err != nil {
			return 0, false, fmt.Errorf("writing tombstones %s: %w", a.engine.lake.URL(path), err)
		}
	}
	if _, err := writer.Close(); err != nil {
		return 0, false, fmt.Errorf("writing tombstones %s: %w", a.engine.lake.URL(path), err)
	}
	return serial, true, file.Close()
}
