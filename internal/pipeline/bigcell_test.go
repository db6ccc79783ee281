package pipeline_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

const bigCell = 100 << 20

// bigText is a text in which every place is told apart from its neighbours, with
// what CSV has to quote.
func bigText() []byte {
	text := make([]byte, 0, bigCell)
	for n := 0; len(text) < bigCell; n++ {
		text = strconv.AppendInt(text, int64(n), 10)
		text = append(text, "\r\n\"a, b\"\n"...)
	}
	return text[:bigCell]
}

// TestCellOf100MB passes one row with a cell that is most of a batch's memory
// through the way of large batches, byte for byte.
func TestCellOf100MB(t *testing.T) {
	text := bigText()
	h := (&handmade{table: "account", columns: handColumns}).narrowed("Id", "SinkModifiedOn", "name", "versionnumber", "IsDelete")
	h.folders = [][]handFile{{}}
	source, lake := newFolder(t), newFolder(t)
	h.write(t, source, 0, 1)
	row := []byte(handID(0) + `,"1/10/2024 12:00:00 AM","` + string(bytes.ReplaceAll(text, []byte(`"`), []byte(`""`))) + "\",1,\n")
	putFile(t, source, handFolder(0)+"/account/2024.csv", row)

	w := way{scd: change.Type1, vectors: true, memory: 1 << 30, temp: t.TempDir()}
	if int64(len(row)) <= w.memory/16 {
		t.Fatalf("%d bytes are not enough for the way of large batches", len(row))
	}
	result := pipeline.Run(context.Background(), w.runner(source, lake, "account"), work.Request{})
	if !isDone(result.State) || result.Total().Upserted != 1 {
		t.Fatalf("%s, %+v, %+v", result.State, result.Total(), failures(result))
	}
	engine := local.New(lake, local.Options{})
	snapshot, err := engine.Snapshot(context.Background(), tablePath("account"))
	need(t, err)
	rows := 0
	name := batch.Schema{{Name: "name", Type: batch.Type{Kind: batch.String}}}
	need(t, engine.Scan(context.Background(), snapshot, name, func(b *batch.Batch) error {
		rows += b.Rows
		if !bytes.Equal(b.Cols[0].Bytes[0], text) {
			t.Errorf("the cell of %d bytes came out with %d, or other ones", len(text), len(b.Cols[0].Bytes[0]))
		}
		return nil
	}))
	if rows != 1 {
		t.Errorf("the table has %d rows", rows)
	}
	if left := entriesOf(t, w.temp); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

// TestTemporaryFilesGo looks into the folder for temporary files after a run that
// needed some, whether its commit succeeded or not.
func TestTemporaryFilesGo(t *testing.T) {
	for name, action := range map[string]fault.Action{
		"success": fault.Pass(),
		"failure": fault.Fail(storage.ErrDenied),
	} {
		t.Run(name, func(t *testing.T) {
			source, lake := mem.New(fixedClock), mem.New(fixedClock)
			h := &handmade{table: "account", columns: handColumns, folders: [][]handFile{{{name: "2024.csv"}}}}
			for key := range 2000 {
				f := &h.folders[0][0]
				f.rows = append(f.rows, handUpsert(key, 1, folderTime(0), key), handGone(key, 2, folderTime(0)))
			}
			h.write(t, source, 0, 1)
			w := way{scd: change.Type2, vectors: true, memory: 64 << 10, workers: 2, temp: filepath.Join(t.TempDir(), "made-when-needed")}
			look := func(o fault.Operation) fault.Action {
				if o.Op != fault.Close {
					return fault.Pass()
				}
				return action
			}
			result := pipeline.Run(context.Background(), w.runner(source, fault.New(lake, look), "account"), work.Request{})
			if want := map[string]report.State{"success": report.Completed, "failure": report.Failed}[name]; result.State != want {
				t.Fatalf("%s, %+v", result.State, failures(result))
			}
			if _, err := os.Stat(w.temp); err != nil {
				t.Errorf("the run needed no temporary files, the test is to be given more rows: %v", err)
			}
			if left := entriesOf(t, w.temp); len(left) > 0 {
				t.Errorf("temporary files are left: %v", left)
			}
		})
	}
}
