package synapselink

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/storage"
)

// Choice labels say in words what the numbers of choice columns mean. The service
// writes them beside the tables, without a header and with neither Id nor
// versionnumber:
//
//	OptionsetMetadata/StateMetadata.csv                          at the root
//	2024-09-11T16.29.10Z/OptionsetMetadata/StateMetadata.csv     in a folder
//	"account",0,False,1033,"Active"
//
// Here each row gets both, so that it becomes a change like any other: its Id is
// made of the columns that tell labels apart, its versionnumber of the folder's
// name. A label that is delivered again is then the same row, and the newest
// folder's text is the one that counts.

// LabelTable is what the lines of one label file hold, see [LabelTables].
type LabelTable struct {
	name     string
	columns  []Attribute
	optional int   // of the last columns may be missing
	key      []int // columns that tell rows apart
	entity   Entity
	// row is the entity with the columns of a line first, as they are numbered in
	// errors.
	row Entity
}

// labelNamespace is the namespace of the Ids of labels. Another one would make
// every label of every table a new row.
var labelNamespace = uuid.MustParse("7d0a9b52-3c1e-4f86-9a57-0c1c6b6f2e11")

var labelTables = []*LabelTable{
	newLabelTable("OptionsetMetadata", "EntityName OptionSetName Option:int64 IsUserLocalizedLabel:boolean "+
		"LocalizedLabelLanguageCode:int64 LocalizedLabel ExternalValue?", 0, 1, 2, 4),
	newLabelTable("GlobalOptionsetMetadata", "OptionSetName Option:int64 IsUserLocalizedLabel:boolean "+
		"LocalizedLabelLanguageCode:int64 LocalizedLabel GlobalOptionSetName EntityName ExternalValue?", 0, 1, 3, 5, 6),
	newLabelTable("StateMetadata", "EntityName State:int64 IsUserLocalizedLabel:boolean "+
		"LocalizedLabelLanguageCode:int64 LocalizedLabel", 0, 1, 3),
	newLabelTable("StatusMetadata", "EntityName State:int64 Status:int64 IsUserLocalizedLabel:boolean "+
		"LocalizedLabelLanguageCode:int64 LocalizedLabel", 0, 2, 4),
	newLabelTable("TargetMetadata", "EntityName AttributeName ReferencedEntity ReferencedAttribute", 0, 1, 2),
}

// newLabelTable reads columns written "name:type"; without a type they are texts,
// and those that end with '?' may be missing.
func newLabelTable(name, columns string, key ...int) *LabelTable {
	l := &LabelTable{name: name, key: key}
	for text := range strings.FieldsSeq(columns) {
		text, optional := strings.CutSuffix(text, "?")
		if optional {
			l.optional++
		}
		column, kind, typed := strings.Cut(text, ":")
		if !typed {
			kind = "string"
		}
		l.columns = append(l.columns, Attribute{Name: column, Type: kind})
	}
	id, version := Attribute{Name: columnID, Type: "guid"}, Attribute{Name: columnVersion, Type: "int64"}
	l.entity = Entity{Name: name, Labels: l, Attributes: slices.Concat([]Attribute{id}, l.columns, []Attribute{version})}
	l.row = Entity{Name: name, Labels: l, Attributes: append(slices.Clone(l.columns), id, version)}
	return l
}

// LabelTables names the tables of choice labels.
func LabelTables() []string {
	names := make([]string, len(labelTables))
	for i, l := range labelTables {
		names[i] = l.name
	}
	return names
}

// IsLabelTable reports whether a table is one of choice labels, whatever its case.
func IsLabelTable(name string) bool {
	_, ok := LabelEntity(name)
	return ok
}

// LabelEntity is what a table of choice labels looks like: Id, the columns of its
// files, versionnumber. No model.json describes it.
func LabelEntity(name string) (Entity, bool) {
	for _, l := range labelTables {
		if strings.EqualFold(l.name, name) {
			return l.entity, true
		}
	}
	return Entity{}, false
}

// labelFile is a file in a folder OptionsetMetadata, if it is one of labels.
func labelFile(entry storage.Entry) (File, bool) {
	name := baseName(entry.Path)
	for _, l := range labelTables {
		if !entry.IsDir && strings.EqualFold(name, l.name+".csv") {
			return File{Table: l.name, Path: entry.Path, Name: name, Size: entry.Size, ETag: entry.ETag}, true
		}
	}
	return File{}, false
}

// RootLabels lists the label files at the export's root, which are there before
// the first folder is closed.
func (e *Export) RootLabels(ctx context.Context) ([]File, error) {
	var files []File
	for entry, err := range e.Store.List(ctx, e.prefix(optionFolder), storage.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		if f, ok := labelFile(entry); ok {
			files = append(files, f)
		}
	}
	return files, nil
}

// RootBefore is the place of the root's labels among the folders: a second before
// the oldest one, so that what any folder says comes after it.
func RootBefore(oldest FolderName) FolderName {
	f, err := ParseFolderName(oldest.Time().Add(-time.Second).Format("2006-01-02T15.04.05Z"))
	if err != nil {
		return FolderName{} // before year 0
	}
	f.text = "root"
	return f
}

// widths are how many cells a line may have.
func (l *LabelTable) widths() (least, greatest int) {
	return len(l.columns) - l.optional, len(l.columns)
}

// complete appends to the cells of a line those that are missing, Id and
// versionnumber.
func (l *LabelTable) complete(cells [][]byte, folder int64) [][]byte {
	full := make([][]byte, len(l.columns), len(l.columns)+2)
	copy(full, cells)
	name := []byte(l.name)
	for _, at := range l.key {
		// Lengths keep the parts of two keys from flowing into each other.
		name = strconv.AppendInt(append(name, '/'), int64(len(full[at])), 10)
		name = append(append(name, ':'), full[at]...)
	}
	id := uuid.NewSHA1(labelNamespace, name)
	return append(full, []byte(id.String()), strconv.AppendInt(nil, folder, 10))
}

// labelRow is a line of a label file.
func (d *decoder) labelRow(cells [][]byte) *RowError {
	l := d.file.binding.Entity.Labels
	if n := len(cells); n < d.file.least || n > d.file.greatest {
		err := ErrRowTooShort
		if n > d.file.greatest {
			err = ErrRowTooLong
		}
		return l.explained(d.rowError(err, fmt.Sprintf("%d cells where %s", n, l.expects())))
	}
	full := l.complete(cells, d.file.folder)
	if at, err := d.values(full); err != nil {
		return l.explained(d.cellError(full, at, err))
	}
	return l.explained(d.change(full))
}

// expects says what a line holds.
func (l *LabelTable) expects() string {
	least, greatest := l.widths()
	number := strconv.Itoa(greatest)
	if least < greatest {
		number = fmt.Sprintf("%d or %d", least, greatest)
	}
	names := make([]string, len(l.columns))
	for i, a := range l.columns {
		names[i] = a.Name
	}
	return fmt.Sprintf("%s has %s: %s", l.name, number, strings.Join(names, ", "))
}

// explained says what to do about a line: labels cannot be exported again by
// themselves, no column of theirs is worth less than the others, and no line is set
// aside.
func (l *LabelTable) explained(bad *RowError) *RowError {
	if bad != nil {
		bad.Entity = nil
		bad.Hint = "only the table " + l.name + " waits for it; correct or remove the file, or switch ingest_choice_labels off"
	}
	return bad
}
