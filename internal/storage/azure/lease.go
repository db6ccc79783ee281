package azure

import (
	"context"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"github.com/sluicedata/sluice/internal/storage"
)

// Leased names the blobs below a prefix that other programs hold a lease on: they
// can be read, and neither written nor removed. The service tells it in listings.
func (s *Store) Leased(ctx context.Context, prefix string) ([]string, error) {
	if err := storage.CheckPrefix(prefix); err != nil {
		return nil, s.fail(opList, prefix, err)
	}
	below := s.root + prefix
	pager := s.container.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &below})
	var paths []string
	for pager.More() {
		page, err := nextPage(ctx, pager)
		if noSuchFolder(err) {
			break
		}
		if err != nil {
			return nil, s.fail(opList, prefix, err)
		}
		if page.Segment == nil {
			break
		}
		for _, item := range page.Segment.BlobItems {
			if p := item.Properties; p != nil && p.LeaseStatus != nil && *p.LeaseStatus == lease.StatusTypeLocked {
				paths = append(paths, strings.TrimPrefix(*item.Name, s.root))
			}
		}
	}
	return paths, nil
}
