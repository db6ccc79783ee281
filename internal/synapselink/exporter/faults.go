package exporter

import (
	"fmt"
	"slices"
	"strings"
)

// Fault names one way in which real exports are not what one would like.
type Fault string

// The faults of rows and files.
const (
	OutOfOrder         Fault = "out-of-order"
	RepeatedRows       Fault = "repeated-rows"
	RepeatedVersions   Fault = "repeated-versions"
	DeleteReinsert     Fault = "delete-reinsert"
	DeleteBeforeInsert Fault = "delete-before-insert"
	IDsOnlyDeletes     Fault = "ids-only-deletes"
	CRLFCells          Fault = "crlf-cells"
	MixedDates         Fault = "mixed-dates"
	SplitPartitions    Fault = "split-partitions"
	FileTimes          Fault = "file-times"
	LeasedFiles        Fault = "leased-files"
)

// The faults of columns and tables.
const (
	ColumnAddedMidFile    Fault = "column-added-mid-file"
	ColumnAddedEverywhere Fault = "column-added-everywhere"
	ColumnEmptied         Fault = "column-emptied"
	ColumnReadded         Fault = "column-readded"
	TypeChanged           Fault = "type-changed"
	TableReadded          Fault = "table-readded"
	Reinitialised         Fault = "reinitialised"
	IdleTables            Fault = "idle-tables"
	LabelsAdded           Fault = "labels-added"
)

// The faults of folders and manifests.
const (
	RepeatedFolders   Fault = "repeated-folders"
	EmptyFolders      Fault = "empty-folders"
	LeadingSpaces     Fault = "leading-spaces"
	AbandonedFolders  Fault = "abandoned-folders"
	LateFolders       Fault = "late-folders"
	LateManifest      Fault = "late-manifest"
	TruncatedManifest Fault = "truncated-manifest"
	CutManifest       Fault = "cut-manifest"
	EmptyManifest     Fault = "empty-manifest"
)

// FaultInfo describes a fault in one line.
type FaultInfo struct {
	Name        Fault
	Description string
}

// Faults lists all faults with their descriptions. What happens between two
// folders, to files that are there already, is a method of the Simulator:
// [Simulator.Rewrite], [Simulator.Expire], [Simulator.Pause].
func Faults() []FaultInfo {
	return []FaultInfo{
		{OutOfOrder, "the initial copy is not in order of versionnumber, and some rows come with a newer version first"},
		{RepeatedRows, "some rows are written twice in the same file"},
		{RepeatedVersions, "every step writes one Id twice with the same versionnumber and other values; the last one counts"},
		{RepeatedFolders, "every other step first commits the previous folder's rows again in a folder of their own"},
		{DeleteReinsert, "every step deletes and re-inserts one Id, and updates and deletes another, in one folder"},
		{DeleteBeforeInsert, "every step inserts an Id and deletes it again, in a file that is read before the insert's; some deletes stand in 4.csv"},
		{IDsOnlyDeletes, "deletes carry Id and IsDelete, neither versionnumber nor times"},
		{ColumnAddedMidFile, "in the first step every table gets a column; files begin in the old width and end in the new"},
		{ColumnAddedEverywhere, "from the second step on every table has one more column, those without changes too"},
		{ColumnEmptied, "a column is removed in the second step and re-added in the fourth: meanwhile it stays and is empty"},
		{ColumnReadded, "a column is gone in the second step and re-added in the third, behind IsDelete"},
		{TypeChanged, "from the second step on every dateTime but those of the sink is a dateTimeOffset"},
		{TableReadded, "before the third step every other table is removed and added again: all rows once more, columns in another order"},
		{Reinitialised, "the fourth step holds all rows of every other table again; rows that went meanwhile have no delete marker"},
		{IdleTables, "in each step every other table has no changes and no folder, by turns"},
		{LabelsAdded, "from the second step on every choice has one more value"},
		{MixedDates, "times of change stand in two forms in the same column of the same file"},
		{CRLFCells, "long texts hold CRLF, quotes and commas"},
		{SplitPartitions, "partitions go on in another file (2024_001.csv) after 4 KiB"},
		{FileTimes, "in every step the files are modified in the reverse order of their names"},
		{LeasedFiles, "the CSV files of the newest folder are leased, where the storage has leases"},
		{EmptyFolders, "before every third step, the first too, there is a folder with a model.json and nothing else"},
		{LeadingSpaces, "the names of every third folder and of the tables in it begin with a space"},
		{AbandonedFolders, "the second of every four steps writes its rows to a folder that never gets a model.json, and again to the next folder"},
		{LateFolders, "the third of every four steps writes its rows twice, too; the first folder's model.json is empty until the step after it"},
		{LateManifest, "every other folder's model.json stays empty until the folder after it is closed"},
		{TruncatedManifest, "the model.json of every step lacks the second half of the tables"},
		{CutManifest, "the text of every step's model.json breaks off in the last table"},
		{EmptyManifest, "every other step's model.json is whole and lists no tables"},
	}
}

// ParseFaults reads a comma-separated list; "all" means every fault.
func ParseFaults(list string) ([]Fault, error) {
	var out []Fault
	for name := range strings.SplitSeq(list, ",") {
		switch name = strings.TrimSpace(name); name {
		case "":
		case "all":
			for _, f := range Faults() {
				out = append(out, f.Name)
			}
		default:
			out = append(out, Fault(name))
		}
	}
	return normalFaults(out)
}

func normalFaults(in []Fault) ([]Fault, error) {
	out := slices.Clone(in)
	slices.Sort(out)
	out = slices.Compact(out)
	for _, f := range out {
		if !slices.ContainsFunc(Faults(), func(i FaultInfo) bool { return i.Name == f }) {
			return nil, fmt.Errorf("%w: fault %q is not known; known are %s", ErrOptions, f, faultNames())
		}
	}
	return out, nil
}

func faultNames() string {
	var names []string
	for _, f := range Faults() {
		names = append(names, string(f.Name))
	}
	return strings.Join(names, ", ")
}
