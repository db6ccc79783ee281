package delta

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// OutcomeKind is how a commit ended.
type OutcomeKind uint8

const (
	// NotCommitted: nothing was stored; the error says why.
	NotCommitted OutcomeKind = iota
	// Committed: the changes are in the table, exactly once.
	Committed
	// Conflicted: another writer changed what the changes rest on. Nothing was
	// stored; prepare them again on the new version.
	Conflicted
	// Unknown: the store did not say whether it took the commit, and could not
	// be asked. Load the table and look for the changes before doing more.
	Unknown
)

func (k OutcomeKind) String() string {
	names := [...]string{"not committed", "committed", "conflict", "unknown"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("outcome(%d)", k)
}

// Outcome is the end of a commit.
type Outcome struct {
	Kind     OutcomeKind
	Version  int64     // of Committed; of Unknown the one that was tried
	Reason   *Conflict // of Conflicted
	Snapshot *Snapshot // of Committed: the table with these changes
}

// CommitOptions. The zero value commits with the system's clock and random ids.
type CommitOptions struct {
	Clock      func() time.Time
	NewID      func() string // of txnId, by which a commit is known as ours
	EngineInfo string
	// Attempts bounds both how often other writers may be faster and how often
	// an unclear answer is tried again.
	Attempts int
	// Pause waits before an attempt after an unclear answer, counted from 1.
	Pause func(ctx context.Context, attempt int) error
}

func (o CommitOptions) withDefaults() CommitOptions {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	o.Attempts = cmp.Or(max(o.Attempts, 0), 10)
	return o
}

// pause doubles from a fifth of a second.
func pause(ctx context.Context, attempt int) error {
	timer := time.NewTimer(200 * time.Millisecond << min(attempt-1, 5))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Commit adds changes that were prepared on a snapshot as the next version. When
// other writers were faster with what does not touch the changes, it commits
// after them; the snapshot of the outcome then holds theirs too. The error is not
// nil for NotCommitted and Unknown; errors of the store stay visible in it.
//
// The snapshot should be a fresh one: the versions after it must still be in the
// log.
func Commit(ctx context.Context, s *Snapshot, c Changes, opts CommitOptions) (Outcome, error) {
	opts = opts.withDefaults()
	t := &transaction{opts: opts, base: s, latest: s, id: opts.NewID(), changes: c.prepared(opts.Clock())}
	t.check = newConflictCheck(&t.changes)
	out, err := t.run(ctx)
	if err != nil {
		err = fmt.Errorf("commit to %s: %w", s.URL(), err)
	}
	return out, err
}
