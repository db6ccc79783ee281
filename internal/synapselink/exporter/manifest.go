package exporter

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

// manifest is a model.json. Field order is that of real files.
type manifest struct {
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Version     string       `json:"version"`
	Entities    []entityJSON `json:"entities"`
}

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

func (m *manifest) write(ctx context.Context, store storage.Store, to string) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", to, err)
	}
	return write(ctx, store, to, data)
}

// manifest describes all tables, with the files that lie in folder n. The files
// come from a listing, so that it can be written long after them.
func (s *Simulator) manifest(ctx context.Context, store storage.Store, n int) (*manifest, error) {
	files := map[string][]string{}
	root := s.path(s.folder(n)) + "/"
	for e, err := range store.List(ctx, root, storage.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		table, file := path.Split(strings.TrimPrefix(e.Path, root))
		if table = strings.TrimSuffix(table, "/"); s.find(table) != nil {
			files[table] = append(files[table], file)
		}
	}
	m := &manifest{Name: "cdm", Description: "cdm", Version: "1.0", Entities: []entityJSON{}}
	for _, t := range s.tables {
		m.Entities = append(m.Entities, s.entityOf(t, n, files[t.Name]))
	}
	return m, nil
}

func (s *Simulator) entityOf(t *table, n int, files []string) entityJSON {
	e := entityJSON{
		Type: "LocalEntity", Name: t.Name, Description: t.Name,
		Annotations: []nameValue{
			{"Athena:PartitionGranularity", "Year"},
			{"Athena:InitialSyncState", "Completed"},
			{"Athena:InitialSyncDataCompletedTime", rows.SinkTime(s.opts.Start.Add(time.Minute))},
		},
		Partitions: []partitionJSON{},
	}
	columns := t.Columns
	if n > 0 {
		columns = s.columnsOf(t)
	}
	for _, c := range columns {
		e.Attributes = append(e.Attributes, attribute(c))
	}
	for _, f := range files {
		e.Partitions = append(e.Partitions, s.partition(t, n, f))
	}
	return e
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
	at := s.path(s.folder(n), t.Name, file)
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
