package fault_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/local"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

func TestMatchPatterns(t *testing.T) {
	tests := []struct {
		glob, path string
		want       bool
	}{
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"*", "a/b", true}, {"a/b", "a/b", true},
		{"a", "a/b", false}, {"*/_delta_log/*.json", "t/x/_delta_log/0.json", true},
		{"*/_delta_log/*.json", "_delta_log/0.json", false}, {"*.json", "a.json.tmp", false},
		{"a?c", "a/c", true}, {"a?c", "ac", false}, {"*a*a", "aba", true}, {"*a*a", "ab", false},
		{"a**", "a", true}, {"*ab", "aab", true}, {"?", "", false},
	}
	for _, tt := range tests {
		s := fault.New(mem.New(nil), fault.Match("", tt.glob, 0, fault.Fail(errBoom)))
		var err error
		for _, err = range s.List(t.Context(), tt.path, storage.ListOptions{}) {
		}
		if got := errors.Is(err, errBoom); got != tt.want {
			t.Errorf("%q on %q: %v, want %v", tt.glob, tt.path, got, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	plan, err := fault.Parse(`
# the second commit is carried out, but its writer does not learn of it
match put-if-absent *_delta_log/* 2 lose transient
at 4 fail no-space
match stat *    0 fail   denied
match * gone 1 fail not-exist
from 7 fail changed
`)
	if err != nil {
		t.Fatal(err)
	}
	inner := mem.New(nil)
	s := fault.New(inner, plan)
	put := func(path string) error { return s.PutIfAbsent(t.Context(), path, nil) }
	stat := func(path string) error { _, err := s.Stat(t.Context(), path); return err }
	steps := []struct {
		err  error
		want error
	}{
		{put("_delta_log/0"), nil},
		{put("_delta_log/1"), storage.ErrTransient},
		{put("_delta_log/1"), storage.ErrExists},
		{put("data"), storage.ErrNoSpace},
		{stat("data"), storage.ErrDenied},
		{put("gone"), storage.ErrNotExist},
		{put("a"), storage.ErrChanged},
		{put("a"), storage.ErrChanged},
	}
	for i, step := range steps {
		if !errors.Is(step.err, step.want) {
			t.Errorf("operation %d: %v, want %v", i+1, step.err, step.want)
		}
	}
	if diff := cmp.Diff([]string{"_delta_log/0", "_delta_log/1"}, paths(t, inner)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ rule, want string }{
		{"on 3 kill", `"on" is no rule`},
		{"at 3", "a number and an action must follow"},
		{"at 0 kill", `"0" is no whole number from 1 on`},
		{"from x kill", `"x" is no whole number from 1 on`},
		{"at 3 explode", `"explode" is no action`},
		{"at 3 fail", "fail takes 1 words, not 0"},
		{"at 3 kill -9", "kill takes 0 words, not 1"},
		{"from 3 fail badly", `"badly" is no class of errors`},
		{"at 3 cut all transient", `"all" is no whole number from 0 on`},
		{"match read *", "an operation, a path pattern, a number and an action must follow"},
		{"match fetch * 1 kill", `"fetch" is no operation`},
		{"match read * -1 kill", `"-1" is no whole number from 0 on`},
	}
	for _, tt := range tests {
		_, err := fault.Parse("# a comment\n" + tt.rule + "\n")
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: got error %v, want %s", tt.rule, err, tt.want)
		}
	}
}

// killedEnv tells a test process that it is a child which is to be killed: the
// rules, and in the second variable the root of its store.
const killedEnv, killedRootEnv = "SLUICE_TEST_FAULT_RULES", "SLUICE_TEST_FAULT_ROOT"

// TestKill runs itself as a child, which is killed around the publishing of its
// file: before it nothing is seen, after it all.
func TestKill(t *testing.T) {
	if rules := os.Getenv(killedEnv); rules != "" {
		beKilled(t, rules, os.Getenv(killedRootEnv))
		return
	}
	for action, want := range map[string][]string{
		"kill":       {"log/0.json"},
		"kill-after": {"data/1", "log/0.json"},
	} {
		t.Run(action, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "store")
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
			child.Env = append(os.Environ(), killedEnv+"=match close * 1 "+action, killedRootEnv+"="+root)
			output, err := child.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || strings.Contains(string(output), "survived") {
				t.Fatalf("the child ended with %v:\n%s", err, output)
			}
			s, err := local.New(root)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, paths(t, s)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if err := run(t.Context(), s); err != nil {
				t.Errorf("the next run: %v", err)
			}
		})
	}
}

func beKilled(t *testing.T, rules, root string) {
	plan, err := fault.Parse(rules)
	if err != nil {
		t.Fatal(err)
	}
	s, err := local.New(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Errorf("survived: %v", run(t.Context(), fault.New(s, plan)))
}
