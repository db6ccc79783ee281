package delta

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with a table, for errors.Is.
var (
	// ErrNoTable: the folder is empty or absent.
	ErrNoTable = errors.New("no delta table")
	// ErrForeignFiles: the folder holds files, but no log. See [ForeignFilesError].
	ErrForeignFiles = errors.New("folder holds something else than a delta table")
	// ErrNoVersion: the log does not hold, or no longer holds, that version.
	ErrNoVersion = errors.New("version not in the log")
	// ErrUnsupported: the table uses what is not understood. See [FeatureError].
	ErrUnsupported = errors.New("unsupported delta feature")
	// ErrInvalidChanges: the caller asked for a commit that may not be written.
	ErrInvalidChanges = errors.New("invalid changes")
	// ErrLostRaces: other writers were faster each time.
	ErrLostRaces = errors.New("other writers committed first each time")

	// ErrDamaged is the class of logs that break the protocol. See [LogError].
	ErrDamaged = errors.New("damaged delta log")
	// ErrGap: a version is missing between two others or before the first.
	ErrGap = fmt.Errorf("%w: versions are missing", ErrDamaged)
	// ErrNoProtocol: no protocol action up to the version.
	ErrNoProtocol = fmt.Errorf("%w: no protocol action", ErrDamaged)
	// ErrNoMetadata: no metaData action up to the version.
	ErrNoMetadata = fmt.Errorf("%w: no metaData action", ErrDamaged)
	// ErrInvalidProtocol: versions or feature lists that cannot be.
	ErrInvalidProtocol = fmt.Errorf("%w: invalid protocol", ErrDamaged)
	// ErrCorrupt: a file of the log or of a vector is not in its format.
	ErrCorrupt = fmt.Errorf("%w: unreadable", ErrDamaged)
)

// LogError says what is wrong in which version of a table's log.
type LogError struct {
	Table   string // as a user would find it
	Version int64
	File    string // in the log; empty when it is not about one file
	Err     error
}

func (e *LogError) Error() string {
	if e.File != "" {
		return fmt.Sprintf("delta table %s, log file %s: %v", e.Table, e.File, e.Err)
	}
	return fmt.Sprintf("delta table %s, version %d: %v", e.Table, e.Version, e.Err)
}

func (e *LogError) Unwrap() error { return e.Err }

// FeatureError names the table feature (or property, or protocol version) that
// stands in the way of reading or writing a table.
type FeatureError struct {
	Table   string
	Write   bool // writing is refused; reading may be possible
	Feature string
	Why     string // may be empty
}

func (e *FeatureError) Error() string {
	verb := "read"
	if e.Write {
		verb = "write to"
	}
	text := fmt.Sprintf("cannot %s delta table %s: it uses %s", verb, e.Table, e.Feature)
	if e.Why != "" {
		text += ": " + e.Why
	}
	return text
}

// Is makes every FeatureError an [ErrUnsupported].
func (e *FeatureError) Is(target error) bool { return target == ErrUnsupported }

// ForeignFilesError names some of the files found where a table was expected.
type ForeignFilesError struct {
	Table string
	Files []string // at most three
}

func (e *ForeignFilesError) Error() string {
	return fmt.Sprintf("%s is not a delta table: it has no _delta_log but holds %s; choose another folder or empty this one",
		e.Table, strings.Join(e.Files, ", "))
}

// Is makes every ForeignFilesError an [ErrForeignFiles].
func (e *ForeignFilesError) Is(target error) bool { return target == ErrForeignFiles }
