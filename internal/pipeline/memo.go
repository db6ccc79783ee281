package pipeline

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// memo is what an update leaves behind for the next one when everything was
// done: as long as changelog.info names the same folder, no other was closed and
// there is nothing to do. A run then costs a request for each environment and
// each schema of the lake, not several for each table. On disk, where asking is
// cheap, each table's log is asked whether it ends where it did; elsewhere the
// result says when the tables were looked at. It is a convenience: without it, or
// when it does not fit, the update looks at everything.
type memo struct {
	Format int `json:"format"`
	// Pipeline is a digest of the configuration that it holds for.
	Pipeline     string            `json:"pipeline"`
	At           time.Time         `json:"at"` // when everything was looked at
	Environments []memoEnvironment `json:"environments"`
	Tables       []memoTable       `json:"tables"`
}

type memoEnvironment struct {
	report.Source

	Root  string        `json:"root"`
	Limit time.Duration `json:"limit"` // of freshness, the strictest of its tables
	// Events that the next update would tell as well if it looked at everything.
	Events []report.Event `json:"events"`
}

type memoTable struct {
	report.TableResult

	Place string        `json:"place"` // in the lake
	Limit time.Duration `json:"limit"` // of freshness
}

const (
	memoFormat = 2
	// memoTime is how long a memo is believed: what others do to the lake in
	// the meantime is seen only when all tables are looked at.
	memoTime = time.Hour
	// lateLooks is how many of the folders that were passed over are looked into
	// by an update that looks at nothing else, unless the export is on disk: the
	// newest, of which it is likeliest that they are completed. The others are when
	// everything is looked at.
	lateLooks = 4
	// memoFolder of the state folder has the memos of all pipelines.
	memoFolder = "cache/"
)

// memoPath is the memo's place in the state folder.
func (u *update) memoPath() string {
	name := strings.Map(func(c rune) rune {
		if c == '/' || c == '\\' || c == ':' || c < ' ' {
			return '_'
		}
		return c
	}, cmp.Or(u.Config.Key, u.Config.Name))
	return memoFolder + name + memoSuffix
}

const memoSuffix = ".json"

// digest names the configuration and the places that a memo holds for.
func (u *update) digest() (string, error) {
	text, err := json.Marshal([]any{u.Config, u.Source.URL(""), u.Lake.URL(""), u.Options.Software})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// nothingNew gives the result of an update that has nothing to do, as far as a
// memo can tell; nil where it cannot.
func (u *update) nothingNew(ctx context.Context) *report.Result {
	if u.Options.Memo == nil || u.Request.FullRefresh || u.Request.Recheck || len(u.Request.Tables) > 0 {
		return nil
	}
	m := u.readMemo(ctx)
	if m == nil || !u.stillHolds(ctx, m) {
		return nil
	}
	result := &report.Result{Name: u.Config.Name, UpdateID: u.info.UpdateID, Source: []report.Source{}, Tables: []report.TableResult{}, Events: []report.Event{}}
	if !isOnDisk(u.Lake) {
		result.LookedAt = &m.At
	}
	for _, e := range m.Environments {
		open, err := synapselink.ParseFolderName(e.Open)
		if err == nil {
			_, e.OpenAge = u.Aged(open)
		}
		result.Source = append(result.Source, e.Source)
		for _, event := range e.Events {
			event.Time = u.Options.Clock().UTC()
			result.Events = append(result.Events, event)
		}
		if event, still := u.StandsStill(e.URL, open, e.Limit); still {
			result.Events = append(result.Events, event)
		}
	}
	for _, t := range m.Tables {
		result.Tables = append(result.Tables, u.unchanged(t))
	}
	return result
}

// unchanged is a table's result of an update that did nothing.
func (u *update) unchanged(m memoTable) report.TableResult {
	t := m.TableResult
	t.State, t.Error, t.Events = report.Completed, nil, []report.Event{}
	for _, e := range m.Events {
		if repeats(e) {
			e.Time = u.Options.Clock().UTC()
			t.Events = append(t.Events, e)
		}
	}
	t.Folders, t.Rows, t.BytesRead, t.BytesWrote, t.CellsCut, t.DurationMS = 0, report.Rows{}, 0, 0, 0, 0
	for _, f := range []struct {
		name string
		age  **int64
	}{{t.Applied, &t.AppliedAge}, {t.Newest, &t.NewestAge}} {
		if folder, err := synapselink.ParseFolderName(f.name); err == nil {
			_, *f.age = u.Aged(folder)
		}
	}
	t.Stale = work.IsStale(t.AppliedAge, m.Limit)
	if t.SetAside > 0 {
		t.Events = append(t.Events, u.Event(report.QuarantineRowsLeft, t.Table, "", rowsWere(t.SetAside, "set aside by earlier runs")))
	}
	return t
}

// forget drops the memos of all pipelines: what they say of a table that is changed
// now is over, and the table may be in more than one.
func (u *update) forget(ctx context.Context) {
	if u.Options.Memo == nil {
		return
	}
	if err := Forget(context.WithoutCancel(ctx), u.Options.Memo); err != nil {
		u.Options.Log.Warn("the next run may say of tables what was true before; sluice run --recheck does not", "error", err)
	}
}

// Forget drops what updates left for those that follow, of all pipelines that have
// this state folder. It is called when tables were changed in another way.
func Forget(ctx context.Context, memos storage.Store) error {
	var paths []string
	for entry, err := range memos.List(ctx, memoFolder, storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return err
		}
		if strings.HasSuffix(entry.Path, memoSuffix) {
			paths = append(paths, entry.Path)
		}
	}
	var errs []error
	for _, path := range paths {
		errs = append(errs, memos.Delete(ctx, path))
	}
	return errors.Join(errs...)
}

// readMemo reads the memo of the last update, nil if there is none that fits.
func (u *update) readMemo(ctx context.Context) *memo {
	data, err := storage.ReadAll(ctx, u.Options.Memo, u.memoPath())
	if err != nil {
		return nil
	}
	var m memo
	digest, err := u.digest()
	if err != nil || json.Unmarshal(data, &m) != nil || m.Format != memoFormat || m.Pipeline != digest {
		return nil
	}
	if age := u.Options.Clock().Sub(m.At); age < 0 || age >= memoTime {
		return nil
	}
	return &m
}

// stillHolds asks the exports for the folder that is being written, and the lake
// for the tables. What cannot be asked is left to the update proper.
func (u *update) stillHolds(ctx context.Context, m *memo) bool {
	looks := lateLooks
	for _, e := range m.Environments {
		export := &synapselink.Export{Store: u.Source, Root: e.Root}
		current, err := export.Current(ctx)
		if err != nil || current.String() != e.Open {
			return false
		}
		late := e.Skipped
		if !isOnDisk(u.Source) {
			late = late[max(0, len(late)-looks):]
			looks -= len(late)
		}
		if anyLate(ctx, export, late) {
			return false
		}
	}
	if isOnDisk(u.Lake) {
		return u.allAsNoted(ctx, m.Tables)
	}
	return u.allThere(ctx, m.Tables)
}

// isOnDisk reports whether a request costs next to nothing.
func isOnDisk(store storage.Store) bool {
	_, keepsOpen := store.(storage.RandomAccess)
	return keepsOpen
}

// allAsNoted reports whether each table's log ends with the version that was noted.
func (u *update) allAsNoted(ctx context.Context, tables []memoTable) bool {
	at := func(t memoTable, version int64) error {
		_, err := u.Lake.Stat(ctx, fmt.Sprintf("%s/_delta_log/%020d.json", t.Place, version))
		return err
	}
	return !slices.ContainsFunc(tables, func(t memoTable) bool {
		return at(t, t.Version) != nil || !errors.Is(at(t, t.Version+1), storage.ErrNotExist)
	})
}

// anyLate reports whether a folder that was passed over can be read now.
func anyLate(ctx context.Context, export *synapselink.Export, names []string) bool {
	var folders []synapselink.FolderName
	for _, name := range names {
		if f, err := synapselink.ParseFolderName(name); err == nil {
			folders = append(folders, f)
		}
	}
	facts, err := export.Look(ctx, folders)
	return err != nil || slices.ContainsFunc(facts, func(f synapselink.FolderFacts) bool { return f.Manifest == synapselink.ManifestUsable })
}

// allThere reports whether the lake has a folder for each table.
func (u *update) allThere(ctx context.Context, tables []memoTable) bool {
	there := map[string]bool{}
	for _, t := range tables {
		schema := t.Place[:strings.LastIndexByte(t.Place, '/')+1]
		if _, asked := there[schema]; !asked {
			there[schema] = true
			for entry, err := range u.Lake.List(ctx, schema, storage.ListOptions{Delimiter: true}) {
				if err != nil {
					return false
				}
				there[strings.TrimSuffix(entry.Path, "/")] = true
			}
		}
		if !there[t.Place] {
			return false
		}
	}
	return true
}

// writeMemo leaves a memo for the next update if everything is done.
func (u *update) writeMemo(ctx context.Context, targets []*work.Target, result *report.Result) error {
	if u.Options.Memo == nil {
		return nil
	}
	if u.Request.FullRefresh {
		u.forget(ctx)
	}
	if len(u.Request.Tables) > 0 {
		// What it says of these tables may be over, and it says nothing else.
		return u.Options.Memo.Delete(ctx, u.memoPath())
	}
	err := u.saveMemo(ctx, targets, result)
	if errors.Is(err, errNotAll) {
		return u.Options.Memo.Delete(ctx, u.memoPath())
	}
	return err
}

// errNotAll: there is more to do.
var errNotAll = errors.New("not everything is done")

func (u *update) saveMemo(ctx context.Context, targets []*work.Target, result *report.Result) error {
	digest, err := u.digest()
	if err != nil {
		return err
	}
	if result.Error != nil || report.Has(result.Events, report.Error) || slices.ContainsFunc(result.Tables, unfinished) {
		return errNotAll
	}
	m := memo{Format: memoFormat, Pipeline: digest, At: u.Options.Clock().UTC()}
	for _, e := range u.Environments {
		source := u.Describe(e)
		if e.Err != nil || source.Held != "" || source.Open == "" {
			return errNotAll
		}
		m.Environments = append(m.Environments, memoEnvironment{source, e.Export.Root, work.FreshnessLimit(e, targets), u.lasting(e, targets, result.Tables)})
	}
	for i, t := range targets {
		m.Tables = append(m.Tables, memoTable{result.Tables[i], t.Path(), t.Spec.Settings.FreshnessLimit})
	}
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	w, err := u.Options.Memo.Write(ctx, u.memoPath())
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Close()
}

// unfinished tables are to be looked at by the next update.
func unfinished(t report.TableResult) bool {
	return t.Error != nil || t.Version < 0 || slices.ContainsFunc(t.Events, func(e report.Event) bool { return e.Code == report.RefreshWouldEmpty })
}

// repeats reports whether every run says the same until somebody acts on it.
func repeats(e report.Event) bool {
	return e.Code == report.TableGone || e.Code == report.TableStale || e.Code == report.SelectionUnknown || e.Code == report.InitialCopyGone
}

// memoEvent says that no memo was left.
func (u *update) memoEvent(err error) report.Event {
	return u.Event(report.CacheNotWritten, "", "", fmt.Sprintf("keeping what was found for the next run: %v", err))
}

// lasting are the events of an environment that every update tells: those of the
// export as a whole, and of folders that a table's cursor has not passed.
func (u *update) lasting(e *work.Environment, targets []*work.Target, results []report.TableResult) []report.Event {
	var least synapselink.FolderName
	for i, t := range targets {
		if t.Env != e {
			continue
		}
		if cursor, _ := synapselink.ParseFolderName(results[i].Cursor); least.IsZero() || cursor.Compare(least) < 0 {
			least = cursor
		}
	}
	return slices.DeleteFunc(u.EventsOf(e, targets), func(event report.Event) bool {
		folder, err := synapselink.ParseFolderName(event.Folder)
		isPassed := err == nil && folder.Digits() <= least.Digits()
		return event.Code == report.SourceStandsStill || isPassed && event.Code != report.ChangelogSetBack
	})
}
