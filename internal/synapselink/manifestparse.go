package synapselink

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ParseManifest reads a model.json, or the file of a single table, which is
// taken with its entity in a list as well as bare. What is unknown is passed
// over. A file that breaks off gives the entities before the break; one without
// a whole entity, and anything that is no JSON object, is [ErrManifest].
func ParseManifest(data []byte) (*Manifest, error) {
	var pool schemaPool
	m, err := pool.parse(data)
	if err != nil {
		return nil, err
	}
	return m.public(), nil
}

// manifestText is a model.json being read.
type manifestText struct {
	pool     *schemaPool
	entities []*sharedEntity
	bare     bool // the top object has attributes of its own
}

// parse reads a manifest. It keeps nothing of data.
func (p *schemaPool) parse(data []byte) (*sharedManifest, error) {
	entities, truncated, err := p.parseEntities(data)
	if err != nil {
		return nil, err
	}
	return p.manifest(entities, truncated), nil
}

func (p *schemaPool) parseEntities(data []byte) (entities []*sharedEntity, truncated bool, err error) {
	data = trimText(data)
	s := &jsonText{data: data}
	if s.next() != '{' {
		return nil, false, fmt.Errorf("%w: it is not a JSON object", ErrManifest)
	}
	m := &manifestText{pool: p}
	err = s.members(m.member)
	switch {
	case err != nil && len(m.entities) == 0:
		return nil, false, fmt.Errorf("%w: no whole entity before byte %d: %w", ErrManifest, s.pos, err)
	case err == nil && m.bare && len(m.entities) == 0:
		var e jsonEntity
		if err := lenient(json.Unmarshal(data, &e)); err != nil {
			return nil, false, fmt.Errorf("%w: %w", ErrManifest, err)
		}
		m.entities = append(m.entities, ownEntity(e))
	}
	return m.entities, err != nil, nil
}

// member reads a member of the top object.
func (m *manifestText) member(s *jsonText, key []byte) error {
	if isKey(key, "entities") {
		return m.list(s)
	}
	m.bare = m.bare || isKey(key, "attributes")
	return passElement(s)
}

func (m *manifestText) list(s *jsonText) error {
	switch s.next() {
	case '[':
		return s.elements(m.entity)
	case 'n':
		return passElement(s)
	}
	return errors.New("entities is not a list")
}

// entityText is what an entity says, as text.
type entityText struct {
	name                    string
	annotations, attributes []byte
	// seen counts the keys, by their place in entityKeys.
	seen [3]int
}

var entityKeys = [3]string{"name", "annotations", "attributes"}

// entity reads an element of the list of tables.
func (m *manifestText) entity(s *jsonText) error {
	if s.next() != '{' {
		return passElement(s)
	}
	start := s.pos
	var e entityText
	var forms []*sharedEntity
	err := s.members(func(s *jsonText, key []byte) (err error) {
		switch e.key(key) {
		case 0:
			if e.name, err = s.text(); err == nil {
				forms = m.pool.forms(e.name)
			}
		case 1:
			e.annotations, err = s.known(forms, func(f *sharedEntity) []byte { return f.annotations })
		case 2:
			e.attributes, err = s.known(forms, func(f *sharedEntity) []byte { return f.columns.text })
		default:
			err = passElement(s)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case max(e.seen[0], e.seen[1], e.seen[2]) > 1:
		// How the values of a repeated key come together, the decoder knows.
		if j := decodeText[jsonEntity](s.data[start:s.pos]); j.Name != "" {
			m.entities = append(m.entities, ownEntity(j))
		}
	case e.name != "": // nothing could ask for one without
		m.entities = append(m.entities, m.pool.entity(e.name, e.annotations, e.attributes))
	}
	return nil
}

// key is the place of a key in entityKeys, or -1.
func (e *entityText) key(key []byte) int {
	for i, k := range entityKeys {
		if isKey(key, k) {
			e.seen[i]++
			return i
		}
	}
	return -1
}

// known passes over the next value. One that a form of the table has, too, is
// recognised without walking over it: the text of a list has an end of its own,
// so what begins with it holds it whole.
func (s *jsonText) known(forms []*sharedEntity, part func(*sharedEntity) []byte) ([]byte, error) {
	if s.next() == '[' {
		for _, f := range forms {
			if text := part(f); len(text) > 0 && bytes.HasPrefix(s.data[s.pos:], text) {
				s.pos += len(text)
				return text, nil
			}
		}
	}
	return s.value()
}

// text passes over the next value and decodes it; "" if it is no string.
func (s *jsonText) text() (string, error) {
	raw, err := s.value()
	if err != nil || raw[0] != '"' {
		return "", err
	}
	return unquote(raw[1 : len(raw)-1]), nil
}

// unquote decodes what stands between the quotes of a string.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw)
	}
	return decodeText[string]([]byte(`"` + string(raw) + `"`))
}

// isKey compares a key as it is written, regardless of case.
func isKey(raw []byte, key string) bool {
	if bytes.IndexByte(raw, '\\') >= 0 {
		return strings.EqualFold(unquote(raw), key)
	}
	return len(raw) >= len(key) && bytes.EqualFold(raw, []byte(key))
}
