package control

import (
	"context"

	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/pipeline/work"
)

// Reconcile compares a table with the folders that are left of its export.
func (s *Service) Reconcile(ctx context.Context, request reconcile.Request) (*reconcile.Reconciliation, error) {
	return first(s, func(p *work.Pipeline) (*reconcile.Reconciliation, error) { return reconcile.Table(ctx, p, request) })
}
