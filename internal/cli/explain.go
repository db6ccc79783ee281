package cli

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
)

// explainOptions are those of the command explain.
type explainOptions struct {
	tableOptions

	All bool
}

// AddFlags names the options on the command line.
func (o *explainOptions) AddFlags(cmd *cobra.Command) {
	o.tableOptions.AddFlags(cmd)
	cmd.Flags().BoolVar(&o.All, "all", false, "show all columns of all rows, also those without a value, and long values whole")
}

func newExplainCommand(g *globals) *cobra.Command {
	var opts explainOptions
	cmd := &cobra.Command{
		Use:   "explain TABLE KEY",
		Short: "Say where a row comes from",
		Long: `Shows every source row of a key, in the order of folders, files and lines, with
what became of it, and then the rows that the table has of it now; where there
are several, what differs from one to the next. It reads all folders of the table
that are left in the export.

TABLE is a source name, or catalog.schema.table; KEY is the row's Id, a GUID.

  current      it is the row in the table
  version      it is a row of the history (SCD type 2)
  deleted      it removed the row, or closed its last version
  superseded   it changed nothing; the note names what took its place
  waiting      its folder is not in the table yet
  quarantined  it could not be read and is set aside
  discarded    it could not be read, and was dropped with sluice quarantine discard`,
		Example: "sluice explain account 5d4e8f3a-6b1c-4e2f-9a7d-1c2b3a4d5e6f",
		Args:    exactly("TABLE", "KEY"),
		Annotations: notes(`0    explained
1    the key is neither in the export nor in the table, or a file cannot be read
2    the configuration is wrong, has no such table, or the key is no GUID
3    storage cannot be used, or its credentials are wrong
130  interrupted`, takesConfig, takesWork, takesLog),
		RunE: g.action(func(ctx context.Context, args []string) (*outcome, error) {
			return g.runExplain(ctx, args[0], args[1], opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runExplain(ctx context.Context, table, key string, opts explainOptions) (*outcome, error) {
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	e, err := service.Explain(ctx, opts.table(table), key)
	if err != nil {
		return nil, err
	}
	o := explainOutcome(e, opts)
	o.warnings = warnings
	return o, nil
}

func explainOutcome(e *inspect.Explanation, opts explainOptions) *outcome {
	o := &outcome{
		result:  e,
		summary: fmt.Sprintf("%s in %s, %s in the table", text.Plural(len(e.Sources), "source row"), folders(e), text.Plural(len(e.Rows), "row")),
		show:    func(p *page) { p.explanation(e, opts.All) },
	}
	if len(e.Sources) == 0 && len(e.Rows) == 0 {
		o.exit, o.code, o.show = exitFailed, codeNotFound, nil
		o.summary = "nothing found"
		o.problems = []string{fmt.Sprintf("%s has no row %s, and no source row of it is in %s searched; is it the Id of another table?",
			e.Table, e.Key, folders(e))}
	}
	return o
}

func folders(e *inspect.Explanation) string {
	return text.Plural(e.Folders.Searched, "folder")
}

func (p *page) explanation(e *inspect.Explanation, all bool) {
	p.linef("%s  Id %s", p.Bold(e.Table), p.Bold(e.Key))
	p.Write([]byte(text.Pairs("  ",
		[2]string{"table", fmt.Sprintf("%s (SCD type %s)", e.Path, scd(e.SCDType))},
		[2]string{"holds", "folders up to " + or(e.Cursor)},
		[2]string{"searched", searched(e.Folders)})))
	p.linef("\n%s", p.Bold("Source rows"))
	p.sourceRows(e.Sources)
	p.tableRows(e.Rows, all)
}

func searched(f work.Extent) string {
	switch f.Searched {
	case 0:
		return "no folder has rows of the table"
	case 1:
		return "1 folder with rows of the table: " + f.Oldest
	}
	return fmt.Sprintf("%s with rows of the table: %s to %s", text.Plural(f.Searched, "folder"), f.Oldest, f.Newest)
}

func (p *page) sourceRows(rows []inspect.SourceRow) {
	if len(rows) == 0 {
		p.linef("none: the folders that held them are gone, or the rows were not written by this export\n")
		return
	}
	table := text.NewTable(p.Style, "FOLDER", "FILE:LINE", ">VERSION", "KIND", "FATE", "NOTE")
	for i := range rows {
		r := &rows[i]
		kind, version := "upsert", text.None
		if r.Delete {
			kind = "delete"
		}
		if r.Version != nil {
			version = fmt.Sprint(*r.Version)
		}
		table.Row(r.Folder, fmt.Sprintf("%s:%d", path.Clean(r.File), r.Line), version, kind, p.fate(r.Fate), r.Note)
	}
	p.linef("%s", table)
}

func (p *page) fate(f string) string {
	switch f {
	case "current", "version":
		return p.Good(f)
	case "deleted", "discarded":
		return p.Bad(f)
	case "waiting", "quarantined":
		return p.Wary(f)
	}
	return p.Faint(f)
}

func (p *page) tableRows(rows [][]report.Cell, all bool) {
	if len(rows) == 0 {
		p.linef("%s\nnone\n", p.Bold("Rows in the table"))
		return
	}
	for i, row := range rows {
		title, note := "Row in the table", ""
		if len(rows) > 1 {
			title = fmt.Sprintf("Row %d of %d in the table", i+1, len(rows))
		}
		var before []report.Cell
		if i > 0 && !all {
			before, note = rows[i-1], ": what differs from the row before"
		}
		p.linef("%s%s", p.Bold(title), note)
		p.linef("%s", text.Pairs("  ", p.cells(row, before, all)...))
	}
}

// longest value that is shown whole.
const longest = 500

// cells shows a row by column. Unless all is wanted, columns without a value
// and those that are as in the row before are left out.
func (p *page) cells(row, before []report.Cell, all bool) [][2]string {
	old := map[string]report.Cell{}
	for _, c := range before {
		old[c.Column] = c
	}
	var pairs [][2]string
	for _, c := range row {
		same := c.Same(old[c.Column])
		switch {
		case same && !all:
		case c.Value == nil:
			pairs = append(pairs, [2]string{c.Column, p.Faint("null")})
		case c.Bytes > 0:
			shown := strings.ToValidUTF8((*c.Value)[:longest], "")
			pairs = append(pairs, [2]string{c.Column, fmt.Sprintf("%s… (%s, SHA-256 %s)",
				text.Printable(shown, 0), text.Plural(int(c.Bytes), "byte"), c.SHA256)})
		case all:
			pairs = append(pairs, [2]string{c.Column, text.Printable(*c.Value, 0)})
		default:
			pairs = append(pairs, [2]string{c.Column, text.Printable(*c.Value, longest)})
		}
	}
	return pairs
}
