package control

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/obs"
	"github.com/sluicedata/sluice/internal/storage"
)

// commitLog is a lake that writes a line for every try to commit, at level debug.
// A commit is a file of a table's log that is stored unless it is there.
type commitLog struct {
	storage.Store

	log   *slog.Logger
	clock func() time.Time
}

// randomCommitLog is one of a store whose files can be kept open.
type randomCommitLog struct {
	commitLog
	storage.RandomAccess
}

// logCommits keeps what the store can beside what all can.
func logCommits(store storage.Store, log *slog.Logger, clock func() time.Time) storage.Store {
	logged := commitLog{store, log, clock}
	if random, ok := store.(storage.RandomAccess); ok {
		return &randomCommitLog{logged, random}
	}
	return &logged
}

const logFolder = "/_delta_log/"

// PutIfAbsent tells what became of a commit.
func (c *commitLog) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	table, file, found := strings.Cut(path, logFolder)
	if !found || !c.log.Enabled(ctx, slog.LevelDebug) {
		return c.Store.PutIfAbsent(ctx, path, data)
	}
	began := c.clock()
	err := c.Store.PutIfAbsent(ctx, path, data)
	attrs := []slog.Attr{
		slog.String(obs.KeyTable, table), slog.String(obs.KeyFile, file), slog.Int(obs.KeyBytes, len(data)),
		slog.Duration(obs.KeyDuration, c.clock().Sub(began).Round(time.Microsecond)), slog.String("outcome", outcomeOf(err)),
	}
	if err != nil {
		attrs = append(attrs, slog.String(obs.KeyError, err.Error()))
	}
	c.log.LogAttrs(ctx, slog.LevelDebug, "commit attempt", attrs...)
	return err
}

// outcomeOf a commit, from the answer to its file.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "committed"
	case errors.Is(err, storage.ErrExists):
		return "conflict"
	case errors.Is(err, storage.ErrDenied), errors.Is(err, storage.ErrNoSpace):
		return "refused"
	}
	return "unknown"
}

// Close lets go of the store's connections.
func (c *commitLog) Close() error {
	if inner, ok := c.Store.(interface{ Close() error }); ok {
		return inner.Close()
	}
	return nil
}
