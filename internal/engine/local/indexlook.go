package local

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/keyindex"
)

// IndexState says what there is of a table's key index.
type IndexState int

// The states.
const (
	// NoIndex: the table's rows are not taken away by vectors, or none of its
	// batches has looked for keys yet.
	NoIndex IndexState = iota
	// IndexInUse: a run has it open.
	IndexInUse
	// IndexDamaged: its files are not whole. The next batch makes it anew.
	IndexDamaged
	// IndexThere: it can be read, and was compared.
	IndexThere
)

// IndexLook is what a look at a table's key index found.
type IndexLook struct {
	State  IndexState
	Folder string
	// Damage is why it is IndexDamaged.
	Damage error
	// Files of the table, and how many of them the index has yet to read.
	Files, Behind int
	// Rows that were looked up, and whether these are all.
	Rows  int64
	Whole bool
	// Lacking and Wrong: see [IndexCheck].
	Lacking, Wrong int64
}

// LookAtIndex compares a table's key index with the table, and changes neither. Of
// an index with more entries than most (0: any number is compared) it takes a
// sample: the beginning of the newest files, up to about that many rows. The
// columns are named in any case.
func (e *Engine) LookAtIndex(ctx context.Context, snapshot *delta.Snapshot, named Columns, most int64) (*IndexLook, error) {
	a, err := e.lookingAttempt(ctx, snapshot, named)
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.close(context.WithoutCancel(ctx)) }()
	look := &IndexLook{Files: snapshot.NumFiles(), Folder: filepath.Join(e.opts.IndexDir, indexName(snapshot.URL()))}
	if e.opts.IndexDir == "" || !a.vectors {
		return look, nil
	}
	if err := a.openAsItIs(look); err != nil || look.State != IndexThere {
		return look, err
	}
	if err := a.holdTable(); err != nil {
		return nil, err
	}
	a.matchFiles()
	look.Behind = len(a.holders) - len(a.index.holders)
	if err := a.compare(look, most); err != nil {
		if !errors.Is(err, keyindex.ErrDamaged) {
			return nil, fmt.Errorf("comparing the key index of %s with the table: %w", snapshot.URL(), err)
		}
		look.State, look.Damage = IndexDamaged, err
	}
	return look, nil
}

// lookingAttempt is one without changes, on a table as its own metadata describes
// it.
func (e *Engine) lookingAttempt(ctx context.Context, snapshot *delta.Snapshot, named Columns) (*attempt, error) {
	schema, err := SourceSchema(snapshot)
	if err != nil {
		return nil, err
	}
	for i := range schema {
		for _, name := range []*string{&named.Key, &named.Version, &named.Modified, &named.Delete} {
			if strings.EqualFold(schema[i].Name, *name) {
				*name = schema[i].Name
			}
		}
	}
	config := snapshot.Metadata.Configuration
	scdType, err := strconv.Atoi(config[typeProperty])
	if err != nil {
		return nil, fmt.Errorf("%w: %s has no %s", ErrForeignTable, snapshot.URL(), typeProperty)
	}
	a, err := newAttempt(e, Batch{Table: snapshot.Root, Source: config[sourceProperty], Type: change.Type(scdType), Schema: schema, Columns: named}, snapshot)
	if err != nil {
		return nil, err
	}
	a.ctx = ctx
	return a, nil
}

// openAsItIs opens the index and, other than a batch, leaves one that is damaged
// where it is.
func (a *attempt) openAsItIs(look *IndexLook) error {
	if _, err := os.Stat(look.Folder); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	index, err := keyindex.Open(look.Folder, a.indexStamp())
	switch {
	case errors.Is(err, keyindex.ErrInUse):
		look.State = IndexInUse
		return nil
	case errors.Is(err, keyindex.ErrDamaged):
		look.State, look.Damage = IndexDamaged, err
		return nil
	case err != nil:
		return fmt.Errorf("opening the key index %s: %w", look.Folder, err)
	}
	a.index = &tableIndex{Index: index, dir: look.Folder, holders: map[int64]int{}}
	a.index.added = index.NewBuilder(a.engine.opts.Memory / 16)
	if index.At() >= 0 {
		look.State = IndexThere
	}
	return nil
}

func (a *attempt) compare(look *IndexLook, most int64) error {
	if most > 0 && a.index.Entries() > most {
		return a.compareSample(look, most)
	}
	check, err := a.compareIndex()
	if err == nil {
		look.Rows, look.Whole, look.Lacking, look.Wrong = check.Entries, true, check.Lacking, check.Wrong
	}
	return err
}

// sampledFiles bounds the files that are opened for a sample.
const sampledFiles = 32

// compareSample looks up the rows at the beginning of the newest files.
func (a *attempt) compareSample(look *IndexLook, most int64) error {
	known := slices.SortedFunc(maps.Keys(a.index.holders), func(a, b int64) int { return cmp.Compare(b, a) })
	for _, ordinal := range known[:min(len(known), sampledFiles)] {
		if look.Rows >= most {
			return nil
		}
		holder := a.index.holders[ordinal]
		file, done, err := a.openFile(a.holders[holder])
		if err != nil {
			return err
		}
		a.holders[holder].file.rows = file.Rows()
		parts := rowGroupParts(file, 1)
		done()
		if len(parts) == 0 {
			continue
		}
		err = a.readPart(holder, parts[0], func(holder int, facts []change.Fact) error { return a.compareFacts(look, holder, facts) })
		if err != nil {
			return err
		}
	}
	return nil
}

// compareFacts looks for the facts of adjoining rows of a file in the index, and
// for what else the index says of these rows and keys.
func (a *attempt) compareFacts(look *IndexLook, holder int, facts []change.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	wanted := make(map[keyindex.Entry]bool, len(facts))
	keys := make([]keyindex.Key, len(facts))
	for i := range facts {
		wanted[entryOf(&facts[i], a.holders[holder].ordinal, rowOf(facts[i].Ref))] = true
		keys[i] = facts[i].Key
	}
	first, last := rowOf(facts[0].Ref), rowOf(facts[len(facts)-1].Ref)
	slices.SortFunc(keys, func(a, b keyindex.Key) int { return bytes.Compare(a[:], b[:]) })
	err := a.index.Lookup(slices.Compact(keys), 1, func(e *keyindex.Entry) {
		if wanted[*e] {
			delete(wanted, *e)
			return
		}
		if i, ok := a.entryCounts(e); ok && i == holder && first <= entryRow(e) && entryRow(e) <= last {
			look.Wrong++
		}
	})
	look.Rows += int64(len(facts))
	look.Lacking += int64(len(wanted))
	return err
}
