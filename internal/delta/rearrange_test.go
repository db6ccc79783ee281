package delta

import (
	"testing"

	"github.com/sluicedata/sluice/internal/storage/mem"
)

// Each row is what others commit while a file is merged into another, which
// changes no rows.
func TestConflictsOfRearranging(t *testing.T) {
	for name, test := range map[string]struct {
		theirs func(t *testing.T, s *Snapshot) Changes
		want   ConflictKind // 0: commits after them
	}{
		"rows added":                    {func(*testing.T, *Snapshot) Changes { return Changes{Adds: []Add{testAdd("theirs")}} }, 0},
		"rows marked in another file":   {func(t *testing.T, s *Snapshot) Changes { t.Helper(); return marking(t, s, "b") }, 0},
		"rows marked in a file of ours": {func(t *testing.T, s *Snapshot) Changes { t.Helper(); return marking(t, s, "a") }, ForeignRemove},
		"the file deleted": {func(_ *testing.T, s *Snapshot) Changes {
			return Changes{Removes: []Remove{NewRemove(fileNamed(s, "a"), testTime, true)}}
		}, ForeignRemove},
		"metadata": {func(_ *testing.T, s *Snapshot) Changes {
			m := s.Metadata.WithConfiguration(map[string]string{"note": "x"})
			return Changes{Metadata: &m}
		}, ForeignMetadata},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTable(t, mem.New(testClock))
			theirs := foreign(t, s, test.theirs(t, s))
			merged := testAdd("merged")
			merged.DataChange = false
			ours := Changes{Removes: []Remove{NewRemove(fileNamed(s, "a"), testTime, false)}, Adds: []Add{merged}}
			out, err := Commit(t.Context(), s, ours, testOptions())
			switch {
			case err != nil:
				t.Fatal(err)
			case test.want == 0 && (out.Kind != Committed || out.Version != theirs.Version+1):
				t.Fatalf("%v (%v), want it as version %d", out.Kind, out.Reason, theirs.Version+1)
			case test.want != 0 && (out.Kind != Conflicted || out.Reason.Kind != test.want):
				t.Fatalf("%v (%v), want a conflict: %v", out.Kind, out.Reason, test.want)
			}
		})
	}
}

// marking gives a file a vector.
func marking(t *testing.T, s *Snapshot, path string) Changes {
	t.Helper()
	old := fileNamed(s, path)
	marked := must(old.WithVector(testVector(2)))(t)
	return Changes{Removes: []Remove{NewRemove(old, testTime, true)}, Adds: []Add{marked}}
}
