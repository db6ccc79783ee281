package pipeline_test

import (
	"context"
	"errors"
	"testing"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// Two pipelines, or one that is pointed to another environment, do not mix their
// rows in one table; a full refresh takes it over.
func TestTableOfAnother(t *testing.T) {
	ctx := context.Background()
	lake := mem.New(fixedClock)
	runner := func(name, environment string, rows int64) *work.Pipeline {
		source := mem.New(fixedClock)
		simulator, err := exporter.New(exporter.Options{Seed: uint64(rows), Tables: []exporter.TableOption{{Name: "account", Rows: rows}}})
		must(t, err)
		must(t, simulator.Initial(ctx, source))
		return &work.Pipeline{Source: source, Lake: lake, Options: work.Options{Clock: fixedClock}, Config: spec.Pipeline{
			Name: name, Environments: []spec.Environment{{SourceSchema: environment, Catalog: "main", Schema: "crm",
				Settings: spec.Settings{SCDType: spec.SCDType1}}}}}
	}
	result := pipeline.Run(ctx, runner("one", "https://one.crm.dynamics.com", 3), work.Request{})
	if !isDone(result.State) {
		t.Fatalf("%+v", result.Tables)
	}
	for name, other := range map[string]*work.Pipeline{
		"another pipeline":    runner("two", "https://one.crm.dynamics.com", 4),
		"another environment": runner("one", "https://two.crm4.dynamics.com", 4),
	} {
		result := pipeline.Run(ctx, other, work.Request{})
		if failure := result.Tables[0].Error; failure == nil || !errors.Is(failure, local.ErrForeignTable) || result.Tables[0].Version != 1 {
			t.Errorf("%s: %+v", name, result.Tables[0])
		}
	}
	result = pipeline.Run(ctx, runner("one", "ONE", 3), work.Request{})
	if !isDone(result.State) {
		t.Errorf("the same environment by another name: %+v", result.Tables[0].Error)
	}
	result = pipeline.Run(ctx, runner("two", "https://two.crm4.dynamics.com", 5), work.Request{FullRefresh: true})
	if !isDone(result.State) || result.Total().Upserted != 5 {
		t.Errorf("full refresh: %+v", result.Tables[0])
	}
}
