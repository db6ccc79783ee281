package exporter

import (
	"fmt"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

// An entity of a real manifest takes some 5.7 kB: 1.7 MB for 300 tables.
const emptyColumns = 39

// emptyEntities are tables that manifests describe and that never have rows.
func emptyEntities(n int) ([]entityText, error) {
	out := make([]entityText, 0, n)
	for i := range n {
		e := newEntity(fmt.Sprintf("con_table%04d", i+1), DefaultStart)
		e.Attributes = emptyAttributes()
		text, err := encodeEntity(e)
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

func emptyAttributes() []attributeJSON {
	columns := []rows.Column{
		{Name: "Id", DataType: "guid", MaxLength: -1},
		{Name: "SinkCreatedOn", DataType: "dateTime", MaxLength: -1},
		{Name: "SinkModifiedOn", DataType: "dateTime", MaxLength: -1},
	}
	for i := range emptyColumns {
		c := rows.Column{Name: fmt.Sprintf("con_field%03d", i+1), DataType: "string", MaxLength: 100}
		if i%3 == 0 {
			c = rows.Column{Name: c.Name, DataType: "int64", MaxLength: -1}
		}
		columns = append(columns, c)
	}
	columns = append(columns,
		rows.Column{Name: "versionnumber", DataType: "int64", MaxLength: -1},
		rows.Column{Name: "createdon", DataType: "dateTimeOffset", MaxLength: -1},
		rows.Column{Name: "IsDelete", DataType: "boolean", MaxLength: -1})
	out := make([]attributeJSON, len(columns))
	for i, c := range columns {
		out[i] = attribute(c)
	}
	return out
}
