package reconcile

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile/compare"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// sides is who takes what is read of both sides. Its functions are called one at
// a time.
type sides struct {
	// part of the keys that are wanted; it may shrink meanwhile.
	part func() func(change.Key) bool
	// cells: the values are wanted, too.
	cells  bool
	change func(compare.Change) error
	row    func(change.Key, compare.Row) error
	// deleted is told of deletes that the table remembers, where folders are gone.
	deleted func(change.Key, compare.Tombstone) error
	// bad is told of rows of the export that cannot be read.
	bad func(folder int64, key change.Key, known bool) error
	// unkeyed is told of rows of the table whose Id is none.
	unkeyed func()
}

// replay reads all rows of the folders, each as the table's runs read it.
func (c *reconciling) replay(ctx context.Context, to *sides) error {
	c.before = nil
	for _, g := range c.readings() {
		if err := c.replayAs(ctx, g, to); err != nil {
			return err
		}
	}
	return nil
}

// openReplay binds folders as a run does, in their turn.
func (c *reconciling) openReplay(ctx context.Context, g reading, opts synapselink.SourceOptions) (*synapselink.Source, error) {
	var parts []synapselink.FolderPart
	for _, p := range g.parts {
		if p.Err != nil {
			return nil, p.Err
		}
		parts = append(parts, p.After(c.before))
		c.before = p.Entity
	}
	return synapselink.NewSource(ctx, c.Env.Export, parts, c.schema, g.as.Selection(c.Target), opts)
}

// replayed is what one worker needs at a time.
type replayed struct {
	block   change.Block
	hasher  compare.Hasher
	changes []compare.Change
}

// hand gives the rows of a block that are wanted.
func (c *reconciling) hand(b *replayed, to *sides, mu *sync.Mutex) error {
	mu.Lock()
	wanted := to.part()
	mu.Unlock()
	b.changes = b.changes[:0]
	rows := &b.block.Rows
	b.hasher.Rows(rows, len(c.schema),
		func(row int) int { return c.width.of(b.block.Changes[row].Folder, len(c.schema)) },
		func(row int) bool { return wanted(b.block.Changes[row].Key) },
		func(row int, d compare.Digest) {
			known := compare.Change{Change: b.block.Changes[row], Digest: d}
			if to.cells {
				known.Cells = cellsAt(rows, row, c.width.of(known.Folder, len(c.schema)))
			}
			b.changes = append(b.changes, known)
		})
	mu.Lock()
	defer mu.Unlock()
	for i := range b.changes {
		if err := to.change(b.changes[i]); err != nil {
			return err
		}
	}
	return nil
}

// cellsAt are the values of a row; those from width on are null.
func cellsAt(b *batch.Batch, row, width int) []compare.Cell {
	var one batch.Batch
	one.Reset(b.Schema)
	one.AppendRows(b, []int{row})
	cells := make([]compare.Cell, len(b.Schema))
	for i, field := range b.Schema {
		column := &one.Cols[i]
		switch {
		case i >= width || len(column.Def) == 0 || column.Def[0] == 0:
			cells[i] = compare.NewCell(nil)
		case field.Type.Kind == batch.String:
			cells[i] = compare.TextCell(column.Bytes[0])
		default:
			text := report.ValueText(field.Type, column, 0)
			cells[i] = compare.NewCell(&text)
		}
	}
	return cells
}

// keyOf is the Id of a row that could not be read, where that much can.
func keyOf(raw []byte) (change.Key, bool) {
	const guid = 36
	if len(raw) < guid {
		return change.Key{}, false
	}
	return change.ParseKey(raw[:guid])
}

// scan reads the rows of the table.
func (c *reconciling) scan(ctx context.Context, to *sides) error {
	named := work.ColumnsIn(c.schema)
	schema := c.schema
	start, end := schema.Index(named.Version), -1
	if c.judge.Type == change.Type2 {
		end = len(schema) + 1
		start = len(schema)
		schema = append(slices.Clip(schema), intervalColumns...)
	}
	all, placed := local.Placed(schema, named)
	at := places{key: schema.Index(named.Key), start: start, end: end, Places: placed}
	if err := c.scanTombstones(ctx, named, to); err != nil {
		return err
	}
	var hasher compare.Hasher
	return c.engine.Scan(ctx, c.Snapshot, all, func(b *batch.Batch) error {
		return c.handRows(b, at, &hasher, to)
	})
}

// scanTombstones reads the deletes that the table remembers. Those of folders
// that can be replayed are known from there.
func (c *reconciling) scanTombstones(ctx context.Context, named local.Columns, to *sides) error {
	if !c.judge.OlderGone {
		return nil
	}
	return c.engine.Tombstones(ctx, c.Snapshot, named, func(facts []change.Fact) error {
		wanted := to.part()
		for i := range facts {
			f := &facts[i]
			if !wanted(f.Key) {
				continue
			}
			err := to.deleted(f.Key, compare.Tombstone{Version: f.Version, HasVersion: f.HasVersion(), Unversioned: f.Unversioned, Folder: f.Folder})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

var intervalColumns = batch.Schema{
	{Name: "__START_AT", Type: batch.Type{Kind: batch.Long}}, {Name: "__END_AT", Type: batch.Type{Kind: batch.Long}},
}

// places of columns in what is scanned; end is -1 in a Type1 table.
type places struct {
	local.Places

	key, start, end int
}

func (c *reconciling) handRows(b *batch.Batch, at places, hasher *compare.Hasher, to *sides) error {
	wanted := to.part()
	keys := keysOf(b, at.key)
	starts, ends := longs(b, at.start, 0), longs(b, at.end, change.NoEnd)
	folders, firsts, times := longs(b, at.Folder, 0), longs(b, at.First, 0), longs(b, at.Modified, change.NoTime)
	var failed error
	hasher.Rows(b, len(c.schema),
		func(int) int { return len(c.schema) },
		func(row int) bool {
			if keys[row] == nil {
				to.unkeyed()
				return false
			}
			return wanted(*keys[row])
		},
		func(row int, d compare.Digest) {
			r := compare.Row{Start: starts[row], End: ends[row], Modified: times[row],
				Folder: folders[row], First: firsts[row], Digest: d}
			if to.cells {
				r.Cells = cellsAt(b, row, len(c.schema))[:len(c.schema)]
			}
			failed = errors.Join(failed, to.row(*keys[row], r))
		})
	return failed
}

// keysOf reads the Ids of all rows, nil where one is none.
func keysOf(b *batch.Batch, column int) []*change.Key {
	keys := make([]*change.Key, b.Rows)
	col, value := &b.Cols[column], 0
	for i := range keys {
		if len(col.Def) == 0 || col.Def[i] == 0 {
			continue
		}
		if key, ok := change.ParseKey(col.Bytes[value]); ok {
			keys[i] = &key
		}
		value++
	}
	return keys
}

// longs reads a column of numbers of all rows; column -1 is null throughout.
func longs(b *batch.Batch, column int, null int64) []int64 {
	list := make([]int64, b.Rows)
	value := 0
	for i := range list {
		list[i] = null
		if column >= 0 && len(b.Cols[column].Def) > 0 && b.Cols[column].Def[i] != 0 {
			list[i] = b.Cols[column].Ints[value]
			value++
		}
	}
	return list
}

// replayAs reads the rows of some folders, side by side.
func (c *reconciling) replayAs(ctx context.Context, g reading, to *sides) error {
	var mu sync.Mutex
	var failed error
	opts := c.Options.Reading()
	opts.BadRow = func(e *synapselink.RowError) bool {
		mu.Lock()
		defer mu.Unlock()
		key, known := keyOf(e.Raw)
		failed = errors.Join(failed, to.bad(e.Folder.Digits(), key, known))
		return true
	}
	source, err := c.openReplay(ctx, g, opts)
	if err != nil {
		return err
	}
	blocks := sync.Pool{New: func() any { return &replayed{} }}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.Options.Workers)
	for {
		piece, err := source.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Join(group.Wait(), err, source.Close())
		}
		group.Go(func() error {
			defer piece.Release()
			b := blocks.Get().(*replayed)
			defer blocks.Put(b)
			if err := piece.Decode(&b.block); err != nil {
				return err
			}
			return c.hand(b, to, &mu)
		})
	}
	return errors.Join(group.Wait(), failed, source.Close())
}
