package synapselink

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The parts of model.json that are read. Keys are matched regardless of case,
// values that may be a number or a string are any.
type (
	jsonEntity struct {
		Name        string          `json:"name"`
		Annotations []jsonPair      `json:"annotations"`
		Attributes  []jsonAttribute `json:"attributes"`
	}
	jsonAttribute struct {
		Name      string      `json:"name"`
		DataType  string      `json:"dataType"`
		MaxLength any         `json:"maxLength"`
		Traits    []jsonTrait `json:"cdm:traits"`
	}
	jsonTrait struct {
		Reference string     `json:"traitReference"`
		Arguments []jsonPair `json:"arguments"`
	}
	jsonPair struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
	}
)

const (
	numericTrait = "is.dataFormat.numeric.shaped"
	initialSync  = "Athena:InitialSyncState"
)

// lenient passes over values of an unexpected type: the decoder leaves the
// field empty and goes on. What is missing then shows when a table is bound.
func lenient(err error) error {
	if mismatch := (*json.UnmarshalTypeError)(nil); errors.As(err, &mismatch) {
		return nil
	}
	return err
}

func (j jsonEntity) entity() Entity {
	e := Entity{Name: j.Name, Attributes: make([]Attribute, 0, len(j.Attributes)), Annotations: make(map[string]string, len(j.Annotations))}
	for _, a := range j.Annotations {
		e.Annotations[a.Name] = text(a.Value)
		if strings.EqualFold(a.Name, initialSync) {
			e.InitialSyncState = text(a.Value)
		}
	}
	for _, a := range j.Attributes {
		e.Attributes = append(e.Attributes, a.attribute())
	}
	return e
}

func (j jsonAttribute) attribute() Attribute {
	a := Attribute{Name: j.Name, Type: j.DataType, MaxLength: max(number(j.MaxLength), 0)}
	for _, t := range j.Traits {
		if !strings.EqualFold(t.Reference, numericTrait) {
			continue
		}
		precision, scale := -1, 0
		for _, arg := range t.Arguments {
			switch {
			case strings.EqualFold(arg.Name, "precision"):
				precision = number(arg.Value)
			case strings.EqualFold(arg.Name, "scale"):
				scale = number(arg.Value)
			}
		}
		// A shape that no decimal can have tells nothing.
		if precision = min(precision, maxPrecision); precision > 0 && scale >= 0 && scale <= precision {
			a.Precision, a.Scale = int32(precision), int32(scale)
		}
	}
	return a
}

// text is a JSON string, or the text of a number or boolean.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// number is a JSON number, or a string that holds one; -1 for anything else.
func number(v any) int {
	n, err := strconv.Atoi(strings.TrimSpace(text(v)))
	if err != nil {
		return -1
	}
	return n
}
