package control

import (
	"context"

	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/pipeline/work"
)

// Reconcile compares a table with the folders that are left of its export. Without
// the name of a pipeline it is that of the only one that has the table.
func (s *Service) Reconcile(ctx context.Context, name string, request reconcile.Request) (*reconcile.Reconciliation, error) {
	if request.Apply {
		defer s.forgetNotes(ctx)
	}
	return ofTable(ctx, s, Table{Pipeline: name, Name: request.Table}, func(r *work.Pipeline) (*reconcile.Reconciliation, error) {
		return reconcile.Table(ctx, r, request)
	})
}
