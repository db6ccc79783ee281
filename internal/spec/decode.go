package spec

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// decoder turns the nodes of a YAML document into a Config. It goes on after
// an error, so that one look at a file finds everything that is wrong with it.
type decoder struct {
	file      string
	env       func(string) (string, bool)
	bundle    string // what ${bundle.name} stands for
	targets   map[*ast.AliasNode]ast.Node
	merging   map[ast.Node]bool // mappings whose "<<" are being followed
	positions map[string]Position
	replaced  map[string]bool // paths with a value from the environment
	problems  Problems
	nodes     int // decoded so far
}

// mostNodes bounds what aliases can blow a small file up to.
const mostNodes = 1_000_000

func (d *decoder) position(tk *token.Token) Position {
	if tk == nil || tk.Position == nil {
		return Position{File: d.file}
	}
	return Position{File: d.file, Line: tk.Position.Line, Column: tk.Position.Column}
}

func (d *decoder) problem(tk *token.Token, path, message, hint string) {
	d.problems = append(d.problems, Problem{Position: d.position(tk), Path: path, Message: message, Hint: hint})
}

// value decodes a node into v, which is settable. No message shows the node's
// text: it may be a secret that stands in the wrong place.
func (d *decoder) value(n ast.Node, v reflect.Value, path string, f field) {
	n, ok := d.plain(n, path)
	if !ok {
		return
	}
	if n.Type() == ast.NullType && v.Type() != reflect.TypeFor[Foreign]() {
		d.problem(n.GetToken(), path, "has no value", "give it one, or remove the key")
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path, f)
	case reflect.Struct:
		d.object(n, v, path)
	case reflect.Map:
		d.table(n, v, path, f)
	case reflect.Slice:
		d.list(n, v, path, f)
	case reflect.Bool:
		d.boolean(n, v, path)
	case reflect.Int64:
		d.integer(n, v, path)
	case reflect.String:
		d.text(n, v, path, f)
	default:
		panic(fmt.Sprintf("configuration type %s has no decoding", v.Type()))
	}
}

// plain follows anchors and aliases.
func (d *decoder) plain(n ast.Node, path string) (ast.Node, bool) {
	if d.nodes++; d.nodes > mostNodes {
		if d.nodes == mostNodes+1 {
			d.problem(n.GetToken(), path, "the file is too large once its aliases are followed", "write fewer aliases")
		}
		return nil, false
	}
	for range 100 {
		switch node := n.(type) {
		case *ast.AnchorNode:
			n = node.Value
		case *ast.AliasNode:
			target := d.targets[node]
			if target == nil {
				d.problem(node.GetToken(), path, "this alias has no anchor before it", "write the anchor, &name, at the value that is meant")
				return nil, false
			}
			n = target
		case *ast.TagNode:
			d.problem(node.GetToken(), path, "YAML tags are not understood", "remove the tag")
			return nil, false
		default:
			return n, n != nil
		}
	}
	d.problem(n.GetToken(), path, "this alias leads back to itself", "")
	return nil, false
}

func (d *decoder) wrongType(n ast.Node, path, want, hint string) {
	d.problem(n.GetToken(), path, fmt.Sprintf("must be %s, not %s", want, kindOf(n)), hint)
}

func (d *decoder) object(n ast.Node, v reflect.Value, path string) {
	entries, ok := d.entries(n, path)
	if !ok {
		return
	}
	fields := map[string]field{}
	for _, f := range fieldsOf(v.Type()) {
		fields[f.name] = f
	}
	for _, e := range entries {
		f, known := fields[e.key]
		if !known {
			d.problem(e.token, join(path, e.key), fmt.Sprintf("unknown key %q", e.key), hintForKey(e.key, v.Type()))
			continue
		}
		d.entry(e, v.FieldByIndex(f.index), join(path, e.key), f)
	}
}

func (d *decoder) table(n ast.Node, v reflect.Value, path string, f field) {
	entries, ok := d.entries(n, path)
	if !ok {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, e := range entries {
		if referencePattern.MatchString(e.key) {
			d.problem(e.token, path, "references are not replaced in keys", "write the key itself")
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		d.entry(e, item, join(path, e.key), f)
		// A part that could not be decoded has been reported; an empty one
		// keeps later steps free of nil.
		if item.Kind() == reflect.Pointer && item.IsNil() {
			item.Set(reflect.New(item.Type().Elem()))
		}
		v.SetMapIndex(reflect.ValueOf(e.key), item)
	}
}

// entry decodes the value of a key. A thing that has parts stands where its
// key does, a plain value stands where it is written.
func (d *decoder) entry(e entry, v reflect.Value, path string, f field) {
	d.positions[path] = d.position(e.token)
	if n, ok := d.plain(e.value, path); ok && kindOf(n) != "a mapping" && kindOf(n) != "a list" {
		d.positions[path] = d.position(n.GetToken())
	} else if !ok {
		return
	}
	d.value(e.value, v, path, f)
}

func (d *decoder) list(n ast.Node, v reflect.Value, path string, f field) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.wrongType(n, path, "a list", "write [a, b], or one item a line with '- ' before it")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values)))
	for i, item := range seq.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.positions[at] = d.position(startOf(item))
		d.value(item, v.Index(i), at, f)
	}
}

func (d *decoder) boolean(n ast.Node, v reflect.Value, path string) {
	if v.Type() == reflect.TypeFor[Foreign]() {
		v.SetBool(isPresent(n))
		return
	}
	if node, ok := n.(*ast.BoolNode); ok {
		v.SetBool(node.Value)
		return
	}
	raw, isText := textOf(n)
	if !isText || !referencePattern.MatchString(raw) {
		d.wrongType(n, path, "true or false", "")
		return
	}
	text, ok := d.replace(raw, n.GetToken(), path, "")
	if !ok {
		return
	}
	switch b, err := strconv.ParseBool(text); {
	case err != nil:
		d.problem(n.GetToken(), path, "must be true or false after its references are replaced", "")
	default:
		v.SetBool(b)
	}
}

// integer takes whole numbers, and text that is one once its references are
// replaced.
func (d *decoder) integer(n ast.Node, v reflect.Value, path string) {
	raw, isText := textOf(n)
	if !isText {
		raw, _ = scalarSource(n)
	} else if !referencePattern.MatchString(raw) {
		d.wrongType(n, path, "a whole number", "write it without quotes")
		return
	}
	text, ok := d.replace(raw, n.GetToken(), path, "")
	if !ok {
		return
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		d.problem(n.GetToken(), path, "must be a whole number", "")
		return
	}
	v.SetInt(number)
}

// text takes only YAML strings where a field is meant to be text: an unquoted
// 010 or 1e3 would otherwise be changed on its way. Values of maps (tags,
// table properties) may be numbers and booleans too, as in bundles; they are
// taken as they are written.
func (d *decoder) text(n ast.Node, v reflect.Value, path string, f field) {
	raw, isText := textOf(n)
	if !isText {
		plain, isScalar := scalarSource(n)
		if !isScalar || !f.looseValues() {
			d.wrongType(n, path, "text", quoteHint(isScalar))
			return
		}
		raw = plain
	}
	if text, ok := d.replace(raw, n.GetToken(), path, f.reference); ok {
		v.SetString(text)
	}
}

func (f field) looseValues() bool { return f.name == "tags" || f.name == "table_properties" }

func quoteHint(isScalar bool) string {
	if isScalar {
		return `put it in quotes: "…"`
	}
	return ""
}
