package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// note adds an event of a kind to those of the table.
func (b *bringing) tell(code, folder, text string) {
	b.add(b.Event(code, b.Name(), folder, text))
}

// add adds an event to those of the table and tells the listeners.
func (b *bringing) add(e report.Event) {
	if slices.ContainsFunc(b.result.Events, func(o report.Event) bool { return o.Code == e.Code && o.Folder == e.Folder && o.Text == e.Text }) {
		return // a table that was planned anew meets the same things again
	}
	b.result.Events = append(b.result.Events, e)
	b.Options.Listener.Event(e)
}

// tellCreated notes that the table was made.
func (b *bringing) tellCreated() {
	b.tell(report.TableCreated, "", "the table was made at "+b.result.Path)
	if b.Appeared {
		b.tell(report.TableFound, "", "the export describes "+b.Spec.SourceTable+" since the last run, and the pipeline takes every table")
	}
}

// tellAdded notes columns that an existing table gets.
func (b *bringing) tellAdded(folder synapselink.FolderName, merged synapselink.Merged) {
	if b.columns == nil || b.Request.FullRefresh || len(merged.Added) == 0 {
		return
	}
	b.tell(report.ColumnsAdded, folder.String(), "new columns: "+fieldNames(merged.Added))
}

func fieldNames(fields []batch.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// tellGone warns of a table that the export describes no longer. The manifest at
// the root tells, as it is there also when no folder is new; where it is of no use
// nobody can tell. A table that has rows in the newest folder is not gone.
func (b *bringing) tellGone(ctx context.Context) error {
	if !b.Exists() {
		return nil
	}
	ready := b.Env.Listing.Ready()
	if n := len(b.Parts); n > 0 && b.Parts[n-1].Folder == ready[len(ready)-1] {
		return nil
	}
	root, err := b.Env.RootManifest(ctx)
	if errors.Is(err, synapselink.ErrManifest) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, listed := root.Entity(b.Spec.SourceTable); !listed && len(root.Entities) > 0 && !root.Truncated {
		b.tell(report.TableGone, "", b.Spec.SourceTable+" is no longer in the export; its table stays as it is")
	}
	return nil
}

// tellPartial says that the table lacks its initial copy, unless the
// configuration takes what is left.
func (b *bringing) tellPartial() {
	if b.partial.IsZero() || b.Spec.Settings.OnGap == spec.GapContinues {
		return
	}
	b.tell(report.InitialCopyGone, b.partial.String(), fmt.Sprintf(
		"the folders with the initial copy of %s were gone when the table was made from folder %s on: rows that did not change since then are missing",
		b.Spec.SourceTable, b.partial))
}

// tellCopiedAnew says that the table was exported again in full, if it was.
func (b *bringing) tellCopiedAnew(p work.Part) bool {
	before, now := work.SyncedAt(b.before), work.SyncedAt(p.Entity)
	if before.IsZero() || now.IsZero() || before.Equal(now) {
		return false
	}
	b.tell(report.TableCopiedAnew, p.Folder.String(), fmt.Sprintf(
		"%s was exported again in full, complete at %s: rows that were deleted meanwhile have no delete marker and stay",
		b.Spec.SourceTable, now.Format(time.RFC3339)))
	return true
}

// tellSync says that the table's initial copy is not complete in a folder. Only
// what the last folder says is told.
func (b *bringing) tellSync(p work.Part) {
	state := p.Entity.InitialSyncState
	if len(b.Parts) == 0 || p.Folder != b.Parts[len(b.Parts)-1].Folder || state == "" || strings.EqualFold(state, "Completed") {
		return
	}
	b.tell(report.InitialSyncRunning, p.Folder.String(), fmt.Sprintf("the initial copy of %s is not complete: Synapse Link says %s", b.Spec.SourceTable, state))
}
