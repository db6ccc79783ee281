package delta

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
)

// HistoryEntry is what a commit says of itself.
type HistoryEntry struct {
	Version    int64
	Time       time.Time // zero where the commit does not say
	Operation  string
	Parameters map[string]string // what is not text stays JSON
	Metrics    map[string]string
	EngineInfo string
	Txns       []Txn
}

// History lists the commits of a table that the log still holds, newest first,
// at most limit (all, when 0).
func History(ctx context.Context, store storage.Store, root string, limit int) ([]HistoryEntry, error) {
	files, err := listLog(ctx, store, root, 0)
	if err != nil {
		return nil, err
	}
	var entries []HistoryEntry
	for i := len(files) - 1; i >= 0 && (limit == 0 || len(entries) < limit); i-- {
		if files[i].kind != commitFile {
			continue
		}
		path := logPath(root, files[i].name)
		data, err := storage.ReadAll(ctx, store, path)
		if err != nil {
			return nil, err
		}
		entry, err := historyEntry(data)
		if err != nil {
			return nil, &LogError{Table: store.URL(root), Version: files[i].version, File: files[i].name, Err: err}
		}
		entry.Version = files[i].version
		entries = append(entries, entry)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoTable, store.URL(root))
	}
	return entries, nil
}

// historyEntry reads the actions that tell about a commit. Others may write
// anything into commitInfo, so each field is read for itself.
func historyEntry(commit []byte) (HistoryEntry, error) {
	var entry HistoryEntry
	for line := range bytes.Lines(commit) {
		var action struct {
			CommitInfo map[string]json.RawMessage `json:"commitInfo"`
			Txn        *Txn                       `json:"txn"`
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := json.Unmarshal(line, &action); err != nil {
			return entry, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		if action.Txn != nil {
			entry.Txns = append(entry.Txns, *action.Txn)
		}
		if action.CommitInfo != nil {
			entry.fill(action.CommitInfo)
		}
	}
	return entry, nil
}

func (h *HistoryEntry) fill(info map[string]json.RawMessage) {
	var millis int64
	if json.Unmarshal(info["timestamp"], &millis) == nil && millis > 0 {
		h.Time = time.UnixMilli(millis).UTC()
	}
	h.Operation, h.EngineInfo = text(info["operation"]), text(info["engineInfo"])
	h.Parameters, h.Metrics = texts(info["operationParameters"]), texts(info["operationMetrics"])
}

// text is a JSON string's content, or other JSON as it is.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func texts(raw json.RawMessage) map[string]string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	all := make(map[string]string, len(fields))
	for k, v := range fields {
		all[k] = text(v)
	}
	return all
}
