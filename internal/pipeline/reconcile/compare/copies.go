package compare

import (
	"slices"
	"time"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// Seen is what a folder's model.json says of the export of a table.
type Seen struct {
	Folder synapselink.FolderName
	// State is Athena:InitialSyncState, Completed is
	// Athena:InitialSyncDataCompletedTime as it is written.
	State, Completed string
}

// Copy is a whole copy of a table, made again.
type Copy struct {
	// Since is the folder in which it begins, zero for none.
	Since synapselink.FolderName
	// Running: it has not come to its end.
	Running bool
	// Failures: it ended, and the service says that rows are missing.
	Failures bool
	// Proven: a folder showed it under way. Otherwise only its end is known, and a
	// manifest can be a folder late: it may have begun before Since.
	Proven bool
	// After is the last folder that is known to be before it, as far as manifests
	// tell.
	After synapselink.FolderName
}

// Whole reports whether all rows that the source had came again.
func (c Copy) Whole() bool { return !c.Since.IsZero() && !c.Running && !c.Failures }

// running are the states of a copy under way. Paused is none of them: a table
// that is exported for long can be paused, too. But what is paused, or in no
// known state, until another copy is complete may be its beginning.
var running = []string{"NotStarted", "RequestedInitialData", "InProgress", "PostProcessing"}

const withFailures = "CompletedWithFailures"

// LastCopy finds the last copy that was made again, by what the folders that
// have rows of the table say, in order. The first copy of a table is none.
func LastCopy(seen []Seen) Copy {
	var last, before Copy
	done := "" // when the copy before was complete
	known := false
	unsure := -1 // first folder since then of which the state tells nothing
	for i, s := range seen {
		switch {
		case slices.Contains(running, s.State):
			if known && !last.Running {
				before, last = last, begins(seen, i, unsure)
				last.Running, last.Proven = true, true
			}
			continue
		case s.State != "Completed" && s.State != withFailures:
			if unsure < 0 {
				unsure = i
			}
			continue
		case last.Running && s.Completed == done && done != "":
			last = before // it was looked at anew, and not copied
		case last.Running:
			last.Running, last.Failures = false, s.State == withFailures
		case known && done != "" && s.Completed != "" && s.Completed != done:
			last = begins(seen, began(seen, i), unsure)
			last.Failures = s.State == withFailures
		}
		known, done, unsure = true, s.Completed, -1
	}
	return last
}

// begins is a copy that begins in folder i, or in an earlier one, unless it is
// -1, that may be of it.
func begins(seen []Seen, i, unsure int) Copy {
	if unsure >= 0 {
		i = min(i, unsure)
	}
	c := Copy{Since: seen[i].Folder}
	if i > 0 {
		c.After = seen[i-1].Folder
	}
	return c
}

// began is the folder in which a copy begins that was first seen complete in
// folder i: a manifest may tell of it late, so that it is not later than the
// folder that was being written when it was complete.
func began(seen []Seen, i int) int {
	at, err := time.Parse("1/2/2006 3:04:05 PM", seen[i].Completed)
	if err != nil {
		return i
	}
	for i > 0 && seen[i].Folder.Time().After(at) {
		i--
	}
	return i
}

// secondBefore is the moment before a folder's, as digits.
func secondBefore(digits int64) int64 {
	name, err := synapselink.FolderFromDigits(digits)
	if err != nil {
		return 0
	}
	before, err := synapselink.ParseFolderName(name.Time().Add(-time.Second).Format("2006-01-02T15.04.05Z"))
	if err != nil {
		return 0
	}
	return before.Digits()
}
