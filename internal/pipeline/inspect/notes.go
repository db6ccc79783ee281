package inspect

import (
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Note is a way in which a table is known to differ from its source, by its own log.
// The run that found it told it once; it lasts until a full refresh makes the table
// again from a whole copy.
type Note struct {
	// Code of the event that told it.
	Code string `json:"code"`
	// Folder from which on all is there, or in which the table came anew.
	Folder string `json:"folder"`
	Text   string `json:"text"`
	Fix    string `json:"fix"`
}

// notesOf lists what is known of a table and lasts.
func notesOf(survey *work.Survey, t *work.Target) []Note {
	list := []Note{}
	if !t.Exists() {
		return list
	}
	for _, known := range []struct{ mark, code, text string }{
		{t.HoleID(), report.FolderGap, "folders before %s went away before they were read, and with them changes that are not in the table"},
		{t.PartialID(), report.InitialCopyGone, "the table was made from folder %s on, when the folders with its initial copy were gone: rows that did not change since then are missing"},
		{t.CopiedID(), report.TableCopiedAnew, "the table was exported again in full, in folder %s: rows that were deleted before have no delete marker and may still be in it"},
	} {
		folder, err := synapselink.FolderFromDigits(t.Snapshot.Txns[known.mark].Version)
		if err != nil || folder.IsZero() {
			continue // never, or mended since
		}
		e := survey.Event(known.code, t.Name(), folder.String(), fmt.Sprintf(known.text, folder))
		list = append(list, Note{e.Code, e.Folder, e.Text, e.Fix})
	}
	return list
}

// stillTrue leaves out what a comparison with the export has shown to be otherwise.
func stillTrue(notes []Note, compared *reconcile.Reconciled) []Note {
	return slices.DeleteFunc(notes, func(n Note) bool {
		return n.Code == report.TableCopiedAnew && compared != nil && compared.Verdict == reconcile.Matches && compared.Cursor >= n.Folder
	})
}
