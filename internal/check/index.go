package check

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

// Index says where key indexes are and how much of them is compared.
type Index struct {
	// Dir is empty where runs keep none.
	Dir string
	// Full compares every row: that reads the keys of all tables. Otherwise of
	// large tables a sample is compared.
	Full bool
}

// sampledRows are compared of all tables together, unless all are to be: a
// minute's work from a storage account.
const sampledRows = 2_000_000

// leastSample of a table is compared whatever its place in the list.
const leastSample = 10_000

// keyColumns of the tables that runs make.
var keyColumns = local.Columns{Key: "Id", Version: "versionnumber", Modified: "SinkModifiedOn", Delete: "IsDelete"}

// indexes collects what is found of the key indexes of all tables.
type indexes struct {
	Index

	engine *local.Engine
	about  entra.About
	left   int64 // rows to compare
	took   time.Duration

	tables, sampled, inUse int // with an index
	without                int // tables that have none yet
	files, behind          int
	rows                   int64
	failed                 []Step
}

// look at one table's.
func (x *indexes) look(ctx context.Context, name string, snapshot *delta.Snapshot) {
	if x.Dir == "" {
		return
	}
	most := max(leastSample, x.left)
	if x.Full {
		most = 0
	}
	look, err := x.engine.LookAtIndex(ctx, snapshot, keyColumns, most)
	if err != nil {
		x.failed = append(x.failed, failed(err, x.about))
		return
	}
	x.left -= look.Rows
	switch look.State {
	case local.NoIndex:
		if look.Files > 0 && !copiesFiles(snapshot) {
			x.without++
		}
	case local.IndexInUse:
		x.inUse++
	case local.IndexDamaged:
		x.failed = append(x.failed, Step{State: Fail, Code: "INDEX_DAMAGED",
			Reason: fmt.Sprintf("the key index of %s cannot be used: %v", name, look.Damage),
			Fix:    "nothing is lost: the next run that changes rows of the table makes it anew; or remove the folder " + look.Folder})
	case local.IndexThere:
		x.there(name, look)
	}
}

func (x *indexes) there(name string, look *local.IndexLook) {
	x.tables++
	x.files, x.behind, x.rows = x.files+look.Files, x.behind+look.Behind, x.rows+look.Rows
	if !look.Whole {
		x.sampled++
	}
	if look.Lacking+look.Wrong == 0 {
		return
	}
	table := name[strings.LastIndexByte(name, '.')+1:]
	x.failed = append(x.failed, Step{State: Fail, Code: "INDEX_WRONG",
		Reason: fmt.Sprintf("the key index of %s does not say what the table holds: of %s that were compared %d are lacking, and %d entries are wrong",
			name, counted(int(look.Rows), "row"), look.Lacking, look.Wrong),
		Fix: "remove the folder " + look.Folder + ": the next run makes it anew; and compare the table with the export: sluice reconcile " + table})
}

// copiesFiles: without vectors whole files are copied, and no index is kept.
func copiesFiles(snapshot *delta.Snapshot) bool {
	return snapshot.Metadata.Configuration["delta.enableDeletionVectors"] != "true"
}

// step says it for all tables in one.
func (x *indexes) step() Step {
	const catchesUp = "nothing has to be done: the next run that changes rows reads the keys of these files once"
	switch {
	case x.Dir == "":
		return skip("state.url names no folder, so that there is none: keys are looked for in whole tables")
	case len(x.failed) > 1:
		found := x.failed[0]
		found.Reason += fmt.Sprintf("; %d more are in no better state", len(x.failed)-1)
		return found
	case len(x.failed) == 1:
		return x.failed[0]
	case x.tables+x.inUse+x.without == 0:
		return skip("no table needs one yet")
	case x.behind > 0:
		return warn("INDEX_BEHIND", fmt.Sprintf("%s; %d of %s are not in it yet", x.compared(), x.behind, counted(x.files, "data file")), catchesUp)
	case x.tables+x.inUse == 0:
		return pass(fmt.Sprintf("no key index yet; the next run that changes rows makes it, and reads the keys of %s once", counted(x.without, "table")))
	}
	return pass(x.compared())
}

// compared is what was looked at.
func (x *indexes) compared() string {
	said := fmt.Sprintf("%s compared with the keys of %s", counted(int(x.rows), "row"), counted(x.tables, "table"))
	if x.without > 0 {
		said += fmt.Sprintf("; %s without a key index yet", counted(x.without, "table"))
	}
	if x.sampled > 0 {
		said += fmt.Sprintf(", of %d a sample (--full compares all)", x.sampled)
	}
	if x.inUse > 0 {
		said += fmt.Sprintf("; %d in use by a run", x.inUse)
	}
	return said
}
