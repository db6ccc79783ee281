package synapselink

import (
	"slices"
	"testing"
	"time"
)

func TestParseFolderName(t *testing.T) {
	for text, want := range map[string]int64{
		"2024-09-11T16.29.10Z":     20240911162910,
		"2024-09-11T16:29:10Z":     20240911162910,
		"2024-09-11T16:29:10.123Z": 20240911162910,
		"2024-09-11T16.29.10.123Z": 20240911162910,
		" 2024-09-11T16.29.10Z":    20240911162910,
		"2020-01-01T00.00.00Z":     20200101000000,
	} {
		n, err := ParseFolderName(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if n.Digits() != want || n.String() != text {
			t.Errorf("%q: %d %q, want %d and the text", text, n.Digits(), n, want)
		}
	}
}

func TestParseFolderNameRefuses(t *testing.T) {
	for _, text := range []string{
		"", "account", "2024-09-11", "2024-09-11T16.29Z", "2024-13-11T16.29.10Z", "2024-02-30T16.29.10Z",
		"2024-09-11T25.29.10Z", "2024-09-11T16.29.10", "2024-09-11T16.29.10Z/", "2024-09-11T16.29:10Z", "20240911162910",
	} {
		if n, err := ParseFolderName(text); err == nil {
			t.Errorf("%q was read as %d", text, n.Digits())
		}
	}
}

func TestFolderNameOrder(t *testing.T) {
	texts := []string{"2024-09-11T16:29:10Z", "2024-09-11T16.29.11Z", "2023-12-31T23.59.59Z", "2024-09-11T16.29.10Z"}
	var names []FolderName
	for _, text := range texts {
		names = append(names, name(t, text))
	}
	slices.SortFunc(names, FolderName.Compare)
	for i, want := range []int{2, 3, 0, 1} {
		if names[i].String() != texts[want] {
			t.Errorf("place %d: %s, want %s", i, names[i], texts[want])
		}
	}
	if !(FolderName{}).IsZero() || names[0].IsZero() || (FolderName{}).Compare(names[0]) >= 0 {
		t.Error("the zero name must be zero and sort first")
	}
	if got, want := names[0].Time(), time.Date(2023, 12, 31, 23, 59, 59, 0, time.UTC); !got.Equal(want) {
		t.Errorf("time %v, want %v", got, want)
	}
}
