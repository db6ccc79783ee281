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

// held is how many rows were set aside by earlier batches, as far as known.
func (s *setAside) held() int64 {
	if s.Request.FullRefresh {
		return 0
	}
	return s.result.SetAside
}

// open begins to read: what was met before counts no more.
func (s *setAside) open(opts synapselink.SourceOptions) (synapselink.SourceOptions, error) {
	s.met, s.first, s.failure, s.after = 0, nil, nil, nil
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
	if s.failure != nil || s.limit() > 0 && s.held()+s.met > s.limit() {
		return false
	}
	s.failure = s.spool.Add(quarantine.RowOf(e, s.Options.Clock()), e.Entity)
	return s.failure == nil
}

// seal puts the rows into the quarantine of the snapshot that the commit builds
// on. A batch without bad rows leaves the quarantine as it is; one that replaces
// the table begins a new one.
func (s *setAside) seal(ctx context.Context, base *delta.Snapshot) (local.Sealed, error) {
	sealed := local.Sealed{Txns: s.to.Marks, Quarantined: s.spool.Rows()}
	before, keep := quarantine.StateOf(base), func(e *quarantine.Entry) bool { return !s.folders[e.Folder] }
	if s.Request.FullRefresh {
		keep = nil
	}
	if s.spool.Rows() == 0 && (keep != nil || before.Serial == 0) {
		return sealed, nil
	}
	after, err := s.file.write(ctx, before, keep, s.spool)
	if err != nil {
		return local.Sealed{}, err
	}
	if s.limit() > 0 && after.Rows > s.limit() { // others added to it since the batch began
		s.result.SetAside = before.Rows
		return local.Sealed{}, s.tooMany()
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
		s.result.SetAside = s.after.Rows
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
	if s.held() > 0 {
		before = fmt.Sprintf(" and %s set aside already (sluice quarantine list)", counted(s.held(), "row is", "rows are"))
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
