package pipeline

import (
	"context"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// environment finds the export that a source_schema means, once: several names may
// mean the same one. Where the pipeline reads several, one that cannot be read is
// given all the same, with the reason in it: it must not keep the tables of the
// others from being brought up to date.
func (u *update) environment(ctx context.Context, sourceSchema string) (*environment, error) {
	name := strings.ToLower(strings.TrimRight(sourceSchema, "/"))
	if e := u.named[name]; e != nil {
		return e, nil
	}
	e := &environment{name: sourceSchema, export: &synapselink.Export{
		Store: u.Source, Now: u.opts.Clock, AbandonAfter: u.Pipeline.Source.AbandonAfter,
	}}
	e.export.Root, e.err = u.locate(ctx, sourceSchema)
	if e.err == nil {
		if i := slices.IndexFunc(u.environments, func(o *environment) bool { return o.err == nil && o.export.Root == e.export.Root }); i >= 0 {
			u.remember(name, u.environments[i])
			return u.environments[i], nil
		}
		e.err = e.export.Open(ctx)
	}
	if e.err != nil && (!u.readsSeveral() || ctx.Err() != nil) {
		return nil, e.err
	}
	u.environments = append(u.environments, e)
	u.remember(name, e)
	return e, nil
}

func (u *update) remember(name string, e *environment) {
	if u.named == nil {
		u.named = map[string]*environment{}
	}
	u.named[name] = e
}

// readsSeveral reports whether the configuration names more than one environment.
func (u *update) readsSeveral() bool {
	return len(u.sourceSchemas()) > 1
}

// sourceSchemas are the environments that the configuration names.
func (u *update) sourceSchemas() []string {
	var names []string
	for _, t := range u.Pipeline.Tables {
		names = append(names, strings.ToLower(t.SourceSchema))
	}
	for _, e := range u.Pipeline.Environments {
		names = append(names, strings.ToLower(e.SourceSchema))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// locate is the folder of the environment that a source_schema means.
func (u *update) locate(ctx context.Context, sourceSchema string) (string, error) {
	if root, known := u.Pipeline.Source.Folder(sourceSchema); known {
		return root, nil
	}
	if u.found == nil {
		found, err := synapselink.FindEnvironments(ctx, u.Source)
		if err != nil {
			return "", err
		}
		u.found = &found
	}
	return synapselink.LocateEnvironment(ctx, u.Source, *u.found, synapselink.Wanted{
		SourceSchema: sourceSchema, Others: u.sourceSchemas(), Explicit: u.Pipeline.Source.Environments,
	})
}

// listAll finds what there is to do in each environment.
func (u *update) listAll(ctx context.Context, targets []*target) error {
	for _, env := range u.environments {
		var mine []*target
		for _, t := range targets {
			if t.env == env && t.err == nil {
				mine = append(mine, t)
			}
		}
		if env.err == nil {
			env.err = u.list(ctx, env, mine)
		}
		if env.err == nil {
			continue
		}
		if !u.readsSeveral() || ctx.Err() != nil {
			return env.err
		}
		for _, t := range mine {
			t.err, t.parts, t.late = env.err, nil, nil
		}
	}
	return nil
}
