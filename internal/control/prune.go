package control

import (
	"context"
	"errors"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/sluicedata/sluice/internal/pipeline/prune"
	"github.com/sluicedata/sluice/internal/storage/azure"
)

// PruneRequest says which source folders may go, see [prune.Request].
type PruneRequest struct {
	Pipelines []string
	OlderThan time.Duration
	Delete    bool
}

// Prune finds, and on request removes, source folders that no table of any
// pipeline of the configuration needs.
func (s *Service) Prune(ctx context.Context, request PruneRequest) ([]prune.Pruned, error) {
	if _, err := s.runners(request.Pipelines); err != nil {
		return nil, err
	}
	all, err := s.runners(nil)
	if err != nil {
		return nil, err
	}
	return prune.Folders(ctx, all, prune.Request{
		Pipelines: request.Pipelines, OlderThan: request.OlderThan, Delete: request.Delete, Held: held,
	})
}

// held reports that one file alone cannot be removed: it is leased, as the
// service does with what it writes, or kept by a policy.
func held(err error) bool {
	return errors.Is(err, azure.ErrLeased) || bloberror.HasCode(err, bloberror.BlobImmutableDueToPolicy, bloberror.SnapshotsPresent)
}
