package azure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/sluicedata/sluice/internal/storage"
)

// readBlock is how much one request reads. Up to 4 MiB a server may be asked for
// an MD5 of the range, and Azurite computes one whether asked or not: blocks of
// that size took it twice the time.
const readBlock = 8 << 20

// resumes is how often a response may break off without a byte having come.
const resumes = 5

// ReadRange reads a piece of a file. Its first block is there when it returns;
// if there is more, Read fetches it in parallel. The whole range comes from one
// version of the file.
func (s *Store) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	b, err := s.open(ctx, path, r)
	if err != nil {
		return nil, s.fail(opRead, path, s.goneOrChanged(ctx, path, err))
	}
	return b, nil
}

// goneOrChanged looks whether there is a file at all when a condition on its
// version was not met, which the service says of a missing one, too.
func (s *Store) goneOrChanged(ctx context.Context, path string, err error) error {
	if !isStatus(err, http.StatusPreconditionFailed) {
		return err
	}
	_, missing := s.head(ctx, path, "")
	if missing = classify(opStat, missing); errors.Is(missing, storage.ErrNotExist) {
		return missing
	}
	return err
}

func (s *Store) open(ctx context.Context, path string, r storage.Range) (*body, error) {
	if err := check(ctx, path); err != nil {
		return nil, err
	}
	if _, _, err := r.Within(0); err != nil {
		return nil, err
	}
	if r.Length == 0 {
		if _, err := s.head(ctx, path, r.IfMatch); err != nil {
			return nil, err
		}
		return s.newBody(ctx, path, piece{}, 0, 0), nil
	}
	want := int64(readBlock)
	if r.Length > 0 {
		want = min(want, r.Length)
	}
	p, err := s.fetch(ctx, path, r.Offset, want, r.IfMatch)
	if isStatus(err, http.StatusRequestedRangeNotSatisfiable) {
		err = s.beyond(ctx, path, r)
	}
	if err != nil {
		return nil, err
	}
	end := p.size
	if r.Length > 0 && r.Length < end-r.Offset {
		end = r.Offset + r.Length
	}
	return s.newBody(ctx, path, p, r.Offset+int64(len(p.data)), end), nil
}

// beyond is a range that begins at or behind the end, which the service refuses
// without looking at conditions. One that grew in between has changed.
func (s *Store) beyond(ctx context.Context, path string, r storage.Range) error {
	e, err := s.head(ctx, path, r.IfMatch)
	if err == nil && e.Size > r.Offset {
		err = fmt.Errorf("%w: it grew to %d bytes meanwhile", storage.ErrChanged, e.Size)
	}
	return err
}

// piece is what one or more responses brought of a file.
type piece struct {
	data []byte
	etag string // of the version that the data is from
	size int64  // of the whole file
}

// fetch reads length bytes from offset, or fewer where the file ends before. A
// response that breaks off is resumed where it broke, in the same version.
func (s *Store) fetch(ctx context.Context, path string, offset, length int64, ifMatch string) (p piece, err error) {
	p.etag = ifMatch
	for fruitless := 0; ; {
		before := len(p.data)
		err := s.fetchOnce(ctx, path, offset, length, &p)
		if err == nil {
			return p, nil
		}
		if fruitless++; len(p.data) > before {
			fruitless = 0
		}
		if !brokeOff(err) || fruitless > resumes {
			return p, unwrapBroken(err)
		}
		if err := pause(ctx, fruitless); err != nil {
			return p, err
		}
	}
}

// errBroken is a body that ended before its time. Failures before the body are
// repeated by the retry policy, and final here.
type errBroken struct{ cause error }

func (e *errBroken) Error() string { return e.cause.Error() }
func (e *errBroken) Unwrap() error { return e.cause }

func brokeOff(err error) bool {
	broken, ok := errors.AsType[*errBroken](err)
	return ok && transient(broken.cause)
}

func unwrapBroken(err error) error {
	if broken, ok := errors.AsType[*errBroken](err); ok {
		return fmt.Errorf("the content broke off: %w", broken.cause)
	}
	return err
}

// fetchOnce sends one request for what is missing of a piece.
func (s *Store) fetchOnce(ctx context.Context, path string, offset, length int64, p *piece) error {
	have := int64(len(p.data))
	response, err := s.blob(path).DownloadStream(ctx, &blob.DownloadStreamOptions{
		Range:            blob.HTTPRange{Offset: offset + have, Count: length - have},
		AccessConditions: matching(p.etag),
	})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if isFolder(response.Metadata) {
		return storage.ErrNotExist
	}
	if err := p.describe(response); err != nil {
		return err
	}
	if p.data == nil {
		p.data = make([]byte, 0, max(0, min(length, p.size-offset)))
	}
	return p.fill(response.Body)
}

// describe takes version and size of the file from a response.
func (p *piece) describe(response blob.DownloadStreamResponse) error {
	if response.ETag != nil {
		p.etag = bareTag(*response.ETag)
	}
	// "bytes 0-99/1234"; without a range the length is that of the file.
	if response.ContentRange != nil {
		_, total, _ := strings.Cut(*response.ContentRange, "/")
		size, err := strconv.ParseInt(total, 10, 64)
		if err != nil {
			return fmt.Errorf("the service answered with the content range %q", *response.ContentRange)
		}
		p.size = size
		return nil
	}
	if response.ContentLength == nil {
		return errors.New("the service answered without a length")
	}
	p.size = *response.ContentLength
	return nil
}

// fill reads a body up to the capacity of the data.
func (p *piece) fill(body io.Reader) error {
	have, want := len(p.data), cap(p.data)
	n, err := io.ReadFull(body, p.data[have:want])
	p.data = p.data[:have+n]
	if err != nil {
		return &errBroken{err}
	}
	return nil
}

// pause waits before a body is resumed, the longer the more often in vain.
func pause(ctx context.Context, fruitless int) error {
	if fruitless == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(time.Second << (fruitless - 1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// isStatus says whether the service answered with a status.
func isStatus(err error, status int) bool {
	response, ok := errors.AsType[*azcore.ResponseError](err)
	return ok && response.StatusCode == status
}
