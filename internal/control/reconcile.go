package control

import (
	"context"

	"github.com/sluicedata/sluice/internal/pipeline"
)

// Reconcile compares a table with the folders that are left of its export.
func (s *Service) Reconcile(ctx context.Context, request pipeline.ReconcileRequest) (*pipeline.Reconciliation, error) {
	return first(s, func(r *pipeline.Pipeline) (*pipeline.Reconciliation, error) { return pipeline.Reconcile(ctx, r, request) })
}
