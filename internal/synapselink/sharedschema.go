package synapselink

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// formsKept is how many texts of one table are remembered: folders that are
// read side by side may lie before and behind a change of it.
const formsKept = 4

// schemaPool remembers what tables looked like, by the very text that described
// them. Every folder's model.json describes all tables, and hardly ever do two
// folders differ in more than the lists of their files: what is known is
// recognised by comparing bytes, and neither walked over nor decoded nor held a
// second time. It holds one manifest's worth of text for each form that tables
// have had, formsKept at most, however many folders there are.
type schemaPool struct {
	mu sync.Mutex
	// tables by name as it is written, the form seen last first. The lists are
	// replaced, never changed.
	tables map[string][]*sharedEntity
	last   *sharedManifest
}

// sharedEntity is a table in one form.
type sharedEntity struct {
	name        string
	annotations []byte // as text
	columns     *sharedColumns

	once   sync.Once
	entity Entity
}

// sharedColumns are a table's columns in one form.
type sharedColumns struct {
	text []byte

	once       sync.Once
	attributes []Attribute
	problem    error // why no rows can be bound to them
}

// sharedManifest is what folders with the same tables have in common.
type sharedManifest struct {
	entities  []*sharedEntity
	truncated bool
	byName    map[string]*sharedEntity // in lower case; the first of a name
}

// forms of a table that are known.
func (p *schemaPool) forms(name string) []*sharedEntity {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tables[name]
}

// entity is the table that the texts describe. They are copied if it is new.
func (p *schemaPool) entity(name string, annotations, attributes []byte) *sharedEntity {
	p.mu.Lock()
	defer p.mu.Unlock()
	forms := p.tables[name]
	var columns *sharedColumns
	for i, f := range forms {
		if !bytes.Equal(f.columns.text, attributes) {
			continue
		}
		if bytes.Equal(f.annotations, annotations) {
			if i > 0 {
				p.remember(name, f)
			}
			return f
		}
		columns = f.columns
	}
	if columns == nil {
		columns = &sharedColumns{text: bytes.Clone(attributes)}
	}
	e := &sharedEntity{name: name, annotations: bytes.Clone(annotations), columns: columns}
	p.remember(name, e)
	return e
}

// remember puts a form before the others. It needs the lock.
func (p *schemaPool) remember(name string, e *sharedEntity) {
	if p.tables == nil {
		p.tables = map[string][]*sharedEntity{}
	}
	forms := []*sharedEntity{e}
	for _, f := range p.tables[name] {
		if f != e && len(forms) < formsKept {
			forms = append(forms, f)
		}
	}
	p.tables[name] = forms
}

// manifest is the one seen last if it lists the same, otherwise a new one.
func (p *schemaPool) manifest(entities []*sharedEntity, truncated bool) *sharedManifest {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last != nil && p.last.truncated == truncated && slices.Equal(p.last.entities, entities) {
		return p.last
	}
	m := &sharedManifest{entities: entities, truncated: truncated, byName: make(map[string]*sharedEntity, len(entities))}
	for _, e := range entities {
		if name := strings.ToLower(e.name); m.byName[name] == nil {
			m.byName[name] = e
		}
	}
	p.last = m
	return m
}

// public is the manifest with all of its tables decoded.
func (m *sharedManifest) public() *Manifest {
	list := &Manifest{Truncated: m.truncated}
	for _, e := range m.entities {
		list.Entities = append(list.Entities, e.decoded())
	}
	return list
}

// ownEntity is a table that shares nothing.
func ownEntity(j jsonEntity) *sharedEntity {
	e := &sharedEntity{name: j.Name, entity: j.entity(), columns: &sharedColumns{}}
	e.once.Do(func() {})
	e.columns.once.Do(func() { e.columns.attributes, e.columns.problem = e.entity.Attributes, e.entity.check() })
	return e
}

// decoded is the table as others know it. Its lists are shared.
func (e *sharedEntity) decoded() Entity {
	e.once.Do(func() {
		attributes, _ := e.columns.decoded()
		j := jsonEntity{Name: e.name, Annotations: decodeText[[]jsonPair](e.annotations)}
		e.entity = j.entity()
		e.entity.Attributes = attributes
	})
	return e.entity
}

// problem says why no rows can be bound to the table's columns.
func (e *sharedEntity) problem() error {
	_, err := e.columns.decoded()
	return err
}

func (c *sharedColumns) decoded() ([]Attribute, error) {
	c.once.Do(func() {
		j := jsonEntity{Attributes: decodeText[[]jsonAttribute](c.text)}
		e := j.entity()
		c.attributes, c.problem = e.Attributes, e.check()
	})
	return c.attributes, c.problem
}

// decodeText decodes text that is known to be JSON. Values of another type than
// expected are left out, see [lenient]; there are no other errors then.
func decodeText[T any](text []byte) T {
	var v T
	if len(text) > 0 {
		_ = json.Unmarshal(text, &v)
	}
	return v
}
