package spec

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// twins finds hosts of one label in two regions that pipelines read from one place
// without saying in which folder. What the folders are called is not known here, so
// it is a warning; whoever finds one folder for both refuses it.
func (r *resolver) twins() {
	for i := range r.out.Pipelines {
		p := &r.out.Pipelines[i]
		for j := range r.out.Pipelines {
			other := &r.out.Pipelines[j]
			if i != j && p.Source.Location.String() == other.Source.Location.String() {
				r.twinsOf(p, other)
			}
		}
	}
}

// twinsOf finds those of one other pipeline.
func (r *resolver) twinsOf(p, other *Pipeline) {
	for _, mine := range p.unmapped() {
		for _, theirs := range other.unmapped() {
			if !twins(mine.name, theirs.name) || slices.Contains(p.Source.Twins, theirs.name) {
				continue
			}
			p.Source.Twins = append(p.Source.Twins, theirs.name)
			r.warnf(mine.path, fmt.Sprintf("%s and %s of pipeline %s may both be meant by the name of one folder", mine.name, theirs.name, other.Key),
				"name the folder of each under environments of the connection")
		}
	}
}

// namedEnvironment is an environment where the configuration first names it.
type namedEnvironment struct{ name, path string }

// unmapped are the pipeline's environments that the connection gives no folder for.
func (p *Pipeline) unmapped() []namedEnvironment {
	var named []namedEnvironment
	add := func(name, path string) {
		_, mapped := p.Source.Folder(name)
		if !mapped && !slices.ContainsFunc(named, func(n namedEnvironment) bool { return sameEnvironment(n.name, name) }) {
			named = append(named, namedEnvironment{name, path})
		}
	}
	for _, t := range p.Tables {
		add(t.SourceSchema, t.Path)
	}
	for _, e := range p.Environments {
		add(e.SourceSchema, e.Path)
	}
	return named
}

// twins reports whether two names are hosts that differ behind their first label.
func twins(a, b string) bool {
	labelA, restA := hostOf(a)
	labelB, restB := hostOf(b)
	return restA != "" && restB != "" && labelA == labelB && restA != restB
}

// hostOf takes the host in prod.crm4.dynamics.com or https://prod.crm4.dynamics.com/
// apart behind its first label.
func hostOf(sourceSchema string) (label, rest string) {
	name := strings.ToLower(strings.TrimSpace(sourceSchema))
	if u, err := url.Parse(name); err == nil && u.Host != "" {
		name = u.Hostname()
	}
	label, rest, _ = strings.Cut(strings.Trim(name, "/"), ".")
	return label, rest
}
