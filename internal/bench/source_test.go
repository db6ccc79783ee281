package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestManyTablesAreOneExport looks at the folders of an export that was laid
// together from several.
func TestManyTablesAreOneExport(t *testing.T) {
	b := &bench{options: options{dir: t.TempDir()}}
	s, err := b.simulateMany(t.Context(), 3, 20, 2, mixOf(10))
	need(t, err)
	if len(s.folders) != 3 || fmt.Sprint(s.tables) != "[bench001 bench002 bench003]" || s.live != 60 || s.bytes == 0 {
		t.Errorf("%+v", s)
	}
	for _, folder := range append(s.folders, s.dir) {
		text, err := os.ReadFile(filepath.Join(folder, manifestFile))
		need(t, err)
		var manifest struct {
			Entities []struct {
				Name       string                      `json:"name"`
				Attributes []map[string]any            `json:"attributes"`
				Partitions []struct{ Location string } `json:"partitions"`
			} `json:"entities"`
		}
		need(t, json.Unmarshal(text, &manifest))
		for i, e := range manifest.Entities {
			if e.Name != s.tables[i] || len(e.Attributes) != 22 {
				t.Errorf("%s: table %d is %s with %d columns", folder, i, e.Name, len(e.Attributes))
			}
		}
		if len(manifest.Entities) != 3 {
			t.Errorf("%s has %d tables", folder, len(manifest.Entities))
		}
	}
	for _, folder := range s.folders {
		for _, table := range s.tables {
			if files, err := filepath.Glob(filepath.Join(folder, table, "*.csv")); err != nil || len(files) == 0 {
				t.Errorf("%s has no rows of %s: %v", folder, table, err)
			}
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, args := range [][]string{{"-only", "tal"}, {"-tools", "sluice,dukdb"}, {"-changes", "9"}, {"-changes", "x"}, {"-rows", "x"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
	o, err := parse([]string{"-only", "tall,wide", "-tools", "sluice", "-changes", "100,200", "-rows", "50000"}, io.Discard)
	need(t, err)
	if fmt.Sprint(o.only, o.tools, o.changes, o.rows) != "[tall wide] [sluice] [100 200] 50000" {
		t.Errorf("%+v", o)
	}
}
