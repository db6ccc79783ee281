package pipeline_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSemantics runs the scenarios of testdata/semantics. They say in words and
// tables what a lake must contain after an export; testdata/semantics/README.md
// explains the language. With -rewrite the answers are written anew.
func TestSemantics(t *testing.T) {
	datadriven.Walk(t, "testdata/semantics", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".test") {
			return
		}
		w := newWorld(t)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return w.do(t, d) })
		if folder := os.Getenv("SLUICE_SCENARIO_TABLES"); folder != "" {
			w.save(t, filepath.Join(folder, strings.TrimSuffix(filepath.Base(path), ".test")))
		}
	})
}

// save writes the lake as the scenario leaves it to a folder, for other engines to
// read (see internal/interop).
func (w *world) save(t *testing.T, folder string) {
	t.Helper()
	for e, err := range w.lake.List(context.Background(), "", storage.ListOptions{}) {
		must(t, err)
		data, err := storage.ReadAll(context.Background(), w.lake, e.Path)
		must(t, err)
		path := filepath.Join(folder, filepath.FromSlash(e.Path))
		must(t, os.MkdirAll(filepath.Dir(path), 0o750))
		must(t, os.WriteFile(path, data, 0o600))
	}
}

// world is an export and a lake in memory.
type world struct {
	source, lake *mem.Store
	columns      map[string][]column // by table: those that the export describes now
	open         string              // what changelog.info names
	sync         string              // the state of their initial copies
	synced       string              // when the tables' initial copies were complete
	now          time.Time
}

type column struct{ name, kind string }

// newWorld begins shortly after the folders of most scenarios were written, so
// that none of them has been settling for long.
func newWorld(*testing.T) *world {
	w := &world{columns: map[string][]column{}, now: time.Date(2024, 1, 10, 0, 5, 0, 0, time.UTC)}
	w.source, w.lake = mem.New(w.clock), mem.New(w.clock)
	return w
}

func (w *world) clock() time.Time { return w.now }

func (w *world) do(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	switch d.Cmd {
	case "columns":
		return w.setColumns(d)
	case "folder":
		return w.folder(t, d)
	case "file":
		return w.file(t, d)
	case "delete":
		return w.remove(t, d)
	case "forget":
		delete(w.columns, d.CmdArgs[0].Key)
		return ""
	case "sync":
		w.sync = d.CmdArgs[0].Key
		return ""
	case "synced":
		at, err := time.Parse(time.RFC3339, d.CmdArgs[0].Key)
		must(t, err)
		w.synced = at.Format("1/2/2006 3:04:05 PM")
		return ""
	case "clock":
		now, err := time.Parse(time.RFC3339, d.CmdArgs[0].Key)
		must(t, err)
		w.now = now
		return ""
	case "run":
		return w.run(t, d)
	case "plan":
		return w.plan(t, d)
	case "rows":
		return w.rows(t, d)
	case "log":
		return w.log(t, d)
	case "explain":
		return w.explain(t, d)
	case "quarantine":
		return w.quarantine(t, d)
	case "retry":
		return w.retry(t, d)
	case "discard":
		return w.discard(t, d)
	case "reconcile":
		return w.reconcile(t, d)
	case "corrupt":
		return w.corrupt(t, d)
	case "prune":
		return w.prune(t, d)
	}
	t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
	return ""
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// arg is the value of an argument, or what stands for it.
func arg(d *datadriven.TestData, key, otherwise string) string {
	for _, a := range d.CmdArgs {
		if a.Key == key && len(a.Vals) > 0 {
			return strings.Join(a.Vals, ",")
		}
	}
	return otherwise
}

func has(d *datadriven.TestData, key string) bool {
	return slices.ContainsFunc(d.CmdArgs, func(a datadriven.CmdArg) bool { return a.Key == key })
}

var defaultColumns = []column{
	{"Id", "guid"}, {"SinkCreatedOn", "dateTime"}, {"SinkModifiedOn", "dateTime"},
	{"name", "string"}, {"versionnumber", "int64"}, {"IsDelete", "boolean"},
}

// setColumns: columns table=account, then one "name type" a line.
func (w *world) setColumns(d *datadriven.TestData) string {
	var list []column
	for line := range strings.Lines(d.Input) {
		name, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		list = append(list, column{name, strings.TrimSpace(kind)})
	}
	w.columns[arg(d, "table", "account")] = list
	return ""
}

func (w *world) columnsOf(table string) []column {
	if w.columns[table] == nil {
		w.columns[table] = defaultColumns
	}
	return w.columns[table]
}

// folder: folder NAME [table=account] [manifest=whole|empty|none|truncated|own]
// [width=N] [open], then a header and rows, cells parted by '|'. The pseudo-column
// "file" names the file, 2024.csv otherwise. Without rows it only finalises the
// folder.
func (w *world) folder(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	name, table := spaces(d.CmdArgs[0].Key), arg(d, "table", "account")
	columns := w.columnsOf(table)
	files := map[string]string{}
	var header []string
	for line := range strings.Lines(d.Input) {
		cells := splitCells(line)
		if header == nil {
			header = cells
			continue
		}
		file := "2024.csv"
		if i := slices.Index(header, "file"); i >= 0 && cells[i] != "" {
			file = cells[i]
		}
		files[file] += csvLine(columns, header, cells, arg(d, "width", ""))
	}
	for file, text := range files {
		w.put(t, name+"/"+table+"/"+file, text)
	}
	w.manifest(t, name, arg(d, "manifest", "whole"), table)
	if !has(d, "open") {
		w.close(t, name)
	}
	return ""
}

func splitCells(line string) []string {
	cells := strings.Split(strings.TrimRight(line, "\n"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// csvLine writes a row as the service does: text and date-times quoted.
func csvLine(columns []column, header, cells []string, width string) string {
	var out []string
	for _, c := range columns {
		value := ""
		if i := slices.Index(header, c.name); i >= 0 && i < len(cells) {
			value = cells[i]
		}
		value = strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\p`, "|").Replace(value)
		switch {
		case c.name == "Id" || c.kind == "guid":
			value = expandID(value)
		case value != "" && (c.kind == "string" || strings.HasPrefix(c.kind, "dateTime")):
			value = `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
		}
		out = append(out, value)
	}
	if width != "" {
		n := 0
		_, _ = fmt.Sscan(width, &n)
		out = out[:n]
	}
	return strings.Join(out, ",") + "\n"
}

// expandID makes a GUID of a letter: A is aaaaaaaa-0000-4000-8000-000000000000.
func expandID(v string) string {
	if len(v) == 1 {
		return strings.Repeat(strings.ToLower(v), 8) + "-0000-4000-8000-000000000000"
	}
	return v
}

func shortenID(v string) string {
	if len(v) == 36 && strings.HasSuffix(v, "-0000-4000-8000-000000000000") {
		return strings.ToUpper(v[:1])
	}
	return v
}

// file: file PATH [no-newline], then its raw content. \r, \n, \t and \xNN escape
// a byte, {A} stands for the Id of A, a \ at the end of a line joins it with the
// next.
func (w *world) file(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	text := strings.NewReplacer("\\\n", "", `\r`, "\r", `\n`, "\n", `\t`, "\t").Replace(d.Input)
	text = byteEscape.ReplaceAllStringFunc(text, func(m string) string {
		n, err := strconv.ParseUint(m[2:], 16, 8)
		must(t, err)
		return string([]byte{byte(n)})
	})
	text = idEscape.ReplaceAllStringFunc(text, func(m string) string { return expandID(m[1:2]) })
	if !has(d, "no-newline") && text != "" {
		text += "\n"
	}
	w.put(t, spaces(d.CmdArgs[0].Key), text)
	return ""
}

// spaces puts them where a path says %20: arguments are parted by them.
func spaces(path string) string { return strings.ReplaceAll(path, "%20", " ") }

var (
	byteEscape = regexp.MustCompile(`\\x[0-9A-Fa-f]{2}`)
	idEscape   = regexp.MustCompile(`\{[A-F]\}`)
)

// remove: delete, then a path a line; one that ends with / means all below.
func (w *world) remove(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	for path := range strings.FieldsSeq(d.Input) {
		if !strings.HasSuffix(path, "/") {
			must(t, w.source.Delete(context.Background(), path))
			continue
		}
		for e, err := range w.source.List(context.Background(), path, storage.ListOptions{}) {
			must(t, err)
			must(t, w.source.Delete(context.Background(), e.Path))
		}
	}
	return ""
}

func (w *world) put(t *testing.T, path, text string) {
	t.Helper()
	file, err := w.source.Write(context.Background(), path)
	must(t, err)
	_, err = file.Write([]byte(text))
	must(t, err)
	must(t, file.Close())
}

func (w *world) manifest(t *testing.T, folder, kind, table string) {
	t.Helper()
	tables := slices.Sorted(maps.Keys(w.columns))
	all := w.manifestText(tables)
	w.put(t, "model.json", all)
	// The service writes tables in alphabetical order: what breaks off is the tail.
	broken := strings.TrimSuffix(w.manifestText(tables[:max(0, slices.Index(tables, table))]), `],"name":"cdm","version":"1.0"}`) + `,{"$type":"Local`
	switch kind {
	case "whole":
		w.put(t, folder+"/model.json", all)
	case "empty":
		w.put(t, folder+"/model.json", "")
	case "none":
	case "truncated":
		w.put(t, folder+"/model.json", broken)
	case "own":
		w.put(t, folder+"/model.json", broken)
		w.put(t, folder+"/Microsoft.Athena.TrickleFeedService/"+table+"-model.json", w.manifestText([]string{table}))
	default:
		t.Fatalf("unknown manifest=%s", kind)
	}
}

// manifestText is a model.json of the tables.
func (w *world) manifestText(tables []string) string {
	type m = map[string]any
	entities := []m{}
	annotations := []m{{"name": "Athena:InitialSyncState", "value": cmp.Or(w.sync, "Completed")}}
	if w.synced != "" {
		annotations = append(annotations, m{"name": "Athena:InitialSyncDataCompletedTime", "value": w.synced})
	}
	for _, table := range tables {
		var attributes []m
		for _, c := range w.columns[table] {
			a := m{"name": c.name, "dataType": c.kind, "maxLength": -1}
			if rest, ok := strings.CutPrefix(c.kind, "decimal("); ok {
				var p, s int
				_, _ = fmt.Sscanf(rest, "%d,%d)", &p, &s)
				a["dataType"] = "decimal"
				a["cdm:traits"] = []m{{"traitReference": "is.dataFormat.numeric.shaped", "arguments": []m{
					{"name": "precision", "value": p}, {"name": "scale", "value": s}}}}
			}
			attributes = append(attributes, a)
		}
		entities = append(entities, m{"$type": "LocalEntity", "name": table, "attributes": attributes, "partitions": []m{},
			"annotations": annotations})
	}
	text, _ := json.Marshal(m{"name": "cdm", "version": "1.0", "entities": entities})
	return string(text)
}

// close makes the folder one that is no longer written to.
func (w *world) close(t *testing.T, name string) {
	t.Helper()
	next := strings.TrimSpace(name[:len(name)-3]) + "59Z"
	if next > w.open {
		w.open = next
		w.put(t, "Changelog/changelog.info", next)
	}
}
