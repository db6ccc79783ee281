package synapselink

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/storage"
)

// hintChangelog serves a changelog.info that is missing, empty or nonsense: in
// each case no folder can be known to be closed.
const hintChangelog = "check in Power Apps that the Synapse Link profile is running: the service writes Changelog/changelog.info " +
	"within its update interval; if it stays so, unlink and link the tables again"

var errNoChangelog = fmt.Errorf("%w: Changelog/changelog.info is missing, though incremental folders exist", ErrChangelog)

// Current is the folder that changelog.info names: the one being written.
func (e *Export) Current(ctx context.Context) (FolderName, error) {
	path := e.path(changelogFile)
	data, err := e.read(ctx, path, storage.Range{Length: 4096})
	if errors.Is(err, storage.ErrNotExist) {
		return FolderName{}, e.diagnose(ctx)
	}
	if err != nil {
		return FolderName{}, err
	}
	line, _, _ := bytes.Cut(trimText(data), []byte{'\n'})
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return FolderName{}, e.changelogError(fmt.Errorf("%w: it is empty", ErrChangelog))
	}
	name, err := ParseFolderName(string(line))
	if err != nil {
		return FolderName{}, e.changelogError(fmt.Errorf("%w: %w", ErrChangelog, err))
	}
	return name, nil
}

func (e *Export) changelogError(err error) error {
	return &Error{Op: "read", Path: e.Store.URL(e.path(changelogFile)), Err: err, Hint: hintChangelog}
}

// trimText drops a BOM and white space around a small text file. NULs are what
// a file shows whose length was set before its content was written.
func trimText(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	return bytes.Trim(data, " \t\r\n\x00")
}
