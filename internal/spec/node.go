package spec

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// entry is one key of a mapping.
type entry struct {
	key   string
	token *token.Token // of the key
	value ast.Node
}

// entries lists the keys of a mapping, and behind them those that it merges in
// with "<<" and does not have itself.
func (d *decoder) entries(n ast.Node, path string) ([]entry, bool) {
	m, ok := n.(ast.MapNode)
	if !ok {
		d.wrongType(n, path, "a mapping", "write its keys one a line below it, each as 'key: value'")
		return nil, false
	}
	if d.merging[n] {
		d.problem(startOf(n), path, "'<<' merges this mapping into itself", "merge another one")
		return nil, false
	}
	d.merging[n] = true
	defer delete(d.merging, n)
	var own, merged []entry
	seen := map[string]*token.Token{}
	for it := m.MapRange(); it.Next(); {
		if it.Key().IsMergeKey() {
			merged = append(merged, d.mergedEntries(it.Value(), path)...)
			continue
		}
		key, tk, ok := d.key(it.Key(), path)
		if !ok {
			continue
		}
		if first := seen[key]; first != nil {
			d.problem(tk, join(path, key), fmt.Sprintf("duplicate key %q", key),
				fmt.Sprintf("it stands on line %d already", first.Position.Line))
			continue
		}
		seen[key] = tk
		own = append(own, entry{key, tk, it.Value()})
	}
	for _, e := range merged {
		if seen[e.key] == nil {
			seen[e.key] = e.token
			own = append(own, e)
		}
	}
	return own, true
}

func (d *decoder) mergedEntries(n ast.Node, path string) []entry {
	n, ok := d.plain(n, path)
	if !ok {
		return nil
	}
	seq, isList := n.(*ast.SequenceNode)
	if !isList {
		entries, _ := d.entries(n, path)
		return entries
	}
	var all []entry
	for _, item := range seq.Values {
		if item, ok := d.plain(item, path); ok {
			entries, _ := d.entries(item, path)
			all = append(all, entries...)
		}
	}
	return all
}

// key is a mapping key as it is written.
func (d *decoder) key(n ast.Node, path string) (string, *token.Token, bool) {
	if complexKey, ok := n.(*ast.MappingKeyNode); ok {
		n = complexKey.Value
	}
	n, ok := d.plain(n, path)
	if !ok {
		return "", nil, false
	}
	if text, ok := textOf(n); ok {
		return text, n.GetToken(), true
	}
	if text, ok := scalarSource(n); ok {
		return text, n.GetToken(), true
	}
	d.problem(n.GetToken(), path, "a key must be text", "")
	return "", nil, false
}

// textOf is the text of a string node.
func textOf(n ast.Node) (string, bool) {
	switch node := n.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.LiteralNode:
		return node.Value.Value, true
	}
	return "", false
}

// scalarSource is a number or boolean as it is written.
func scalarSource(n ast.Node) (string, bool) {
	switch n.Type() {
	case ast.IntegerType, ast.FloatType, ast.InfinityType, ast.NanType, ast.BoolType:
		return n.GetToken().Value, true
	}
	return "", false
}

// isPresent tells a value from one that asks for nothing.
func isPresent(n ast.Node) bool {
	switch node := n.(type) {
	case *ast.NullNode:
		return false
	case *ast.BoolNode:
		return node.Value
	case *ast.SequenceNode:
		return len(node.Values) > 0
	case *ast.MappingNode:
		return len(node.Values) > 0
	}
	text, isText := textOf(n)
	return !isText || text != ""
}

func kindOf(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	case ast.StringType, ast.LiteralType:
		return "text"
	case ast.BoolType:
		return "true or false"
	case ast.NullType:
		return "nothing"
	}
	return "a number"
}

// startOf is where a node begins. A block mapping's own token is the colon
// behind its first key.
func startOf(n ast.Node) *token.Token {
	switch node := n.(type) {
	case *ast.MappingNode:
		if !node.IsFlowStyle && len(node.Values) > 0 {
			return startOf(node.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return startOf(node.Key)
	}
	return n.GetToken()
}
