package pipeline_test

import (
	"context"
	"testing"

	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// A pipeline of every table of an environment runs although the manifest at the
// root, which lists them, is of no use: the newest folder's is.
func TestRootManifestOfNoUse(t *testing.T) {
	ctx := context.Background()
	for name, text := range map[string]string{"empty": "", "no JSON": "<html>", "truncated": `{"name":"cdm","entities":[{"na`} {
		t.Run(name, func(t *testing.T) {
			source, lake := mem.New(fixedClock), mem.New(fixedClock)
			simulator, err := exporter.New(exporter.Options{Tables: []exporter.TableOption{{Name: "account", Rows: 3}, {Name: "lead", Rows: 2}}})
			must(t, err)
			must(t, simulator.Initial(ctx, source))
			file, err := source.Write(ctx, "model.json")
			must(t, err)
			_, err = file.Write([]byte(text))
			must(t, err)
			must(t, file.Close())
			runner := &work.Pipeline{Source: source, Lake: lake, Options: work.Options{Clock: fixedClock}, Config: spec.Pipeline{
				Name: "p", Environments: []spec.Environment{{Catalog: "main", Schema: "crm", Settings: spec.Settings{SCDType: spec.SCDType1}}}}}
			result := pipeline.Run(ctx, runner, work.Request{})
			if !isDone(result.State) || len(result.Tables) != 2 || result.Total().Upserted != 5 {
				t.Fatalf("%s, %+v, %+v", result.State, result.Error, result.Tables)
			}
		})
	}
}
