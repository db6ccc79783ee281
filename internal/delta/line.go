package delta

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// readLines hands the actions of a commit, a compacted file or a V2 checkpoint
// in JSON to apply, in order. Lines may be of any length.
func readLines(r io.Reader, apply func(*Action) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if perr := parseLine(line, apply); perr != nil {
			return fmt.Errorf("line %d: %w", number, perr)
		}
		if err != nil {
			return nil //nolint:nilerr // io.EOF: other errors were returned above
		}
	}
}

func parseLine(line []byte, apply func(*Action) error) error {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return nil
	}
	var a Action
	if err := json.Unmarshal(line, &a); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err := a.check(); err != nil {
		return err
	}
	return apply(&a)
}

// check refuses actions without the fields that identify them: replaying them
// would give a table that nobody wrote.
func (a *Action) check() error {
	switch {
	case a.Add != nil && a.Add.Path == "":
		return fmt.Errorf("%w: add without a path", ErrCorrupt)
	case a.Remove != nil && a.Remove.Path == "":
		return fmt.Errorf("%w: remove without a path", ErrCorrupt)
	case a.Txn != nil && a.Txn.AppID == "":
		return fmt.Errorf("%w: txn without an appId", ErrCorrupt)
	case a.Domain != nil && a.Domain.Domain == "":
		return fmt.Errorf("%w: domainMetadata without a domain", ErrCorrupt)
	}
	return nil
}

// encodeLine writes one action. Characters such as '<' and '&' stay as they
// are: other writers leave them, and log files are read by people.
func encodeLine(out *bytes.Buffer, a *Action) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a); err != nil {
		return fmt.Errorf("encode an action: %w", err)
	}
	return nil
}
