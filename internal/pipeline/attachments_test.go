package pipeline_test

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// bodies are the columns that hold the files of the tables with attachments.
var bodies = map[string]string{"annotation": "documentbody", "activitymimeattachment": "body"}

// TestAttachments follows the tables that hold files: what is known of a file is
// right whether its content is kept whole, cut, or left out.
func TestAttachments(t *testing.T) {
	limit := int64(64)
	for _, c := range []struct {
		name    string
		scd     change.Type
		limit   *int64
		without bool
	}{
		{"current rows, whole", change.Type1, nil, false},
		{"current rows, cut", change.Type1, &limit, false},
		{"current rows, left out", change.Type1, nil, true},
		{"every version, cut", change.Type2, &limit, false},
		{"every version, left out", change.Type2, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			source, lake := mem.New(fixedClock), mem.New(fixedClock)
			simulator, err := exporter.New(exporter.Options{KeepHistory: true, LargeCell: 300_000, Tables: []exporter.TableOption{
				{Name: "annotation", Rows: 30}, {Name: "activitymimeattachment", Rows: 20}}})
			must(t, err)
			must(t, simulator.Initial(context.Background(), source))
			for range 2 {
				for _, table := range simulator.Tables() {
					f := attachmentFollower{t: t, simulator: simulator, lake: lake, table: table, scd: c.scd, limit: c.limit}
					if c.without {
						f.exclude = []string{bodies[table]}
					}
					f.run(source)
				}
				_, err := simulator.Step(context.Background(), source, exporter.Changes{Mix: exporter.Mix{Inserts: 4, Updates: 6, Deletes: 2}})
				must(t, err)
			}
		})
	}
}

type attachmentFollower struct {
	t         *testing.T
	simulator *exporter.Simulator
	lake      *mem.Store
	table     string
	scd       change.Type
	limit     *int64
	exclude   []string
}

// run brings the table up to date and compares all of it with the export.
func (f *attachmentFollower) run(source *mem.Store) {
	f.t.Helper()
	r := way{scd: f.scd, vectors: true, exclude: f.exclude, workers: 2}.runner(source, f.lake, f.table)
	r.Config.Tables[0].Settings.MaxCellBytes = f.limit
	result := pipeline.Run(context.Background(), r, work.Request{})
	if len(failures(result)) > 0 {
		f.t.Fatalf("%+v", failures(result))
	}
	history, err := f.simulator.History(f.table)
	must(f.t, err)
	newest := folderDigits(result.Tables[0].Cursor)
	want := expected(f.t, history, f.simulator.Columns(f.table), f.scd, newest).without(f.exclude)
	if f.limit != nil {
		f.cut(want)
		f.checkEvent(&result.Tables[0])
	}
	got, _ := contentOf(f.t, f.lake, tablePath(f.table))
	if d := differences(want, got); d != "" {
		f.t.Fatalf("%s is not what was exported:\n%s", f.table, d)
	}
	f.checkFiles(got)
}

// cut shortens the texts of all rows as max_cell_bytes does.
func (f *attachmentFollower) cut(c content) {
	for i, column := range f.simulator.Columns(f.table) {
		for _, row := range c.rows {
			if text := row.cells[i]; column.DataType == "string" && text != absent && len(text) > int(*f.limit) {
				n := int(*f.limit)
				for !utf8.RuneStart(text[n]) {
					n--
				}
				row.cells[i] = text[:n]
			}
		}
	}
}

// checkEvent expects that the run says how many cells it cut.
func (f *attachmentFollower) checkEvent(r *report.TableResult) {
	f.t.Helper()
	told := slices.ContainsFunc(r.Events, func(e report.Event) bool { return e.Code == report.CellsCut })
	if r.CellsCut == 0 || !told {
		f.t.Errorf("%s: %d cells were cut, and the events are %v", f.table, r.CellsCut, r.Events)
	}
}

// checkFiles holds what the rows say of files against the files.
func (f *attachmentFollower) checkFiles(c content) {
	f.t.Helper()
	at := func(name string) int { return slices.Index(c.columns, name) }
	files, largest := 0, 0
	for _, row := range c.rows {
		size := row.cells[at("filesize")]
		if size == absent {
			continue
		}
		files++
		for _, column := range []string{"filename", "mimetype", "objectid", "objectid_entitytype"} {
			if row.cells[at(column)] == absent || row.cells[at(column)] == "" {
				f.t.Errorf("%s %s has a file without %s", f.table, row.id, column)
			}
		}
		if f.limit != nil || f.exclude != nil {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(row.cells[at(bodies[f.table])])
		if err != nil || strconv.Itoa(len(data)) != size {
			f.t.Errorf("%s %s: a file of %s bytes is %d bytes long, %v", f.table, row.id, size, len(data), err)
		}
		largest = max(largest, len(data))
	}
	if files == 0 || f.limit == nil && f.exclude == nil && largest < 200_000 {
		f.t.Errorf("%s has %d files, the largest of %d bytes: too few and too small to show anything", f.table, files, largest)
	}
}
