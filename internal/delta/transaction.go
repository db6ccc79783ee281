package delta

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
)

// transaction is a commit under way.
type transaction struct {
	opts    CommitOptions
	base    *Snapshot // that the changes were prepared on
	latest  *Snapshot // after which they are to be committed
	changes Changes
	check   conflictCheck
	id      string
}

func (t *transaction) run(ctx context.Context) (Outcome, error) {
	if err := t.changes.validate(t.base); err != nil {
		return Outcome{}, err
	}
	for range t.opts.Attempts {
		if err := ctx.Err(); err != nil {
			return Outcome{}, err
		}
		if err := t.readPreviousTime(ctx); err != nil {
			return Outcome{}, err
		}
		version := t.latest.Version + 1
		info := t.info()
		body, err := t.encode(info)
		if err != nil {
			return Outcome{}, err
		}
		state, err := t.put(ctx, version, body)
		switch state {
		case Committed:
			return t.committed(info)
		case Conflicted:
			reason, err := t.follow(ctx)
			if err != nil {
				return Outcome{}, err
			}
			if reason != nil {
				return Outcome{Kind: Conflicted, Reason: reason}, nil
			}
		default:
			return Outcome{Kind: state, Version: version}, err
		}
	}
	return Outcome{}, fmt.Errorf("%w: %d attempts up to version %d", ErrLostRaces, t.opts.Attempts, t.latest.Version)
}

// info is the first line of the commit.
func (t *transaction) info() *commitInfoLine {
	now := t.opts.Clock().UnixMilli()
	in := t.changes.Info
	line := &commitInfoLine{
		Timestamp:      now,
		Operation:      cmp.Or(in.Operation, "WRITE"),
		Parameters:     in.Parameters,
		IsolationLevel: "Serializable",
		IsBlindAppend:  t.changes.isBlindAppend(),
		Metrics:        in.Metrics,
		UserMetadata:   in.UserMetadata,
		EngineInfo:     t.opts.EngineInfo,
		TxnID:          t.id,
	}
	if line.Parameters == nil {
		line.Parameters = map[string]string{}
	}
	if line.Metrics == nil {
		line.Metrics = map[string]string{}
	}
	if t.base.Version >= 0 {
		line.ReadVersion = &t.base.Version
	}
	if t.keepsTime() {
		if before := t.latest.inCommit; before != nil {
			now = max(now, *before+1)
		}
		line.Timestamp, line.InCommitTimestamp = now, &now
	}
	return line
}

// keepsTime: the commit must carry its time, later than that of the one before.
func (t *transaction) keepsTime() bool {
	after := *t.latest
	if t.changes.Protocol != nil {
		after.Protocol = *t.changes.Protocol
	}
	if t.changes.Metadata != nil {
		after.Metadata = *t.changes.Metadata
	}
	return after.hasInCommitTimestamps()
}

// readPreviousTime reads the in-commit timestamp of the latest version where the
// snapshot does not know it: checkpoints and compacted files do not hold it.
func (t *transaction) readPreviousTime(ctx context.Context) error {
	if !t.keepsTime() || t.latest.Version < 0 || t.latest.inCommit != nil {
		return nil
	}
	info, err := t.readInfo(ctx, t.latest.Version)
	if err != nil {
		return err
	}
	if info.InCommitTimestamp == nil {
		return &LogError{Table: t.base.URL(), Version: t.latest.Version, File: commitName(t.latest.Version),
			Err: fmt.Errorf("%w: commitInfo has no inCommitTimestamp", ErrCorrupt)}
	}
	latest := *t.latest
	latest.inCommit = info.InCommitTimestamp
	t.latest = &latest
	return nil
}

func (t *transaction) encode(info *commitInfoLine) ([]byte, error) {
	var body bytes.Buffer
	if err := encodeLine(&body, &Action{CommitInfo: info}); err != nil {
		return nil, err
	}
	for _, a := range t.changes.actions() {
		if err := encodeLine(&body, &a); err != nil {
			return nil, err
		}
	}
	return body.Bytes(), nil
}

// put creates the version, and finds out what became of it when the store does
// not say. Conflicted means that the version is another writer's.
func (t *transaction) put(ctx context.Context, version int64, body []byte) (OutcomeKind, error) {
	path := logPath(t.base.Root, commitName(version))
	refused, denied := true, true // each time, so that no earlier attempt can turn up later
	for attempt := 1; ; attempt++ {
		err := t.base.store.PutIfAbsent(ctx, path, body)
		if err == nil {
			return Committed, nil
		}
		denied = denied && errors.Is(err, storage.ErrDenied)
		refused = refused && (denied || errors.Is(err, storage.ErrNoSpace))
		state, readErr := t.whose(ctx, version)
		switch {
		case state == Committed || state == Conflicted:
			return state, nil
		case state == Unknown && denied:
			// Who may not write any more may often not read either.
			return NotCommitted, err
		case state == Unknown:
			return Unknown, errors.Join(err, readErr)
		case refused:
			return NotCommitted, err
		case attempt == t.opts.Attempts || ctx.Err() != nil:
			return Unknown, err
		}
		if perr := t.opts.Pause(ctx, attempt); perr != nil {
			return Unknown, errors.Join(err, perr)
		}
	}
}

// lookBack bounds how long an unclear answer is looked into once the caller's
// context has ended: knowing is worth more than stopping at once.
const lookBack = 10 * time.Second

// whose tells by txnId whether a version is ours (Committed), another writer's
// (Conflicted) or absent (NotCommitted).
func (t *transaction) whose(ctx context.Context, version int64) (OutcomeKind, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookBack)
	defer cancel()
	info, err := t.readInfo(ctx, version)
	switch {
	case errors.Is(err, storage.ErrNotExist):
		return NotCommitted, nil
	case err != nil:
		return Unknown, err
	case info.TxnID == t.id:
		return Committed, nil
	}
	return Conflicted, nil
}

// readInfo reads the commitInfo of a version; an empty one when it has none.
func (t *transaction) readInfo(ctx context.Context, version int64) (*commitInfoLine, error) {
	info := &commitInfoLine{}
	err := t.readCommit(ctx, version, func(a *Action) error {
		if a.CommitInfo != nil {
			info = a.CommitInfo
		}
		return nil
	})
	return info, err
}

func (t *transaction) readCommit(ctx context.Context, version int64, apply func(*Action) error) error {
	name := commitName(version)
	data, err := storage.ReadAll(ctx, t.base.store, logPath(t.base.Root, name))
	if err != nil {
		return err
	}
	if err := readLines(bytes.NewReader(data), apply); err != nil {
		return &LogError{Table: t.base.URL(), Version: version, File: name, Err: err}
	}
	return nil
}

// follow reads the commits of other writers, and makes the last of them the one
// to commit after unless there is a conflict.
func (t *transaction) follow(ctx context.Context) (*Conflict, error) {
	var conflict *Conflict
	state := continueFrom(t.latest)
	version := t.latest.Version
	for {
		state.beginVersion()
		err := t.readCommit(ctx, version+1, func(a *Action) error {
			conflict = worse(conflict, t.check.of(a, version+1))
			return state.apply(a)
		})
		if errors.Is(err, storage.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, err
		}
		version++
	}
	if conflict != nil {
		return conflict, nil
	}
	if version == t.latest.Version {
		return nil, &LogError{Table: t.base.URL(), Version: version + 1, Err: ErrGap}
	}
	latest, err := state.snapshot(t.base.store, t.base.Root, version)
	if err != nil {
		return nil, err
	}
	t.latest = latest
	return nil, nil
}

// committed applies the changes to the snapshot that they were committed after.
func (t *transaction) committed(info *commitInfoLine) (Outcome, error) {
	state := continueFrom(t.latest)
	state.beginVersion()
	state.inCommit = info.InCommitTimestamp
	for _, a := range t.changes.actions() {
		if err := state.apply(&a); err != nil {
			return Outcome{}, err
		}
	}
	version := t.latest.Version + 1
	s, err := state.snapshot(t.base.store, t.base.Root, version)
	if err != nil {
		return Outcome{Kind: Committed, Version: version}, err
	}
	return Outcome{Kind: Committed, Version: version, Snapshot: s}, nil
}
