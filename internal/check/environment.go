package check

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// exports are the environments that the pipelines name.
type exports struct {
	store     storage.Store
	lake      storage.Store // nil if it cannot be opened
	pipelines []spec.Pipeline
	now       func() time.Time
	about     entra.About
	found     []*export
}

// find resolves each source_schema as a run does.
func (e *exports) find(ctx context.Context) Step {
	var there *synapselink.Environments
	for _, p := range e.pipelines {
		for _, name := range schemasOf(p) {
			root, known := p.Source.Folder(name)
			if !known && there == nil {
				found, err := synapselink.FindEnvironments(ctx, e.store)
				if err != nil {
					return failed(err, e.about)
				}
				there = &found
			}
			if !known {
				var err error
				if root, err = synapselink.LocateEnvironment(ctx, e.store, *there, synapselink.Wanted{
					SourceSchema: name, Others: slices.Concat(schemasOf(p), p.Source.Twins), Explicit: p.Source.Environments,
				}); err != nil {
					return failed(err, e.about)
				}
			}
			e.add(p, name, root)
		}
	}
	var parts []string
	for _, x := range e.found {
		parts = append(parts, strings.Join(x.names, ", ")+" is in "+x.folder())
	}
	if len(parts) == 0 {
		return skip("the pipelines name no tables")
	}
	return pass(strings.Join(parts, "; "))
}

func (e *exports) add(p spec.Pipeline, name, root string) {
	at := slices.IndexFunc(e.found, func(x *export) bool { return x.Root == root })
	if at < 0 {
		e.found = append(e.found, &export{lake: e.lake, Export: synapselink.Export{
			Store: e.store, Root: root, Now: e.now, AbandonAfter: p.Source.AbandonAfter,
		}})
		at = len(e.found) - 1
	}
	x := e.found[at]
	if !slices.Contains(x.names, name) {
		x.names = append(x.names, name)
	}
	if !slices.ContainsFunc(x.pipelines, func(q spec.Pipeline) bool { return q.Key == p.Key }) {
		x.pipelines = append(x.pipelines, p)
	}
}

// schemasOf are the environments that a pipeline names.
func schemasOf(p spec.Pipeline) []string {
	var names []string
	for _, t := range p.Tables {
		names = append(names, t.SourceSchema)
	}
	for _, e := range p.Environments {
		names = append(names, e.SourceSchema)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
