package pipeline_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// reconcile: reconcile [table=account] [apply] [since=FOLDER] [keys=N], with the
// arguments of run: how the table compares with the folders that are left.
func (w *world) reconcile(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	keys := 20
	_, _ = fmt.Sscan(arg(d, "keys", ""), &keys)
	r, err := reconcile.Table(context.Background(), w.runner(d), reconcile.Request{
		Table: arg(d, "table", "account"), Apply: has(d, "apply"), MaxKeys: keys, Since: spaces(arg(d, "since", ""))})
	if err != nil {
		return err.Error() + "\n"
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s: folders %d, rows %d of %d, live keys %d of %d; version %d, cursor %s\n", r.Verdict, r.Folders.Searched,
		r.InTable.Rows, r.InExport.Rows, r.InTable.Keys, r.InExport.Keys, r.Version, r.Cursor)
	if same := r.InTable == r.InExport; same != (r.Verdict == reconcile.Matches || r.Verdict == reconcile.NotCheckable) {
		t.Errorf("%s: the verdict is %s, the table is %+v and the export %+v", d.Pos, r.Verdict, r.InTable, r.InExport)
	}
	for _, n := range []struct {
		what string
		keys int64
	}{{"missing", r.Missing}, {"extra", r.Extra}, {"differing", r.Differing}, {"vanished", r.Vanished},
		{"unchecked", r.Unchecked}, {"unchecked rows", r.UncheckedRows}, {"set aside", r.SetAside}, {"removed", r.Removed}, {"bad rows", r.BadRows}} {
		if n.keys > 0 {
			fmt.Fprintf(&out, "  %s %d\n", n.what, n.keys)
		}
	}
	for _, line := range []string{r.ReadAs, r.Copy, r.Blocked, r.Missed} {
		if line != "" {
			fmt.Fprintf(&out, "  %s\n", line)
		}
	}
	if r.OlderGone {
		fmt.Fprintf(&out, "  %s; a full refresh suffices: %t\n", r.Gone, r.RefreshSuffices)
	}
	showEvents(&out, "  ", r.Events)
	for _, id := range r.VanishedKeys {
		fmt.Fprintf(&out, "vanished %s\n", shortenID(id))
	}
	for _, k := range r.Differences {
		fmt.Fprintf(&out, "%s %s\n", k.Kind, shortenID(k.Key))
		for _, v := range k.Versions {
			fmt.Fprintf(&out, "  version %d %s\n", v.Version, v.Kind)
			for _, c := range v.Columns {
				fmt.Fprintf(&out, "    %s: table %s, export %s\n", c.Column, textOr(c.Table), textOr(c.Export))
			}
		}
	}
	return out.String()
}

func textOr(text *string) string {
	if text == nil {
		return "null"
	}
	return fmt.Sprintf("%q", *text)
}

// corrupt: corrupt [table=account] [into=crm] [folder=NAME], then a header and
// rows as for folder: another program writes these rows into the table, with the
// means of the engine and as if they came from that folder.
func (w *world) corrupt(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	table := arg(d, "table", "account")
	folder, err := synapselink.ParseFolderName(arg(d, "folder", "2024-01-10T00.00.00Z"))
	must(t, err)
	var header []string
	var text strings.Builder
	for line := range strings.Lines(d.Input) {
		if cells := splitCells(line); header == nil {
			header = cells
		} else {
			text.WriteString(csvLine(w.columnsOf(table), header, cells, ""))
		}
	}
	other := mem.New(w.clock)
	putFile(t, other, "rows.csv", []byte(text.String()))
	corruptTable(t, w.lake, tableOf(d), other, folder, w.manifestText([]string{table}))
	return ""
}

// corruptTable applies the rows of rows.csv, which a manifest describes, in a
// commit of another program.
func corruptTable(t tester, lake storage.Store, path string, rows storage.Store, folder synapselink.FolderName, manifest string) {
	t.Helper()
	ctx := context.Background()
	m, err := synapselink.ParseManifest([]byte(manifest))
	need(t, err)
	engine := local.New(lake, local.Options{Clock: fixedClock})
	snapshot, err := engine.Snapshot(ctx, path)
	need(t, err)
	schema, err := local.SourceSchema(snapshot)
	need(t, err)
	selection := synapselink.Selection{}
	for _, f := range schema {
		selection.Include = append(selection.Include, f.Name)
	}
	file, err := rows.Stat(ctx, "rows.csv")
	need(t, err)
	config := snapshot.Metadata.Configuration
	typ := change.Type1
	if config["sluice.scdType"] == "2" {
		typ = change.Type2
	}
	_, err = engine.Apply(ctx, local.Batch{
		Table: path, Source: config["sluice.source"], Type: typ, Schema: schema, AppID: "other", Cursor: snapshot.Version + 1,
		Columns: local.Columns{Key: "Id", Version: "versionnumber", Modified: "SinkModifiedOn", Delete: "IsDelete"},
		Open: func() (change.Source, error) {
			return synapselink.NewSource(ctx, &synapselink.Export{Store: rows}, []synapselink.FolderPart{{Folder: folder, Entity: m.Entities[0],
				Files: []synapselink.File{{Path: "rows.csv", Name: "rows.csv", Size: file.Size, ETag: file.ETag}}}}, schema,
				selection, synapselink.SourceOptions{})
		},
	})
	need(t, err)
}
