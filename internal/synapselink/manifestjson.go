package synapselink

import (
	"bytes"
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

// ParseManifest reads a model.json, or the file of a single table, which is
// taken with its entity in a list as well as bare. What is unknown is passed
// over. A file that breaks off gives the entities before the break; one without
// a whole entity, and anything that is no JSON object, is [ErrManifest].
func ParseManifest(data []byte) (*Manifest, error) {
	data = trimText(data)
	dec := json.NewDecoder(bytes.NewReader(data))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, fmt.Errorf("%w: it is not a JSON object", ErrManifest)
	}
	m := &Manifest{}
	single, err := m.readObject(dec)
	switch {
	case err != nil && len(m.Entities) == 0:
		return nil, fmt.Errorf("%w: no whole entity before byte %d: %w", ErrManifest, dec.InputOffset(), err)
	case err != nil:
		m.Truncated = true
	case single && len(m.Entities) == 0:
		var e jsonEntity
		if err := lenient(json.Unmarshal(data, &e)); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrManifest, err)
		}
		m.Entities = append(m.Entities, e.entity())
	}
	return m, nil
}

// readObject reads the keys of the top object. single tells that it has
// attributes of its own.
func (m *Manifest) readObject(dec *json.Decoder) (single bool, err error) {
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return single, err
		}
		name, _ := key.(string)
		if strings.EqualFold(name, "entities") {
			err = m.readEntities(dec)
		} else {
			single = single || strings.EqualFold(name, "attributes")
			var skipped json.RawMessage
			err = dec.Decode(&skipped)
		}
		if err != nil {
			return single, err
		}
	}
	_, err = dec.Token()
	return single, err
}

func (m *Manifest) readEntities(dec *json.Decoder) error {
	switch tok, err := dec.Token(); {
	case err != nil:
		return err
	case tok == nil: // null
		return nil
	case tok != json.Delim('['):
		return errors.New("entities is not a list")
	}
	for dec.More() {
		var e jsonEntity
		if err := lenient(dec.Decode(&e)); err != nil {
			return err
		}
		if e.Name != "" { // nothing could ask for one without
			m.Entities = append(m.Entities, e.entity())
		}
	}
	_, err := dec.Token()
	return err
}

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
