package delta

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Stats says what is in a data file, so that readers can skip it. Add.Stats
// holds it as JSON text:
//
//	{"numRecords":3,"minValues":{"id":1},"maxValues":{"id":9},"nullCount":{"id":0}}
//
// Values are json.Number or string; of nested columns they are as
// encoding/json gives them.
type Stats struct {
	NumRecords int64 // physical rows, dead ones too
	// TightBounds false: the bounds hold, but rows that reach them may be dead.
	// nil means true.
	TightBounds *bool
	MinValues   map[string]any
	MaxValues   map[string]any
	NullCount   map[string]int64 // of top-level columns
}

type statsJSON struct {
	NumRecords  int64          `json:"numRecords"`
	MinValues   map[string]any `json:"minValues,omitempty"`
	MaxValues   map[string]any `json:"maxValues,omitempty"`
	NullCount   map[string]any `json:"nullCount,omitempty"`
	TightBounds *bool          `json:"tightBounds,omitempty"`
}

// Encode gives the text for Add.Stats.
func (s Stats) Encode() (string, error) {
	counts := make(map[string]any, len(s.NullCount))
	for name, n := range s.NullCount {
		counts[name] = n
	}
	return encodeText(statsJSON{s.NumRecords, s.MinValues, s.MaxValues, counts, s.TightBounds})
}

// ParseStats reads Add.Stats. Null counts inside nested columns are left out.
func ParseStats(text string) (Stats, error) {
	var raw statsJSON
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	if err := dec.Decode(&raw); err != nil {
		return Stats{}, fmt.Errorf("%w: stats: %w", ErrCorrupt, err)
	}
	s := Stats{NumRecords: raw.NumRecords, TightBounds: raw.TightBounds, MinValues: raw.MinValues, MaxValues: raw.MaxValues}
	for name, v := range raw.NullCount {
		number, _ := v.(json.Number)
		if n, err := number.Int64(); err == nil {
			if s.NullCount == nil {
				s.NullCount = map[string]int64{}
			}
			s.NullCount[name] = n
		}
	}
	return s, nil
}

// WithVector is the add that changes a file's dead rows to those of another
// vector (nil for none). As rows that reach a bound may be among them, its bounds
// count as wide; all else in the stats stays, whoever wrote them.
func (a Add) WithVector(v *DeletionVector) (Add, error) {
	a.DeletionVector, a.DataChange = v, true
	fields := map[string]json.RawMessage{}
	if a.Stats != "" {
		if err := json.Unmarshal([]byte(a.Stats), &fields); err != nil {
			return Add{}, fmt.Errorf("%w: stats of %s: %w", ErrCorrupt, a.Path, err)
		}
	}
	if fields["numRecords"] == nil {
		return Add{}, fmt.Errorf("%w: %s has no numRecords in its stats, which a deletion vector needs", ErrInvalidChanges, a.Path)
	}
	fields["tightBounds"] = json.RawMessage("false")
	var err error
	a.Stats, err = encodeText(fields)
	return a, err
}

func encodeText(v any) (string, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("encode %T: %w", v, err)
	}
	return string(bytes.TrimSuffix(out.Bytes(), []byte("\n"))), nil
}
