package synapselink

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func parsed(t *testing.T, pool *schemaPool, text string) *sharedManifest {
	t.Helper()
	m, err := pool.parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Folders that describe the same share everything, ones that differ in a table
// share the others, and a table whose annotations change shares its columns.
func TestSchemasAreShared(t *testing.T) {
	var pool schemaPool
	text := tablesManifest("account 3", "contact 2")
	first := parsed(t, &pool, text)
	withFiles := strings.ReplaceAll(text, `,"attributes"`, `,"partitions":[{"name":"2024","location":"https://x"}],"attributes"`)
	if parsed(t, &pool, withFiles) != first {
		t.Error("a manifest that differs in its lists of files is held a second time")
	}
	wider := parsed(t, &pool, tablesManifest("account 4", "contact 2"))
	if wider == first || wider.entities[0] == first.entities[0] || wider.entities[1] != first.entities[1] {
		t.Errorf("a new column in one table: %p %p, %p %p", first.entities[0], wider.entities[0], first.entities[1], wider.entities[1])
	}
	started := parsed(t, &pool, strings.ReplaceAll(text, "Completed", "InProgress"))
	was, is := first.entities[0], started.entities[0]
	if was == is || was.columns != is.columns || is.decoded().InitialSyncState != "InProgress" || was.decoded().InitialSyncState != "Completed" {
		t.Errorf("a new annotation: %+v, %+v", was.decoded(), is.decoded())
	}
	if a, b := was.decoded(), is.decoded(); !a.SameColumns(b) || a.SameColumns(wider.entities[0].decoded()) || !a.Extends(b) {
		t.Errorf("columns of %+v and %+v", a, b)
	}
}

// However often a table changes, a few of its forms are held.
func TestSchemasAreBounded(t *testing.T) {
	var pool schemaPool
	for i := range 100 {
		for _, columns := range []int{i, i, 0} {
			m := parsed(t, &pool, tablesManifest(fmt.Sprintf("account %d", columns)))
			if n := len(m.entities[0].decoded().Attributes); n != columns {
				t.Fatalf("%d columns, want %d", n, columns)
			}
		}
	}
	if n := len(pool.tables["account"]); n != formsKept {
		t.Errorf("%d forms are held, want %d", n, formsKept)
	}
}

// The text that was read may be overwritten.
func TestSchemasKeepNothingOfTheText(t *testing.T) {
	var pool schemaPool
	data := []byte(smallManifest)
	m, err := pool.parse(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if e := m.public().Entities[0]; e.Name != "custinvoicejour" || e.Attributes[4].Name != "IsDelete" || e.InitialSyncState != "Completed" {
		t.Errorf("%+v", e)
	}
}

// Folders are read side by side.
func TestSchemasSideBySide(t *testing.T) {
	var pool schemaPool
	var wait sync.WaitGroup
	for i := range 16 {
		wait.Go(func() {
			for round := range 20 {
				columns := (i + round) % 6
				m, err := pool.parse([]byte(tablesManifest(fmt.Sprintf("account %d", columns), "contact 2")))
				if err != nil || len(m.byName["account"].decoded().Attributes) != columns || len(m.byName["contact"].decoded().Attributes) != 2 {
					t.Errorf("%+v, %v", m, err)
				}
			}
		})
	}
	wait.Wait()
}
