package maintain

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const day = 24 * time.Hour

const tablePath = "main/crm/account"

var schema = batch.Schema{
	{Name: "Id", Type: batch.Type{Kind: batch.String}},
	{Name: "SinkModifiedOn", Type: batch.Type{Kind: batch.Timestamp}},
	{Name: "name", Type: batch.Type{Kind: batch.String}},
	{Name: "versionnumber", Type: batch.Type{Kind: batch.Long}},
	{Name: "IsDelete", Type: batch.Type{Kind: batch.Boolean}},
}

var columns = local.Columns{Key: "Id", Version: "versionnumber", Modified: "SinkModifiedOn", Delete: "IsDelete"}

// row is one change with what else is in it.
type row struct {
	change.Change

	name string
}

func upsert(key uint16, version int64, name string) row {
	return row{change.Change{Key: change.Key{byte(key), byte(key >> 8), 15: 1}, Version: version}, name}
}

func deleted(key uint16, version int64) row {
	r := upsert(key, version, "")
	r.Delete = true
	return r
}

// piece is a whole batch.
type piece []row

type source struct{ left []piece }

func (s *source) Next(context.Context) (change.Piece, error) {
	if len(s.left) == 0 {
		return nil, io.EOF
	}
	p := s.left[0]
	s.left = s.left[1:]
	return p, nil
}

func (s *source) Close() error { return nil }

func (p piece) Size() int { return 100 * len(p) }
func (p piece) Release()  {}

func (p piece) Decode(b *change.Block) error {
	b.Rows.Reset(schema)
	b.Rows.Rows = len(p)
	b.Changes = b.Changes[:0]
	cols := b.Rows.Cols
	for _, r := range p {
		b.Changes = append(b.Changes, r.Change)
		cols[0].Text([]byte(r.Key.String()))
		cols[1].Int(r.Modified)
		cols[2].Text([]byte(r.name))
		cols[3].Int(r.Version)
		if r.Delete {
			cols[4].Bool(true)
		} else {
			cols[4].Null(1)
		}
	}
	return nil
}

// rig is a table with its model and a clock of its own.
type rig struct {
	testing.TB

	store    *mem.Store
	typ      change.Type
	index    string
	now      time.Time
	folder   int64
	memory   int64
	settings map[string]string
	model    change.Model[string]
	last     *delta.Snapshot
}

func newRig(t testing.TB, typ change.Type) *rig {
	t.Helper()
	r := &rig{TB: t, typ: typ, index: t.TempDir(), now: began, memory: 64 << 20}
	r.store = mem.New(r.clock)
	return r
}

func (r *rig) clock() time.Time { return r.now }

// keeper works on the lake through a store, which tests may put under a plan.
func (r *rig) keeper(lake storage.Store) *Keeper {
	engine := local.New(lake, local.Options{Memory: r.memory, Workers: 2, Clock: r.clock, IndexDir: r.index})
	return &Keeper{Engine: engine, Lake: lake, Clock: r.clock}
}

// batch is of the folder that is the hour: its digits are of use as a time.
func (r *rig) batch(rows []row) local.Batch {
	return local.Batch{
		Table: tablePath, Source: "test", AppID: "test", Cursor: r.folder, Type: r.typ, Schema: schema, Columns: columns,
		Properties: r.settings, Bytes: int64(100 * len(rows)),
		Open: func() (change.Source, error) { return &source{left: []piece{rows}}, nil },
	}
}

// placed gives rows the place of the next folder, and tells the model.
func (r *rig) placed(rows []row) []row {
	r.folder = digits(r.now)
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Folder, rows[i].Offset, rows[i].Modified = r.folder, int64(i), r.now.UnixMicro()
		r.model.Add(rows[i].Change, rows[i].name)
	}
	return rows
}

// digits are those of the folder that was begun then.
func digits(at time.Time) int64 {
	n := int64(0)
	for _, c := range at.UTC().Format("20060102150405") {
		n = 10*n + int64(c-'0')
	}
	return n
}

// apply brings the rows of one more folder to the table.
func (r *rig) apply(rows ...row) {
	r.Helper()
	r.now = r.now.Add(time.Second)
	if _, err := r.keeper(r.store).Engine.Apply(context.Background(), r.batch(r.placed(rows))); err != nil {
		r.Fatal(err)
	}
}

// maintain does what the limits say.
func (r *rig) maintain(l Limits) Report {
	r.Helper()
	report, err := r.keeper(r.store).Table(context.Background(), r.batch(nil), l)
	if err != nil {
		r.Fatal(err)
	}
	return report
}

func (r *rig) snapshot() *delta.Snapshot {
	r.Helper()
	var err error
	if r.last == nil {
		r.last, err = delta.Load(context.Background(), r.store, tablePath)
	} else {
		r.last, err = r.last.Update(context.Background())
	}
	if err != nil {
		r.Fatal(err)
	}
	return r.last
}

// seen are the rows that readers see, "key version name [start, end)" by key and
// version.
func (r *rig) seen(s *delta.Snapshot) []string {
	r.Helper()
	all, err := s.BatchSchema()
	if err != nil {
		r.Fatal(err)
	}
	var list []string
	err = r.keeper(r.store).Engine.Scan(context.Background(), s, all, func(b *batch.Batch) error {
		for i := range b.Rows {
			var one batch.Batch
			one.Reset(all)
			one.AppendRows(b, []int{i})
			list = append(list, rowText(&one))
		}
		return nil
	})
	if err != nil {
		r.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func rowText(one *batch.Batch) string {
	at := func(name string) int64 {
		if i := one.Schema.Index(name); i >= 0 && len(one.Cols[i].Ints) == 1 {
			return one.Cols[i].Ints[0]
		}
		return -1
	}
	name := ""
	if texts := one.Cols[2].Bytes; len(texts) == 1 {
		name = string(texts[0])
	}
	return lineOf(string(one.Cols[0].Bytes[0]), at("versionnumber"), name, at("__END_AT"))
}

func lineOf(key string, version int64, name string, end int64) string {
	return fmt.Sprintf("%s %09d %s …%d", key, version, name, end)
}

// check compares table and key index with the model.
func (r *rig) check() {
	r.Helper()
	var want []string
	for _, row := range r.model.Rows(r.typ) {
		end := row.End
		if end == change.NoEnd || r.typ == change.Type1 {
			end = -1
		}
		want = append(want, lineOf(row.Key.String(), row.Start, row.Row, end))
	}
	slices.Sort(want)
	if diff := gocmp.Diff(want, r.seen(r.snapshot())); diff != "" {
		r.Fatalf("the table differs from the model (-model +table):\n%s", diff)
	}
	r.checkIndex()
}

func (r *rig) checkIndex() {
	r.Helper()
	c, err := r.keeper(r.store).Engine.CheckIndex(context.Background(), r.batch(nil))
	if err != nil {
		r.Fatal(err)
	}
	if c != nil && (c.Lacking != 0 || c.Wrong != 0) {
		r.Fatalf("the index is not what the table is: %+v", *c)
	}
}

// files below the table's folder whose names have that end.
func (r *rig) files(suffix string) []string {
	r.Helper()
	var names []string
	for e, err := range r.store.List(context.Background(), tablePath+"/", storage.ListOptions{}) {
		if err != nil {
			r.Fatal(err)
		}
		if strings.HasSuffix(e.Path, suffix) {
			names = append(names, strings.TrimPrefix(e.Path, tablePath+"/"))
		}
	}
	return names
}

// indexBytes is what the key index takes on disk.
func (r *rig) indexBytes() int64 {
	r.Helper()
	sum := int64(0)
	err := filepath.WalkDir(r.index, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		sum += info.Size()
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return sum
}
