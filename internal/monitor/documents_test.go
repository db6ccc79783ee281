package monitor

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/pipeline/report"
)

var docs = filepath.Join("..", "..", "docs")

// generated compares a part of a document, between a comment that names it and a
// comment that ends it, with what the code says.
func generated(t *testing.T, file, part, want string) {
	t.Helper()
	path := filepath.Join(docs, file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- generated: "+part+" -->\n", "<!-- end of "+part+" -->\n"
	before, rest, found := strings.Cut(string(text), begin)
	got, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no part %s", path, part)
	}
	switch {
	case got == want:
	case *update:
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s: go test ./internal/monitor -update rewrites it (-document +code):\n%s", path, cmp.Diff(got, want))
	}
}

func TestEventsDocument(t *testing.T) {
	var out strings.Builder
	out.WriteString("| code | level | meaning | what to do |\n|---|---|---|---|\n")
	for _, k := range report.EventKinds() {
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", k.Code, k.Level, cell(k.Meaning), cell(k.Fix))
	}
	generated(t, "events.md", "events", out.String())
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func TestMetricsDocument(t *testing.T) {
	m := NewMetrics("v1.2.3")
	tellSample(t, m.Listener())
	tellDone(m.Listener())
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	out.WriteString("| metric | type | labels | |\n|---|---|---|---|\n")
	for _, f := range families {
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), labelNames(f), cell(f.GetHelp()))
	}
	generated(t, "operations.md", "metrics", out.String())
}

// tellDone tells of a run without tables that worked, so that every metric is
// there.
func tellDone(l report.Listener) {
	info := report.RunInfo{Pipeline: "prod", UpdateID: "done", At: noon}
	l.RunBegan(info)
	l.RunDone(info, report.Result{State: report.Completed})
}

func labelNames(f *dto.MetricFamily) string {
	var names []string
	for _, l := range f.GetMetric()[0].GetLabel() {
		names = append(names, "`"+l.GetName()+"`")
	}
	return strings.Join(names, ", ")
}

// TestEveryMetricIsDocumented: the one that the sample run leaves out would be
// missing in the document.
func TestEveryMetricIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(docs, "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	parsed := parse(t, "metrics.go")
	found := 0
	ast.Inspect(parsed, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 3 {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"counter", "gauge", "histogram"}, method.Sel.Name) {
			return true
		}
		if name := literal(call.Args[0]); !strings.Contains(string(text), "`"+namespace+"_"+name+"`") {
			t.Errorf("docs/operations.md does not have %s", name)
		}
		found++
		return true
	})
	if found < 15 {
		t.Errorf("%d metrics were found in the source", found)
	}
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func literal(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		if text, err := strconv.Unquote(l.Value); err == nil {
			return text
		}
	}
	return ""
}

// TestEveryCodeIsDocumentedAndUsed reads the source of the pipeline: its
// constants whose value is in capitals are the codes of events that are no
// failures. What is documented must be told somewhere.
func TestEveryCodeIsDocumentedAndUsed(t *testing.T) {
	dir := filepath.Join("..", "pipeline")
	codes, used := codesOf(t, filepath.Join(dir, "report", "event.go")), map[string]bool{}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	below, err := filepath.Glob(filepath.Join(dir, "*", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	paths = append(paths, below...)
	for _, path := range paths {
		if name := filepath.Base(path); name == "event.go" || name == "eventkind.go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(parse(t, path), func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				used[id.Name] = true
			}
			return true
		})
	}
	kinds := map[string]report.EventKind{}
	for _, k := range report.EventKinds() {
		kinds[k.Code] = k
		if k.Meaning == "" || k.Level == "" {
			t.Errorf("%s has no meaning or no level", k.Code)
		}
		if k.Level != report.Info && k.Fix == "" {
			t.Errorf("%s says not what to do", k.Code)
		}
	}
	for name, code := range codes {
		if _, ok := kinds[code]; !ok {
			t.Errorf("%s (%s) is not among report.EventKinds", name, code)
		}
		if !used[name] {
			t.Errorf("%s (%s) is documented and told nowhere", name, code)
		}
	}
	if len(codes) < 10 {
		t.Errorf("%d codes were found in the source", len(codes))
	}
}

// codesOf are the constants of a file whose value is a code, by name.
func codesOf(t *testing.T, path string) map[string]string {
	t.Helper()
	codes := map[string]string{}
	for _, d := range parse(t, path).Decls {
		block, ok := d.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		for _, s := range block.Specs {
			v, ok := s.(*ast.ValueSpec)
			if !ok || v.Type != nil {
				continue // levels have a type
			}
			for i, name := range v.Names {
				codes[name.Name] = literal(v.Values[i])
			}
		}
	}
	return codes
}
