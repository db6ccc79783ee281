package azure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/storage"
)

// markName is the metadata by which a call knows its own blob again.
const markName = "sluiceput"

// PutIfAbsent stores a blob unless one is there. When a response was lost and
// the repeated request finds a blob, its mark tells whose it is, so that
// ErrExists always means that another one stored it. ErrDenied always means that
// nothing was stored.
func (s *Store) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	if err := check(ctx, path); err != nil {
		return s.fail(opPut, path, err)
	}
	mark := uuid.NewString()
	watched, tries := countTries(ctx)
	_, err := s.blocks(path).Upload(watched, streaming.NopCloser(bytes.NewReader(data)), &blockblob.UploadOptions{
		Metadata: map[string]*string{markName: &mark},
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{
			IfNoneMatch: new(azcore.ETagAny),
		}},
	})
	err = classify(opPut, err)
	switch {
	case tries.Load() <= 1:
	case errors.Is(err, storage.ErrExists):
		err = s.settle(ctx, path, mark, err)
	case errors.Is(err, storage.ErrDenied):
		// An earlier try may have been carried out, or may yet be.
		err = &serviceError{class: storage.ErrTransient, text: "no answer, then " + err.Error(), cause: errors.New("the outcome is not known")}
	}
	return s.fail(opPut, path, err)
}

// settle finds out whether what exists is what this call stored.
func (s *Store) settle(ctx context.Context, path, mark string, exists error) error {
	p, err := s.blob(path).GetProperties(ctx, nil)
	if err != nil {
		// Not ErrExists, which would be a definite answer.
		return fmt.Errorf("looking at what is there after a lost answer: %w", classify(opStat, err))
	}
	for name, value := range p.Metadata {
		if strings.EqualFold(name, markName) && value != nil && *value == mark {
			return nil
		}
	}
	return exists
}

func (s *Store) blocks(path string) *blockblob.Client {
	return s.container.NewBlockBlobClient(s.root + path)
}
