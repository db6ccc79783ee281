package spec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// nearest is the candidate that a mistyped word most likely means, or empty
// when none is close: at most a third of its letters, and at least one, may be
// wrong, missing, too many or swapped with the next. Case and hyphens do not
// count.
func nearest(word string, candidates []string) string {
	plain := strings.NewReplacer("-", "_", " ", "_")
	word = plain.Replace(strings.ToLower(word))
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if d := distance(word, plain.Replace(strings.ToLower(c))); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance is the number of letters to insert, remove, replace or swap to get
// from one word to the other (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}

// longestWord keeps the table of distance small, whatever is in the file.
const longestWord = 100

func didYouMean(word string, candidates []string) string {
	if len(word) > longestWord {
		return ""
	}
	if n := nearest(word, candidates); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return ""
}

// hintForKey says where an unknown key of a struct belongs: it is mistyped, or
// it stands too high up, or else these are the keys.
func hintForKey(key string, t reflect.Type) string {
	fields := fieldsOf(t)
	if hint := didYouMean(key, names(fields)); hint != "" {
		return hint
	}
	if place := below(key, t); place != "" {
		return fmt.Sprintf("%s belongs below %s", key, place)
	}
	return "known here: " + strings.Join(names(fields), ", ")
}

// below is the nearest place below a struct where the key is known, or empty.
func below(key string, t reflect.Type) string {
	best := ""
	for _, f := range fieldsOf(t) {
		name, child := f.name, t.FieldByIndex(f.index).Type
		if child.Kind() == reflect.Slice {
			name, child = name+"[]", child.Elem()
		}
		if child.Kind() == reflect.Pointer {
			child = child.Elem()
		}
		if child.Kind() != reflect.Struct {
			continue
		}
		place := name
		if !slices.Contains(names(fieldsOf(child)), key) {
			deeper := below(key, child)
			if deeper == "" {
				continue
			}
			place = name + "." + deeper
		}
		if best == "" || strings.Count(place, ".") < strings.Count(best, ".") {
			best = place
		}
	}
	return best
}
