package delta

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/batch"
)

// NewMetadata describes a new table. Column names that Parquet writers of other
// engines refuse without column mapping are refused.
func NewMetadata(schema batch.Schema, config map[string]string, id uuid.UUID, clock func() time.Time) (Metadata, error) {
	now := clock().UnixMilli()
	m := Metadata{ID: id.String(), Configuration: maps.Clone(config), CreatedTime: &now}
	m.normalize()
	return m.WithSchema(schema)
}

// WithSchema is the same table with other columns. Columns that stay keep what
// their metadata says, comments for instance.
func (m Metadata) WithSchema(schema batch.Schema) (Metadata, error) {
	var old []Field
	if m.SchemaString != "" {
		var err error
		if old, err = m.fields(); err != nil {
			return Metadata{}, err
		}
	}
	fields := make([]Field, 0, len(schema))
	seen := map[string]string{}
	for _, c := range schema {
		if err := checkColumnName(c.Name, seen); err != nil {
			return Metadata{}, err
		}
		f := Field{Name: c.Name, Type: c.Type.String(), Nullable: true}
		if i := slices.IndexFunc(old, func(o Field) bool { return o.Name == f.Name && o.Type == f.Type }); i >= 0 {
			f = old[i]
		}
		fields = append(fields, f)
	}
	text, err := encodeSchema(fields)
	m.SchemaString = text
	return m, err
}

// WithConfiguration is the same table with the keys of config set. All other
// keys stay.
func (m Metadata) WithConfiguration(config map[string]string) Metadata {
	merged := maps.Clone(m.Configuration)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, config)
	m.Configuration = merged
	return m
}

// checkColumnName enforces what holds without column mapping. Names differ in
// more than case: engines look columns up regardless of it.
func checkColumnName(name string, seen map[string]string) error {
	const forbidden = " ,;{}()\n\t="
	if name == "" {
		return fmt.Errorf("%w: a column has no name", ErrInvalidChanges)
	}
	if i := strings.IndexAny(name, forbidden); i >= 0 {
		return fmt.Errorf("%w: column name %q contains %q; none of %q is allowed without column mapping, which not every reader has",
			ErrInvalidChanges, name, name[i:i+1], forbidden)
	}
	folded := strings.ToLower(name)
	if other, ok := seen[folded]; ok {
		return fmt.Errorf("%w: columns %q and %q have the same name", ErrInvalidChanges, other, name)
	}
	seen[folded] = name
	return nil
}

// normalize fills in what is required and may be empty: other readers refuse
// null for it.
func (m *Metadata) normalize() {
	if m.Format.Provider == "" {
		m.Format.Provider = "parquet"
	}
	if m.Format.Options == nil {
		m.Format.Options = map[string]string{}
	}
	if m.PartitionColumns == nil {
		m.PartitionColumns = []string{}
	}
	if m.Configuration == nil {
		m.Configuration = map[string]string{}
	}
}

func (m *Metadata) isTrue(property string) bool {
	return strings.EqualFold(m.Configuration[property], "true")
}

// FileRetention is how long removed files are kept for readers of older
// versions: delta.deletedFileRetentionDuration, by default a week.
func (m *Metadata) FileRetention() time.Duration {
	const week = 7 * 24 * time.Hour
	return m.interval("delta.deletedFileRetentionDuration", week)
}

// LogRetention is how long commits are kept after a checkpoint has made them
// unnecessary: delta.logRetentionDuration, by default 30 days.
func (m *Metadata) LogRetention() time.Duration {
	const month = 30 * 24 * time.Hour
	return m.interval("delta.logRetentionDuration", month)
}

// interval reads a property. One that cannot be read counts as not set: keeping
// tombstones for the usual time is safe, failing to read a table is not.
func (m *Metadata) interval(property string, otherwise time.Duration) time.Duration {
	if d, err := parseInterval(m.Configuration[property]); err == nil {
		return d
	}
	return otherwise
}

// intervalUnits are those with a fixed length; engines refuse months and years.
var intervalUnits = map[string]time.Duration{
	"week": 7 * 24 * time.Hour, "day": 24 * time.Hour, "hour": time.Hour, "minute": time.Minute,
	"second": time.Second, "millisecond": time.Millisecond, "microsecond": time.Microsecond,
}

// parseInterval reads a SQL interval such as "interval 1 week 2 days".
func parseInterval(text string) (time.Duration, error) {
	words := strings.Fields(strings.ToLower(text))
	if len(words) > 0 && words[0] == "interval" {
		words = words[1:]
	}
	if len(words) == 0 || len(words)%2 != 0 {
		return 0, fmt.Errorf("interval %q is not pairs of number and unit", text)
	}
	var sum time.Duration
	for pair := range slices.Chunk(words, 2) {
		n, err := strconv.ParseInt(pair[0], 10, 64)
		unit, known := intervalUnits[strings.TrimSuffix(pair[1], "s")]
		if err != nil || !known || n < 0 || n > int64(1<<62/unit) {
			return 0, fmt.Errorf("interval %q: %q is not a number and a unit", text, strings.Join(pair, " "))
		}
		if sum += time.Duration(n) * unit; sum < 0 {
			return 0, fmt.Errorf("interval %q is too long", text)
		}
	}
	return sum, nil
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// StatsColumns is how many columns have stats, for [NewStats]:
// delta.dataSkippingNumIndexedCols, of which -1 means all.
func (m *Metadata) StatsColumns() int {
	if n, err := strconv.Atoi(m.Configuration["delta.dataSkippingNumIndexedCols"]); err == nil && n >= -1 {
		return n
	}
	return IndexedColumns
}
