package azure

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // see sum
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/storage"
)

const (
	// writeBlock makes 390 GiB of the 50,000 blocks that a blob may have.
	writeBlock = 8 << 20
	// uploads is how many blocks of one writer are on their way at most, beside
	// the one being filled.
	uploads = 4
)

// Write begins a file. Nothing is sent before the first block is full.
func (s *Store) Write(ctx context.Context, path string) (storage.Writer, error) {
	if err := check(ctx, path); err != nil {
		return nil, s.fail(opWrite, path, err)
	}
	w := &writer{parent: ctx, store: s, path: path, id: uuid.New(), places: make(chan struct{}, uploads)}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	return w, nil
}

// writer collects a block and sends full ones. It is for one goroutine.
type writer struct {
	parent context.Context // the caller's
	ctx    context.Context // ends also when a block fails
	cancel context.CancelCauseFunc
	store  *Store
	path   string
	id     uuid.UUID

	buffer  []byte
	blocks  []string // ids of full blocks, in order
	places  chan struct{}
	sending sync.WaitGroup
	ended   error // why nothing more can be done
}

func (w *writer) Write(p []byte) (int, error) {
	written := 0
	for w.ready() == nil && len(p) > 0 {
		n := min(len(p), writeBlock-len(w.buffer))
		w.buffer = append(w.buffer, p[:n]...)
		p, written = p[n:], written+n
		if len(w.buffer) == writeBlock {
			w.send()
		}
	}
	return written, w.fail(w.ended)
}

// Close publishes the file.
func (w *writer) Close() error {
	if w.ready() != nil {
		return w.fail(w.ended)
	}
	err := w.publish()
	w.end(errors.New("the writer is closed"))
	return w.fail(err)
}

// Abort drops what was written; after Close it does nothing.
func (w *writer) Abort() error {
	w.end(errors.New("the writer was aborted"))
	return nil
}

// ready says why nothing more can be written, once and for all.
func (w *writer) ready() error {
	if w.ended == nil && w.ctx.Err() != nil {
		w.end(w.reason())
	}
	return w.ended
}

// reason is the error of the block that failed, or that the caller gave up.
func (w *writer) reason() error {
	if err := w.parent.Err(); err != nil {
		return err
	}
	return context.Cause(w.ctx)
}

func (w *writer) end(reason error) {
	if w.ended == nil {
		w.ended = reason
	}
	w.cancel(reason)
	w.sending.Wait()
	w.buffer = nil
}

// send hands the full buffer over to a goroutine if the store has memory for
// another, and otherwise waits until it has gone up.
func (w *writer) send() {
	id := blockID(w.id, len(w.blocks))
	w.blocks = append(w.blocks, id)
	if !w.store.ahead.TryAcquire(writeBlock) {
		w.stage(id, w.buffer)
		w.buffer = w.buffer[:0]
		return
	}
	full := w.buffer
	w.buffer = make([]byte, 0, writeBlock)
	select {
	case w.places <- struct{}{}:
	case <-w.ctx.Done():
		w.store.ahead.Release(writeBlock)
		return
	}
	w.sending.Go(func() {
		defer func() {
			<-w.places
			w.store.ahead.Release(writeBlock)
		}()
		w.stage(id, full)
	})
}

// stage sends one block; one that fails ends the writer.
func (w *writer) stage(id string, data []byte) {
	_, err := w.store.blocks(w.path).StageBlock(w.ctx, id, streaming.NopCloser(bytes.NewReader(data)),
		&blockblob.StageBlockOptions{TransactionalValidation: sum(data)})
	if err != nil {
		w.cancel(fmt.Errorf("sending a block: %w", err))
	}
}

// sum has the service compare what arrived with what was sent. MD5 is what it has
// to be: without one Azurite computes a CRC-64, at 50 MB/s.
func sum(data []byte) blob.TransferValidationType {
	digest := md5.Sum(data) //nolint:gosec // a check of the way, not of the sender
	return blob.TransferValidationTypeMD5(digest[:])
}

func (w *writer) publish() error {
	file := w.store.blocks(w.path)
	if len(w.blocks) == 0 {
		_, err := file.Upload(w.ctx, streaming.NopCloser(bytes.NewReader(w.buffer)), &blockblob.UploadOptions{TransactionalValidation: sum(w.buffer)})
		return err
	}
	if len(w.buffer) > 0 {
		id := blockID(w.id, len(w.blocks))
		w.blocks = append(w.blocks, id)
		w.stage(id, w.buffer)
	}
	w.sending.Wait()
	if w.ctx.Err() != nil {
		return w.reason()
	}
	_, err := file.CommitBlockList(w.ctx, w.blocks, nil)
	return err
}

func (w *writer) fail(err error) error { return w.store.fail(opWrite, w.path, err) }

// blockID is the base64 text of writer and number. All ids of a blob must have
// the same length.
func blockID(writer uuid.UUID, number int) string {
	id := binary.BigEndian.AppendUint32(writer[:], uint32(number))
	return base64.StdEncoding.EncodeToString(id)
}
