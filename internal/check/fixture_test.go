package check

import (
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

func hours(n int) time.Duration { return time.Duration(n) * time.Hour }

// pipelineOf wants these tables of one environment.
func pipelineOf(tables ...string) spec.Pipeline {
	p := spec.Pipeline{Key: "p", Name: "p", Source: spec.Source{Connection: "c"}}
	for _, name := range tables {
		p.Tables = append(p.Tables, spec.Table{
			SourceSchema: "https://contoso.crm.dynamics.com", SourceTable: name,
			Destination: spec.Destination{Catalog: "main", Schema: "d365", Table: name},
		})
	}
	return p
}

// manifestOf describes tables with these columns beside Id, versionnumber and
// IsDelete.
func manifestOf(tables map[string]string) string {
	doc := ""
	for name, more := range tables {
		if doc != "" {
			doc += ","
		}
		doc += `{"$type":"LocalEntity","name":"` + name + `","annotations":[],"partitions":[],"attributes":[{"name":"Id","dataType":"guid"},` + more +
			`{"name":"IsDelete","dataType":"boolean"}]}`
	}
	return `{"name":"cdm","version":"1.0","entities":[` + doc + `]}`
}

const sequence64 = `{"name":"versionnumber","dataType":"int64"},`

// files puts these into a store.
func files(t *testing.T, all map[string]string) storage.Store {
	t.Helper()
	store := mem.New(func() time.Time { return testNow })
	for path, content := range all {
		if err := store.PutIfAbsent(t.Context(), path, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	return store
}
