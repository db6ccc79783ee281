package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/timespan"
)

// scratch begins with '_', which engines pass over. The file lies in no folder of
// its own, which would be left behind on a disk.
const scratch = "_sluice_check_"

// Lake looks at the place of the tables.
func (c *Checker) Lake(ctx context.Context, p *Place) []Step {
	s := c.begin(ctx, p, true)
	about := p.about(true, c.Now())
	s.step("write", func() Step { return c.write(ctx, p, about) })
	if c.Thorough && p.Account == nil && p.Store != nil {
		s.side("clock", func() Step { return c.fileClock(ctx, p, about) })
	}
	if c.Thorough {
		s.step("conditional put", func() Step { return c.putTwice(ctx, p, about) })
	}
	return s.steps
}

// write writes, reads back and removes a file, as a run does with data files.
func (c *Checker) write(ctx context.Context, p *Place, about entra.About) Step {
	path := scratch + c.NewID() + ".txt"
	data := []byte("written by sluice check; it can be removed\n")
	if err := writeFile(ctx, p.Store, path, data); err != nil {
		return failed(err, about)
	}
	back, err := storage.ReadAll(ctx, p.Store, path)
	found := pass("a file was written, read back and removed")
	switch {
	case err != nil:
		found = failed(err, about)
	case !bytes.Equal(back, data):
		found = Step{State: Fail, Code: "READ_BACK", Storage: true,
			Reason: p.Store.URL(path) + " holds other bytes than were written", Fix: "look for a cache or a mirror between here and the storage"}
	}
	return c.removed(ctx, p, path, about, found)
}

// fileClock compares this machine's clock with that of the file system, which may
// be another machine's. What is old enough to be removed is told by the latter.
func (c *Checker) fileClock(ctx context.Context, p *Place, about entra.About) Step {
	path := scratch + c.NewID() + ".clock"
	if err := writeFile(ctx, p.Store, path, nil); err != nil {
		return failed(err, about)
	}
	found := pass("new files bear the time of this machine's clock")
	entry, err := p.Store.Stat(ctx, path)
	switch {
	case err != nil:
		found = failed(err, about)
	case c.Now().Sub(entry.ModTime).Abs() > clockWarn:
		found = warn("CLOCK", fmt.Sprintf("this machine's clock and the file system's are %s apart", timespan.Text(c.Now().Sub(entry.ModTime).Abs())),
			"set both clocks with a time service such as NTP")
	}
	return c.removed(ctx, p, path, about, found)
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
func (c *Checker) putTwice(ctx context.Context, p *Place, about entra.About) Step {
	path := scratch + c.NewID() + ".json"
	if err := p.Store.PutIfAbsent(ctx, path, []byte("{}\n")); err != nil {
		return failed(err, about)
	}
	found := pass("the second of two writers of one file is refused")
	switch err := p.Store.PutIfAbsent(ctx, path, []byte("{\"other\":true}\n")); {
	case err == nil:
		found = Step{State: Fail, Code: "NO_CONDITIONAL_PUT", Storage: true,
			Reason: "the second of two writers of one file was not refused: concurrent commits would overwrite each other",
			Fix:    "use a storage account or a file system that knows exclusive creation"}
	case !errors.Is(err, storage.ErrExists):
		found = failed(err, about)
	}
	return c.removed(ctx, p, path, about, found)
}

// removed cleans up after a step. A file that cannot be removed does no harm, but
// a run could not clean up its own files either: it is named, with the way to
// remove it.
func (c *Checker) removed(ctx context.Context, p *Place, path string, about entra.About, found Step) Step {
	// An interrupted check cleans up all the same.
	err := p.Store.Delete(context.WithoutCancel(ctx), path)
	if err == nil {
		return found
	}
	left := failed(err, about)
	said := fmt.Sprintf("%s was written and cannot be removed: %s", p.Store.URL(path), left.Reason)
	if found.State == Fail {
		found.Reason += "; " + said
		return found
	}
	return warn(left.Code, said, "clean up: "+p.removal(path)+"; "+left.Fix)
}

// removal is the command that removes a file.
func (p *Place) removal(path string) string {
	if p.Account == nil {
		return "delete the file"
	}
	if p.Root != "" {
		path = p.Root + "/" + path
	}
	return fmt.Sprintf("az storage blob delete --account-name %s --container-name %s --name %s --auth-mode login", p.Account.Name, p.Account.Container, path)
}
