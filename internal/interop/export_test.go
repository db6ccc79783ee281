package interop_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// exported is an export of one table in which a test decides which change
// stands in which folder.
type exported struct {
	store   storage.Store
	folders int
	// columns so far; the service appends new ones behind IsDelete.
	columns []exporter.Column
	written []exporter.Written
}

const exportedTable = "Account"

var typedColumns = []exporter.Column{
	{Name: "Id", DataType: "guid"},
	{Name: "SinkCreatedOn", DataType: "dateTime"},
	{Name: "SinkModifiedOn", DataType: "dateTime"},
	{Name: "statuscode", DataType: "int64"},
	{Name: "DoNotPhone", DataType: "boolean"},
	{Name: "ownerid", DataType: "guid"},
	{Name: "Score", DataType: "double"},
	{Name: "price", DataType: "decimal", Precision: 9, Scale: 2},
	{Name: "revenue", DataType: "decimal", Precision: 18, Scale: 4},
	{Name: "estimate", DataType: "decimal", Precision: 38, Scale: 6},
	{Name: "Name", DataType: "string"},
	{Name: "createdon", DataType: "dateTimeOffset"},
	{Name: "lastUsedOn", DataType: "dateTime"},
	{Name: "birthdate", DataType: "date"},
	{Name: "versionnumber", DataType: "int64"},
	{Name: "IsDelete", DataType: "boolean"},
}

// pools have the texts of the columns that are not set otherwise: what gets
// lost most easily between two engines, and null.
var pools = map[string][]string{
	"statuscode": {"1", "-1", "", "9223372036854775807", "-9223372036854775808"},
	"DoNotPhone": {"True", "False", ""},
	"ownerid":    {"0a0b0c0d-0000-4000-8000-00000000ffff", ""},
	"Score":      {"0.1", "-1e300", "", "5e-324", "1.7976931348623157e308", "100000", "-0.000012"},
	"price":      {"-9999999.99", "0.01", "", "1234567", "-0.50", "9999999.99"},
	"revenue":    {"-99999999999999.9999", "", "0.0001", "12345678901234.5"},
	"estimate": {"-99999999999999999999999999999999.999999", "12345678901234567890123456789012.345678",
		"", "-0.000001", "99999999999999999999999999999999.999999"},
	"Name": {"Ann", "", "line\r\nbreak", `say "hi", all`, "Zoë 🙂 日本", " spaces ", "NULL", "\n",
		strings.Repeat("\U0010FFFF", 40), strings.Repeat("x", 31) + "🙂", strings.Repeat("long text, ", 500)},
	"createdon": {"1900-01-01T00:00:00.0000000+00:00", "9999-12-31T23:59:59.9999999+00:00", "",
		"2024-02-29T12:34:56.1234567+02:00", "0001-01-03T00:00:00.0000000"},
	"lastUsedOn":  {"2021-06-25T16:21:12Z", "", "2/3/2025 9:52:15 AM", "2025-02-03T09:52:01.0000010Z"},
	"birthdate":   {"1900-01-01T00:00:00.0000000", "2000-02-29", "", "9999-12-31T00:00:00.0000000"},
	"Nickname":    {"", "Zoë", "A"},
	"fine_amount": {"", "-1234567890123456789012.3456789012345678", "0.0000000000000001"},
}

func newExport(store storage.Store) *exported {
	return &exported{store: store, columns: typedColumns}
}

// folderTime of a folder; far enough apart that cursors move without rows.
func folderTime(n int) time.Time {
	return time.Date(2024, 1, 10, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
}

func folderName(n int) string { return folderTime(n).Format("2006-01-02T15.04.05Z") }

func folderDigits(n int) int64 {
	digits, err := strconv.ParseInt(folderTime(n).Format("20060102150405"), 10, 64)
	if err != nil {
		panic(err) // the layout has digits alone
	}
	return digits
}

// keyID is the Id of the nth row.
func keyID(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-0000000000ff", n) }

// told is a change in the words of the tests: "U10" an upsert of version 10,
// "D20" a delete of version 20, "D" a delete without version.
type told struct {
	key  int
	what string
}

// folder writes one more folder and closes it. Deletes come in a file of their
// own, which is read first. It returns what stands in it.
func (e *exported) folder(t *testing.T, changes ...told) []exporter.Written {
	t.Helper()
	var upserts, deletes []exporter.Written
	for _, c := range changes {
		w := e.row(t, c)
		if w.Delete {
			deletes = append(deletes, w)
		} else {
			upserts = append(upserts, w)
		}
	}
	e.file(t, "1.csv", 0, deletes)
	e.file(t, "2024.csv", 1, upserts)
	all := append(deletes, upserts...)
	e.close(t)
	e.written = append(e.written, all...)
	return all
}

func (e *exported) row(t *testing.T, c told) exporter.Written {
	t.Helper()
	w := exporter.Written{Cells: make([]string, len(e.columns))}
	var ok bool
	w.Key, ok = change.ParseKey([]byte(keyID(c.key)))
	if !ok {
		t.Fatalf("%d is no key", c.key)
	}
	at := folderTime(e.folders)
	w.Folder, w.Modified, w.Delete = folderDigits(e.folders), at.UnixMicro(), c.what[0] == 'D'
	if version := c.what[1:]; version != "" {
		w.Version = number(t, version)
	} else {
		w.Unversioned, w.Modified = true, change.NoTime
	}
	for i, column := range e.columns {
		w.Cells[i] = e.cell(column.Name, c, &w, at)
	}
	return w
}

func (e *exported) cell(column string, c told, w *exporter.Written, at time.Time) string {
	switch {
	case column == "Id":
		return keyID(c.key)
	case column == "IsDelete" && w.Delete:
		return "True"
	case w.Unversioned, column == "IsDelete":
		return ""
	case column == "versionnumber":
		return c.what[1:]
	case strings.HasPrefix(column, "Sink"):
		return at.Format("1/2/2006 3:04:05 PM")
	case w.Delete:
		return ""
	}
	return pools[column][drawn(column, c)%uint32(len(pools[column]))]
}

// drawn is a number that looks random and is the same each time, so that every
// value meets every other in some row.
func drawn(column string, c told) uint32 {
	h := fnv.New32a()
	fmt.Fprint(h, column, c.key, c.what)
	return h.Sum32()
}

// file writes rows as the service does: text and date-times in quotes.
func (e *exported) file(t *testing.T, name string, rank int32, rows []exporter.Written) {
	t.Helper()
	if len(rows) == 0 {
		return
	}
	var text bytes.Buffer
	for i := range rows {
		rows[i].File, rows[i].Offset = rank, int64(text.Len())
		for at, cell := range rows[i].Cells {
			if at > 0 {
				text.WriteByte(',')
			}
			if kind := e.columns[at].DataType; cell != "" && (kind == "string" || strings.HasPrefix(kind, "date")) {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			text.WriteString(cell)
		}
		text.WriteByte('\n')
	}
	put(t, e.store, folderName(e.folders)+"/"+exportedTable+"/"+name, text.Bytes())
}

// close writes the manifests and begins the next folder.
func (e *exported) close(t *testing.T) {
	t.Helper()
	manifest := e.manifest(t)
	put(t, e.store, folderName(e.folders)+"/model.json", manifest)
	put(t, e.store, "model.json", manifest)
	e.folders++
	put(t, e.store, "Changelog/changelog.info", []byte(folderName(e.folders)))
}

func (e *exported) manifest(t *testing.T) []byte {
	t.Helper()
	type object = map[string]any
	var attributes []object
	for _, c := range e.columns {
		a := object{"name": c.Name, "dataType": c.DataType, "maxLength": -1}
		if c.DataType == "decimal" {
			a["cdm:traits"] = []object{{"traitReference": "is.dataFormat.numeric.shaped", "arguments": []object{
				{"name": "precision", "value": c.Precision}, {"name": "scale", "value": c.Scale}}}}
		}
		attributes = append(attributes, a)
	}
	text, err := json.Marshal(object{"name": "cdm", "version": "1.0", "entities": []object{
		{"$type": "LocalEntity", "name": exportedTable, "attributes": attributes, "partitions": []object{}}}})
	need(t, err)
	return text
}
