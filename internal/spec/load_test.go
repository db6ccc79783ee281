package spec

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sluice.yaml")
	// A byte order mark and CRLF, as editors on Windows write them.
	text := "\ufeff" + strings.ReplaceAll(string(Example()), "\n", "\r\n")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(path, lookup)
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := cfg.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "lake"); resolved.Lake.Path != want {
		t.Errorf("lake is %q, want %q beside the file", resolved.Lake.Path, want)
	}
}

func TestLoadWithoutFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "sluice.yaml"), lookup)
	if !errors.Is(err, ErrInvalid) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "sluice init") {
		t.Errorf("Load: %v", err)
	}
}

func TestLoadFolder(t *testing.T) {
	if _, err := Load(t.TempDir(), lookup); !errors.Is(err, ErrInvalid) {
		t.Errorf("Load: %v", err)
	}
}

func TestParseTooLarge(t *testing.T) {
	_, err := Parse("sluice.yaml", make([]byte, largestFile+1), lookup)
	if err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("Parse: %v", err)
	}
}

// Each line merges the one before it ten times: without a bound, the last would
// be followed 10^12 times.
func TestParseAliasesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("connections:\n  c0: &c0 {comment: x}\n")
	for i := 1; i <= 12; i++ {
		n := string(rune('a' + i))
		before := "c0"
		if i > 1 {
			before = string(rune('a' + i - 1))
		}
		b.WriteString("  " + n + ": &" + n + "\n    <<: [" + strings.TrimSuffix(strings.Repeat("*"+before+", ", 10), ", ") + "]\n")
	}
	_, err := Parse("sluice.yaml", []byte(b.String()), lookup)
	if err == nil || !strings.Contains(err.Error(), "too large once its aliases are followed") {
		t.Errorf("Parse: %v", err)
	}
}

func TestReferences(t *testing.T) {
	cfg := mustParse(t, "testdata/everything.yaml")
	if got, want := cfg.Lake.URL, "abfss://tables@contosolake.dfs.core.windows.net/all"; got != want {
		t.Errorf("lake.url = %q, want %q", got, want)
	}
	if got := cfg.Lake.AccountKey.Reveal(); got != environment["ACCOUNT_KEY"] {
		t.Errorf("lake.account_key = %q", got)
	}
	if !cfg.Resources.Pipelines["prod"].Development {
		t.Error("development is not taken from the environment")
	}
	task := cfg.Resources.Jobs["hourly"].Tasks[0].PipelineTask
	if task.PipelineKey() != "prod" {
		t.Errorf("task runs pipeline %q", task.PipelineKey())
	}
}

func TestEnvironmentIsNotReadTwice(t *testing.T) {
	cfg, err := Parse("sluice.yaml", []byte("lake: {account_key: '${env.LOOKS}', endpoint: '${env.EMPTY}'}"), lookup)
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Lake.AccountKey.Reveal(); got != environment["LOOKS"] {
		t.Errorf("account_key = %q, want the variable as it is", got)
	}
}

func TestParseWithoutEnvironment(t *testing.T) {
	_, err := Parse("sluice.yaml", []byte("lake: {url: '${env.LAKE}'}"), nil)
	want := Problems{{Position{"sluice.yaml", 1, 13}, "lake.url", "environment variable LAKE is not set", "set it: export LAKE=…"}}
	var got Problems
	if !errors.As(err, &got) {
		t.Fatalf("Parse: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParent(t *testing.T) {
	path := join("resources.pipelines", "a.b [x]", "tags", `c"]d`)
	path += "[3]"
	var got []string
	for ; path != ""; path = parent(path) {
		got = append(got, path)
	}
	want := []string{
		`resources.pipelines["a.b [x]"].tags["c\"]d"][3]`, `resources.pipelines["a.b [x]"].tags["c\"]d"]`,
		`resources.pipelines["a.b [x]"].tags`, `resources.pipelines["a.b [x]"]`, "resources.pipelines", "resources",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNearest(t *testing.T) {
	keys := []string{"name", "catalog", "schema", "scd_type", "table_configuration"}
	for _, tt := range []struct{ word, want string }{
		{"nmae", "name"}, {"Name", "name"}, {"scd-type", "scd_type"}, {"scdtype", "scd_type"},
		{"table_config", ""}, {"tableconfiguration", "table_configuration"}, {"x", ""}, {"", ""}, {"catalogue", "catalog"},
	} {
		if got := nearest(tt.word, keys); got != tt.want {
			t.Errorf("nearest(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
}

// FuzzParse holds the whole way to: no panic, no secret in a message, and what
// is printed can be read again.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "testdata/*/*.yaml", "example.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no files match %s: %v", pattern, err)
		}
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := Parse("sluice.yaml", data, lookup)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		Lint(cfg)
		text, err := Print(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Parse("printed.yaml", text, nil); err == nil {
			Lint(again)
		} else if !strings.Contains(string(text), "${") {
			t.Fatalf("printed configuration cannot be read: %v\n%s", err, text)
		}
	})
}
