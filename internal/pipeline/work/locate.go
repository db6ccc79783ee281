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
func (s *Survey) environment(ctx context.Context, sourceSchema string) (*Environment, error) {
	name := strings.ToLower(strings.TrimRight(sourceSchema, "/"))
	if e := s.named[name]; e != nil {
		return e, nil
	}
	e := &Environment{Name: sourceSchema, Export: &synapselink.Export{
		Store: s.Source, Now: s.Options.Clock, AbandonAfter: s.Config.Source.AbandonAfter,
	}}
	e.Export.Root, e.Err = s.locate(ctx, sourceSchema)
	if e.Err == nil {
		if i := slices.IndexFunc(s.Environments, func(o *Environment) bool { return o.Err == nil && o.Export.Root == e.Export.Root }); i >= 0 {
			s.remember(name, s.Environments[i])
			return s.Environments[i], nil
		}
		e.Err = e.Export.Open(ctx)
	}
	if e.Err != nil && (!s.readsSeveral() || ctx.Err() != nil) {
		return nil, e.Err
	}
	s.Environments = append(s.Environments, e)
	s.remember(name, e)
	return e, nil
}

func (s *Survey) remember(name string, e *Environment) {
	if s.named == nil {
		s.named = map[string]*Environment{}
	}
	s.named[name] = e
}

// readsSeveral reports whether the configuration names more than one environment.
func (s *Survey) readsSeveral() bool {
	return len(s.sourceSchemas()) > 1
}

// sourceSchemas are the environments that the configuration names.
func (s *Survey) sourceSchemas() []string {
	var names []string
	for _, t := range s.Config.Tables {
		names = append(names, strings.ToLower(t.SourceSchema))
	}
	for _, e := range s.Config.Environments {
		names = append(names, strings.ToLower(e.SourceSchema))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// locate is the folder of the environment that a source_schema means.
func (s *Survey) locate(ctx context.Context, sourceSchema string) (string, error) {
	if root, known := s.Config.Source.Folder(sourceSchema); known {
		return root, nil
	}
	if s.found == nil {
		found, err := synapselink.FindEnvironments(ctx, s.Source)
		if err != nil {
			return "", err
		}
		s.found = &found
	}
	return synapselink.LocateEnvironment(ctx, s.Source, *s.found, synapselink.Wanted{
		SourceSchema: sourceSchema, Others: slices.Concat(s.sourceSchemas(), s.Config.Source.Twins), Explicit: s.Config.Source.Environments,
	})
}

// listAll finds what there is to do in each environment.
func (s *Survey) listAll(ctx context.Context, targets []*Target) error {
	for _, env := range s.Environments {
		var mine []*Target
		for _, t := range targets {
			if t.Env == env && t.Err == nil {
				mine = append(mine, t)
			}
		}
		if env.Err == nil {
			env.Err = s.list(ctx, env, mine)
		}
		if env.Err == nil {
			continue
		}
		if !s.readsSeveral() || ctx.Err() != nil {
			return env.Err
		}
		for _, t := range mine {
			t.Err, t.Parts, t.Late = env.Err, nil, nil
		}
	}
	return nil
}
