package quarantine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink"
)

var (
	now    = time.Date(2024, 1, 10, 0, 5, 0, 0, time.UTC)
	header = Header{Table: "main.crm.account", SourceTable: "account"}
)

const table = "main/crm/account"

func entity(columns ...string) *synapselink.Entity {
	e := &synapselink.Entity{Name: "account"}
	for _, c := range columns {
		e.Attributes = append(e.Attributes, synapselink.Attribute{Name: c, Type: "decimal", Precision: 10, Scale: 2})
	}
	return e
}

// row n of a folder, with that text.
func row(t *testing.T, folder string, n int, raw string) Row {
	t.Helper()
	name, err := synapselink.ParseFolderName(folder)
	must(t, err)
	return RowOf(&synapselink.RowError{
		Folder: name, File: "mem://x/2024.csv", Name: "2024.csv", Rank: 1, Line: int64(n), Offset: int64(n) * 100,
		Column: 2, ColumnName: "amount", Reason: `cannot read "x"`, Raw: []byte(raw), Err: synapselink.ErrNumber, Least: 3,
	}, now)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write makes file 7 of the rows that fill adds, and returns its state.
func write(t *testing.T, store storage.Store, fill func(w *Writer)) State {
	t.Helper()
	w, err := Create(t.Context(), store, Path(table, 7), header)
	must(t, err)
	fill(w)
	must(t, w.Close())
	must(t, w.Abort())
	return State{Serial: 7, Rows: w.Rows()}
}

func read(t *testing.T, store storage.Store, state State) ([]Entry, error) {
	t.Helper()
	var all []Entry
	for e, err := range Read(t.Context(), store, table, state) {
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
	return all, nil
}

func newStore() *mem.Store { return mem.New(func() time.Time { return now }) }

// lines names rows by folder, line and text.
func lines(entries []Entry) []string {
	var list []string
	for _, e := range entries {
		list = append(list, fmt.Sprintf("%d %s:%d %d columns %q", e.N, e.Folder, e.Line, len(e.Entity.Attributes), e.Text()))
	}
	return list
}

func TestRowsComeBackAsTheyWere(t *testing.T) {
	texts := []string{"plain", "with \"quotes\",\r\nlines and \x00\t<&>", "latin \xe9", "", "\u2028 é 𝄞", strings.Repeat("long ", 1<<18)}
	store := newStore()
	form := entity("Id", "amount")
	var want []Row
	state := write(t, store, func(w *Writer) {
		for i, text := range texts {
			r := row(t, "2024-01-10T00.00.00Z", i+1, text)
			r.Truncated = i == 5
			must(t, w.Add(r, form))
			want = append(want, r)
		}
	})
	got, err := read(t, store, state)
	must(t, err)
	if len(got) != len(texts) {
		t.Fatalf("%d rows, want %d", len(got), len(texts))
	}
	for i, e := range got {
		if string(e.Text()) != texts[i] {
			t.Errorf("text %d is %.60q, want %.60q", i, e.Text(), texts[i])
		}
		want[i].Form = e.Form
		if d := cmp.Diff(want[i], e.Row); d != "" || e.Form == "" {
			t.Errorf("row %d (-want +got):\n%s", i, d)
		}
		if d := cmp.Diff(form, e.Entity); d != "" {
			t.Errorf("form of row %d (-want +got):\n%s", i, d)
		}
		raw, err := e.RawRow()
		must(t, err)
		if raw.Folder.String() != e.Folder || raw.Least != 3 || raw.Offset != e.Offset || string(raw.Raw) != texts[i] {
			t.Errorf("row %d as a raw row: %+v", i, raw)
		}
	}
}

// TestFormsAreWrittenOnce copies rows from one file to another beside new ones.
func TestFormsAreWrittenOnce(t *testing.T) {
	narrow, wide := entity("Id", "amount"), entity("Id", "amount", "added")
	spool := NewSpool(t.TempDir(), 1<<20)
	defer spool.Close()
	must(t, spool.Add(row(t, "2024-01-12T00.00.00Z", 2, "c"), entity("Id", "amount")))
	must(t, spool.Add(row(t, "2024-01-12T00.00.00Z", 1, "b"), wide))
	store := newStore()
	state := write(t, store, func(w *Writer) {
		must(t, w.Add(row(t, "2024-01-10T00.00.00Z", 1, "a"), narrow))
		must(t, w.AddAll(spool))
	})
	got, err := read(t, store, state)
	must(t, err)
	want := []string{
		`1 2024-01-10T00.00.00Z:1 2 columns "a"`,
		`2 2024-01-12T00.00.00Z:1 3 columns "b"`,
		`3 2024-01-12T00.00.00Z:2 2 columns "c"`,
	}
	if d := cmp.Diff(want, lines(got)); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
	data, err := storage.ReadAll(t.Context(), store, Path(table, 7))
	must(t, err)
	if n := strings.Count(string(data), `{"form"`); n != 2 {
		t.Errorf("%d forms are written, want 2:\n%s", n, data)
	}
}

// TestSpool gives it more than it has room for, from several goroutines.
func TestSpool(t *testing.T) {
	for _, room := range []int64{1 << 20, 2000, 1} {
		dir := t.TempDir()
		spool := NewSpool(dir, room)
		form := entity("Id")
		var group sync.WaitGroup
		const rows = 100
		for from := range 4 {
			group.Go(func() {
				for n := from; n < rows; n += 4 {
					if err := spool.Add(row(t, "2024-01-10T00.00.00Z", n+1, fmt.Sprint("text ", n)), form); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if first := spool.First(); first == nil || first.Line != 1 || first.Raw != "" || spool.Rows() != rows {
			t.Errorf("room %d: %d rows, the first: %+v", room, spool.Rows(), first)
		}
		store := newStore()
		state := write(t, store, func(w *Writer) { must(t, w.AddAll(spool)) })
		got, err := read(t, store, state)
		must(t, err)
		seen := map[int64]bool{}
		for i, e := range got {
			seen[e.Line] = true
			if room == 1<<20 && e.Line != int64(i+1) {
				t.Errorf("row %d is at place %d", e.Line, i+1)
			}
		}
		if len(seen) != rows {
			t.Errorf("room %d: %d different rows, want %d", room, len(seen), rows)
		}
		must(t, spool.Close())
		if spool.Rows() != 0 || spool.First() != nil {
			t.Errorf("room %d: it has %d rows when it is closed", room, spool.Rows())
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("room %d: %v is left, %v", room, left, err)
		}
	}
}

func TestSpoolWithoutRoomOnDisk(t *testing.T) {
	dir := t.TempDir() + "/file"
	must(t, os.WriteFile(dir, nil, 0o600))
	spool := NewSpool(dir, 1)
	if err := spool.Add(row(t, "2024-01-10T00.00.00Z", 1, "x"), entity("Id")); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v, want an error that names %s", err, dir)
	}
}

func TestDamage(t *testing.T) {
	const (
		head = `{"header":{"version":1,"table":"main.crm.account","source_table":"account"}}` + "\n"
		form = `{"form":{"id":"f","entity":"account","attributes":[{"name":"Id","type":"guid"}]}}` + "\n"
		one  = `{"row":{"folder":"2024-01-10T00.00.00Z","form":"f","raw":"x"}}` + "\n"
	)
	for name, c := range map[string]struct {
		text string
		want error
		says string
	}{
		"whole":               {head + form + one, nil, ""},
		"a key of later":      {head + `{"note":{}}` + "\n" + form + one, nil, ""},
		"a row is missing":    {head + form, ErrDamaged, "0 rows where the table's log says 1"},
		"a row too many":      {head + form + one + one, ErrDamaged, "2 rows where the table's log says 1"},
		"breaks off":          {head + form + one[:20], ErrDamaged, "line 3: it breaks off"},
		"no header":           {form + one, ErrDamaged, "line 1: no header"},
		"no form":             {head + one, ErrDamaged, `form "f" is not in it`},
		"no JSON":             {head + "row\n", ErrDamaged, "line 2"},
		"empty":               {"", ErrDamaged, "0 rows"},
		"another version":     {strings.Replace(head, `:1,`, `:2,`, 1) + form + one, ErrNewer, "format 2, this program knows 1"},
		"value of wrong sort": {head + `{"row":{"line":"x"}}` + "\n", ErrDamaged, "line 2"},
	} {
		store := newStore()
		w, err := store.Write(t.Context(), Path(table, 7))
		must(t, err)
		_, err = io.WriteString(w, c.text)
		must(t, err)
		must(t, w.Close())
		_, err = read(t, store, State{Serial: 7, Rows: 1})
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v with %q", name, err, c.want, c.says)
		}
	}
}

func TestStateInTheLog(t *testing.T) {
	if got := StateOf(nil); got != (State{}) {
		t.Errorf("without a table: %+v", got)
	}
	want := State{Serial: 7, Rows: 3}
	s := delta.EmptySnapshot(newStore(), table)
	for id, version := range want.Txns() {
		s.Txns[id] = delta.Txn{AppID: id, Version: version}
	}
	if got := StateOf(s); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if a, b := NewSerial(), NewSerial(); a <= 0 || b <= 0 || a == b {
		t.Errorf("serials %d and %d", a, b)
	}
	if rows, err := read(t, newStore(), State{}); len(rows) != 0 || err != nil {
		t.Errorf("without a quarantine: %d rows, %v", len(rows), err)
	}
	if _, err := read(t, newStore(), want); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("without its file: %v, want %v", err, storage.ErrNotExist)
	}
	if path := Path(table, 7); path != "main/crm/account/_sluice/quarantine-7.jsonl" || !strings.HasPrefix(path, Prefix(table)) {
		t.Errorf("path %s, prefix %s", path, Prefix(table))
	}
}
