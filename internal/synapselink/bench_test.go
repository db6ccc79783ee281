package synapselink

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/csvscan"
)

// mix22 is a table of the usual Dataverse mix: 22 columns, about 400 bytes a
// row. Run with -benchtime 2s; ns/row times 5 million rows is the time for 2 GB.
func mix22() (Entity, []byte, int) {
	e := entity("account", "Id guid", "SinkCreatedOn dateTime", "SinkModifiedOn dateTime", "statecode int64", "statuscode int64",
		"accountnumber int64", "name string", "emailaddress1 string", "address1_line1 string", "telephone1 string", "fax string", "ownerid guid",
		"ownerid_entitytype string", "revenue decimal(38,10)", "exchangerate decimal(38,12)", "donotemail boolean", "merged boolean",
		"lastusedincampaign dateTime", "createdon dateTimeOffset", "modifiedon dateTime", "versionnumber int64", "IsDelete boolean")
	var b bytes.Buffer
	rows := 0
	for ; b.Len() < csvscan.DefaultBlockBytes-500; rows++ {
		fmt.Fprintf(&b, `%08x-d47a-4924-804b-31c0a83108e6,"2/3/2025 9:52:15 AM","2/3/2025 9:52:15 AM",0,1,%d,`, rows*7919, 100000000+rows)
		fmt.Fprintf(&b, `"Contoso Ltd. %d","someone%d@contoso.example","A street 17, at the corner of the long road","+1 425 555 0100",,`, rows, rows)
		b.WriteString(`5b4bc74e-2132-4d8e-8572-48ce4260f182,"systemuser",1234.5600000000,0.512345678912,True,False,,`)
		fmt.Fprintf(&b, `"2025-02-03T09:52:01.0000000+00:00","2025-02-03T09:52:01Z",%d,`+"\n", 3111000001+rows)
	}
	return e, b.Bytes(), rows
}

func BenchmarkDecode(b *testing.B) {
	e, data, rows := mix22()
	target := schemaOf(b, e, Selection{})
	bound, err := Bind(e, target, Selection{})
	if err != nil {
		b.Fatal(err)
	}
	least, greatest := bound.widths(false)
	var block change.Block
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		f := &tableFile{binding: bound, least: least, greatest: greatest}
		p := &piece{file: f, block: &csvscan.Block{Data: data, Line: 1}}
		if err := p.Decode(&block); err != nil {
			b.Fatal(err)
		}
	}
	if block.Rows.Rows != rows {
		b.Fatalf("%d rows, want %d", block.Rows.Rows, rows)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}

func BenchmarkParseManifest(b *testing.B) {
	data := bigManifest(300)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		m, err := ParseManifest(data)
		if err != nil || len(m.Entities) != 300 {
			b.Fatalf("%v, %v", m, err)
		}
	}
}

// bigManifest lists tables of 40 attributes, 5.7 kB each.
func bigManifest(tables int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"name":"cdm","version":"1.0","entities":[`)
	for i := range tables {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"$type":"LocalEntity","name":"table%03d","annotations":[{"name":"Athena:InitialSyncState","value":"Completed"}],"attributes":[`, i)
		b.WriteString(`{"name":"Id","dataType":"guid","maxLength":-1}`)
		for j := range 39 {
			fmt.Fprintf(&b, `,{"name":"column%02d","dataType":"decimal","maxLength":-1,"cdm:traits":[{"traitReference":"is.dataFormat.numeric.shaped",`+
				`"arguments":[{"name":"precision","value":38},{"name":"scale","value":6}]}]}`, j)
		}
		b.WriteString(`],"partitions":[]}`)
	}
	b.WriteString("]}")
	return b.Bytes()
}
