package exporter_test

import (
	"encoding/base64"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

func TestRepeatedVersions(t *testing.T) {
	sim, store := begin(t, only("lead", 40, exporter.RepeatedVersions, exporter.RepeatedRows))
	folder := step(t, sim, store)
	history, err := sim.History("lead")
	if err != nil {
		t.Fatal(err)
	}
	type version struct {
		id     string
		number int64
	}
	last := map[version]*exporter.Written{}
	differing := 0
	for i := range history {
		h := &history[i]
		if !strings.HasPrefix(h.Path, folder) || h.Delete {
			continue
		}
		key := version{h.Key.String(), h.Version}
		if before := last[key]; before != nil && strings.Join(before.Cells, "|") != strings.Join(h.Cells, "|") {
			differing++
			if before.Path != h.Path || before.Offset >= h.Offset {
				t.Errorf("%s at %d comes after the newer one of its version", h.Path, h.Offset)
			}
		}
		last[key] = h
	}
	if differing != 1 {
		t.Errorf("%d versions came twice with other values", differing)
	}
	compareWithModel(t, sim, "lead")
}

func TestDeleteBeforeInsert(t *testing.T) {
	sim, store := begin(t, only("lead", 200, exporter.DeleteBeforeInsert))
	folder := step(t, sim, store)
	step(t, sim, store)
	history, err := sim.History("lead")
	if err != nil {
		t.Fatal(err)
	}
	deleted := map[string]*exporter.Written{}
	files := map[string]int{}
	pairs := 0
	for i := range history {
		h := &history[i]
		if h.Delete {
			deleted[h.Key.String()] = h
			files[h.Path[strings.LastIndexByte(h.Path, '/')+1:]]++
		}
	}
	for i := range history {
		h := &history[i]
		if d := deleted[h.Key.String()]; d != nil && !h.Delete && h.Folder == d.Folder && strings.HasPrefix(h.Path, folder) {
			pairs++
			if h.Version >= d.Version || d.File == h.File {
				t.Errorf("%s: insert %d in %s, delete %d in %s", h.Key, h.Version, h.Path, d.Version, d.Path)
			}
		}
	}
	if pairs == 0 || files["1.csv"] == 0 || files["4.csv"] == 0 {
		t.Errorf("%d Ids were inserted and deleted in %s; deletes stand in %v", pairs, folder, files)
	}
}

func TestMixedDates(t *testing.T) {
	for table, column := range map[string]string{"lead": "modifiedon", "inventtrans": "modifieddatetime"} {
		sim, store := begin(t, only(table, 40, exporter.MixedDates))
		at := columnIndex(t, sim, table, column)
		var sink, iso int
		for _, row := range rowsOf(t, store, firstFolder, table) {
			switch {
			case strings.HasSuffix(row[at], "M"):
				sink++
			case strings.HasSuffix(row[at], "Z"):
				iso++
			default:
				t.Errorf("%s.%s is %q", table, column, row[at])
			}
		}
		if sink < 10 || iso < 10 {
			t.Errorf("%s.%s: %d in one form, %d in the other", table, column, sink, iso)
		}
	}
}

func TestSplitPartitionsFault(t *testing.T) {
	sim, store := begin(t, only("contact", 60, exporter.SplitPartitions))
	split := 0
	for _, p := range paths(t, store, firstFolder+"/contact/") {
		if strings.Contains(p, "_001.csv") {
			split++
		}
	}
	if split == 0 || sim.Options().SplitSize != exporter.DefaultSplitSize {
		t.Errorf("%d partitions go on in another file", split)
	}
}

func TestLargeCell(t *testing.T) {
	const size = 300_000
	for table, column := range map[string]string{"annotation": "documentbody", "activitymimeattachment": "body"} {
		o := only(table, 5)
		o.LargeCell = size
		sim, _ := begin(t, o)
		rows, err := sim.Expected(table)
		if err != nil {
			t.Fatal(err)
		}
		body, bytes := columnIndex(t, sim, table, column), columnIndex(t, sim, table, "filesize")
		for i, r := range rows {
			cell := r.Cells[body]
			if i == 0 && len(cell) != size || i > 0 && len(cell) > 5000 {
				t.Errorf("%s, row %d: the cell has %d characters", table, i, len(cell))
			}
			if cell == "" {
				continue
			}
			data, err := base64.StdEncoding.DecodeString(cell)
			if err != nil || strconv.Itoa(len(data)) != r.Cells[bytes] {
				t.Errorf("%s, row %d: %d bytes in a file of %s, %v", table, i, len(data), r.Cells[bytes], err)
			}
		}
	}
}
