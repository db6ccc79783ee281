package synapselink

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestRowErrors reads testdata/rowerrors; go test -args -rewrite writes it anew.
//
//	entity                    one attribute a line: name, type
//	csv [full-width] [max-row=n] [exclude=column]
//	                          the content of a file; \r, \xff and \n\ (no line
//	                          end at the end) as written here. Gives the rows or
//	                          the error
func TestRowErrors(t *testing.T) {
	var e Entity
	datadriven.RunTest(t, "testdata/rowerrors", func(t *testing.T, d *datadriven.TestData) string {
		switch d.Cmd {
		case "entity":
			e = entity("account", strings.Split(d.Input, "\n")...)
			return ""
		case "csv":
			return goldenRows(t, e, d)
		}
		d.Fatalf(t, "unknown command %s", d.Cmd)
		return ""
	})
}

func goldenRows(t *testing.T, e Entity, d *datadriven.TestData) string {
	csv := strings.NewReplacer(`\r`, "\r", `\xff`, "\xff", `\xc3`, "\xc3").Replace(d.Input) + "\n"
	export, parts := oneFolder(t, e, strings.Replace(csv, "\\n\\\n", "", 1))
	parts[0].FullWidthOnly = d.HasArg("full-width")
	var s Selection
	var o SourceOptions
	if d.HasArg("exclude") {
		s.Exclude = make([]string, 1)
		d.ScanArgs(t, "exclude", &s.Exclude[0])
	}
	if d.HasArg("max-row") {
		d.ScanArgs(t, "max-row", &o.MaxRow)
		o.BlockBytes = o.MaxRow
	}
	source, err := NewSource(t.Context(), export, parts, schemaOf(t, e, s), s, o)
	if err != nil {
		return err.Error()
	}
	defer source.Close()
	rows, _, err := decodeAll(t, source, nil)
	if err != nil {
		return err.Error()
	}
	return strings.Join(rows, "\n")
}
