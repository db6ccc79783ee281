package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
)

// scratch begins with '_', which engines pass over. The file lies in no folder of
// its own, which would be left behind on a disk.
const scratch = "_sluice_check_"

// Lake looks at the place of the tables.
func (c *Checker) Lake(ctx context.Context, p *Place) []Step {
	s := c.begin(ctx, p, true)
	about := p.about(true, c.Now())
	s.step("write", func() Step { return c.write(ctx, p.Store, about) })
	if c.Thorough {
		s.step("conditional put", func() Step { return c.putTwice(ctx, p.Store, about) })
	}
	return s.steps
}

// write writes, reads back and removes a file, as a run does with data files.
func (c *Checker) write(ctx context.Context, store storage.Store, about entra.About) Step {
	path := scratch + c.NewID() + ".txt"
	data := []byte("written by sluice check; it can be removed\n")
	if err := writeFile(ctx, store, path, data); err != nil {
		return failed(err, about)
	}
	back, err := storage.ReadAll(ctx, store, path)
	switch {
	case err != nil:
		return failed(err, about)
	case !bytes.Equal(back, data):
		return Step{State: Fail, Code: "READ_BACK", Storage: true,
			Reason: store.URL(path) + " holds other bytes than were written", Fix: "look for a cache or a mirror between here and the storage"}
	}
	return removed(ctx, store, path, about, "a file was written, read back and removed")
}

func writeFile(ctx context.Context, store storage.Store, path string, data []byte) error {
	w, err := store.Write(ctx, path)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Close()
}

// putTwice proves what commits rest on: of two that write the same version, one
// wins and the other one is told.
func (c *Checker) putTwice(ctx context.Context, store storage.Store, about entra.About) Step {
	path := scratch + c.NewID() + ".json"
	if err := store.PutIfAbsent(ctx, path, []byte("{}\n")); err != nil {
		return failed(err, about)
	}
	err := store.PutIfAbsent(ctx, path, []byte("{\"other\":true}\n"))
	if !errors.Is(err, storage.ErrExists) {
		_ = store.Delete(ctx, path)
		if err != nil {
			return failed(err, about)
		}
		return Step{State: Fail, Code: "NO_CONDITIONAL_PUT", Storage: true,
			Reason: "the second of two writers of one file was not refused: concurrent commits would overwrite each other",
			Fix:    "use a storage account or a file system that knows exclusive creation"}
	}
	return removed(ctx, store, path, about, "the second of two writers of one file is refused")
}

// removed cleans up. What it cannot remove does no harm, but a run could not
// clean up its own files either.
func removed(ctx context.Context, store storage.Store, path string, about entra.About, done string) Step {
	if err := store.Delete(ctx, path); err != nil {
		found := failed(err, about)
		return warn(found.Code, fmt.Sprintf("a file was written and cannot be removed: %s", found.Reason), found.Fix)
	}
	return pass(done)
}
