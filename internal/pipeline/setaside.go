package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// setAside moves the bad rows of one batch out of its way and, with its commit,
// into the table's quarantine.
type setAside struct {
	*bringing

	to    work.Step
	file  quarantineFile
	spool *quarantine.Spool
	// folders that the batch reads: their rows are found anew.
	folders map[string]bool
	others  int64 // rows of other folders that are set aside, as far as known
	kept    keptRows

	mu      sync.Mutex
	met     int64                 // bad rows
	after   *quarantine.State     // that the commit names, nil where it names none
	first   *synapselink.RowError // of them, by place
	failure error                 // of the spool
}

// asideShare of the memory, and of that the share of one table, holds bad rows
// until they are committed; what is more goes to a temporary file.
const asideShare = 64

// newSetAside makes one for a batch of the folders.
func (b *bringing) newSetAside(folders []synapselink.FolderName, to work.Step) *setAside {
	s := &setAside{bringing: b, to: to, file: b.quarantineFile(), spool: b.spool(), folders: map[string]bool{}}
	for _, f := range folders {
		s.folders[f.String()] = true
	}
	return s
}

// spool has room for bad rows.
func (u *update) spool() *quarantine.Spool {
	return quarantine.NewSpool(cmp.Or(u.Options.Temp, os.TempDir()), u.Options.Memory/asideShare/int64(max(1, u.Options.Workers)))
}

// limit is how many rows the quarantine may hold.
func (s *setAside) limit() int64 { return s.Spec.Settings.MaxBadRows }

// open begins to read: what was met before counts no more.
func (s *setAside) open(ctx context.Context, opts synapselink.SourceOptions) (synapselink.SourceOptions, error) {
	s.met, s.first, s.failure, s.after = 0, nil, nil, nil
	s.countOthers(ctx)
	if s.limit() != 0 {
		opts.BadRow = s.badRow
	}
	return opts, s.spool.Close()
}

// badRow decides about a row that cannot be read.
func (s *setAside) badRow(e *synapselink.RowError) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.met++
	if s.first == nil || e.Compare(s.first) < 0 {
		s.first = e
	}
	if s.failure != nil || s.limit() > 0 && s.others+s.met > s.limit() {
		return false
	}
	s.failure = s.spool.Add(quarantine.RowOf(e, s.Options.Clock()), e.Entity)
	return s.failure == nil
}

// seal puts the rows into the quarantine of the snapshot that the commit builds
// on. A batch without bad rows leaves the quarantine as it is; one that replaces
// the table finds the rows of the folders that it reads anew, and keeps the others:
// nothing else in the lake or the export has them.
func (s *setAside) seal(ctx context.Context, base *delta.Snapshot) (local.Sealed, error) {
	sealed := local.Sealed{Txns: s.to.Marks, Quarantined: s.spool.Rows()}
	before := quarantine.StateOf(base)
	if s.spool.Rows() == 0 && (!s.Request.FullRefresh || before.Serial == 0) {
		return sealed, nil
	}
	s.kept = keptRows{}
	same := s.sameExport(base)
	after, err := s.file.write(ctx, before, func(e *quarantine.Entry) bool {
		keep := same && s.keeps(e)
		s.kept.count(e, keep)
		return keep
	}, s.spool)
	if err != nil {
		return local.Sealed{}, err
	}
	if s.others = s.kept.rows; s.limit() > 0 && after.Rows > s.limit() && s.spool.Rows() > 0 {
		return local.Sealed{}, s.tooMany()
	}
	if !same {
		s.kept.dropped = before.Rows
	}
	s.after = &after
	sealed.Txns = withTxns(s.to.Marks, after)
	return sealed, nil
}

// settle ends the batch: it tidies up behind a commit, or behind a failure, which
// it explains.
func (s *setAside) settle(ctx context.Context, err error) error {
	s.file.settle(ctx, err)
	if err == nil && s.after != nil {
		s.result.SetAside, s.sealed = s.after.Rows, s.after
		s.tellKept()
	}
	if cerr := s.spool.Close(); cerr != nil {
		s.Options.Log.Warn("bad rows that were kept aside could not be removed", "table", s.Name(), "error", cerr)
	}
	bad, isRow := errors.AsType[*synapselink.RowError](err)
	switch {
	case s.failure != nil && err != nil:
		return s.failure
	case !isRow || bad.Entity == nil:
		return err
	case s.limit() == 0:
		return fmt.Errorf("%w; max_bad_rows sets such rows aside and goes on", err)
	}
	return s.tooMany()
}

// tooMany tells of more bad rows than may be set aside.
func (s *setAside) tooMany() error {
	before := ""
	if s.others > 0 {
		before = fmt.Sprintf(" and %s set aside already (sluice quarantine list)", counted(s.others, "row is", "rows are"))
	}
	return fmt.Errorf("%s in what was read until then, where max_bad_rows is %d%s; the first: %w; a greater max_bad_rows sets them aside and goes on",
		counted(s.met, "bad row", "bad rows"), s.limit(), before, s.first)
}

// tellSetAside notes the rows that a batch set aside.
func (s *setAside) tellSetAside(rows int64, first *quarantine.Row) {
	if rows > 0 && first != nil {
		s.tell(report.RowsQuarantined, first.Folder, rowsWere(rows, "set aside")+firstOf(rows, first))
	}
}

// tellQuarantined notes the rows that earlier runs set aside.
func (b *bringing) tellQuarantined() {
	if b.result.SetAside = quarantine.StateOf(b.Snapshot).Rows; b.result.SetAside > 0 && !b.Request.FullRefresh {
		b.tell(report.QuarantineRowsLeft, "", rowsWere(b.result.SetAside, "set aside by earlier runs"))
	}
}

func rowsWere(n int64, what string) string { return counted(n, "row was ", "rows were ") + what }

func counted(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// firstOf tells of the first of a number of rows, nil for none.
func firstOf(rows int64, first *quarantine.Row) string {
	switch {
	case first == nil:
		return ""
	case rows == 1:
		return ": " + placeOf(first) + ": " + first.Reason
	}
	return "; the first: " + placeOf(first) + ": " + first.Reason
}

// placeOf names a row and, where one is concerned, the column.
func placeOf(r *quarantine.Row) string {
	place := fmt.Sprintf("%s/%s line %d", r.Folder, r.File, r.Line)
	if r.ColumnName != "" {
		place += ", column " + r.ColumnName
	}
	return place
}

// countOthers finds out how much room the limit leaves, so that a batch which
// cannot be committed is not read to its end. Where that cannot be told the commit
// does, which counts once more.
func (s *setAside) countOthers(ctx context.Context) {
	s.others = 0
	if s.limit() <= 0 {
		return
	}
	n := int64(0)
	for e, err := range quarantine.Read(ctx, s.Lake, s.Path(), s.quarantineState()) {
		if err != nil {
			return
		}
		if s.keeps(&e) {
			n++
		}
	}
	s.others = n
}

// quarantineState is what the table's last commit that is known here names.
func (b *bringing) quarantineState() quarantine.State {
	if b.sealed != nil {
		return *b.sealed
	}
	return quarantine.StateOf(b.Snapshot)
}

// keeps reports whether a row that was set aside before stays so: the batch does
// not read its folder, which may be gone.
func (s *setAside) keeps(e *quarantine.Entry) bool { return !s.folders[e.Folder] }

// sameExport reports whether a snapshot of the table was made from the export that
// the batch reads. A full refresh may take a table over from another.
func (s *setAside) sameExport(base *delta.Snapshot) bool {
	task := s.Batch(nil, work.Step{})
	task.Replace = false
	return !errors.Is(local.Check(base, task), local.ErrForeignTable) && !s.IsMoved(base)
}

// keptRows are rows of folders that a batch does not read.
type keptRows struct {
	rows           int64
	oldest, newest string // folders
	dropped        int64
}

func (k *keptRows) count(e *quarantine.Entry, keep bool) {
	if !keep {
		return
	}
	k.rows++
	if k.oldest == "" || e.Folder < k.oldest {
		k.oldest = e.Folder
	}
	k.newest = max(k.newest, e.Folder)
}

// tellKept notes what a full refresh left in the quarantine, and what it did not.
func (s *setAside) tellKept() {
	if !s.Request.FullRefresh {
		return
	}
	if k := s.kept; k.rows > 0 {
		folders := "folder " + k.oldest + " is"
		if k.newest != k.oldest {
			folders = "folders " + k.oldest + " to " + k.newest + " are"
		}
		s.tell(report.QuarantineRowsLeft, "", rowsWere(k.rows, "left set aside: ")+folders+" not among those that the full refresh could read, nor may be what deleted them later; look at them before they are tried again")
	}
	if n := s.kept.dropped; n > 0 {
		s.tell(report.QuarantineRowsDropped, "", rowsWere(n, "dropped that had been set aside: the table was made from another export then"))
	}
}
