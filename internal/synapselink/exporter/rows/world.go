package rows

import "github.com/sluicedata/sluice/internal/synapselink/exporter/dice"

// World knows every table that a row can point to, exported or not.
type World struct {
	seed     uint64
	entities map[string]*entity
	style    Style
	shapes   map[string]*shape // of the exported tables
}

// entity is the target of lookups: its rows are a formula, so a lookup needs
// no memory of them.
type entity struct {
	name    string
	seed    uint64
	display string
	fixed   []string // display names by row, for small tables
	anchors int64    // rows [0,anchors) exist and are the last to be deleted
}

// notional are tables that other tables point to, with the number of rows that
// they have where they are not part of the export.
var notional = []struct {
	name, display string
	rows          int64
}{
	{"account", "company", 2000}, {"contact", "person", 5000}, {"lead", "person", 800},
	{"opportunity", "topic", 900}, {"incident", "subject", 1500}, {"systemuser", "person", 40},
	{"businessunit", "list", 4}, {"transactioncurrency", "list", 3}, {"product", "list", 6},
	{"subject", "list", 4}, {"cdm_company", "list", 4}, {"email", "subject", 3000},
}

// Style is how the cells of all tables are written.
type Style struct {
	CRLF       bool  // long texts break lines with CRLF
	MixedDates bool  // times of change come in two forms, row by row
	Added      int   // columns that are added later, 0 to 2
	LargeCell  int64 // characters of the attachment of each table's first row; 0: as usual
}

// Target is a table of the export and its number of rows at the beginning.
type Target struct {
	Name string
	Rows int64
}

// NewWorld places the export's tables among those that it points to.
func NewWorld(seed uint64, style Style, exported []Target) (*World, error) {
	w := &World{seed: dice.Mix(seed), entities: map[string]*entity{}, style: style, shapes: map[string]*shape{}}
	for _, n := range notional {
		e := &entity{name: n.name, display: n.display, anchors: n.rows}
		if e.display == "list" {
			e.fixed = lists[n.name]
		}
		w.entities[n.name] = e
	}
	w.entities["subject"].fixed = lists["subjectname"]
	for _, t := range exported {
		sh, err := loadShape(t.Name)
		if err != nil {
			return nil, err
		}
		w.shapes[t.Name] = sh
		w.entities[t.Name] = &entity{name: t.Name, display: sh.display, anchors: Anchors(t.Rows)}
	}
	for name, e := range w.entities {
		e.seed = dice.Mix(w.seed ^ dice.Salt(name))
	}
	return w, nil
}

// Anchors is how many rows of an exported table lookups point to, the first
// ones: deletes take other rows as long as there are any.
func Anchors(rows int64) int64 { return (rows + 1) / 2 }

// key is the number behind a row's Id.
func (e *entity) key(index int64) uint64 { return dice.Mix(uint64(index) + e.seed) }

func (e *entity) id(index int64) GUID { return ceID(e.key(index), e.seed) }

// rowHash is the root of a row's random numbers.
func (e *entity) rowHash(index int64) uint64 { return dice.Mix(e.key(index) ^ dice.Golden) }

// appendName writes the name under which other tables show the row.
func (e *entity) appendName(b []byte, index int64) []byte {
	if e.fixed != nil {
		return append(b, e.fixed[index%int64(len(e.fixed))]...)
	}
	r := Row{hash: e.rowHash(index), Index: index}
	switch e.display {
	case "person":
		return appendFullName(b, &r)
	case "company":
		return appendCompany(b, &r)
	case "topic":
		return append(b, pickWord(topics, fixedTopic, &r)...)
	default:
		return append(b, pickWord(subjects, fixedSubject, &r)...)
	}
}
