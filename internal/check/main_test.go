package check

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testNow is when everything is looked at.
var testNow = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)

func checker(thorough bool) *Checker {
	n := 0
	return &Checker{
		Now:      func() time.Time { return testNow },
		NewID:    func() string { n++; return fmt.Sprintf("id-%d", n) },
		Thorough: thorough,
	}
}

// shown is a step a line, its fix on the next one.
func shown(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%s %s: ", s.State, s.Name)
		if s.Code != "" {
			fmt.Fprintf(&b, "[%s] ", s.Code)
		}
		b.WriteString(s.Reason + "\n")
		if s.Fix != "" {
			b.WriteString("  -> " + s.Fix + "\n")
		}
	}
	return b.String()
}

// compare compares steps with lines, in which every "{name}" stands for a value.
func compare(t *testing.T, steps []Step, want string, values ...string) {
	t.Helper()
	got := shown(steps)
	for i := 0; i < len(values); i += 2 {
		got = strings.ReplaceAll(got, values[i+1], "{"+values[i]+"}")
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(want), "\n"), strings.Split(strings.TrimSpace(got), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// stepNamed is the step of that name.
func stepNamed(t *testing.T, steps []Step, name string) Step {
	t.Helper()
	for _, s := range steps {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no step %s among:\n%s", name, shown(steps))
	return Step{}
}
