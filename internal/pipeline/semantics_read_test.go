package pipeline_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/cockroachdb/datadriven"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/storage"
)

// rows: rows [table=account] [columns=a,b]: what a reader sees, by Id and start.
// The Sink columns and all that is null in all rows are left out unless named.
func (w *world) rows(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	ctx := context.Background()
	engine := local.New(w.lake, local.Options{})
	path := "main/crm/" + arg(d, "table", "account")
	snapshot, err := engine.Snapshot(ctx, path)
	must(t, err)
	if snapshot.Version < 0 {
		return "no table\n"
	}
	schema, err := snapshot.BatchSchema()
	must(t, err)
	var cells [][]pipeline.Cell
	must(t, engine.Scan(ctx, snapshot, schema, func(b *batch.Batch) error {
		cells = append(cells, pipeline.CellsOf(b)...)
		return nil
	}))
	var shown []string
	if v := arg(d, "columns", ""); v != "" {
		shown = strings.Split(v, ",")
	} else {
		shown = shownColumns(schema, cells)
	}
	var lines []string
	for _, row := range cells {
		lines = append(lines, rowText(row, shown))
	}
	slices.Sort(lines)
	return columnsText(append([]string{strings.Join(shown, "\t")}, lines...))
}

func shownColumns(schema batch.Schema, rows [][]pipeline.Cell) []string {
	var shown []string
	for i, f := range schema {
		used := slices.ContainsFunc(rows, func(r []pipeline.Cell) bool { return r[i].Value != nil })
		if strings.HasPrefix(f.Name, "Sink") || !used && f.Name != "__END_AT" {
			continue
		}
		shown = append(shown, f.Name)
	}
	return shown
}

func rowText(row []pipeline.Cell, shown []string) string {
	var texts []string
	for _, name := range shown {
		text := "?"
		for _, c := range row {
			if c.Column == name {
				text = "null"
				if c.Value != nil {
					text = shortenID(*c.Value)
				}
			}
		}
		if text == "" || strings.ContainsAny(text, "\r\n\t") {
			text = fmt.Sprintf("%q", text)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "\t")
}

func columnsText(lines []string) string {
	var out strings.Builder
	tw := tabwriter.NewWriter(&out, 0, 1, 2, ' ', 0)
	for _, l := range lines {
		fmt.Fprintln(tw, l)
	}
	_ = tw.Flush()
	var trimmed strings.Builder
	for line := range strings.Lines(out.String()) {
		trimmed.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return trimmed.String()
}

// log: log [table=account]: the actions of all commits, names and times left out.
func (w *world) log(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	ctx := context.Background()
	prefix := "main/crm/" + arg(d, "table", "account") + "/_delta_log/"
	var out strings.Builder
	names := map[string]string{}
	for e, err := range w.lake.List(ctx, prefix, storage.ListOptions{}) {
		must(t, err)
		name := strings.TrimPrefix(e.Path, prefix)
		if !strings.HasSuffix(name, ".json") {
			fmt.Fprintln(&out, name)
			continue
		}
		data, err := storage.ReadAll(ctx, w.lake, e.Path)
		must(t, err)
		fmt.Fprintf(&out, "version %s\n", cmp.Or(strings.TrimLeft(strings.TrimSuffix(name, ".json"), "0"), "0"))
		for line := range strings.Lines(string(data)) {
			fmt.Fprintf(&out, "  %s\n", actionText(t, line, names))
		}
	}
	return out.String()
}

// actionText says in a line what an action of the log does.
func actionText(t *testing.T, line string, names map[string]string) string {
	t.Helper()
	var action map[string]map[string]any
	must(t, json.Unmarshal([]byte(line), &action))
	file := func(path any) string {
		p := fmt.Sprint(path)
		if names[p] == "" {
			names[p] = fmt.Sprintf("file%d", len(names)+1)
		}
		return names[p]
	}
	for kind, fields := range action {
		switch kind {
		case "commitInfo":
			return fmt.Sprintf("commitInfo %v", fields["operation"])
		case "txn":
			return fmt.Sprintf("txn %v %.0f", fields["appId"], fields["version"])
		case "protocol":
			return fmt.Sprintf("protocol %v %v %v %v", fields["minReaderVersion"], fields["minWriterVersion"], fields["readerFeatures"], fields["writerFeatures"])
		case "metaData":
			return "metaData"
		case "add", "remove":
			text := kind + " " + file(fields["path"])
			if stats, ok := fields["stats"].(string); ok && kind == "add" {
				var s struct{ NumRecords int64 }
				must(t, json.Unmarshal([]byte(stats), &s))
				text += fmt.Sprintf(" rows %d", s.NumRecords)
			}
			if v, ok := fields["deletionVector"].(map[string]any); ok {
				text += fmt.Sprintf(" dead %v", v["cardinality"])
			}
			return text
		}
		return kind
	}
	return "?"
}

// explain: explain KEY [table=account] [scd=…]: where the rows come from.
func (w *world) explain(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	e, err := w.runner(d).Explain(context.Background(), arg(d, "table", "account"), expandID(d.CmdArgs[0].Key))
	if err != nil {
		return err.Error() + "\n"
	}
	lines := []string{}
	for _, s := range e.Sources {
		version, kind := "-", "upsert"
		if s.Version != nil {
			version = fmt.Sprint(*s.Version)
		}
		if s.Delete {
			kind = "delete"
		}
		lines = append(lines, fmt.Sprintf("%s/%s:%d\t%s\t%s\t%s\t%s", s.Folder, s.File, s.Line, version, kind, s.Fate, s.Note))
	}
	lines = append(lines, fmt.Sprintf("%d rows in the table", len(e.Rows)))
	return columnsText(lines)
}
