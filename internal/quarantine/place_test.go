package quarantine

import (
	"errors"
	"testing"
)

func TestPlace(t *testing.T) {
	entries := []Entry{
		{N: 1, Row: Row{Folder: "2024-01-10T00.00.00Z", File: "2024.csv", Line: 7, ID: "a"}},
		{N: 2, Row: Row{Folder: "2024-01-10T00.00.00Z", File: "2024.csv", Line: 9, ID: "b"}},
		{N: 3, Row: Row{Folder: "2024-01-11T00.00.00Z", File: "2024.csv", Line: 7, ID: "a"}},
	}
	parsed := func(text string) Place {
		place, err := ParsePlace(text)
		must(t, err)
		return place
	}
	for name, test := range map[string]struct {
		place Place
		want  [3]bool
	}{
		"all":         {parsed(""), [3]bool{true, true, true}},
		"number":      {parsed("2"), [3]bool{false, true, false}},
		"no such":     {parsed("4"), [3]bool{}},
		"line":        {parsed("2024-01-11T00.00.00Z/2024.csv:7"), [3]bool{false, false, true}},
		"other file":  {parsed("2024-01-11T00.00.00Z/2025.csv:7"), [3]bool{}},
		"rows of key": {OfID("a"), [3]bool{true, false, true}},
	} {
		for i := range entries {
			if got := test.place.Means(&entries[i]); got != test.want[i] {
				t.Errorf("%s: row %d is meant: %t", name, i+1, got)
			}
		}
		if got := test.place.IsAll(); got != (name == "all") {
			t.Errorf("%s: all rows are meant: %t", name, got)
		}
	}
	for _, text := range []string{"0", "-1", "2024.csv:7", "a/b:", "a/b:99999999999999999999", "first"} {
		if _, err := ParsePlace(text); !errors.Is(err, ErrBadPlace) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
