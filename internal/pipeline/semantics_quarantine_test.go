package pipeline_test

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/storage"
)

// quarantinedText says how many rows a run set aside, where it did.
func quarantinedText(rows int64) string {
	if rows == 0 {
		return ""
	}
	return fmt.Sprintf(", quarantined %d", rows)
}

// quarantine: quarantine [PLACE] [table=account] [into=crm]: the rows that were set
// aside, with their texts.
func (w *world) quarantine(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	q, err := inspect.QuarantinedRows(context.Background(), w.runner(d), arg(d, "table", "account"), placeOf(t, d))
	if err != nil {
		return err.Error() + "\n"
	}
	w.checkFiles(t, d, q.Count)
	if q.Count == 0 {
		return "none\n"
	}
	var lines []string
	for _, r := range q.Rows {
		text := fmt.Sprintf("%q", r.Text())
		if r.Truncated {
			text += "…"
		}
		lines = append(lines, fmt.Sprintf("%d\t%s/%s:%d\t%s\t%s\t%s\t%s\t%s", r.N, r.Folder, r.File, r.Line,
			cmp.Or(shortenID(r.ID), "-"), cmp.Or(r.ColumnName, "-"), r.Code, r.Time.Format("15:04"), text))
	}
	return columnsText(lines)
}

// checkFiles fails when a table's folder has another number of quarantine files
// than it needs.
func (w *world) checkFiles(t *testing.T, d *datadriven.TestData, rows int64) {
	t.Helper()
	files := 0
	for _, err := range w.lake.List(context.Background(), tableOf(d)+"/_sluice/quarantine-", storage.ListOptions{}) {
		must(t, err)
		files++
	}
	if want := int(min(rows, 1)); files != want {
		t.Errorf("%s: %d quarantine files for %d rows", d.Pos, files, rows)
	}
}

// placeOf is the place that the first argument names; others have a value.
func placeOf(t *testing.T, d *datadriven.TestData) quarantine.Place {
	t.Helper()
	text := ""
	if len(d.CmdArgs) > 0 && len(d.CmdArgs[0].Vals) == 0 {
		text = d.CmdArgs[0].Key
	}
	place, err := quarantine.ParsePlace(text)
	must(t, err)
	return place
}

// retry: retry, with the arguments of run: reads the rows that were set aside
// again.
func (w *world) retry(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	before := w.everything(t)
	result := pipeline.RetryQuarantine(context.Background(), w.runner(d), work.Request{})
	if after := w.everything(t); has(d, "unchanged") && after != before {
		t.Errorf("%s: the lake was changed:\n%s\n%s", d.Pos, before, after)
	}
	return cmp.Or(showResult(t, d, result), "nothing to retry\n")
}

// discard: discard [PLACE] [table=account] [into=crm]: drops rows that were set
// aside.
func (w *world) discard(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	r, err := pipeline.DiscardQuarantine(context.Background(), w.runner(d), arg(d, "table", "account"), placeOf(t, d))
	if err != nil {
		return err.Error() + "\n"
	}
	return strings.TrimSpace(fmt.Sprintf("discarded %d, left %d; version %d", r.Discarded, r.Left, r.Version)) + "\n"
}
