package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"

	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage"
)

// The log of a table of labels says, beside its cursor, what the last folder's file
// was like, so that one that repeats it is known by its bytes:
//
//	<appID>/said    63 bits of the file's SHA-256, 0: not known
const saidSuffix = "/said"

// saidForm goes into the hash: when lines are understood in another way, they are to
// be read again.
const saidForm = "labels 1\n"

func (b *bringing) saidID() string { return b.AppID() + saidSuffix }

// bringLabels brings the folders that wait in one commit. Where they say nothing new
// that moves the cursor alone.
func (b *bringing) bringLabels(ctx context.Context) error {
	if len(b.Parts) == 0 {
		return b.catchUp(ctx)
	}
	parts, said, err := b.unsaid(ctx)
	if err != nil {
		return err
	}
	ready := b.Env.Listing.Ready()
	to := b.step(ready[len(ready)-1])
	to.Marks[b.saidID()] = said
	if len(parts) == 0 {
		return b.moveCursor(ctx, b.columns, to)
	}
	return b.apply(ctx, parts, to)
}

// unsaid leaves out the parts that repeat the one before, and tells what the last
// one was like.
func (b *bringing) unsaid(ctx context.Context) (parts []work.Part, said int64, err error) {
	said = b.Snapshot.Txns[b.saidID()].Version
	for _, p := range b.Parts {
		if p.Err != nil {
			return nil, 0, p.Err
		}
		digest, err := b.digest(ctx, p)
		if err != nil {
			return nil, 0, err
		}
		if digest == said {
			b.Options.Listener.Read(p.Bytes)
		} else {
			parts = append(parts, p)
		}
		said = digest
	}
	return parts, said, nil
}

// digest stands for the bytes of a part's files, in the versions listed.
func (b *bringing) digest(ctx context.Context, p work.Part) (int64, error) {
	h := sha256.New()
	h.Write([]byte(saidForm))
	for _, f := range p.Files {
		if err := b.hashFile(ctx, h, storage.Entry{Path: f.Path, Size: f.Size, ETag: f.ETag}); err != nil {
			return 0, err
		}
	}
	return int64(binary.BigEndian.Uint64(h.Sum(nil)) >> 1), nil
}

func (b *bringing) hashFile(ctx context.Context, h hash.Hash, entry storage.Entry) error {
	r := storage.NewReader(ctx, b.Source, entry, b.Options.Reading().ReadAhead)
	_, err := io.Copy(h, r)
	return errors.Join(err, r.Close())
}
