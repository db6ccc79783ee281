package work

import (
	"fmt"
	"strings"

	"github.com/sluicedata/sluice/internal/engine/local"
)

// CheckKeeper refuses a table that another pipeline keeps in step: the rows of two
// sources would become one table.
func (t *Target) CheckKeeper() error {
	own := t.AppID()
	if _, ok := t.Snapshot.Txns[own]; ok || t.survey.Request.FullRefresh {
		return nil
	}
	for id := range t.Snapshot.Txns {
		if keeper, ok := strings.CutSuffix(id, ":"+t.Name()); ok && strings.HasPrefix(keeper, "sluice:") {
			return fmt.Errorf("%w: pipeline %s keeps %s in step; choose another destination, or take it over with --full-refresh",
				local.ErrForeignTable, strings.TrimPrefix(keeper, "sluice:"), t.survey.Lake.URL(t.Path()))
		}
	}
	return nil
}
