package delta

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// tableWith is a snapshot of a table with that protocol, properties and columns.
func tableWith(t *testing.T, p Protocol, config map[string]string, fields string) *Snapshot {
	t.Helper()
	m := testMetadata(t, config)
	if fields != "" {
		m.SchemaString = `{"type":"struct","fields":[` + fields + `]}`
	}
	r := newReplay()
	r.protocol, r.metadata = &p, &m
	return must(r.snapshot(mem.New(testClock), "t", 0))(t)
}

func longColumn(metadata string) string {
	return `{"name":"c","type":"long","nullable":true,"metadata":{` + metadata + `}}`
}

func TestCheckWritable(t *testing.T) {
	features := func(names ...string) Protocol {
		return Protocol{MinReaderVersion: 1, MinWriterVersion: 7, WriterFeatures: append([]string{}, names...)}
	}
	legacy := func(version int32) Protocol { return Protocol{MinReaderVersion: 1, MinWriterVersion: version} }
	on := func(key string) map[string]string { return map[string]string{key: "true"} }
	for name, test := range map[string]struct {
		protocol Protocol
		config   map[string]string
		fields   string
		want     string // feature; "" when it may be written
	}{
		"default":                      {protocol: DefaultProtocol(true)},
		"default without vectors":      {protocol: DefaultProtocol(false)},
		"known features, not in use":   {protocol: features(writable...)},
		"writer version 6, not in use": {protocol: legacy(6)},
		"writer version 8":             {protocol: legacy(8), want: "writer version 8"},
		"unknown feature":              {protocol: features("appendOnly", "teleportation"), want: "teleportation"},
		"row tracking supported":       {protocol: features("rowTracking"), want: "rowTracking"},
		"row tracking on":              {protocol: legacy(2), config: on("delta.enableRowTracking"), want: "rowTracking"},
		"catalog":                      {protocol: features("catalogManaged"), want: "catalogManaged"},
		"clustering":                   {protocol: features("clustering"), want: "clustering"},
		"append only":                  {protocol: legacy(2), config: on("delta.appendOnly"), want: "appendOnly"},
		"append only, off":             {protocol: legacy(2), config: map[string]string{"delta.appendOnly": "false"}},
		"check constraint":             {protocol: legacy(3), config: map[string]string{"delta.constraints.positive": "id > 0"}, want: "checkConstraints"},
		"change data feed":             {protocol: features("changeDataFeed"), config: on("delta.enableChangeDataFeed"), want: "changeDataFeed"},
		"column mapping":               {protocol: legacy(5), config: map[string]string{"delta.columnMapping.mode": "name"}, want: "columnMapping"},
		"column mapping none":          {protocol: legacy(5), config: map[string]string{"delta.columnMapping.mode": "none"}},
		"type widening on":             {protocol: features("typeWidening"), config: on("delta.enableTypeWidening"), want: "typeWidening"},
		"generated column":             {protocol: legacy(4), fields: longColumn(`"delta.generationExpression":"1"`), want: "generatedColumns"},
		"identity column":              {protocol: legacy(6), fields: longColumn(`"delta.identity.start":1`), want: "identityColumns"},
		"invariant":                    {protocol: legacy(2), fields: longColumn(`"delta.invariants":"{}"`), want: "invariants"},
		"default value":                {protocol: features("allowColumnDefaults"), fields: longColumn(`"CURRENT_DEFAULT":"1"`), want: "allowColumnDefaults"},
		"widened column":               {protocol: features("typeWidening"), fields: longColumn(`"delta.typeChanges":[]`), want: "typeWidening"},
		"comment":                      {protocol: legacy(2), fields: longColumn(`"comment":"delta.generationExpression"`)},
		"not null":                     {protocol: legacy(2), fields: `{"name":"c","type":"long","nullable":false,"metadata":{}}`, want: "invariants"},
		"invariant in a nested column": {protocol: legacy(2), fields: `{"name":"s","nullable":true,"metadata":{},"type":{"type":"array","elementType":{"type":"struct","fields":[` + longColumn(`"delta.invariants":"{}"`) + `]}}}`, want: "invariants"},
		"schema that cannot be read":   {protocol: legacy(2), fields: `}`, want: "schema"},
	} {
		t.Run(name, func(t *testing.T) {
			s := tableWith(t, test.protocol, test.config, test.fields)
			err := s.CheckWritable()
			var feature *FeatureError
			switch {
			case test.want == "" && err != nil:
				t.Errorf("got %v", err)
			case test.want != "" && (!errors.As(err, &feature) || feature.Feature != test.want || !feature.Write):
				t.Errorf("got %v, want %s", err, test.want)
			case test.want != "" && (!errors.Is(err, ErrUnsupported) || !strings.HasPrefix(err.Error(), "cannot write to delta table mem://t: it uses "+test.want)):
				t.Errorf("text %q", err)
			}
			if appendErr := s.CheckAppendable(); (appendErr == nil) != (test.want == "" || test.want == "appendOnly") {
				t.Errorf("appendable: %v", appendErr)
			}
		})
	}
	s := tableWith(t, DefaultProtocol(false), nil, "")
	s.Metadata.PartitionColumns = []string{"p"}
	if err := s.CheckWritable(); err == nil || !strings.Contains(err.Error(), "partition columns: p") {
		t.Errorf("partitioned: %v", err)
	}
}

func TestReaderFeatures(t *testing.T) {
	for name, test := range map[string]struct {
		protocol Protocol
		want     error
		text     string
	}{
		"all that are known":        {Protocol{3, 7, readable, readable}, nil, ""},
		"column mapping by version": {Protocol{2, 5, nil, nil}, nil, ""},
		"unknown":                   {Protocol{3, 7, []string{"deletionVectors", "teleportation"}, []string{}}, ErrUnsupported, "teleportation"},
		"catalog":                   {Protocol{3, 7, []string{"catalogManaged"}, []string{}}, ErrUnsupported, "catalogManaged"},
		"version 4":                 {Protocol{4, 7, nil, []string{}}, ErrUnsupported, "reader version 4"},
		"version 0":                 {Protocol{0, 2, nil, nil}, ErrInvalidProtocol, "reader version 0"},
		"no writer version":         {Protocol{1, 0, nil, nil}, ErrInvalidProtocol, "writer version 0"},
		"reader 3 with writer 2":    {Protocol{3, 2, []string{}, nil}, ErrInvalidProtocol, "writer version 2"},
		"no reader list":            {Protocol{3, 7, nil, []string{}}, ErrInvalidProtocol, "reader version 3"},
		"no writer list":            {Protocol{1, 7, nil, nil}, ErrInvalidProtocol, "writer version 7"},
	} {
		t.Run(name, func(t *testing.T) {
			m := testMetadata(t, nil)
			r := newReplay()
			r.protocol, r.metadata = &test.protocol, &m
			_, err := r.snapshot(mem.New(testClock), "t", 3)
			if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSchemas(t *testing.T) {
	s := tableWith(t, DefaultProtocol(true), nil,
		`{"name":"a","type":"decimal(38,6)","nullable":true,"metadata":{"comment":"x"}},`+
			`{"name":"n","type":{"type":"map","keyType":"string","valueType":"long"},"nullable":false,"metadata":{}}`)
	fields := must(s.Schema())(t)
	if fields[0].Type != "decimal(38,6)" || string(fields[0].Metadata["comment"]) != `"x"` || fields[1].Nullable ||
		fields[1].Type != `{"type":"map","keyType":"string","valueType":"long"}` {
		t.Errorf("fields %+v", fields)
	}
	_, err := s.BatchSchema()
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), `column "n"`) {
		t.Errorf("nested type: %v", err)
	}
	if back := must(encodeSchema(fields))(t); back != s.Metadata.SchemaString {
		t.Errorf("encoded %s\nfrom    %s", back, s.Metadata.SchemaString)
	}

	all := batch.Schema{}
	for k := batch.String; k <= batch.Integer; k++ {
		f := batch.Field{Name: "c" + (batch.Type{Kind: k}).String()[:3], Type: batch.Type{Kind: k}}
		if k == batch.Decimal {
			f.Type.Precision, f.Type.Scale = 20, 4
		}
		all = append(all, f)
	}
	m := must(NewMetadata(all, nil, testUUID, testClock))(t)
	s.Metadata = m
	if diff := cmp.Diff(all, must(s.BatchSchema())(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for config, feature := range map[string]string{"delta.columnMapping.mode": "columnMapping"} {
		s.Metadata = m.WithConfiguration(map[string]string{config: "name"})
		if _, err := s.BatchSchema(); err == nil || !strings.Contains(err.Error(), feature) {
			t.Errorf("%s: %v", config, err)
		}
	}
	widened := tableWith(t, DefaultProtocol(true), nil, longColumn(`"delta.typeChanges":[]`))
	if _, err := widened.BatchSchema(); err == nil || !strings.Contains(err.Error(), "typeWidening") {
		t.Errorf("widened: %v", err)
	}
}

func TestColumnNames(t *testing.T) {
	long := batch.Type{Kind: batch.Long}
	for _, names := range [][]string{{""}, {"a b"}, {"a,b"}, {"a;"}, {"{"}, {"}"}, {"("}, {")"}, {"a\nb"}, {"a\tb"}, {"a=b"}, {"Id", "iD"}} {
		var schema batch.Schema
		for _, n := range names {
			schema = append(schema, batch.Field{Name: n, Type: long})
		}
		if _, err := NewMetadata(schema, nil, testUUID, testClock); !errors.Is(err, ErrInvalidChanges) {
			t.Errorf("%q: %v", names, err)
		}
	}
	if _, err := NewMetadata(batch.Schema{{Name: "_größe.x-1", Type: long}}, nil, testUUID, testClock); err != nil {
		t.Error(err)
	}
}

// Adding a column must lose nothing of what is there.
func TestMetadataEvolution(t *testing.T) {
	old := testMetadata(t, map[string]string{"their.key": "v"})
	old.Description = "d"
	old.SchemaString = strings.Replace(old.SchemaString, `"metadata":{}`, `"metadata":{"comment":"the key"}`, 1)
	next := must(old.WithSchema(append(slices.Clone(testSchema), batch.Field{Name: "added", Type: batch.Type{Kind: batch.Date}})))(t)
	next = next.WithConfiguration(map[string]string{"our.key": "w"})
	want := old
	want.SchemaString = strings.Replace(old.SchemaString, `]}`, `,{"name":"added","type":"date","nullable":true,"metadata":{}}]}`, 1)
	want.Configuration = map[string]string{"their.key": "v", "our.key": "w"}
	if diff := cmp.Diff(want, next); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(old.Configuration) != 1 {
		t.Errorf("the old configuration has changed: %v", old.Configuration)
	}
}

func TestIntervals(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"interval 7 days":           7 * day,
		"INTERVAL 1 week 2 day":     9 * day,
		"30 days":                   30 * day,
		"interval 0 hours":          0,
		"interval 90 minutes":       90 * time.Minute,
		"interval 1 second":         time.Second,
		"interval 5 milliseconds":   5 * time.Millisecond,
		"interval 5 microseconds":   5 * time.Microsecond,
		"":                          -1,
		"interval":                  -1,
		"interval 7":                -1,
		"interval x days":           -1,
		"interval -1 days":          -1,
		"interval 1 month":          -1,
		"interval 99999999999 days": -1,
		"interval 50000 days 50000 days 50000 days": -1,
	} {
		got, err := parseInterval(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	m := Metadata{Configuration: map[string]string{"delta.deletedFileRetentionDuration": "interval 2 days", "delta.logRetentionDuration": "for ever"}}
	if m.FileRetention() != 2*day || m.LogRetention() != 30*day || (&Metadata{}).FileRetention() != 7*day {
		t.Errorf("files %v, log %v", m.FileRetention(), m.LogRetention())
	}
}

func TestStatsColumns(t *testing.T) {
	for value, want := range map[string]int{"": 32, "5": 5, "-1": -1, "0": 0, "x": 32, "-7": 32} {
		m := Metadata{Configuration: map[string]string{"delta.dataSkippingNumIndexedCols": value}}
		if got := m.StatsColumns(); got != want {
			t.Errorf("%q: %d, want %d", value, got, want)
		}
	}
}
