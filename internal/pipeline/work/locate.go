package work

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
func (u *Survey) environment(ctx context.Context, sourceSchema string) (*Environment, error) {
	name := strings.ToLower(strings.TrimRight(sourceSchema, "/"))
	if e := u.named[name]; e != nil {
		return e, nil
	}
	e := &Environment{Name: sourceSchema, Export: &synapselink.Export{
		Store: u.Source, Now: u.Options.Clock, AbandonAfter: u.Config.Source.AbandonAfter,
	}}
	e.Export.Root, e.Err = u.locate(ctx, sourceSchema)
	if e.Err == nil {
		if i := slices.IndexFunc(u.Environments, func(o *Environment) bool { return o.Err == nil && o.Export.Root == e.Export.Root }); i >= 0 {
			u.remember(name, u.Environments[i])
			return u.Environments[i], nil
		}
		e.Err = e.Export.Open(ctx)
	}
	if e.Err != nil && (!u.readsSeveral() || ctx.Err() != nil) {
		return nil, e.Err
	}
	u.Environments = append(u.Environments, e)
	u.remember(name, e)
	return e, nil
}

func (u *Survey) remember(name string, e *Environment) {
	if u.named == nil {
		u.named = map[string]*Environment{}
	}
	u.named[name] = e
}

// readsSeveral reports whether the configuration names more than one environment.
func (u *Survey) readsSeveral() bool {
	return len(u.sourceSchemas()) > 1
}

// sourceSchemas are the environments that the configuration names.
func (u *Survey) sourceSchemas() []string {
	var names []string
	for _, t := range u.Config.Tables {
		names = append(names, strings.ToLower(t.SourceSchema))
	}
	for _, e := range u.Config.Environments {
		names = append(names, strings.ToLower(e.SourceSchema))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// locate is the folder of the environment that a source_schema means.
func (u *Survey) locate(ctx context.Context, sourceSchema string) (string, error) {
	if root, known := u.Config.Source.Folder(sourceSchema); known {
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
		SourceSchema: sourceSchema, Others: u.sourceSchemas(), Explicit: u.Config.Source.Environments,
	})
}

// listAll finds what there is to do in each environment.
func (u *Survey) listAll(ctx context.Context, targets []*Target) error {
	for _, env := range u.Environments {
		var mine []*Target
		for _, t := range targets {
			if t.Env == env && t.Err == nil {
				mine = append(mine, t)
			}
		}
		if env.Err == nil {
			env.Err = u.list(ctx, env, mine)
		}
		if env.Err == nil {
			continue
		}
		if !u.readsSeveral() || ctx.Err() != nil {
			return env.Err
		}
		for _, t := range mine {
			t.Err, t.Parts, t.Late = env.Err, nil, nil
		}
	}
	return nil
}
