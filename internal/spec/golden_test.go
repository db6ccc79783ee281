package spec

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// environment is what ${env.…} finds in the tests.
var environment = map[string]string{
	"SLUICE_CLIENT_SECRET": "s3cr3t-client", "ACCOUNT_KEY": "s3cr3t-key", "DB_PASSWORD": "s3cr3t-db",
	"CERT_PASSWORD": "s3cr3t-cert", "SAS": "sv=1&sig=s3cr3t-sas", "DEV": "true", "CELL_BYTES": "65536", "LOOKS": "${env.ACCOUNT_KEY}", "EMPTY": "",
	"TRAILING": "s3cr3t-line\n",
}

func lookup(name string) (string, bool) {
	value, ok := environment[name]
	return value, ok
}

// golden compares the output for each file of a folder with the .txt beside
// it.
func golden(t *testing.T, folder string, output func(t *testing.T, path string) string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata/%s: %v", folder, err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			got := output(t, path)
			if strings.Contains(got, "s3cr3t") {
				t.Errorf("a secret is shown:\n%s", got)
			}
			want := strings.TrimSuffix(path, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(read(t, want), got); diff != "" {
				t.Errorf("-%s +output:\n%s", want, diff)
			}
		})
	}
}

// parse reads a file under its bare name, so that messages are the same on
// every system.
func parse(t *testing.T, path string) (*Config, error) {
	t.Helper()
	cfg, err := Parse(filepath.Base(path), []byte(read(t, path)), lookup)
	if cfg != nil {
		cfg.SetDir(filepath.FromSlash("/srv/sluice"))
	}
	return cfg, err
}

func mustParse(t *testing.T, path string) *Config {
	t.Helper()
	cfg, err := parse(t, path)
	if err != nil {
		t.Fatalf("parse %s: %v", path, err)
	}
	return cfg
}

func TestBadFiles(t *testing.T) {
	golden(t, "bad", func(t *testing.T, path string) string {
		_, err := parse(t, path)
		if !errors.Is(err, ErrInvalid) {
			t.Fatalf("error %v does not wrap ErrInvalid", err)
		}
		return err.Error() + "\n"
	})
}

func TestLint(t *testing.T) {
	golden(t, "lint", func(t *testing.T, path string) string {
		var b strings.Builder
		for _, f := range Lint(mustParse(t, path)) {
			b.WriteString(f.String() + "\n")
		}
		return b.String()
	})
}

func TestPrint(t *testing.T) {
	golden(t, "print", func(t *testing.T, path string) string {
		text, err := Print(mustParse(t, path))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	})
}
