package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/rowcache"
)

// rowsSuffix ends the names of row caches, which lie beside the key index of
// their table and are safe from other processes as long as it is open.
const rowsSuffix = ".rows"

// keepsRows reports whether whole rows are kept on local disk: those of a Type2
// table are written again when they end, and a data file gives single rows at
// the price of all.
func (a *attempt) keepsRows() bool {
	return a.batch.Type == change.Type2 && a.index != nil && a.engine.opts.RowCacheBytes > 0
}

// rowsPath is where the rows of a data file are kept. Data files never change
// and their paths are not used again, so that the path says which rows they are.
func (a *attempt) rowsPath(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(a.index.dir, hex.EncodeToString(sum[:16])+rowsSuffix)
}

// name of the data file behind a holder, as the log has it.
func (h *holder) name() string {
	if h.file != nil {
		return h.file.add.Path
	}
	return h.output.name
}

// diskRoom counts what row caches may still take, of all tables of an engine.
type diskRoom struct {
	once sync.Once
	left atomic.Int64
}

// rowRoom is the room; the caches that are there are counted when it is first
// asked for.
func (e *Engine) rowRoom() *atomic.Int64 {
	r := &e.rows
	r.once.Do(func() {
		left := e.opts.RowCacheBytes
		there, _ := filepath.Glob(filepath.Join(e.opts.IndexDir, "*", "*"+rowsSuffix))
		for _, path := range there {
			left -= fileBytes(path)
		}
		r.left.Add(left)
	})
	return &r.left
}

// fileBytes is the size of a file, 0 if there is none.
func fileBytes(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// keptRows writes the row cache of one data file. Where that does not succeed
// the file has none, and nothing else happens.
type keptRows struct {
	*rowcache.Writer

	attempt *attempt
	taken   int64 // of the room
}

// newRows begins the cache of a data file; nil: there is to be none.
func (a *attempt) newRows(name string, schema batch.Schema) *keptRows {
	if !a.keepsRows() || a.engine.rowRoom().Load() <= 0 {
		return nil
	}
	w, err := rowcache.Create(a.rowsPath(name), schema)
	if err != nil {
		a.rowsLost(err)
		return nil
	}
	return &keptRows{Writer: w, attempt: a}
}

// keepRows makes an output keep its rows.
func (a *attempt) keepRows(o *output) { o.kept = a.newRows(o.name, o.schema[:a.layout.source]) }

// rowsLost tells of a cache that could not be written or read. Rows that are too
// large for one are as expected.
func (a *attempt) rowsLost(err error) {
	if !errors.Is(err, rowcache.ErrTooLarge) {
		a.engine.opts.Log.Warn("rows are read from data files", "table", a.batch.Table, "error", err)
	}
}

// write reports whether the cache goes on.
func (k *keptRows) write(rows *batch.Batch) bool {
	if err := k.Write(rows); err != nil {
		k.attempt.rowsLost(err)
		k.abort()
		return false
	}
	more := k.Bytes() - k.taken
	k.taken += more
	if k.attempt.engine.rowRoom().Add(-more) < 0 {
		k.abort()
		return false
	}
	return true
}

func (k *keptRows) close() {
	if err := k.Close(); err != nil {
		k.attempt.rowsLost(err)
		k.attempt.engine.rowRoom().Add(k.taken)
	}
}

func (k *keptRows) abort() {
	_ = k.Abort() // what stays is swept
	k.attempt.engine.rowRoom().Add(k.taken)
}

// dropRows removes a cache.
func (a *attempt) dropRows(path string) {
	size := fileBytes(path)
	if err := os.Remove(path); err == nil {
		a.engine.rowRoom().Add(size)
	} else if !errors.Is(err, fs.ErrNotExist) {
		a.engine.opts.Log.Warn("a row cache could not be removed", "table", a.batch.Table, "error", err)
	}
}

// sweepRows removes the caches of files that are not in the snapshot, all of
// them if it is nil, and what was left unfinished.
func (a *attempt) sweepRows(s *delta.Snapshot) {
	var there []string
	names, _ := os.ReadDir(a.index.dir) // none are as good
	for _, n := range names {
		if strings.HasSuffix(strings.TrimSuffix(n.Name(), rowcache.Unfinished), rowsSuffix) {
			there = append(there, filepath.Join(a.index.dir, n.Name()))
		}
	}
	if len(there) == 0 {
		return
	}
	keep := map[string]bool{}
	if s != nil {
		for _, add := range s.Files() {
			keep[a.rowsPath(add.Path)] = true
		}
	}
	for _, path := range there {
		if !keep[path] {
			a.dropRows(path)
		}
	}
}
