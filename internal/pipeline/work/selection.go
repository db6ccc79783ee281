package work

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// selectionProperty of a table's configuration says how its folders were read: the
// columns that were wanted, and where texts were cut. Both can change at any time and
// count for the folders to come, so that a table which is compared with its export
// has to say what it was to keep of each:
//
//	[{"until":20240110000000,"max_cell_bytes":7},{"exclude":["city"]}]
//
// An entry is for folders up to "until", by their digits, behind the entry before;
// the last is for all that follow. A full refresh begins anew.
const selectionProperty = "sluice.selection"

// mostSelections are remembered; what was before them is not known any more.
const mostSelections = 20

// ReadAs is how some folders were read.
type ReadAs struct {
	Until        int64    `json:"until,omitempty"`
	Unknown      bool     `json:"unknown,omitempty"`
	Include      []string `json:"include,omitempty"`
	Exclude      []string `json:"exclude,omitempty"`
	MaxCellBytes *int64   `json:"max_cell_bytes,omitempty"`
}

// ReadsNow is how the configuration wants folders to be read.
func (t *Target) ReadsNow() ReadAs {
	s := t.Selection()
	return ReadAs{Include: s.Include, Exclude: s.Exclude, MaxCellBytes: s.MaxCellBytes}
}

// Same reports whether folders are read alike.
func (r ReadAs) Same(o ReadAs) bool {
	lower := func(names []string) string {
		return strings.ToLower(strings.Join(slices.Sorted(slices.Values(names)), ","))
	}
	return r.Unknown == o.Unknown && lower(r.Include) == lower(o.Include) && lower(r.Exclude) == lower(o.Exclude) &&
		(r.MaxCellBytes == nil) == (o.MaxCellBytes == nil) && (r.MaxCellBytes == nil || *r.MaxCellBytes == *o.MaxCellBytes)
}

// String says it in the words of the configuration.
func (r ReadAs) String() string {
	if r.Unknown {
		return "not known"
	}
	columns, texts := "all columns", "texts whole"
	switch {
	case len(r.Include) > 0:
		columns = "include_columns " + strings.Join(r.Include, ", ")
	case len(r.Exclude) > 0:
		columns = "exclude_columns " + strings.Join(r.Exclude, ", ")
	}
	if r.MaxCellBytes != nil {
		texts = fmt.Sprintf("max_cell_bytes %d", *r.MaxCellBytes)
	}
	return columns + " and " + texts
}

// Selection is the same as the source wants it, with what else the table wants.
func (r ReadAs) Selection(t *Target) synapselink.Selection {
	s := t.Selection()
	if !r.Unknown {
		s.Include, s.Exclude, s.MaxCellBytes = r.Include, r.Exclude, r.MaxCellBytes
	}
	return s
}

// Reads is how the folders of the table were read, oldest first: one entry at least.
func (t *Target) Reads() []ReadAs {
	var list []ReadAs
	if t.Exists() {
		text := t.Snapshot.Metadata.Configuration[selectionProperty]
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			list = nil // as by a version that did not remember
		}
	}
	if len(list) == 0 {
		return []ReadAs{{Unknown: true}}
	}
	return list
}

// NamedBefore are the columns that the selection named when folders were read that
// are in the table. The source or the table had them then.
func (t *Target) NamedBefore() []string {
	var names []string
	for _, r := range t.Reads() {
		names = append(append(names, r.Include...), r.Exclude...)
	}
	return names
}

// withReads adds to a table's properties how it is read from now on.
func (t *Target) withReads(properties map[string]string) map[string]string {
	if t.Labels != nil {
		return properties
	}
	now := t.ReadsNow()
	list := []ReadAs{now}
	if cursor := t.Cursor(); !t.survey.Request.FullRefresh && !cursor.IsZero() {
		list = t.Reads()
		if last := &list[len(list)-1]; !last.Same(now) {
			last.Until = cursor.Digits()
			list = append(list, now)
		}
		if n := len(list) - mostSelections; n > 0 {
			list = list[n:]
			list[0] = ReadAs{Until: list[0].Until, Unknown: true}
		}
	}
	if properties == nil {
		properties = map[string]string{}
	}
	if text, err := json.Marshal(list); err == nil { // it cannot fail
		properties[selectionProperty] = string(text)
	}
	return properties
}
