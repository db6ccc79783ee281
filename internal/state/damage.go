package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// damagedSuffix is added to the name of a file that is moved aside. One such
// file is kept, the newest.
const damagedSuffix = ".damaged"

// renew moves the damaged file aside and begins a new one. The journal goes with
// it: SQLite would roll it back into the new file.
func (s *Store) renew(ctx context.Context) error {
	// Another process may have met the same damage and be done with it: then the
	// file of that name is another one.
	now, err := os.Stat(s.path)
	if err == nil && s.file != nil && os.SameFile(s.file, now) {
		if err := moveAside(s.path); err != nil {
			return fmt.Errorf("move the damaged file aside: %w", err)
		}
		s.damaged = s.path + damagedSuffix
	}
	return s.connect(ctx)
}

func moveAside(path string) error {
	for _, suffix := range []string{"-journal", ""} {
		err := os.Rename(path+suffix, path+damagedSuffix+suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
