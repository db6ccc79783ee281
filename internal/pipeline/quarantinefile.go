package pipeline

import (
	"context"
	"errors"
	"maps"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/storage"
)

// quarantineFile is the file that a commit is to name as the table's quarantine.
//
// Another process may be about to commit one of its own. Files that lay there
// before this commit are of no use to it: it would have to name its file in place
// of the one named now, and that is a conflict. So they are listed before the
// commit, and removed when that has happened.
type quarantineFile struct {
	*bringing

	written string   // path of the file, "" for none
	stale   []string // paths
}

func (b *bringing) quarantineFile() quarantineFile { return quarantineFile{bringing: b} }

// write makes the quarantine that follows another: the rows of that which are to
// be kept (keep nil: none), then those of the spool (nil: none). Without rows
// there is no file.
func (q *quarantineFile) write(ctx context.Context, before quarantine.State, keep func(*quarantine.Entry) bool,
	spool *quarantine.Spool,
) (quarantine.State, error) {
	q.drop(ctx) // the batch started over
	if err := q.list(ctx); err != nil {
		return quarantine.State{}, err
	}
	after := quarantine.State{Serial: quarantine.NewSerial()}
	path := quarantine.Path(q.Path(), after.Serial)
	w, err := quarantine.Create(ctx, q.Lake, path, quarantine.Header{Table: q.Name(), SourceTable: q.Spec.SourceTable})
	if err != nil {
		return quarantine.State{}, err
	}
	defer func() { _ = w.Abort() }() // the error before it is the one to tell
	if keep != nil {
		for e, err := range quarantine.Read(ctx, q.Lake, q.Path(), before) {
			if err != nil {
				return quarantine.State{}, quarantine.Lost(err)
			}
			if keep(&e) {
				if err := w.Add(e.Row, e.Entity); err != nil {
					return quarantine.State{}, err
				}
			}
		}
	}
	if spool != nil {
		if err := w.AddAll(spool); err != nil {
			return quarantine.State{}, err
		}
	}
	if after.Rows = w.Rows(); after.Rows == 0 {
		return quarantine.State{}, nil
	}
	q.written = path
	return after, w.Close()
}

// list finds the files that no commit will name any more.
func (q *quarantineFile) list(ctx context.Context) error {
	q.stale = nil
	for e, err := range q.Lake.List(ctx, quarantine.Prefix(q.Path()), storage.ListOptions{}) {
		if err != nil {
			return err
		}
		q.stale = append(q.stale, e.Path)
	}
	return nil
}

// drop removes a file that did not come to count. One that stays does no harm and
// goes with the next commit.
func (q *quarantineFile) drop(ctx context.Context) {
	if q.written != "" {
		_ = q.Lake.Delete(context.WithoutCancel(ctx), q.written)
		q.written = ""
	}
}

// settle removes what counts no more, now that it is known how the commit ended.
func (q *quarantineFile) settle(ctx context.Context, err error) {
	switch {
	case errors.Is(err, local.ErrUnknownOutcome):
	case err != nil:
		q.drop(ctx)
	default:
		for _, path := range q.stale {
			_ = q.Lake.Delete(ctx, path) // the next commit tries again
		}
	}
}

// withTxns adds what a commit says of the quarantine to what else it says.
func withTxns(marks map[string]int64, state quarantine.State) map[string]int64 {
	all := state.Txns()
	maps.Copy(all, marks)
	return all
}
