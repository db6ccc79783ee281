package synapselink

import (
	"fmt"
	"slices"
	"strings"
)

// Selection says which columns of a table are wanted, and how much of them.
type Selection struct {
	Include []string // only these; columns that appear later stay out
	Exclude []string // all but these; columns that appear later come in
	// History is set for SCD type 2, which reserves some column names.
	History bool
	// MaxCellBytes is where longer texts are cut, at the end of a character; nil
	// keeps them whole. A text of which nothing is left is null, as every empty
	// one is. GUIDs and numbers are never cut.
	MaxCellBytes *int64
}

// keeps reports whether the column is wanted. Key and sequence always are.
func (s Selection) keeps(column string) bool {
	switch {
	case strings.EqualFold(column, columnID), strings.EqualFold(column, columnVersion):
		return true
	case len(s.Include) > 0:
		return containsName(s.Include, column)
	}
	return !containsName(s.Exclude, column)
}

// check refuses contradictions.
func (s Selection) check() error {
	if len(s.Include) > 0 && len(s.Exclude) > 0 {
		return fmt.Errorf("%w: include_columns and exclude_columns cannot be used together", ErrSelection)
	}
	return nil
}

// Check refuses names that are not among those known: most likely a
// misspelling, which must not bring in a column that was to stay out. It is
// asked once for a table and not for each folder, since columns come and go.
func (s Selection) Check(table string, known []string) error {
	for _, name := range slices.Concat(s.Include, s.Exclude) {
		if !containsName(known, name) {
			return tableProblem("select columns of", table,
				fmt.Errorf("%w: there is no column %q; the nearest is %q", ErrSelection, name, nearest(name, known)))
		}
	}
	return nil
}

// reserved reports whether SCD type 2 keeps the name for itself.
func reserved(column string) bool {
	name := strings.ToLower(column)
	return name == "__start_at" || name == "__end_at" || strings.HasPrefix(name, "__spark_autocdc_")
}

// checkReserved refuses columns whose names are needed, unless they are not
// wanted: some by SCD type 2, some for what data files carry beside the table.
func (s Selection) checkReserved(entity Entity) error {
	for _, a := range entity.Attributes {
		taken := s.History && reserved(a.Name) || strings.HasPrefix(strings.ToLower(a.Name), "_sluice_")
		if taken && s.keeps(a.Name) {
			return fmt.Errorf("%w: %q", ErrReservedColumn, a.Name)
		}
	}
	return nil
}

func containsName(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// nearest is the name with the fewest letters to change.
func nearest(name string, names []string) string {
	best, least := "", -1
	for _, n := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(n)); least < 0 || d < least {
			best, least = n, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
