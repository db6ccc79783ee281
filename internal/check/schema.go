package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// shownProblems of tables are told one by one.
const shownProblems = 3

// schemas reads the columns of every table that the pipelines want, as the
// newest complete folder describes them.
func (x *export) schemas(ctx context.Context, about entra.About) Step {
	if x.newest.IsZero() {
		return skip("no folder is complete yet")
	}
	newest, err := x.Manifest(ctx, x.newest)
	if err != nil {
		return failed(err, about)
	}
	for _, entity := range newest.Entities {
		x.tables = append(x.tables, entity.Name)
	}
	slices.Sort(x.tables)
	x.tables = slices.Compact(x.tables)

	tables, err := x.wanted()
	if err != nil {
		return failed(err, about)
	}
	var problems []Step
	for _, t := range tables {
		if err := x.schema(ctx, t); err != nil {
			problems = append(problems, failed(err, about))
		}
	}
	if len(problems) == 0 {
		return pass(fmt.Sprintf("the columns of %s can be read", counted(len(tables), "table")) + x.restedNote())
	}
	return summed(problems, len(tables))
}

// restedNote says which tables were not read from the newest folder.
func (x *export) restedNote() string {
	if x.rested == 0 {
		return ""
	}
	return fmt.Sprintf("; %s without rows in folder %s, whose model.json does not describe them: a run asks nothing of it for them",
		counted(x.rested, "table"), x.newest)
}

// wanted are the tables of this environment.
func (x *export) wanted() ([]spec.Table, error) {
	var wanted []spec.Table
	for _, p := range x.pipelines {
		all, err := p.Expand(func(schema string) ([]string, error) {
			if slices.Contains(x.names, schema) {
				return x.tables, nil
			}
			return nil, nil
		})
		if err != nil {
			return nil, err
		}
		for _, t := range all {
			if slices.Contains(x.names, t.SourceSchema) {
				wanted = append(wanted, t)
			}
		}
	}
	return wanted, nil
}

// schema is what a run begins a table with.
func (x *export) schema(ctx context.Context, t spec.Table) error {
	known := slices.ContainsFunc(x.tables, func(name string) bool { return strings.EqualFold(name, t.SourceTable) })
	if !known {
		hint := "sluice discover lists those it has"
		if near := synapselink.Nearest(t.SourceTable, x.tables); near != "" {
			hint = "did you mean " + near + "?"
		}
		return &synapselink.TableError{Op: "find", Table: t.SourceTable, Err: synapselink.ErrNoSchema, Hint: hint}
	}
	entity, err := x.described(ctx, t.SourceTable)
	if err != nil || len(entity.Attributes) == 0 {
		return err
	}
	selection := synapselink.Selection{
		Include: t.Settings.IncludeColumns, Exclude: t.Settings.ExcludeColumns, History: t.Settings.SCDType == spec.SCDType2,
	}
	if _, err := synapselink.MergeSchema(nil, entity, selection); err != nil {
		return err
	}
	return x.selected(ctx, t, entity, selection)
}

// summed is one step of several problems.
func summed(problems []Step, of int) Step {
	found := problems[0]
	var reasons []string
	for _, p := range problems[:min(shownProblems, len(problems))] {
		reasons = append(reasons, p.Reason)
	}
	if more := len(problems) - len(reasons); more > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more", more))
	}
	if len(problems) > 1 {
		found.Reason = fmt.Sprintf("%d of %s: %s", len(problems), counted(of, "table"), strings.Join(reasons, "; "))
	}
	return found
}

// counted is a number of things whose name ends with s when they are many.
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
