package pipeline_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
)

func (w *world) runner(d *datadriven.TestData) *work.Pipeline {
	settings := spec.Settings{SCDType: spec.SCDType1, SchemaChanges: spec.AddColumns, TableProperties: map[string]string{}}
	if arg(d, "scd", "1") == "2" {
		settings.SCDType = spec.SCDType2
	}
	if v := arg(d, "include", ""); v != "" {
		settings.IncludeColumns = strings.Split(v, ",")
	}
	if v := arg(d, "exclude", ""); v != "" {
		settings.ExcludeColumns = strings.Split(v, ",")
	}
	if v := arg(d, "max_cell_bytes", ""); v != "" {
		n, _ := strconv.ParseInt(v, 10, 64)
		settings.MaxCellBytes = &n
	}
	if v := arg(d, "max_bad_rows", ""); v != "" {
		settings.MaxBadRows, _ = strconv.ParseInt(v, 10, 64)
	}
	if v := arg(d, "vectors", ""); v != "" {
		settings.TableProperties[spec.DeletionVectorsProperty] = v
	}
	if v := arg(d, "schema_changes", ""); v != "" {
		settings.SchemaChanges = spec.SchemaChanges(v)
	}
	settings.OnGap = spec.OnGap(arg(d, "on_gap", string(spec.GapFails)))
	if v := arg(d, "freshness_limit", ""); v != "" {
		settings.FreshnessLimit, _ = time.ParseDuration(v)
	}
	p := spec.Pipeline{Key: "prod", Name: "prod", Source: spec.Source{AbandonAfter: spec.DefaultAbandonAfter},
		Catalog: "main", Schema: arg(d, "into", "crm"), ChoiceLabels: has(d, "labels")}
	named := "account"
	if has(d, "all") {
		named = ""
		p.Environments = []spec.Environment{{Catalog: p.Catalog, Schema: p.Schema, Settings: settings,
			Exclude: strings.Fields(strings.ReplaceAll(arg(d, "exclude_tables", ""), ",", " "))}}
	}
	for table := range strings.FieldsFuncSeq(arg(d, "tables", named), func(r rune) bool { return r == ',' }) {
		p.Tables = append(p.Tables, spec.Table{SourceTable: table, Settings: settings,
			Destination: spec.Destination{Catalog: "main", Schema: arg(d, "into", "crm"), Table: table}})
	}
	return &work.Pipeline{Config: p, Source: w.source, Lake: w.lake, Options: work.Options{
		Clock: w.clock, NewID: func() string { return "update" }, Workers: 2, Memory: 64 << 20,
	}}
}

// tableOf is where the table of [table=account] [into=crm] lies in the lake.
func tableOf(d *datadriven.TestData) string {
	return "main/" + arg(d, "into", "crm") + "/" + arg(d, "table", "account")
}

// run: run [scd=1|2] [tables=a,b] [into=crm] [include=…] [exclude=…]
// [vectors=true|false] [schema_changes=…] [max_bad_rows=N] [full-refresh] [unchanged]. Of several
// tables the first line is the state of the update. unchanged claims that no file
// of the lake was written or removed.
func (w *world) run(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	before := w.everything(t)
	result := pipeline.Run(context.Background(), w.runner(d), work.Request{FullRefresh: has(d, "full-refresh")})
	if after := w.everything(t); has(d, "unchanged") && after != before {
		t.Errorf("%s: the run changed the lake:\n%s\n%s", d.Pos, before, after)
	}
	return showResult(t, d, result)
}

func showResult(t *testing.T, d *datadriven.TestData, result report.Result) string {
	t.Helper()
	var out strings.Builder
	if result.Error != nil {
		fmt.Fprintf(&out, "%s %s: %s\n", result.State, result.Error.Code, result.Error.Message)
	}
	showEvents(&out, "", result.Events)
	if len(result.Tables) > 1 {
		fmt.Fprintf(&out, "%s\n", result.State)
	}
	for _, r := range result.Tables {
		fmt.Fprintf(&out, "%s %s: folders %d, read %d, upserted %d, deleted %d, superseded %d%s; version %d, cursor %s\n",
			r.SourceTable, r.State, r.Folders, r.Rows.Read, r.Rows.Upserted, r.Rows.Deleted, r.Rows.Superseded,
			quarantinedText(r.Rows.Quarantined), r.Version, r.Cursor)
		if r.Rows.Read != r.Rows.Upserted+r.Rows.Deleted+r.Rows.Superseded+r.Rows.Quarantined {
			t.Errorf("%s: the counts do not add up: %+v", d.Pos, r.Rows)
		}
		if r.Error != nil {
			fmt.Fprintf(&out, "  %s: %s\n", r.Error.Code, r.Error.Message)
		}
		showEvents(&out, "  ", r.Events)
	}
	return out.String()
}

// showEvents writes the events that are no failures, which are shown anyway. The
// making of a table shows in its version.
func showEvents(out *strings.Builder, indent string, events []report.Event) {
	for _, e := range events {
		if e.Level != report.Error && e.Code != report.TableCreated {
			fmt.Fprintf(out, "%s%s %s: %s\n", indent, strings.ToLower(string(e.Level)), e.Code, e.Text)
		}
	}
}

// plan: plan, with the arguments of run: what a run would do.
func (w *world) plan(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	before := w.everything(t)
	plan := pipeline.MakePlan(context.Background(), w.runner(d), work.Request{FullRefresh: has(d, "full-refresh")})
	if after := w.everything(t); after != before {
		t.Errorf("%s: planning changed the lake:\n%s\n%s", d.Pos, before, after)
	}
	var out strings.Builder
	if plan.Error != nil {
		fmt.Fprintf(&out, "%s: %s\n", plan.Error.Code, plan.Error.Message)
	}
	showEvents(&out, "", plan.Events)
	for _, p := range plan.Tables {
		fmt.Fprintf(&out, "%s: %s, folders %v, files %d, commits %d, added %v, missing %v\n",
			p.SourceTable, p.Action, p.Folders, p.Files, p.Commits, p.Added, p.Missing)
		if p.Error != nil {
			fmt.Fprintf(&out, "  %s: %s\n", p.Error.Code, p.Error.Message)
		}
	}
	return out.String()
}

// everything names all files of the lake.
func (w *world) everything(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	for e, err := range w.lake.List(context.Background(), "", storage.ListOptions{}) {
		must(t, err)
		fmt.Fprintln(&out, e.Path, e.Size, e.ETag)
	}
	return out.String()
}

// rows: rows [table=account] [into=crm] [columns=a,b]: what a reader sees, by Id and start.
// The Sink columns and all that is null in all rows are left out unless named.
func (w *world) rows(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	ctx := context.Background()
	engine := local.New(w.lake, local.Options{})
	path := tableOf(d)
	snapshot, err := engine.Snapshot(ctx, path)
	must(t, err)
	if snapshot.Version < 0 {
		return "no table\n"
	}
	schema, err := snapshot.BatchSchema()
	must(t, err)
	var cells [][]report.Cell
	must(t, engine.Scan(ctx, snapshot, schema, func(b *batch.Batch) error {
		cells = append(cells, report.CellsOf(b)...)
		return nil
	}))
	if len(cells) == 0 {
		return "no rows\n"
	}
	var shown []string
	if v := arg(d, "columns", ""); v != "" {
		shown = strings.Split(v, ",")
	} else {
		shown = shownColumns(schema, cells)
	}
	slices.SortFunc(cells, compareRows)
	var lines []string
	for _, row := range cells {
		lines = append(lines, rowText(row, shown))
	}
	return columnsText(append([]string{strings.Join(shown, "\t")}, lines...))
}

// compareRows orders rows by Id, those of one Id by the beginning of their time.
func compareRows(a, b []report.Cell) int {
	order := func(row []report.Cell) (id string, start int64) {
		for _, c := range row {
			switch {
			case c.Value == nil:
			case c.Column == "Id":
				id = *c.Value
			case c.Column == "__START_AT":
				_, _ = fmt.Sscan(*c.Value, &start)
			}
		}
		return id, start
	}
	idA, startA := order(a)
	idB, startB := order(b)
	return cmp.Or(cmp.Compare(idA, idB), cmp.Compare(startA, startB))
}

func shownColumns(schema batch.Schema, rows [][]report.Cell) []string {
	var shown []string
	for i, f := range schema {
		used := slices.ContainsFunc(rows, func(r []report.Cell) bool { return r[i].Value != nil })
		if strings.HasPrefix(f.Name, "Sink") || !used && f.Name != "__END_AT" {
			continue
		}
		shown = append(shown, f.Name)
	}
	return shown
}

func rowText(row []report.Cell, shown []string) string {
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
		if text == "" || strings.TrimSpace(text) != text || strings.ContainsAny(text, "\r\n\t") {
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

// log: log [table=account] [into=crm]: the actions of all commits, names and
// times left out.
func (w *world) log(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	ctx := context.Background()
	prefix := tableOf(d) + "/_delta_log/"
	var out strings.Builder
	names := fileNames{}
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
		for _, text := range names.commit(t, data) {
			fmt.Fprintf(&out, "  %s\n", text)
		}
	}
	return out.String()
}

// fileNames numbers data files as they come into the log.
type fileNames map[string]int

// logAction is what a line of the log does; path is that of its data file.
type logAction struct{ kind, path, detail string }

// commit says in a line each what the actions of a commit do. The order of its
// files among each other means nothing and depends on their random names: those
// known come first, by number, new ones by what is said of them.
func (n fileNames) commit(t *testing.T, data []byte) []string {
	t.Helper()
	var actions []logAction
	for line := range strings.Lines(string(data)) {
		actions = append(actions, readAction(t, line))
	}
	number := func(a logAction) int { return cmp.Or(n[a.path], math.MaxInt) }
	var texts []string
	for len(actions) > 0 {
		run := 1
		for run < len(actions) && actions[0].path != "" && actions[run].kind == actions[0].kind {
			run++
		}
		slices.SortFunc(actions[:run], func(a, b logAction) int {
			return cmp.Or(cmp.Compare(number(a), number(b)), cmp.Compare(a.detail, b.detail))
		})
		for _, a := range actions[:run] {
			name := ""
			if a.path != "" {
				n[a.path] = cmp.Or(n[a.path], len(n)+1)
				name = fmt.Sprintf(" file%d", n[a.path])
			}
			texts = append(texts, a.kind+name+a.detail)
		}
		actions = actions[run:]
	}
	return texts
}

func readAction(t *testing.T, line string) logAction {
	t.Helper()
	var action map[string]map[string]any
	must(t, json.Unmarshal([]byte(line), &action))
	kind := slices.Collect(maps.Keys(action))[0]
	a, fields := logAction{kind: kind}, action[kind]
	switch kind {
	case "commitInfo":
		a.detail = fmt.Sprintf(" %v", fields["operation"])
	case "txn":
		a.detail = fmt.Sprintf(" %v %.0f", fields["appId"], fields["version"])
		if id := fields["appId"]; id == "sluice.tombstones" || id == "sluice.quarantine" && fields["version"] != 0.0 {
			a.detail = fmt.Sprintf(" %v", id) // its version is drawn by lot
		}
	case "protocol":
		a.detail = fmt.Sprintf(" %v %v %v %v", fields["minReaderVersion"], fields["minWriterVersion"], fields["readerFeatures"], fields["writerFeatures"])
	case "add", "remove":
		a.path = fmt.Sprint(fields["path"])
		if stats, ok := fields["stats"].(string); ok && kind == "add" {
			var s struct{ NumRecords int64 }
			must(t, json.Unmarshal([]byte(stats), &s))
			a.detail = fmt.Sprintf(" rows %d", s.NumRecords)
		}
		if v, ok := fields["deletionVector"].(map[string]any); ok {
			a.detail += fmt.Sprintf(" dead %v", v["cardinality"])
		}
	}
	return a
}

// explain: explain KEY [table=account] [tables=…] [scd=…] [into=crm]: where the rows come from.
func (w *world) explain(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	e, err := inspect.Explain(context.Background(), w.runner(d), arg(d, "table", "account"), expandID(d.CmdArgs[0].Key))
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
