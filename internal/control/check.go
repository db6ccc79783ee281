package control

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"

	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/check"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/probe"
)

// Step is one thing that was looked at.
type Step = check.Step

// The states of a step.
const (
	StepPass = check.Pass
	StepWarn = check.Warn
	StepFail = check.Fail
	StepSkip = check.Skip
)

// Looked is what was found of one part of the configuration.
type Looked struct {
	// Subject is "connection …", "lake", "tables" or "machine".
	Subject string `json:"subject"`
	// Location of it, empty for what has none.
	Location string `json:"location,omitempty"`
	Steps    []Step `json:"steps"`
}

// Check proves the connections of the pipelines that the request means, and the
// lake.
func (s *Service) Check(ctx context.Context, request Request) ([]Looked, error) {
	return s.look(ctx, request, false)
}

// Doctor is Check with a look at tables, clocks and the machine.
func (s *Service) Doctor(ctx context.Context, request Request) ([]Looked, error) {
	return s.look(ctx, request, true)
}

func (s *Service) look(ctx context.Context, request Request, thorough bool) ([]Looked, error) {
	pipelines, err := s.chosen(request.Pipelines)
	if err != nil {
		return nil, err
	}
	c := &check.Checker{Now: s.opts.Clock, NewID: s.opts.NewID, Thorough: thorough}
	if c.NewID == nil {
		c.NewID = uuid.NewString
	}
	lake := s.place(s.config.Lake, theLake)
	c.LakeStore = lake.Store
	list := []Looked{}
	for _, group := range byConnection(pipelines) {
		source := group[0].Source
		place := s.place(source.Location, "connection "+source.Connection)
		list = append(list, Looked{"connection " + source.Connection, source.Location.String(), c.Source(ctx, &place, group)})
	}
	steps := c.Lake(ctx, &lake)
	usable := !slices.ContainsFunc(steps, func(s Step) bool { return s.State == StepFail })
	if usable {
		steps = append(steps, s.destinations(ctx, pipelines)...)
	}
	list = append(list, Looked{"lake", s.config.Lake.String(), steps})
	if thorough {
		tables := []Step{{Name: "all", State: StepSkip, Reason: "not looked at: the lake cannot be used"}}
		if usable {
			tables = c.Tables(ctx, &lake, pipelines, check.Index{Dir: s.indexDir(), Full: request.Full})
		}
		list = append(list, Looked{"tables", "", tables}, Looked{"machine", "", c.Machine(s.machine(pipelines))})
	}
	return list, ctx.Err()
}

// machine is this one, as the configuration uses it.
func (s *Service) machine(pipelines []spec.Pipeline) check.Machine {
	usesCLI := s.config.Lake.Access.Credential == spec.AzureCLI ||
		slices.ContainsFunc(pipelines, func(p spec.Pipeline) bool { return p.Source.Location.Access.Credential == spec.AzureCLI })
	version := fmt.Sprintf("%s, %s, %s/%s", cmp.Or(s.opts.Software, "sluice"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return check.NewMachine(cmp.Or(s.opts.Memory, 1<<30), cmp.Or(s.opts.Temp, os.TempDir()), version, usesCLI, os.Getenv)
}

// chosen are the pipelines of these names, all without any.
func (s *Service) chosen(names []string) ([]spec.Pipeline, error) {
	for _, name := range names {
		if !slices.ContainsFunc(s.config.Pipelines, func(p spec.Pipeline) bool { return named(p, name) }) {
			return nil, fmt.Errorf("%w: %q; the configuration has %s", ErrNoPipeline, name, s.pipelineNames())
		}
	}
	var pipelines []spec.Pipeline
	for _, p := range s.config.Pipelines {
		if len(names) == 0 || slices.ContainsFunc(names, func(name string) bool { return named(p, name) }) {
			pipelines = append(pipelines, p)
		}
	}
	return pipelines, nil
}

// byConnection keeps the order in which connections are first used.
func byConnection(pipelines []spec.Pipeline) [][]spec.Pipeline {
	var groups [][]spec.Pipeline
	for _, p := range pipelines {
		at := slices.IndexFunc(groups, func(g []spec.Pipeline) bool { return g[0].Source.Connection == p.Source.Connection })
		if at < 0 {
			groups = append(groups, nil)
			at = len(groups) - 1
		}
		groups[at] = append(groups[at], p)
	}
	return groups
}

// place opens a location for looking at it, as far as that goes.
func (s *Service) place(l spec.Location, what string) check.Place {
	p := check.Place{Location: l}
	p.Store, p.Err = s.stores.at(l, what)
	if l.IsLocal() {
		return p
	}
	account, container, root, service, err := azure.ParseURL(l.URL, l.Access.Endpoint)
	if err != nil {
		p.Err = cmp.Or(p.Err, err)
		return p
	}
	p.Root = root
	p.Account = &probe.Account{
		Name: account, Container: container, Service: service, Entra: signIn(l.Access),
		Key: l.Access.AccountKey.Reveal(), SAS: l.Access.SASToken.Reveal(), Log: s.opts.Log,
	}
	if p.Account.Key == "" && p.Account.SAS == "" {
		if p.Account.Credential, err = s.stores.credential(l.Access); err != nil {
			p.Err = cmp.Or(p.Err, err)
		}
	}
	return p
}
