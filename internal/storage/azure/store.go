package azure

import (
	"context"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/sluicedata/sluice/internal/storage"
)

// The words for operations in errors.
const (
	opList   = "list"
	opStat   = "stat"
	opRead   = "read"
	opWrite  = "write"
	opPut    = "put-if-absent"
	opDelete = "delete"
)

// URL is the path in the form in which the root was given: abfss, or https.
// It never has a SAS token.
func (s *Store) URL(path string) string { return s.names.of(path) }

// Stat describes the file at a path.
func (s *Store) Stat(ctx context.Context, path string) (storage.Entry, error) {
	e, err := s.head(ctx, path, "")
	return e, s.fail(opStat, path, err)
}

// head asks for the properties of a file, of one version if ifMatch is given.
func (s *Store) head(ctx context.Context, path, ifMatch string) (storage.Entry, error) {
	if err := check(ctx, path); err != nil {
		return storage.Entry{}, err
	}
	p, err := s.blob(path).GetProperties(ctx, &blob.GetPropertiesOptions{AccessConditions: matching(ifMatch)})
	if err != nil {
		return storage.Entry{}, err
	}
	if isFolder(p.Metadata) {
		return storage.Entry{}, storage.ErrNotExist
	}
	return entry(path, p.ContentLength, p.LastModified, p.ETag), nil
}

// Delete removes the file at a path, and in a hierarchical namespace the folders
// that this leaves empty.
func (s *Store) Delete(ctx context.Context, path string) error {
	err := check(ctx, path)
	if err == nil {
		_, err = s.blob(path).Delete(ctx, nil)
	}
	switch {
	case nothingThere(err):
		return nil
	case err != nil:
		return s.fail(opDelete, path, err)
	}
	s.prune(ctx, path)
	return nil
}

// nothingThere: a folder of a hierarchical namespace is no file that could be
// removed, and below a file nothing is.
func nothingThere(err error) bool {
	return bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ResourceNotFound,
		"PathNotFound", "DirectoryIsNotEmpty", "OperationNotSupportedOnDirectory")
}

// prune removes folders that are empty, upwards, the root excepted. The service
// removes none that holds something, and what it says ends this.
func (s *Store) prune(ctx context.Context, path string) {
	for {
		cut := strings.LastIndexByte(path, '/')
		if cut < 0 {
			return
		}
		if path = path[:cut]; !s.isHierarchical(ctx, path) {
			return
		}
		if _, err := s.blob(path).Delete(ctx, nil); err != nil {
			return
		}
	}
}

func (s *Store) blob(path string) *blob.Client { return s.container.NewBlobClient(s.root + path) }

// check is what every operation on a path begins with.
func check(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return storage.CheckPath(path)
}

// entry is made of what both listings and responses tell.
func entry(path string, size *int64, modified *time.Time, tag *azcore.ETag) storage.Entry {
	e := storage.Entry{Path: path}
	if size != nil {
		e.Size = *size
	}
	if modified != nil {
		e.ModTime = modified.UTC()
	}
	if tag != nil {
		e.ETag = bareTag(*tag)
	}
	return e
}

// bareTag is the ETag as listings show it: headers put it in quotes.
func bareTag(tag azcore.ETag) string { return strings.Trim(string(tag), `"`) }

// matching is the condition that a blob still has an ETag; none for "".
func matching(tag string) *blob.AccessConditions {
	if tag == "" {
		return nil
	}
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{
		IfMatch: new(azcore.ETag(`"` + tag + `"`)),
	}}
}

// isFolder finds the mark that a blob stands for a folder. The case of its name
// depends on who wrote it, and on whether it came as a header.
func isFolder(metadata map[string]*string) bool {
	for name, value := range metadata {
		if strings.EqualFold(name, "hdi_isfolder") && value != nil && strings.EqualFold(*value, "true") {
			return true
		}
	}
	return false
}
