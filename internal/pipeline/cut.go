package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// countCut adds the cells that a batch cut at max_cell_bytes, by column.
func (b *bringing) countCut(cells map[string]int64) {
	if b.cut == nil && len(cells) > 0 {
		b.cut = map[string]int64{}
	}
	for column, n := range cells {
		b.cut[column] += n
		b.result.CellsCut += n
	}
}

// tellCut notes what was cut in the whole update.
func (b *bringing) tellCut() {
	if len(b.cut) == 0 {
		return
	}
	var columns []string
	for _, column := range slices.Sorted(maps.Keys(b.cut)) {
		columns = append(columns, fmt.Sprintf("%s %d", column, b.cut[column]))
	}
	b.tell(report.CellsCut, "", fmt.Sprintf("texts of more than %d bytes (max_cell_bytes) were cut: %s",
		*b.Spec.Settings.MaxCellBytes, strings.Join(columns, ", ")))
}
