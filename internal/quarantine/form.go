package quarantine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// form is a table as a folder described it.
type form struct {
	ID         string      `json:"id"`
	Entity     string      `json:"entity"`
	Attributes []attribute `json:"attributes"`
}

type attribute struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Precision int32  `json:"precision,omitempty"`
	Scale     int32  `json:"scale,omitempty"`
}

// formOf keeps of a table what binding a row takes.
func formOf(e *synapselink.Entity) (form, error) {
	f := form{Entity: e.Name}
	for _, a := range e.Attributes {
		f.Attributes = append(f.Attributes, attribute{a.Name, a.Type, a.Precision, a.Scale})
	}
	text, err := json.Marshal(f)
	if err != nil {
		return form{}, fmt.Errorf("describing table %s: %w", e.Name, err)
	}
	sum := sha256.Sum256(text)
	f.ID = hex.EncodeToString(sum[:8])
	return f, nil
}

func (f *form) entity() *synapselink.Entity {
	e := &synapselink.Entity{Name: f.Entity}
	for _, a := range f.Attributes {
		e.Attributes = append(e.Attributes, synapselink.Attribute{Name: a.Name, Type: a.Type, Precision: a.Precision, Scale: a.Scale})
	}
	return e
}
