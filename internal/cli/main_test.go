package cli

import (
	stdcmp "cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the golden texts of the scripts anew")

// testNow is when all commands of the scripts run.
var testNow = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)

// interrupts is the variable that makes a command of a script interrupt itself.
const interrupts = "SLUICE_TEST_INTERRUPT"

// updateVariable is the end of the id that a command of a script gives its run.
const updateVariable = "SLUICE_TEST_UPDATE"

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"sluice": scriptMain})
}

type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// scriptMain is main with a clock that stands still.
func scriptMain() {
	p := &program{
		args: os.Args[1:], out: os.Stdout, err: os.Stderr, name: "sluice",
		now:      func() time.Time { return testNow },
		software: "sluice/1.2.3",
		newID: func() string {
			return "00000000-0000-0000-0000-" + stdcmp.Or(os.Getenv(updateVariable), "000000000001")
		},
		working: func(context.Context) {},
	}
	if os.Getenv(interrupts) != "" {
		p.working = interruptMyself
	}
	code := p.run()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	os.Exit(int(code))
}

func interruptMyself(ctx context.Context) {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(os.Interrupt)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	<-ctx.Done()
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": scriptCode,
			"json": scriptJSON,
			"norm": scriptNorm,
			"edit": scriptEdit,
		},
	})
}

// scriptCode runs sluice and wants an exit status: code 2 lint -f x.yaml.
// Output is in the files out and err, that of --json also checked to be one
// envelope whose ok tells the same.
func scriptCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N ARGUMENTS")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	runErr := ts.Exec("sluice", args[1:]...)
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	got := 0
	if runErr != nil {
		m := regexp.MustCompile(`exit status (\d+)`).FindStringSubmatch(runErr.Error())
		if m == nil {
			ts.Fatalf("%v", runErr)
		}
		got, err = strconv.Atoi(m[1])
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d\n%s%s", got, want, stdout, stderr)
	}
	ts.Check(os.WriteFile(ts.MkAbs("out"), []byte(stdout), 0o666))
	ts.Check(os.WriteFile(ts.MkAbs("err"), []byte(stderr), 0o666))
	for _, a := range args {
		if a == "--json" {
			checkEnvelope(ts, stdout, got)
		}
	}
}

func checkEnvelope(ts *testscript.TestScript, doc string, code int) {
	dec := json.NewDecoder(strings.NewReader(doc))
	dec.DisallowUnknownFields()
	var e struct {
		Command string
		OK      *bool
		Summary string
		Result  json.RawMessage
		Error   *Problem
	}
	if err := dec.Decode(&e); err != nil {
		ts.Fatalf("not an envelope: %v\n%s", err, doc)
	}
	if dec.More() {
		ts.Fatalf("more than one document:\n%s", doc)
	}
	if e.Command == "" || e.OK == nil || e.Summary == "" || e.Result == nil || *e.OK != (code == 0) {
		ts.Fatalf("exit status %d with this envelope:\n%s", code, doc)
	}
	if e.Error != nil && (e.Error.Code == "" || e.Error.Message == "" || code == 0) {
		ts.Fatalf("exit status %d with this error:\n%s", code, doc)
	}
}

// scriptJSON compares a value of a document: json out result.tables.0.rows 5.
// A path that ends with len is the number of items.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: [!] json FILE PATH VALUE")
	}
	var doc any
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	dec.UseNumber()
	ts.Check(dec.Decode(&doc))
	for step := range strings.SplitSeq(args[1], ".") {
		doc = stepInto(ts, doc, step)
	}
	text, ok := doc.(string)
	if !ok {
		raw, err := json.Marshal(doc)
		ts.Check(err)
		text = string(raw)
	}
	if (text == args[2]) == neg {
		ts.Fatalf("%s is %s, want %s", args[1], text, args[2])
	}
}

func stepInto(ts *testscript.TestScript, doc any, step string) any {
	switch v := doc.(type) {
	case map[string]any:
		if step == "len" {
			return len(v)
		}
		inner, ok := v[step]
		if !ok {
			ts.Fatalf("there is no %q", step)
		}
		return inner
	case []any:
		if step == "len" {
			return len(v)
		}
		i, err := strconv.Atoi(step)
		ts.Check(err)
		if i >= len(v) {
			ts.Fatalf("there are %d items, no number %d", len(v), i)
		}
		return v[i]
	}
	ts.Fatalf("%q leads nowhere", step)
	return nil
}

var (
	parquetSize = regexp.MustCompile(` +[\d.]+ (B|kB|MB)\b`)
	errorOfOS   = strings.NewReplacer("The system cannot find the file specified.", "no such file or directory")
)

// scriptNorm writes a file without what differs from one machine to the next:
// norm FILE TO [sizes].
func scriptNorm(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: norm FILE TO [sizes]")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[0]), ts.Getenv("WORK"), "WORK")
	text = errorOfOS.Replace(filepath.ToSlash(text))
	if len(args) > 2 {
		text = parquetSize.ReplaceAllString(text, "  # $1")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666))
}

// scriptEdit replaces a text in a file, which must hold it: edit FILE OLD NEW.
func scriptEdit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	before := ts.ReadFile(args[0])
	after := strings.Replace(before, args[1], args[2], 1)
	if before == after {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o666))
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"table", "table", 0}, {"tabel", "table", 2}, {"tble", "table", 1}, {"", "abc", 3}, {"kitten", "sitting", 3}} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestWantsJSON(t *testing.T) {
	for args, want := range map[string]bool{
		"run --json": true, "--json run": true, "run --json=true": true, "run --json=false": false,
		"run": false, "run --jsonx": false, "run -- --json": false, "run --bad --json": true,
	} {
		p := &program{args: strings.Fields(args)}
		if got := p.wantsJSON(); got != want {
			t.Errorf("wantsJSON(%q) = %v", args, got)
		}
	}
}

func TestInvocation(t *testing.T) {
	t.Setenv("GOCACHE", "/caches/go")
	for _, c := range []struct{ executable, name, want string }{
		{"/usr/local/bin/sluice", "sluice", "sluice"},
		{"/home/me/bin/sluice", "bin/sluice", "bin/sluice"},
		{"/home/me/my bin/sluice", "my bin/sluice", `"my bin/sluice"`},
		{"/tmp/go-build123/b001/exe/sluice", "/tmp/go-build123/b001/exe/sluice", "go run ./cmd/sluice"},
		{"/root/.cache/go-build/c0/c0ff-d/sluice", "/root/.cache/go-build/c0/c0ff-d/sluice", "go run ./cmd/sluice"},
		{"/caches/go/c0/c0ff-d/sluice", "/caches/go/c0/c0ff-d/sluice", "go run ./cmd/sluice"},
	} {
		p := &program{executable: c.executable, name: c.name}
		if got := p.invocation(); got != c.want {
			t.Errorf("%s called as %s: %q, want %q", c.executable, c.name, got, c.want)
		}
	}
}

func TestQuoting(t *testing.T) {
	if diff := cmp.Diff("\"it's \\\"5 \\$\\\" \\`x\\` C:\\\\d\"", shellText("it's \"5 $\" `x` C:\\d")); diff != "" {
		t.Errorf("shellText (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(`'it\'s C:\\d'`, pythonText(`it's C:\d`)); diff != "" {
		t.Errorf("pythonText (-want +got):\n%s", diff)
	}
}
