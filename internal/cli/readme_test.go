package cli_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/cli"
)

// The documents are tested: TestDocumentsRun runs their commands. With -update it
// writes the outputs that they show anew, as it does for the scripts.
//
// In a document, each line of a block of the language sh is run, in order, in a
// folder that has the sluice.yaml of the README and an export beside it:
//
//	sluice run
//	sluice run --table nothing    # exit 2
//	sluice config schema > sluice.schema.json
//
// A comment before the block keeps it from being run, and says why:
//
//	<!-- not run: installs tools -->
//
// A comment before a block of the language text says what it shows: what that
// command last wrote to standard output, or its JSON with line breaks, or the
// first lines of either:
//
//	<!-- output of: sluice run --json | json | 12 lines -->
var root = filepath.Join("..", "..")

// shownFolder stands in the documents for the folder of the test.
const shownFolder = "/home/ann/d365"

func TestDocumentsRun(t *testing.T) {
	readme := readDocument(t, filepath.Join(root, "README.md"))
	config := ""
	for _, b := range readme.blocks {
		if b.language == "yaml" && strings.HasPrefix(b.text, "# sluice.yaml\n") {
			config = b.text
		}
	}
	if config == "" {
		t.Fatal("README.md has no block of yaml that begins with # sluice.yaml")
	}
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append([]string{filepath.Join(root, "README.md")}, paths...) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			readDocument(t, path).run(t, config)
		})
	}
}

// updating: the flag is that of the scripts.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// document is a Markdown file and its fenced blocks.
type document struct {
	path   string
	lines  []string
	blocks []block
}

type block struct {
	language string
	text     string
	first    int    // line of the text, from 0
	end      int    // line of the closing fence
	note     string // of the comment before it
}

var fence = regexp.MustCompile("^```([a-z]*)$")

func readDocument(t *testing.T, path string) *document {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := &document{path: path, lines: strings.Split(string(text), "\n")}
	for i := 0; i < len(d.lines); i++ {
		m := fence.FindStringSubmatch(d.lines[i])
		if m == nil {
			continue
		}
		b := block{language: m[1], first: i + 1}
		if before := d.lines[max(i-1, 0)]; strings.HasPrefix(before, "<!-- ") {
			b.note = strings.TrimSuffix(strings.TrimPrefix(before, "<!-- "), " -->")
		}
		for i++; i < len(d.lines) && d.lines[i] != "```"; i++ {
			b.text += d.lines[i] + "\n"
		}
		b.end = i
		d.blocks = append(d.blocks, b)
	}
	return d
}

// session is a document being followed.
type session struct {
	dir     string
	outputs map[string]string // by command
}

func (d *document) run(t *testing.T, config string) {
	s := &session{dir: t.TempDir(), outputs: map[string]string{}}
	t.Chdir(s.dir)
	for i := range d.blocks {
		b := &d.blocks[i]
		switch what, rest, _ := strings.Cut(b.note, ": "); {
		case what == "not run" && rest != "":
		case b.language == "sh":
			s.prepare(t, b.text, config)
			for line := range strings.Lines(b.text) {
				s.command(t, strings.TrimSpace(line))
			}
		case what == "output of":
			s.prepare(t, rest, config)
			d.compare(t, b, s.shown(t, rest))
		}
	}
	if updating() {
		d.write(t)
	}
}

// prepare makes configuration and export before the first command that needs
// them: not for one that makes its own.
func (s *session) prepare(t *testing.T, commands, config string) {
	t.Helper()
	if _, err := os.Stat("sluice.yaml"); err == nil || strings.Contains(commands, "sluice init") {
		return
	}
	if err := os.WriteFile("sluice.yaml", []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(commands, "--out ./export") {
		s.command(t, "sluice simulate --out ./export --tables account,contact,inventtrans")
	}
}

var wantedExit = regexp.MustCompile(`\s+# exit (\d+)$`)

// command runs one line in this process.
func (s *session) command(t *testing.T, line string) {
	t.Helper()
	want := 0
	if m := wantedExit.FindStringSubmatch(line); m != nil {
		want, _ = strconv.Atoi(m[1])
		line = strings.TrimSuffix(line, m[0])
	}
	rest, ok := strings.CutPrefix(strings.Replace(line, "go run ./cmd/sluice ", "sluice ", 1), "sluice ")
	if !ok {
		t.Fatalf("%q is no command of sluice: begin a block of its own for it, with a comment <!-- not run: why -->", line)
	}
	rest, file, redirected := strings.Cut(rest, " > ")
	var out, errs bytes.Buffer
	if got := cli.Main(strings.Fields(rest), strings.NewReader(""), &out, &errs); got != want {
		t.Errorf("%s: exit %d, want %d; it wrote\n%s%s", line, got, want, out.String(), errs.String())
	}
	s.outputs[line] = strings.ReplaceAll(out.String(), s.dir, shownFolder)
	if redirected {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// shown is the output that a note asks for: command | json | N lines.
func (s *session) shown(t *testing.T, note string) string {
	t.Helper()
	parts := strings.Split(note, " | ")
	if _, ran := s.outputs[parts[0]]; !ran {
		s.command(t, parts[0])
	}
	out := s.outputs[wantedExit.ReplaceAllString(parts[0], "")]
	for _, how := range parts[1:] {
		var n int
		switch _, err := fmt.Sscanf(how, "%d lines", &n); {
		case how == "json":
			var b bytes.Buffer
			if err := json.Indent(&b, []byte(out), "", " "); err != nil {
				t.Errorf("%s: %v", parts[0], err)
			}
			out = b.String()
		case err == nil:
			lines := strings.SplitAfter(out, "\n")
			if len(lines) > n {
				out = strings.Join(lines[:n], "") + "…\n"
			}
		default:
			t.Errorf("note %q: %q is neither json nor a number of lines", note, how)
		}
	}
	return strings.TrimRight(out, "\n") + "\n"
}

// compare holds a block to what a command wrote, or takes that over.
func (d *document) compare(t *testing.T, b *block, got string) {
	t.Helper()
	got = trailing.ReplaceAllString(got, "\n")
	switch {
	case steady(got) == steady(b.text):
	case updating():
		b.text = got
	default:
		t.Errorf("%s: %s is not what the document shows; -update rewrites it\ngot:\n%s\ndocument:\n%s",
			filepath.Base(d.path), b.note, got, b.text)
	}
}

// write stores the document with the blocks as they are now.
func (d *document) write(t *testing.T) {
	t.Helper()
	var out []string
	at := 0
	for _, b := range d.blocks {
		out = append(out, d.lines[at:b.first]...)
		if b.text != "" {
			out = append(out, strings.TrimSuffix(b.text, "\n"))
		}
		at = b.end
	}
	out = append(out, d.lines[at:]...)
	if err := os.WriteFile(d.path, []byte(strings.Join(out, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

var trailing = regexp.MustCompile(` +\n`)

// varying is what differs from run to run or machine to machine.
var varying = []*regexp.Regexp{
	regexp.MustCompile(`sluice/\S+`), // version of the program, in commits
	regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`),
	regexp.MustCompile(`20[2-9]\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z`),
	regexp.MustCompile(`[\d.]+ (ms|s|min|h)( +[\d.]+)?\b`), // and MB/s behind it
	regexp.MustCompile(`\d+ (d|h|min|s) ago`),
	regexp.MustCompile(`[\d.]+ (B|kB|MB|GB)(/s)?\b`),
	regexp.MustCompile(`"(duration_ms|\w*age_seconds|bytes\w*)": \d+`),
	regexp.MustCompile(`[ \t]+`),
}

func steady(text string) string {
	for _, v := range varying {
		text = v.ReplaceAllString(text, " ")
	}
	return text
}
