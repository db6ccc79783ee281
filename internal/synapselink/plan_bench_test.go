package synapselink

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/storage/local"
)

// planShape is an export to plan: folders whose manifests describe all tables
// and whose files are those of some of them.
type planShape struct{ tables, changed, folders, everyNth int }

// BenchmarkPlan finds what is new in 500 folders on disk, for 300 tables: 1.7 MB
// of manifest in each folder. Of every 50th on a table has one column more. The
// peak is what the runtime took from the system.
func BenchmarkPlan(b *testing.B) {
	for _, shape := range []planShape{
		{tables: 300, changed: 60, folders: 500, everyNth: 1},
		{tables: 300, changed: 60, folders: 500, everyNth: 100}, // 3 of 300 tables are wanted
	} {
		b.Run(fmt.Sprintf("changed=%d/wanted=%d", shape.changed, shape.tables/shape.everyNth), func(b *testing.B) {
			root := b.TempDir()
			bytes := shape.write(b, root)
			store, err := local.New(root)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(bytes)
			long := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) // after the files were written
			for b.Loop() {
				shape.plan(b, &Export{Store: store, Now: func() time.Time { return long }})
			}
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			b.ReportMetric(float64(memory.Sys)/1e6, "peak-MB")
		})
	}
}

// plan does what a run does before it reads rows.
func (s planShape) plan(b *testing.B, e *Export) {
	var wanted []string
	for i := range s.tables {
		if i%s.everyNth == 0 {
			wanted = append(wanted, tableName(i))
		}
	}
	want := func(_ FolderName, table string) bool { _, ok := slices.BinarySearch(wanted, table); return ok }
	l, err := e.Closed(b.Context(), FolderName{})
	if err != nil {
		b.Fatal(err)
	}
	parts := map[string][]FolderPart{}
	for f, err := range e.Walk(b.Context(), &l, want) {
		if err != nil {
			b.Fatal(err)
		}
		for table, files := range f.Tables {
			if !want(f.Name, table) {
				continue
			}
			entity, err := f.Entity(b.Context(), table)
			if err != nil {
				b.Fatal(err)
			}
			parts[table] = append(parts[table], FolderPart{Folder: f.Name, Entity: entity, Files: files})
		}
	}
	if len(l.Ready()) != s.folders || len(parts) != len(wanted) {
		b.Fatalf("%d folders and %d tables, want %d and %d", len(l.Ready()), len(parts), s.folders, len(wanted))
	}
}

func tableName(i int) string { return fmt.Sprintf("table%03d", i) }

// write makes the export and returns the size of its manifests.
func (s planShape) write(b *testing.B, root string) int64 {
	b.Helper()
	put := func(path string, data []byte) {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(full, data, 0o666); err != nil {
			b.Fatal(err)
		}
	}
	total := int64(0)
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range s.folders {
		folder := at.Add(time.Duration(i) * 5 * time.Minute).Format("2006-01-02T15.04.05Z")
		var changed []int
		for j := range s.changed {
			changed = append(changed, (i*7+j*s.tables/s.changed)%s.tables)
		}
		manifest := s.manifest(folder, i/50, changed)
		total += int64(len(manifest))
		put(folder+"/model.json", manifest)
		for _, table := range changed {
			put(folder+"/"+tableName(table)+"/2024.csv", []byte("x\n"))
		}
	}
	put("model.json", []byte(smallManifest))
	put("Changelog/changelog.info", []byte("2024-12-31T00.00.00Z"))
	return total
}

// manifest describes all tables, the first ones with a column more, and lists
// the files of those that changed.
func (s planShape) manifest(folder string, wider int, changed []int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"name":"cdm","description":"cdm","version":"1.0","entities":[`)
	for i := range s.tables {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"$type":"LocalEntity","name":"%s","description":"%[1]s","annotations":[{"name":"Athena:PartitionGranularity","value":"Year"},`+
			`{"name":"Athena:InitialSyncState","value":"Completed"}],"attributes":[{"name":"Id","dataType":"guid","maxLength":-1}`, tableName(i))
		columns := 39
		if i < wider {
			columns++
		}
		for j := range columns {
			fmt.Fprintf(&b, `,{"name":"column%02d","dataType":"decimal","maxLength":-1,"cdm:traits":[{"traitReference":"is.dataFormat.numeric.shaped",`+
				`"arguments":[{"name":"precision","value":38},{"name":"scale","value":6}]}]}`, j)
		}
		b.WriteString(`],"partitions":[`)
		if slices.Contains(changed, i) {
			fmt.Fprintf(&b, `{"name":"2024","location":"https://account.dfs.core.windows.net:443/dataverse/%s/%s/2024.csv",`+
				`"fileFormatSettings":{"$type":"CsvFormatSettings","columnHeaders":false,"delimiter":","}}`, folder, tableName(i))
		}
		b.WriteString("]}")
	}
	b.WriteString("]}")
	return b.Bytes()
}
