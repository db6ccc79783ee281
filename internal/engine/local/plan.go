package local

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
)

// Keys of the table's configuration that say what it is.
const (
	sourceProperty = "sluice.source"
	originProperty = "sluice.origin"
	typeProperty   = "sluice.scdType"
)

const vectorsProperty = "delta.enableDeletionVectors"

// planTable finds out what has to become of protocol and metadata, and whether
// the batch may be applied at all.
func (a *attempt) planTable() error {
	want := map[string]string{
		sourceProperty: a.batch.Source,
		typeProperty:   strconv.Itoa(int(a.batch.Type)),
	}
	if a.batch.Origin != "" {
		want[originProperty] = a.batch.Origin
	}
	maps.Copy(want, a.batch.Properties)
	if a.base.Version < 0 {
		return a.planNew(want)
	}
	if err := Check(a.base, a.batch); err != nil {
		return err
	}
	metadata := a.base.Metadata.WithConfiguration(want)
	have, err := a.base.BatchSchema()
	if err != nil {
		return err
	}
	if !slices.Equal(have, a.layout.table) {
		if metadata, err = metadata.WithSchema(a.layout.table); err != nil {
			return err
		}
	}
	if !slices.Equal(have, a.layout.table) || !maps.Equal(metadata.Configuration, a.base.Metadata.Configuration) {
		a.metadata = &metadata
	}
	a.vectors = metadata.Configuration[vectorsProperty] == "true"
	if a.vectors {
		a.protocol = a.base.Protocol.WithVectors()
	}
	return nil
}

func (a *attempt) planNew(config map[string]string) error {
	if _, set := config[vectorsProperty]; !set {
		config[vectorsProperty] = "true"
	}
	a.vectors = config[vectorsProperty] == "true"
	metadata, err := delta.NewMetadata(a.layout.table, config, uuid.New(), a.engine.opts.Clock)
	if err != nil {
		return fmt.Errorf("creating table %s: %w", a.base.URL(), err)
	}
	protocol := delta.DefaultProtocol(a.vectors)
	a.metadata, a.protocol = &metadata, &protocol
	return nil
}

// Check refuses tables that are not the batch's to write.
func Check(s *delta.Snapshot, b Batch) error {
	if err := s.CheckWritable(); err != nil {
		return err
	}
	config := s.Metadata.Configuration
	if source := config[sourceProperty]; source != b.Source {
		made := "without Sluice"
		if source != "" {
			made = "from " + source
		}
		return fmt.Errorf("%w: %s was made %s, and this is %s; choose another destination, or remove that table",
			ErrForeignTable, s.URL(), made, b.Source)
	}
	if origin := config[originProperty]; origin != "" && b.Origin != "" && origin != b.Origin && !b.Replace {
		return fmt.Errorf("%w: %s was made from %s, and this is %s; choose another destination, or replace the table with --full-refresh",
			ErrForeignTable, s.URL(), origin, b.Origin)
	}
	if t := config[typeProperty]; t != strconv.Itoa(int(b.Type)) && !b.Replace {
		return fmt.Errorf("%w: %s has SCD_TYPE_%s, the configuration says SCD_TYPE_%d; a full refresh of this table (sluice run --table … --full-refresh) rebuilds it",
			ErrOtherType, s.URL(), t, b.Type)
	}
	return nil
}

// SourceSchema is the part of a table's schema that comes from its source: all
// but the interval of a Type2 table.
func SourceSchema(s *delta.Snapshot) (batch.Schema, error) {
	schema, err := s.BatchSchema()
	if err != nil {
		return nil, err
	}
	if s.Metadata.Configuration[typeProperty] != strconv.Itoa(int(change.Type2)) {
		return schema, nil
	}
	return slices.DeleteFunc(schema, func(f batch.Field) bool { return f.Name == startColumn || f.Name == endColumn }), nil
}
