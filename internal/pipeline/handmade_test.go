package pipeline_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// handmade is an export of one table in which the test decides which row stands
// in which folder and file.
type handmade struct {
	table   string
	columns []exporter.Column
	folders [][]handFile
}

type handFile struct {
	name string
	rows [][]string // cells without quotes, empty for null
}

// folderTime of the folder of that number; days apart, so that folders without
// rows move cursors, too.
func folderTime(n int) time.Time {
	return time.Date(2024, 1, 10, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * 7 * time.Hour)
}

func handFolder(n int) string { return folderTime(n).Format("2006-01-02T15.04.05Z") }

func folderDigits(name string) int64 {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, name)
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}

// handColumns have one of each type.
var handColumns = []exporter.Column{
	{Name: "Id", DataType: "guid"},
	{Name: "SinkCreatedOn", DataType: "dateTime"},
	{Name: "SinkModifiedOn", DataType: "dateTime"},
	{Name: "statecode", DataType: "int64"},
	{Name: "donotphone", DataType: "boolean"},
	{Name: "parentid", DataType: "guid"},
	{Name: "revenue", DataType: "decimal", Precision: 38, Scale: 6},
	{Name: "rate", DataType: "decimal", Precision: 9, Scale: 3},
	{Name: "score", DataType: "double"},
	{Name: "name", DataType: "string"},
	{Name: "versionnumber", DataType: "int64"},
	{Name: "createdon", DataType: "dateTimeOffset"},
	{Name: "IsDelete", DataType: "boolean"},
}

const (
	handSinkModified = 2
	handVersion      = 10
	handDelete       = 12
)

// handID is the Id of the nth row.
func handID(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-0000000000ff", n+1) }

// handUpsert is a row whose other cells follow from the number of its content.
func handUpsert(key int, version int64, sink time.Time, number int) []string {
	pick := func(values ...string) string { return values[number%len(values)] }
	modified := sink.Format("1/2/2006 3:04:05 PM")
	return []string{
		handID(key), modified, modified,
		pick("", "0", "1"),
		pick("True", "", "False"),
		pick("", handID(number)),
		pick("-0.000001", "99999999999999999999999999999999.999999", "", "12.5"),
		pick("", "-999999.999", "0.001"),
		pick("0.1", "", "-1e300"),
		pick("Ann", "", "line\r\nbreak", `say "hi", all`, "Zoë"),
		strconv.FormatInt(version, 10),
		pick("2020-02-29T23:59:59.9999999+00:00", "1900-01-01T00:00:00.0000000+00:00", "2021-06-25T16:21:12Z"),
		"",
	}
}

// handGone is a delete; version 0 makes it one without versionnumber and times.
func handGone(key int, version int64, sink time.Time) []string {
	row := make([]string, len(handColumns))
	row[0], row[handDelete] = handID(key), "True"
	if version != 0 {
		row[1] = sink.Format("1/2/2006 3:04:05 PM")
		row[handSinkModified] = row[1]
		row[handVersion] = strconv.FormatInt(version, 10)
		row[handVersion+1] = "0001-01-03T00:00:00.0000000"
	}
	return row
}

// history is every row of the first folders, as a reader meets it.
func (h *handmade) history(t tester, folders int) []exporter.Written {
	t.Helper()
	var all []exporter.Written
	for n := range folders {
		for rank, f := range h.sorted(n) {
			_, offsets := h.csv(f)
			for i, cells := range f.rows {
				c, err := h.change(cells)
				need(t, err)
				c.Folder, c.File, c.Offset = folderDigits(handFolder(n)), int32(rank), offsets[i]
				all = append(all, exporter.Written{Change: c, Cells: cells})
			}
		}
	}
	return all
}

func (h *handmade) sorted(folder int) []handFile {
	return slices.SortedFunc(slices.Values(h.folders[folder]), func(a, b handFile) int { return cmp.Compare(a.name, b.name) })
}

func (h *handmade) at(column string) int {
	return slices.IndexFunc(h.columns, func(c exporter.Column) bool { return c.Name == column })
}

// change is what the cells of a row mean, its place left out.
func (h *handmade) change(cells []string) (change.Change, error) {
	cell := func(column string) string {
		if at := h.at(column); at < len(cells) {
			return cells[at]
		}
		return ""
	}
	c := change.Change{Modified: change.NoTime, Delete: cell("IsDelete") == "True"}
	var ok bool
	if c.Key, ok = change.ParseKey([]byte(cell("Id"))); !ok {
		return c, fmt.Errorf("%q is no Id", cell("Id"))
	}
	if text := cell("SinkModifiedOn"); text != "" {
		micros, err := timeOf(text)
		if err != nil {
			return c, err
		}
		if c.Modified, err = strconv.ParseInt(micros, 10, 64); err != nil {
			return c, err
		}
	}
	text := cell("versionnumber")
	if text == "" {
		c.Unversioned = true
		return c, nil
	}
	var err error
	c.Version, err = strconv.ParseInt(text, 10, 64)
	return c, err
}

// csv is a file's text, and where its rows begin.
func (h *handmade) csv(f handFile) ([]byte, []int64) {
	var text bytes.Buffer
	var offsets []int64
	for _, row := range f.rows {
		offsets = append(offsets, int64(text.Len()))
		for i, cell := range row {
			if i > 0 {
				text.WriteByte(',')
			}
			if kind := h.columns[i].DataType; cell != "" && (kind == "string" || strings.HasPrefix(kind, "dateTime")) {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			text.WriteString(cell)
		}
		text.WriteByte('\n')
	}
	return text.Bytes(), offsets
}

// bytes of a folder's files.
func (h *handmade) bytes(files []handFile) (sum int64) {
	for _, f := range files {
		text, _ := h.csv(f)
		sum += int64(len(text))
	}
	return sum
}

// write adds the folders [from, to) to an export and closes them.
func (h *handmade) write(t tester, store storage.Store, from, to int) {
	t.Helper()
	manifest := h.manifest(t)
	putFile(t, store, "model.json", manifest)
	for n := from; n < to; n++ {
		putFile(t, store, handFolder(n)+"/model.json", manifest)
		for _, f := range h.folders[n] {
			text, _ := h.csv(f)
			putFile(t, store, handFolder(n)+"/"+h.table+"/"+f.name, text)
		}
	}
	putFile(t, store, "Changelog/changelog.info", []byte(handFolder(to)))
}

func putFile(t tester, store storage.Store, path string, data []byte) {
	t.Helper()
	w, err := store.Write(context.Background(), path)
	need(t, err)
	_, err = w.Write(data)
	need(t, err)
	need(t, w.Close())
}

func (h *handmade) manifest(t tester) []byte {
	t.Helper()
	type object = map[string]any
	var attributes []object
	for _, c := range h.columns {
		a := object{"name": c.Name, "dataType": c.DataType, "maxLength": -1}
		if c.DataType == "decimal" {
			a["cdm:traits"] = []object{{"traitReference": "is.dataFormat.numeric.shaped", "arguments": []object{
				{"name": "precision", "value": c.Precision}, {"name": "scale", "value": c.Scale}}}}
		}
		attributes = append(attributes, a)
	}
	text, err := json.Marshal(object{"name": "cdm", "version": "1.0", "entities": []object{
		{"$type": "LocalEntity", "name": h.table, "attributes": attributes, "partitions": []object{}}}})
	need(t, err)
	return text
}

// chooser decides: below n, by rapid's choice so that a failing history
// shrinks, or by that of a seeded source.
type chooser func(what string, n int) int

// randomFolders fills folders with changes of few keys and few versions, so
// that they meet: late, repeated, at one version, deletes of both kinds.
func randomFolders(choose chooser, folders, keys, rows int) *handmade {
	h := &handmade{table: "account", columns: handColumns}
	for n := range folders {
		files := []handFile{{name: "2024.csv"}, {name: "1.csv"}}
		for range choose("rows", rows+1) {
			f := &files[choose("file", len(files))]
			f.rows = append(f.rows, randomRow(choose, n, keys))
		}
		h.folders = append(h.folders, slices.DeleteFunc(files, func(f handFile) bool { return len(f.rows) == 0 }))
	}
	return h
}

func randomRow(choose chooser, folder, keys int) []string {
	key, version := choose("key", keys), int64(choose("version", 9)+1)
	sink := folderTime(folder - choose("sink", 2)*folder)
	switch choose("kind", 8) {
	case 6:
		return handGone(key, version, sink)
	case 7:
		return handGone(key, 0, sink)
	}
	return handUpsert(key, version, sink, choose("content", 12))
}

// narrowed is the same export with fewer columns: every column costs operations.
func (h *handmade) narrowed(names ...string) *handmade {
	n := &handmade{table: h.table}
	for _, name := range names {
		n.columns = append(n.columns, h.columns[h.at(name)])
	}
	for _, files := range h.folders {
		files = slices.Clone(files)
		for i, f := range files {
			files[i].rows = nil
			for _, row := range f.rows {
				var cells []string
				for _, name := range names {
					cells = append(cells, row[h.at(name)])
				}
				files[i].rows = append(files[i].rows, cells)
			}
		}
		n.folders = append(n.folders, files)
	}
	return n
}
