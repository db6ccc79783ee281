package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// DefaultFile is the configuration that is read when none is named.
const DefaultFile = "sluice.yaml"

// Load reads and decodes a configuration file. env looks up an environment
// variable, as os.LookupEnv does.
//
// What is wrong with the file's content is [Problems], all of it; a file that
// cannot be read is an error that wraps both [ErrInvalid] and the cause.
// The meaning is not looked at: see [Lint] and [Config.Resolve].
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("%w: find the folder of %s: %w", ErrInvalid, path, err)
	}
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: read %s: %w; 'sluice init' writes a first one, --config names another", ErrInvalid, path, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("%w: read configuration: %w", ErrInvalid, err)
	}
	cfg, err := Parse(path, data, env)
	if err != nil {
		return nil, err
	}
	cfg.dir = dir
	return cfg, nil
}

// Parse decodes a configuration that is in memory. The file's name is only
// used to say where something is. Relative paths start at the working folder
// unless [Config.SetDir] says another.
func Parse(file string, data []byte, env func(string) (string, bool)) (*Config, error) {
	d := &decoder{
		file: file, env: env,
		targets: map[*ast.AliasNode]ast.Node{}, positions: map[string]Position{}, replaced: map[string]bool{}, merging: map[ast.Node]bool{},
	}
	root := d.parse(data)
	if root == nil {
		return nil, d.problems.sorted()
	}
	bindAliases(root, d.targets)
	d.bundle = d.bundleName(root)
	cfg := &Config{}
	d.value(root, reflect.ValueOf(cfg).Elem(), "", field{})
	if len(d.problems) > 0 {
		return nil, d.problems.sorted()
	}
	cfg.source = source{file: file, positions: d.positions, replaced: d.replaced}
	return cfg, nil
}

// Bounds of a file. The parser takes time by the square of the depth.
const (
	largestFile = 4 << 20
	deepest     = 100
)

// parse gives the one document of the file, or nil after a problem.
func (d *decoder) parse(data []byte) ast.Node {
	fail := func(tk *token.Token, message, hint string) ast.Node {
		d.problem(tk, "", message, hint)
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(data) > largestFile {
		return fail(nil, fmt.Sprintf("the file has %d bytes, more than %d", len(data), largestFile), "is it the right file?")
	}
	tokens := lexer.Tokenize(string(data))
	if tk := tooDeep(tokens); tk != nil {
		return fail(tk, fmt.Sprintf("more than %d levels", deepest), "")
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return d.syntaxError(err)
	}
	var bodies []ast.Node
	for _, doc := range f.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch {
	case len(bodies) == 0:
		return fail(nil, "the file is empty", "'sluice init' writes a first one")
	case len(bodies) > 1:
		return fail(startOf(bodies[1]), "a second YAML document begins here", "one file is one configuration; remove the line ---")
	}
	return bodies[0]
}

// quoted is text that the parser took from the file; it may be a secret.
var quoted = regexp.MustCompile(`:? "(?:[^"\\]|\\.)*"`)

func (d *decoder) syntaxError(err error) ast.Node {
	message, at := "not YAML", (*token.Token)(nil)
	if syntax, ok := errors.AsType[yaml.Error](err); ok {
		message = "not YAML: " + quoted.ReplaceAllString(syntax.GetMessage(), "")
		at = syntax.GetToken()
	}
	if strings.Contains(message, "\t") {
		message = "not YAML: a tab stands where only spaces may"
	}
	d.problem(at, "", message, "look at quotes, colons and indentation here and on the line before")
	return nil
}

// tooDeep is the token that opens a level too many: of brackets, or of dashes
// on one line.
func tooDeep(tokens token.Tokens) *token.Token {
	brackets, dashes, line := 0, 0, 0
	for _, tk := range tokens {
		if tk.Position != nil && tk.Position.Line != line {
			line, dashes = tk.Position.Line, 0
		}
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			dashes++
		}
		if brackets > deepest || dashes > deepest {
			return tk
		}
	}
	return nil
}

// bundleName finds the text that ${bundle.name} stands for before the rest is
// decoded. A name that refers to itself stands for nothing.
func (d *decoder) bundleName(root ast.Node) string {
	quiet := &decoder{file: d.file, env: d.env, targets: d.targets, replaced: map[string]bool{}, merging: map[ast.Node]bool{}}
	for _, key := range []string{"bundle", "name"} {
		entries, _ := quiet.entries(root, "")
		root = nil
		for _, e := range entries {
			if e.key == key {
				root, _ = quiet.plain(e.value, "")
			}
		}
		if root == nil {
			return ""
		}
	}
	raw, _ := textOf(root)
	name, ok := quiet.replace(raw, root.GetToken(), "", "")
	if !ok {
		return ""
	}
	return name
}

// bindAliases finds the value that each alias means: the last anchor of that
// name before it.
func bindAliases(root ast.Node, targets map[*ast.AliasNode]ast.Node) {
	ast.Walk(aliasBinder{anchors: map[string]ast.Node{}, targets: targets}, root)
}

type aliasBinder struct {
	anchors map[string]ast.Node
	targets map[*ast.AliasNode]ast.Node
}

// Visit implements [ast.Visitor].
func (b aliasBinder) Visit(n ast.Node) ast.Visitor {
	switch node := n.(type) {
	case *ast.AnchorNode:
		b.anchors[node.Name.GetToken().Value] = node.Value
	case *ast.AliasNode:
		if target, ok := b.anchors[node.Value.GetToken().Value]; ok {
			b.targets[node] = target
		}
	}
	return b
}
