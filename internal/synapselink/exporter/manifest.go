package exporter

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

// manifest is a model.json: its tables by name, each encoded already. A folder's
// describes hundreds of which few have changes, and most of them never do.
type manifest struct{ Entities []entityText }

// entityText is one table of a manifest.
type entityText struct {
	name string
	text []byte
}

const (
	manifestHead = `{"name":"cdm","description":"cdm","version":"1.0","entities":[`
	manifestTail = `]}`
)

func (m *manifest) encode() []byte {
	size := len(manifestHead) + len(manifestTail)
	for _, e := range m.Entities {
		size += len(e.text) + 1
	}
	out := append(make([]byte, 0, size), manifestHead...)
	for i, e := range m.Entities {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, e.text...)
	}
	return append(out, manifestTail...)
}

func encodeEntity(e entityJSON) (entityText, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return entityText{}, fmt.Errorf("encoding the manifest of %s: %w", e.Name, err)
	}
	return entityText{e.Name, text}, nil
}

// entityJSON is a table as a model.json has it. Field order is that of real files.
type entityJSON struct {
	Type        string          `json:"$type"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Annotations []nameValue     `json:"annotations"`
	Attributes  []attributeJSON `json:"attributes"`
	Partitions  []partitionJSON `json:"partitions"`
}

type nameValue struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

type attributeJSON struct {
	Name      string      `json:"name"`
	DataType  string      `json:"dataType"`
	MaxLength int         `json:"maxLength"`
	Traits    []traitJSON `json:"cdm:traits,omitempty"`
}

type traitJSON struct {
	Reference string      `json:"traitReference"`
	Arguments []nameValue `json:"arguments"`
}

type partitionJSON struct {
	Name        string      `json:"name"`
	Location    string      `json:"location"`
	Traits      []traitJSON `json:"cdm:traits"`
	Format      formatJSON  `json:"fileFormatSettings"`
	Annotations []nameValue `json:"annotations"`
}

type formatJSON struct {
	Type          string `json:"$type"`
	ColumnHeaders bool   `json:"columnHeaders"`
	Delimiter     string `json:"delimiter"`
	QuoteStyle    string `json:"quoteStyle"`
	CSVStyle      string `json:"csvStyle"`
	Encoding      string `json:"encoding"`
}

// manifest describes all tables, with the files that lie in the folder. The files
// come from a listing, so that it can be written long after them.
func (s *Simulator) manifest(ctx context.Context, store storage.Store, r *folderRecord) (*manifest, error) {
	root := s.path(s.folder(r.number)) + "/"
	paths, err := s.files(ctx, store, root)
	if err != nil {
		return nil, err
	}
	files := map[string][]string{}
	for _, p := range paths {
		table, file := path.Split(strings.TrimPrefix(p, root))
		table = strings.TrimSpace(strings.TrimSuffix(table, "/"))
		files[table] = append(files[table], file)
	}
	m := &manifest{Entities: slices.Clone(s.empty)}
	for _, t := range s.tables {
		if r.lacks && s.readds(t) {
			continue
		}
		e, err := encodeEntity(s.entityOf(t, r.number, r.step, files[t.Name]))
		if err != nil {
			return nil, err
		}
		m.Entities = append(m.Entities, e)
	}
	slices.SortFunc(m.Entities, func(a, b entityText) int { return strings.Compare(a.name, b.name) })
	return m, nil
}

// entityOf describes a table as of a step, with its files in folder n.
func (s *Simulator) entityOf(t *table, n, step int, files []string) entityJSON {
	e := newEntity(t.Name, t.syncedBy(step))
	for _, p := range s.layout(t, step).Places {
		e.Attributes = append(e.Attributes, attribute(s.column(t, p.Column, step)))
	}
	for _, f := range files {
		e.Partitions = append(e.Partitions, s.partition(t, n, f))
	}
	return e
}

// newEntity is a table without columns and files.
func newEntity(name string, synced time.Time) entityJSON {
	return entityJSON{
		Type: "LocalEntity", Name: name, Description: name,
		Annotations: []nameValue{
			{"Athena:PartitionGranularity", "Year"},
			{"Athena:InitialSyncState", "Completed"},
			{"Athena:InitialSyncDataCompletedTime", rows.SinkTime(synced)},
		},
		Partitions: []partitionJSON{},
	}
}

func attribute(c rows.Column) attributeJSON {
	a := attributeJSON{Name: c.Name, DataType: c.DataType, MaxLength: c.MaxLength}
	switch c.DataType {
	case "string":
		a.Traits = []traitJSON{{"is.constrained", []nameValue{{"maximumLength", c.MaxLength}}}}
	case "decimal":
		a.Traits = []traitJSON{{"is.dataFormat.numeric.shaped", []nameValue{{"precision", c.Precision}, {"scale", c.Scale}}}}
	}
	return a
}

func (s *Simulator) partition(t *table, n int, file string) partitionJSON {
	name := strings.TrimSuffix(file, ".csv")
	year, _, _ := strings.Cut(name, "_")
	at := s.tablePath(n, t, file)
	return partitionJSON{
		Name:     name,
		Location: fmt.Sprintf("https://%slake.dfs.core.windows.net:443/%s/%s", s.opts.Environment, s.container(), at),
		Traits:   []traitJSON{{"is.partition.format.CSV", []nameValue{{"raggedRight", "true"}}}},
		Format: formatJSON{
			Type: "CsvFormatSettings", Delimiter: ",", QuoteStyle: "QuoteStyle.Csv",
			CSVStyle: "CsvStyle.QuoteAlways", Encoding: "UTF-8",
		},
		Annotations: []nameValue{{"Athena:PartitionYear", year}},
	}
}

// container is dataverse-<environment>-<organisation's unique name>.
func (s *Simulator) container() string {
	return fmt.Sprintf("dataverse-%s-unq%08x", s.opts.Environment, uint32(s.seed))
}
