package control

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/local"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

func stopped() time.Time { return time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC) }

// moody ends every put with an error of its choice.
type moody struct {
	storage.Store

	err error
}

func (m *moody) PutIfAbsent(context.Context, string, []byte) error { return m.err }

func TestEveryCommitIsLogged(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}}))
	lake := logCommits(mem.New(stopped), log, stopped)
	const path = "main/crm/account/_delta_log/00000000000000000001.json"
	for _, put := range []struct {
		store storage.Store
		path  string
	}{
		{lake, "main/crm/account/part.parquet"}, {lake, path}, {lake, path},
		{logCommits(&moody{err: storage.ErrDenied}, log, stopped), path},
		{logCommits(&moody{err: errors.New("cut off")}, log, stopped), path},
	} {
		_ = put.store.PutIfAbsent(t.Context(), put.path, []byte("{}"))
	}
	const line = "msg=\"commit attempt\" table=main/crm/account file=00000000000000000001.json bytes=2 duration=0s outcome="
	want := line + "committed\n" + line + "conflict error=\"put-if-absent mem://" + path + ": exists already\"\n" +
		line + "refused error=\"access denied\"\n" + line + "unknown error=\"cut off\"\n"
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(out.String(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a store can beside what all can is not lost.
func TestLoggedStoresKeepFilesOpen(t *testing.T) {
	disk, err := local.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	if _, ok := logCommits(disk, log, stopped).(storage.RandomAccess); !ok {
		t.Error("a folder on disk cannot be read at chosen places any more")
	}
	if _, ok := logCommits(mem.New(stopped), log, stopped).(storage.RandomAccess); ok {
		t.Error("a store is said to keep files open that cannot")
	}
}
