package rows

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed shapes/*.txt
var shapeFiles embed.FS

// Column is a column as the manifest describes it.
type Column struct {
	Name      string
	DataType  string // guid, string, int64, boolean, decimal, double, dateTime, dateTimeOffset
	MaxLength int    // of strings, in characters; -1 for other types
	Precision int    // of decimals
	Scale     int
}

const (
	familyCE      = "ce"      // Dataverse's own tables
	familyFO      = "fo"      // F&O tables: no nulls, table id and recid in the Id
	familyVirtual = "virtual" // F&O entities behind Dataverse: F&O Ids, choices as in CE
)

// shape is what a file of shapes/ says.
type shape struct {
	family    string
	display   string // what a lookup's name column shows: person, company, topic, subject
	tableID   uint32
	partition int // fixed partition year, 0: by createdon
	columns   []shapeColumn
}

type shapeColumn struct {
	Column
	fill fill
}

// fill is what stands behind "=" in a shape.
type fill struct {
	gen      string // empty: nothing
	salt     string // random source; the column's name unless "@" says otherwise
	args     []string
	percent  uint64
	volatile bool
}

const defaultMaxLength = 100

// TableNames lists the tables that can be simulated, sorted.
func TableNames() []string {
	names := []string{wideTable}
	entries, err := shapeFiles.ReadDir("shapes")
	if err != nil {
		return names
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txt"))
	}
	slices.Sort(names)
	return names
}

func loadShape(table string) (*shape, error) {
	if table == wideTable {
		return parseShape(table, wideShape())
	}
	text, err := shapeFiles.ReadFile("shapes/" + table + ".txt")
	if err != nil {
		return nil, fmt.Errorf("table %q is not known", table)
	}
	return parseShape(table, string(text))
}

func parseShape(table, text string) (*shape, error) {
	s := &shape{family: familyCE}
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.Fields(line)
		if len(words) < 2 {
			return nil, fmt.Errorf("shape of %s, line %d: want a type or @key and values", table, n)
		}
		if err := s.parseLine(words); err != nil {
			return nil, fmt.Errorf("shape of %s, line %d: %w", table, n, err)
		}
	}
	return s, nil
}

func (s *shape) parseLine(words []string) error {
	switch words[0] {
	case "@family":
		s.family = words[1]
	case "@display":
		s.display = words[1]
	case "@tableid":
		id, err := strconv.ParseUint(words[1], 10, 32)
		s.tableID = uint32(id)
		return err
	case "@partition":
		year, err := strconv.Atoi(words[1])
		s.partition = year
		return err
	default:
		return s.parseColumns(words[0], words[1:])
	}
	return nil
}

func (s *shape) parseColumns(dataType string, words []string) error {
	base := Column{DataType: dataType, MaxLength: -1}
	if spec, ok := strings.CutPrefix(dataType, "decimal("); ok {
		base.DataType = "decimal"
		if _, err := fmt.Sscanf(spec, "%d,%d)", &base.Precision, &base.Scale); err != nil {
			return fmt.Errorf("type %q: %w", dataType, err)
		}
	}
	if dataType == "string" {
		base.MaxLength = defaultMaxLength
	}
	for _, w := range words {
		c := shapeColumn{Column: base}
		name, spec, _ := strings.Cut(w, "=")
		name, length, sized := strings.Cut(name, ":")
		if sized {
			n, err := strconv.Atoi(length)
			if err != nil {
				return fmt.Errorf("column %q: maximum length: %w", name, err)
			}
			c.MaxLength = n
		}
		c.Name = name
		var err error
		if c.fill, err = parseFill(spec, name); err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
		s.columns = append(s.columns, c)
	}
	return nil
}

// parseFill reads [~]generator[@source][(argument,…)][%percent].
func parseFill(spec, column string) (fill, error) {
	f := fill{percent: 100, salt: column}
	if spec == "" {
		return f, nil
	}
	spec, f.volatile = strings.CutPrefix(spec, "~")
	if i := strings.LastIndexByte(spec, '%'); i >= 0 {
		p, err := strconv.ParseUint(spec[i+1:], 10, 8)
		if err != nil {
			return f, fmt.Errorf("share of filled cells: %w", err)
		}
		f.percent, spec = p, spec[:i]
	}
	if head, args, ok := strings.Cut(spec, "("); ok {
		spec = head
		f.args = strings.Split(strings.TrimSuffix(args, ")"), ",")
	}
	gen, salt, ok := strings.Cut(spec, "@")
	if ok {
		f.salt = salt
	}
	f.gen = gen
	return f, nil
}
