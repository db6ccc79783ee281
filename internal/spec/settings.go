package spec

import (
	"fmt"
	"slices"
	"strings"
)

// merge takes each setting from the first configuration that has it. Include
// and exclude are one choice: a table that includes columns is not narrowed by
// what its pipeline excludes.
func merge(levels ...*TableSpecificConfig) Settings {
	s := Settings{SCDType: DefaultSCDType, SchemaChanges: DefaultSchemaChanges, OnGap: DefaultOnGap}
	for _, c := range slices.Backward(levels) {
		if c == nil {
			continue
		}
		if c.SCDType != "" {
			s.SCDType = c.SCDType
		}
		if c.SchemaChanges != "" {
			s.SchemaChanges = c.SchemaChanges
		}
		if c.OnGap != "" {
			s.OnGap = c.OnGap
		}
		if c.MaxBadRows != nil {
			s.MaxBadRows = *c.MaxBadRows
		}
		if c.MaxCellBytes != nil {
			s.MaxCellBytes = c.MaxCellBytes
		}
		if c.FreshnessLimit != "" {
			s.FreshnessLimit, _ = c.FreshnessLimit.Parse()
		}
		if len(c.IncludeColumns)+len(c.ExcludeColumns) > 0 {
			s.IncludeColumns, s.ExcludeColumns = c.IncludeColumns, c.ExcludeColumns
		}
		for key, value := range c.TableProperties {
			if s.TableProperties == nil {
				s.TableProperties = map[string]string{}
			}
			s.TableProperties[key] = value
		}
	}
	return s
}

// settingsAt checks one table_configuration on its own.
func (r *resolver) settingsAt(at string, c *TableSpecificConfig) {
	if c == nil {
		return
	}
	if len(c.IncludeColumns) > 0 && len(c.ExcludeColumns) > 0 {
		r.errorf(join(at, "exclude_columns"), "stands beside include_columns", "keep one: include_columns leaves later columns out, exclude_columns takes them in")
	}
	r.columns(join(at, "include_columns"), c.IncludeColumns)
	r.columns(join(at, "exclude_columns"), c.ExcludeColumns)
	for i, name := range c.ExcludeColumns {
		if strings.EqualFold(name, KeyColumn) || strings.EqualFold(name, SequenceColumn) {
			r.errorf(fmt.Sprintf("%s.exclude_columns[%d]", at, i), fmt.Sprintf("%s cannot be left out", name), "every table keeps Id and versionnumber: changes are matched and ordered by them")
		}
	}
	r.only(join(at, "primary_keys"), c.PrimaryKeys, KeyColumn,
		"only Id is possible: an export has one row for each Id, and a delete names nothing else")
	r.only(join(at, "sequence_by"), c.SequenceBy, SequenceColumn,
		"only versionnumber is possible: it is the one column of an export that orders the changes of a row")
	r.properties(join(at, "table_properties"), c.TableProperties)
	r.atLeast(join(at, "max_bad_rows"), c.MaxBadRows, -1, "write 0 for none, -1 for any number")
	r.atLeast(join(at, "max_cell_bytes"), c.MaxCellBytes, 0, "write 0 to leave texts out; remove the key to keep them whole")
	r.duration(join(at, "freshness_limit"), c.FreshnessLimit)
}

func (r *resolver) columns(at string, names []string) {
	seen := map[string]bool{}
	for i, name := range names {
		path := fmt.Sprintf("%s[%d]", at, i)
		folded := strings.ToLower(name)
		switch {
		case strings.TrimSpace(name) == "":
			r.errorf(path, "is empty", "name a column, or remove the item")
		case seen[folded]:
			r.warnf(path, fmt.Sprintf("column %s is listed twice", name), "")
		}
		seen[folded] = true
	}
}

// only refuses every list but the one with the given column. Clients that pass
// a text where a list is meant send a list of letters.
func (r *resolver) only(at string, list []string, column, reason string) {
	switch {
	case len(list) == 0 || len(list) == 1 && strings.EqualFold(list[0], column):
	case len(list) > 1 && !slices.ContainsFunc(list, func(s string) bool { return len(s) != 1 }):
		r.errorf(at, "is a list of single letters", fmt.Sprintf("a text was given where a list is meant; write [%s]", column))
	default:
		r.errorf(at, reason, "remove the key")
	}
}

// atLeast refuses numbers that mean nothing.
func (r *resolver) atLeast(at string, n *int64, least int64, hint string) {
	if n != nil && *n < least {
		r.errorf(at, fmt.Sprintf("is %d", *n), hint)
	}
}
