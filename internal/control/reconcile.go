package control

import (
	"context"

	"github.com/sluicedata/sluice/internal/pipeline"
)

// Reconcile compares a table with the folders that are left of its export. Without
// the name of a pipeline it is that of the only one that has the table.
func (s *Service) Reconcile(ctx context.Context, name string, request pipeline.ReconcileRequest) (*pipeline.Reconciliation, error) {
	return ofTable(ctx, s, Table{Pipeline: name, Name: request.Table}, func(r *pipeline.Runner) (*pipeline.Reconciliation, error) {
		return r.Reconcile(ctx, request)
	})
}
