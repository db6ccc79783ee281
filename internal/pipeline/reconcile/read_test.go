package reconcile

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
)

const id = "0000000a-0000-4000-8000-0000000000ff"

// TestCellsOfRows reads a column whose nulls are not stored row by row.
func TestCellsOfRows(t *testing.T) {
	var b batch.Batch
	b.Reset(batch.Schema{{Name: "Id", Type: batch.Type{Kind: batch.String}}, {Name: "n", Type: batch.Type{Kind: batch.Long}}})
	b.Rows = 4
	b.Cols[0].Text([]byte(id))
	b.Cols[0].Null(1)
	b.Cols[0].Text([]byte("no Id"))
	b.Cols[0].Text([]byte(id))
	b.Cols[1].Null(1)
	b.Cols[1].Int(7)
	b.Cols[1].Null(1)
	b.Cols[1].Int(9)
	key, _ := change.ParseKey([]byte(id))
	if d := cmp.Diff([]*change.Key{&key, nil, nil, &key}, keysOf(&b, 0)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int64{-1, 7, -1, 9}, longs(&b, 1, -1)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int64{3, 3, 3, 3}, longs(&b, -1, 3)); d != "" {
		t.Error(d)
	}
	if got, known := keyOf([]byte(id + ",1,2")); !known || got != key {
		t.Errorf("the Id of a bad row is %s, %t", got, known)
	}
	if _, known := keyOf([]byte(id[:35])); known {
		t.Error("a bad row that breaks off in its Id has one")
	}
}

func TestWidthsOfFolders(t *testing.T) {
	upTo := func(last int64) func(int64) bool { return func(folder int64) bool { return folder <= last } }
	w := widths{{columns: 3, holds: upTo(10)}, {columns: 5, holds: upTo(20)}}
	for folder, want := range map[int64]int{1: 3, 10: 3, 11: 5, 20: 5, 21: 8} {
		if got := w.of(folder, 8); got != want {
			t.Errorf("folder %d has %d columns", folder, got)
		}
	}
}

// TestDeletesComeOnce in pieces, each of the keys with a place of its own.
func TestDeletesComeOnce(t *testing.T) {
	keys := make([]change.Key, deletesAtOnce+2)
	for i := range keys {
		keys[i][0], keys[i][1] = byte(i>>8), byte(i)
	}
	schema := batch.Schema{{Name: "name", Type: batch.Type{Kind: batch.String}}, {Name: "Id", Type: batch.Type{Kind: batch.String}}}
	source := &deletes{keys: keys, schema: schema, column: 1, folder: 20240101}
	var block change.Block
	next := 0
	for {
		piece, err := source.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := piece.Decode(&block); err != nil {
			t.Fatal(err)
		}
		if piece.Size() != len(block.Changes)*deleteBytes || block.Rows.Rows != len(block.Changes) {
			t.Errorf("%d bytes of %d rows for %d changes", piece.Size(), block.Rows.Rows, len(block.Changes))
		}
		for _, c := range block.Changes {
			if c.Key != keys[next] || c.Offset != int64(next) || c.Folder != 20240101 || !c.Delete || !c.Unversioned {
				t.Fatalf("delete %d is %+v", next, c)
			}
			next++
		}
		piece.Release()
	}
	if next != len(keys) || source.Close() != nil {
		t.Errorf("%d deletes of %d keys", next, len(keys))
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := (&deletes{keys: keys}).Next(stopped); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestVerdict(t *testing.T) {
	of := func(change func(c *reconciling)) *reconciling {
		c := &reconciling{report: &Reconciliation{}}
		c.report.InTable.Rows = 5
		change(c)
		return c
	}
	for want, list := range map[Verdict][]*reconciling{
		Matches: {of(func(c *reconciling) { c.checked = 1 }),
			of(func(c *reconciling) { c.report.InTable.Rows = 0 })},
		HasVanished:  {of(func(c *reconciling) { c.report.Vanished = 1 })},
		Different:    {of(func(c *reconciling) { c.report.Vanished, c.report.Missing = 1, 1 })},
		NotCheckable: {of(func(*reconciling) {})},
	} {
		for i, c := range list {
			if got := c.verdict(); got != want {
				t.Errorf("%d: %s instead of %s", i, got, want)
			}
		}
	}
}
