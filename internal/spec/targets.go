package spec

import (
	"fmt"
	"slices"
	"strings"
)

// targets finds tables that would be written to one folder, as far as that can
// be told without the list of the source's tables.
func (r *resolver) targets() {
	var tables []Table
	var environments []Environment
	for i := range r.out.Pipelines {
		p := &r.out.Pipelines[i]
		r.listedTwice(p.Tables)
		tables = append(tables, p.Tables...)
		environments = append(environments, p.Environments...)
		r.shadowed(p)
	}
	r.sameTable(tables)
	r.sameSchema(environments)
}

// sameTable reports tables that are named one by one and share a folder.
func (r *resolver) sameTable(tables []Table) {
	inOrder(tables, func(t Table) Problem { return Problem{Position: t.Position, Path: t.Path} })
	first := map[string]Table{}
	for _, t := range tables {
		if t.SourceTable == "" {
			continue
		}
		other, taken := first[t.Destination.same()]
		if !taken {
			first[t.Destination.same()] = t
			continue
		}
		r.errorf(t.Path, fmt.Sprintf("writes to %s, and so does %s", t.Destination, at(other.Path, other.Position)),
			"give one of them another destination_table, or remove it")
	}
}

// sameSchema reports environments that are written to one schema of the lake.
// One environment twice must collide. Two environments nearly always do, since
// every Dataverse has tables such as account.
func (r *resolver) sameSchema(environments []Environment) {
	inOrder(environments, func(e Environment) Problem { return Problem{Position: e.Position, Path: e.Path} })
	for i, e := range environments {
		for _, other := range environments[:i] {
			if !strings.EqualFold(e.Catalog+"/"+e.Schema, other.Catalog+"/"+other.Schema) {
				continue
			}
			message := fmt.Sprintf("writes all its tables to %s/%s, and so does %s", e.Catalog, e.Schema, at(other.Path, other.Position))
			if sameEnvironment(e.SourceSchema, other.SourceSchema) {
				r.errorf(e.Path, message, "remove one of them")
			} else {
				r.warnf(e.Path, message, "tables of the same name will collide; give each environment a destination_schema of its own")
			}
			break
		}
	}
}

// shadowed reports tables of other pipelines that an environment would write
// over. Tables of the same pipeline are left out of its environments.
func (r *resolver) shadowed(p *Pipeline) {
	for _, e := range p.Environments {
		for i := range r.out.Pipelines {
			other := &r.out.Pipelines[i]
			if other.Key == p.Key {
				continue
			}
			for _, t := range other.Tables {
				if !e.covers(t) || slices.ContainsFunc(p.Tables, t.sameSource) {
					continue
				}
				r.errorf(e.Path, fmt.Sprintf("writes to %s with all tables of the environment, and so does %s", t.Destination, at(t.Path, t.Position)),
					"name the table in this pipeline instead, or give one of them another destination_schema")
			}
		}
	}
}

// covers reports whether the environment would write a table of that source to
// that destination.
func (e Environment) covers(t Table) bool {
	d := Destination{e.Catalog, e.Schema, t.SourceTable}
	return sameEnvironment(e.SourceSchema, t.SourceSchema) && d.same() == t.Destination.same()
}

func (t Table) sameSource(other Table) bool {
	return sameEnvironment(t.SourceSchema, other.SourceSchema) && strings.EqualFold(t.SourceTable, other.SourceTable)
}

// listedTwice reports a source table that one pipeline writes to two places,
// which is possible and seldom meant.
func (r *resolver) listedTwice(tables []Table) {
	for i, t := range tables {
		j := slices.IndexFunc(tables[:i], t.sameSource)
		if j >= 0 && t.SourceTable != "" && t.Destination.same() != tables[j].Destination.same() {
			r.warnf(t.Path, fmt.Sprintf("table %s is listed twice, here and at %s; its rows are read for each", t.SourceTable, at(tables[j].Path, tables[j].Position)), "")
		}
	}
}

func at(path string, p Position) string {
	if p.Line == 0 {
		return path
	}
	return fmt.Sprintf("%s (%s)", path, p)
}

func inOrder[T any](things []T, place func(T) Problem) {
	slices.SortStableFunc(things, func(a, b T) int { return byPosition(place(a), place(b)) })
}

// Expand lists all tables of the pipeline: those that it names, and behind
// them those of its environments. tables says which ones an environment has; it
// is asked once for each. A table that the pipeline names itself is not read a
// second time through its environment.
//
// The error is that of tables, or [Problems] when two tables would be written
// to one folder or a name cannot be a folder.
func (p *Pipeline) Expand(tables func(sourceSchema string) ([]string, error)) ([]Table, error) {
	all := slices.Clone(p.Tables)
	for _, e := range p.Environments {
		found, err := tables(e.SourceSchema)
		if err != nil && e.SourceSchema == "" {
			return nil, fmt.Errorf("list the tables of the export: %w", err)
		}
		if err != nil {
			return nil, fmt.Errorf("list the tables of environment %q: %w", e.SourceSchema, err)
		}
		for _, name := range found {
			t := e.Table(name)
			if e.Excludes(name) {
				continue
			}
			if !slices.ContainsFunc(p.Tables, t.sameSource) {
				all = append(all, t)
			}
		}
	}
	if problems := collisions(all); len(problems) > 0 {
		return nil, problems
	}
	return all, nil
}

// Excludes reports whether the configuration leaves a table out.
func (e Environment) Excludes(name string) bool {
	return slices.ContainsFunc(e.Exclude, func(pattern string) bool {
		return fits(strings.ToLower(strings.TrimSpace(pattern)), strings.ToLower(name))
	})
}

// fits compares a name with a pattern in which * stands for any letters.
func fits(pattern, name string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	name, found := strings.CutPrefix(name, first)
	if !star || !found {
		return found && name == ""
	}
	for i := range len(name) + 1 {
		if fits(rest, name[i:]) {
			return true
		}
	}
	return false
}

// Table is a table of the environment that the pipeline does not name itself.
func (e Environment) Table(name string) Table {
	return Table{
		SourceSchema: e.SourceSchema, SourceTable: name,
		Destination: Destination{e.Catalog, e.Schema, strings.ToLower(name)},
		Settings:    e.Settings, Path: e.Path, Position: e.Position,
	}
}

func collisions(tables []Table) Problems {
	var problems Problems
	first := map[string]Table{}
	for _, t := range tables {
		if why := badName(t.Destination.Table); why != "" {
			problems = append(problems, Problem{t.Position, t.Path, fmt.Sprintf("table %q of the source cannot be a folder of the lake: its name %s", t.SourceTable, why), "name the table and give it a destination_table"})
			continue
		}
		other, taken := first[t.Destination.same()]
		if taken {
			problems = append(problems, Problem{
				t.Position, t.Path,
				fmt.Sprintf("table %s of %s writes to %s, and so does table %s of %s", t.SourceTable, t.Path, t.Destination, other.SourceTable, at(other.Path, other.Position)),
				"name one of them and give it another destination_table",
			})
			continue
		}
		first[t.Destination.same()] = t
	}
	return problems
}
