package cli_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\[[^\]\n]*\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	address = regexp.MustCompile(`^[a-z]+:`)
)

// TestLinks follows every relative link of every document of the repository.
func TestLinks(t *testing.T) {
	found := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := e.Name(); e.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" && !hasDocuments(path)) {
			return fs.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			found++
			checkLinks(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 2 {
		t.Errorf("%d documents were found", found)
	}
}

// hasDocuments: some test data explains itself.
func hasDocuments(dir string) bool {
	deep, _ := filepath.Glob(filepath.Join(dir, "*", "*.md"))
	return len(deep) > 0
}

func checkLinks(t *testing.T, path string) {
	t.Helper()
	text := prose(t, path)
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		if address.MatchString(m[1]) {
			continue
		}
		file, anchor, _ := strings.Cut(m[1], "#")
		target := path
		if file != "" {
			target = filepath.Join(filepath.Dir(path), filepath.FromSlash(file))
		}
		if _, err := os.Stat(target); err != nil {
			t.Errorf("%s: link to %s: %v", path, m[1], err)
			continue
		}
		if anchor != "" && !hasHeading(prose(t, target), anchor) {
			t.Errorf("%s: link to %s: %s has no such heading", path, m[1], target)
		}
	}
}

// prose is a document without what is code.
func prose(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fenced.ReplaceAllString(string(text), "")
}

// hasHeading: anchors are headings in lower case, spaces as hyphens, without
// punctuation.
func hasHeading(text, anchor string) bool {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127:
				return r
			}
			return -1
		}, strings.ToLower(m[1]))
		if slug == anchor {
			return true
		}
	}
	return false
}
