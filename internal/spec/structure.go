package spec

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

func sortFindings(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int { return byPosition(a.Problem, b.Problem) })
}

// required reports the keys that a struct must have and has not.
func (r *resolver) required(path string, fields []field, v reflect.Value) {
	for _, f := range fields {
		if fv := v.FieldByIndex(f.index); f.required && !isSet(fv) {
			r.missing(join(path, f.name), fv.Type())
		}
	}
}

// missing reports a key, or, where it is a mapping, the keys that it must hold.
func (r *resolver) missing(path string, t reflect.Type) {
	reported := len(r.findings)
	if t.Kind() == reflect.Struct {
		r.required(path, fieldsOf(t), reflect.Zero(t))
	}
	if len(r.findings) == reported {
		r.errorf(path, "is missing", "")
	}
}

// whyNot says more about values that other products have.
var whyNot = map[string]string{
	string(AppendOnly): "a table that only grows cannot follow updates and deletes; SCD_TYPE_2 keeps every version of a row",
}

func (r *resolver) tagged(path string, f field, v reflect.Value) {
	switch {
	case f.refuse != "":
		r.errorf(path, "is not supported: "+f.refuse, "")
	case f.ignore != "":
		r.warnf(path, "has no effect: "+f.ignore, "")
	case f.enum != nil && !slices.Contains(f.enum, v.String()):
		value := v.String()
		hint := cmp.Or(whyNot[value], didYouMean(value, f.enum))
		r.errorf(path, fmt.Sprintf("%s is not one of %s", r.quote(path, value), strings.Join(f.enum, ", ")), hint)
	}
}

// quote shows a value in a message, unless it came from the environment: it
// may be a secret that was put into the wrong place.
func (r *resolver) quote(path, value string) string {
	if r.cfg.replaced[path] {
		return "the value from the environment"
	}
	return strconv.Quote(value)
}
