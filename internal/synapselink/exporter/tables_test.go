package exporter_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

func TestTablesFollowTheirShapes(t *testing.T) {
	sim, store := begin(t, options(300))
	step(t, sim, store)
	cell := map[string]*regexp.Regexp{
		"guid":           regexp.MustCompile(`^([0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12})?$`),
		"int64":          regexp.MustCompile(`^(-?\d+)?$`),
		"decimal":        regexp.MustCompile(`^(-?\d+\.\d+)?$`),
		"double":         regexp.MustCompile(`^(-?\d+\.\d+)?$`),
		"boolean":        regexp.MustCompile(`^(True|False)?$`),
		"dateTimeOffset": regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.0000000(\+00:00)?$`),
		"dateTime": regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.0000000)?Z?|` +
			`\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M)?$`),
	}
	for _, table := range sim.Tables() {
		history, err := sim.History(table)
		if err != nil {
			t.Fatal(err)
		}
		columns := sim.Columns(table)
		keys := map[change.Key]bool{}
		for _, h := range history {
			keys[h.Key] = true
			if len(h.Cells) != len(columns) {
				t.Fatalf("%s: %d cells for %d columns", table, len(h.Cells), len(columns))
			}
			for i, c := range columns {
				v := h.Cells[i]
				if c.DataType == "string" {
					if n := utf8.RuneCountInString(v); n > c.MaxLength || !utf8.ValidString(v) {
						t.Errorf("%s.%s: %q has %d characters of %d", table, c.Name, v, n, c.MaxLength)
					}
				} else if !cell[c.DataType].MatchString(v) {
					t.Errorf("%s.%s: %q is no %s", table, c.Name, v, c.DataType)
				}
			}
		}
		if len(keys) != 304 {
			t.Errorf("%s: %d distinct Ids, want 304", table, len(keys))
		}
	}
}

func TestShapesMatchTheirSources(t *testing.T) {
	sim, err := exporter.New(options(1))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, c := range sim.Columns("inventtrans") {
		count[c.DataType]++
	}
	want := map[string]int{"guid": 1, "string": 21, "int64": 32, "decimal": 18, "dateTime": 14, "dateTimeOffset": 1, "boolean": 1}
	if fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("inventtrans has %v, real ones have %v", count, want)
	}
	for table, n := range map[string]int{"account": 193, "bench": 22, "wide": 300, "contact": 303, "lead": 209, "opportunity": 170} {
		if got := len(sim.Columns(table)); got != n {
			t.Errorf("%s has %d columns, want %d", table, got, n)
		}
	}
}

func TestLookupsResolve(t *testing.T) {
	sim, store := begin(t, options(40))
	for range 3 {
		step(t, sim, store)
	}
	live := map[string]map[string]bool{}
	for _, table := range sim.Tables() {
		rows, err := sim.Expected(table)
		if err != nil {
			t.Fatal(err)
		}
		live[table] = map[string]bool{}
		for _, r := range rows {
			live[table][r.Cells[0]] = true
		}
	}
	resolved := 0
	for _, table := range sim.Tables() {
		rows, _ := sim.Expected(table)
		columns := sim.Columns(table)
		for _, r := range rows {
			for i := 1; i < len(columns); i++ {
				if strings.HasSuffix(columns[i].Name, "_entitytype") && live[r.Cells[i]] != nil {
					resolved++
					if !live[r.Cells[i]][r.Cells[i-1]] {
						t.Fatalf("%s.%s: %s has no row %s", table, columns[i-1].Name, r.Cells[i], r.Cells[i-1])
					}
				}
			}
		}
	}
	if resolved < 1000 {
		t.Errorf("only %d lookups into exported tables", resolved)
	}
}

func TestWideIsMostlyEmpty(t *testing.T) {
	sim, _ := begin(t, only("wide", 50))
	rows, err := sim.Expected("wide")
	if err != nil {
		t.Fatal(err)
	}
	filled := 0
	for _, r := range rows {
		for _, c := range r.Cells {
			if c != "" {
				filled++
			}
		}
	}
	if share := filled * 100 / (len(rows) * 300); share < 28 || share > 33 {
		t.Errorf("%d %% of the cells are filled, want 30", share)
	}
}

func TestFnoIDHoldsTableAndRecID(t *testing.T) {
	sim, _ := begin(t, only("inventtrans", 2))
	rows, err := sim.Expected("inventtrans")
	if err != nil {
		t.Fatal(err)
	}
	cells := rows[1].Cells
	recid := cells[columnIndex(t, sim, "inventtrans", "recid")]
	// 5637145329 = 0x0150 0002 f1: least significant byte first in the Id
	if recid != "5637145329" || cells[0] != "000010b5-0000-0000-f102-005001000000" {
		t.Errorf("recid %s, Id %s", recid, cells[0])
	}
}

func TestPartitionsSplitBySize(t *testing.T) {
	o := only("contact", 60)
	o.SplitSize = 4096
	sim, store := begin(t, o)
	folder := exporter.DefaultStart.Format("2006-01-02T15.04.05Z")
	files := paths(t, store, folder+"/contact/")
	if !slices.Contains(files, folder+"/contact/2024.csv") && !slices.Contains(files, folder+"/contact/2023_001.csv") {
		t.Errorf("no year or split among %v", files)
	}
	total := 0
	for _, f := range files {
		text := read(t, store, f)
		if len(text) > 4096 {
			t.Errorf("%s has %d bytes", f, len(text))
		}
		total += len(text)
	}
	if rows := rowsOf(t, store, folder, "contact"); len(rows) != 60 {
		t.Errorf("%d rows in %d bytes, want 60", len(rows), total)
	}
	if n := sim.Counts("contact").Rows; n != 60 {
		t.Errorf("counts say %d rows", n)
	}
}
