package spec

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// field is what the tags of a struct's field say.
type field struct {
	name      string // key in the file
	index     []int  // for reflect.Value.FieldByIndex
	required  bool
	enum      []string
	refuse    string // why a configuration that has it is not run
	ignore    string // why it has no effect
	reference string // which ${resources…} reference may stand here
}

var fieldCache sync.Map // reflect.Type → []field

// fieldsOf lists the keys of a struct in the order of its fields, those of
// embedded structs included.
func fieldsOf(t reflect.Type) []field {
	if cached, ok := fieldCache.Load(t); ok {
		return cached.([]field)
	}
	var fields []field
	for _, sf := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if !sf.IsExported() || name == "" || name == "-" {
			continue
		}
		f := field{
			name: name, index: sf.Index,
			refuse: sf.Tag.Get("refuse"), ignore: sf.Tag.Get("ignore"), reference: sf.Tag.Get("reference"),
		}
		for rule := range strings.SplitSeq(sf.Tag.Get("jsonschema"), ",") {
			if value, ok := strings.CutPrefix(rule, "enum="); ok {
				f.enum = append(f.enum, value)
			}
			f.required = f.required || rule == "required"
		}
		fields = append(fields, f)
	}
	fieldCache.Store(t, fields)
	return fields
}

// names lists keys as far as they do something.
func names(fields []field) []string {
	var out []string
	for _, f := range fields {
		if f.refuse == "" && f.ignore == "" {
			out = append(out, f.name)
		}
	}
	return out
}

// visitor sees the parts of a configuration with their paths, parents first.
type visitor struct {
	object func(path string, fields []field, v reflect.Value) // each struct
	value  func(path string, f field, v reflect.Value)        // each field that is set
}

func (vis visitor) visit(path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			vis.visit(path, v.Elem())
		}
	case reflect.Struct:
		fields := fieldsOf(v.Type())
		vis.object(path, fields, v)
		for _, f := range fields {
			fv := v.FieldByIndex(f.index)
			if !isSet(fv) {
				continue
			}
			vis.value(join(path, f.name), f, fv)
			vis.visit(join(path, f.name), fv)
		}
	case reflect.Map:
		for _, key := range sortedKeys(v) {
			vis.visit(join(path, key), v.MapIndex(reflect.ValueOf(key)))
		}
	case reflect.Slice:
		for i := range v.Len() {
			vis.visit(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	}
}

func sortedKeys(m reflect.Value) []string {
	keys := make([]string, 0, m.Len())
	for _, key := range m.MapKeys() {
		keys = append(keys, key.String())
	}
	slices.Sort(keys)
	return keys
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func isSet(v reflect.Value) bool {
	if k := v.Kind(); k == reflect.Map || k == reflect.Slice {
		return v.Len() > 0
	}
	return !v.IsZero()
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join appends keys to a path: a.b, or a["x.y"] where a key is not plain.
func join(path string, keys ...string) string {
	for _, key := range keys {
		switch {
		case !plainKey.MatchString(key):
			path = fmt.Sprintf("%s[%q]", path, key)
		case path == "":
			path = key
		default:
			path += "." + key
		}
	}
	return path
}

// parent is the path without its last part, the empty path at the end.
func parent(path string) string {
	if strings.HasSuffix(path, `"]`) {
		return path[:max(0, strings.LastIndex(path, `["`))]
	}
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}
