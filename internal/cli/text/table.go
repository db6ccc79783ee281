package text

import (
	"strings"
)

// Table has a head and aligned columns, two spaces apart.
type Table struct {
	heads []string
	right []bool
	rows  [][]string
	style Style
}

// NewTable makes a table. A head that begins with '>' is that of a column of
// numbers, which stand to the right.
func NewTable(style Style, heads ...string) *Table {
	t := &Table{style: style}
	for _, h := range heads {
		name, right := strings.CutPrefix(h, ">")
		t.heads = append(t.heads, name)
		t.right = append(t.right, right)
	}
	return t
}

// Row adds a row with a cell for each head.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, cells) }

// String is the table, a line for each row; empty without rows.
func (t *Table) String() string {
	if len(t.rows) == 0 {
		return ""
	}
	widths := make([]int, len(t.heads))
	for _, row := range append([][]string{t.heads}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	var b strings.Builder
	heads := make([]string, len(t.heads))
	for i, h := range t.heads {
		heads[i] = t.style.Bold(h)
	}
	t.line(&b, widths, heads)
	for _, row := range t.rows {
		t.line(&b, widths, row)
	}
	return b.String()
}

func (t *Table) line(b *strings.Builder, widths []int, row []string) {
	var line strings.Builder
	for i, cell := range row {
		pad := strings.Repeat(" ", widths[i]-width(cell))
		if t.right[i] {
			line.WriteString(pad + cell)
		} else {
			line.WriteString(cell + pad)
		}
		line.WriteString("  ")
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}

// Pairs lays out names and values in two columns, indented.
func Pairs(indent string, pairs ...[2]string) string {
	most := 0
	for _, p := range pairs {
		most = max(most, width(p[0]))
	}
	var b strings.Builder
	for _, p := range pairs {
		value := strings.ReplaceAll(p[1], "\n", "\n"+indent+strings.Repeat(" ", most+2))
		b.WriteString(strings.TrimRight(indent+p[0]+strings.Repeat(" ", most-width(p[0])+2)+value, " ") + "\n")
	}
	return b.String()
}
