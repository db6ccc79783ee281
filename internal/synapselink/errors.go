package synapselink

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with an export as a whole; wrapped in an [*Error].
var (
	// ErrNoExport: nothing that Synapse Link writes is there.
	ErrNoExport = errors.New("no Synapse Link export there")
	// ErrOtherMode: an export in a layout that is not read.
	ErrOtherMode = errors.New("export mode is not supported")
	// ErrChangelog: Changelog/changelog.info is missing or names no folder.
	ErrChangelog = errors.New("changelog.info names no folder")
	// ErrManifest: a model.json holds nothing that can be used.
	ErrManifest = errors.New("model.json cannot be read")
	// ErrEnvironment: no folder, or more than one, is the environment meant.
	ErrEnvironment = errors.New("environment is not clear")
)

// What can be wrong with one table; wrapped in a [*TableError].
var (
	// ErrNoSchema: no model.json of the folder describes the table.
	ErrNoSchema = errors.New("the folder does not describe the table")
	// ErrAttributes: the table's attributes contradict each other.
	ErrAttributes = errors.New("attributes are not usable")
	// ErrNoKey: the table has no Id.
	ErrNoKey = errors.New("the table has no column Id")
	// ErrNoSequence: the table has no versionnumber.
	ErrNoSequence = errors.New("the table has no column versionnumber")
	// ErrReservedColumn: a source column bears a name that is needed otherwise.
	ErrReservedColumn = errors.New("column name is reserved")
	// ErrSelection: include_columns or exclude_columns cannot be followed.
	ErrSelection = errors.New("column selection does not fit the table")
	// ErrNoColumn: the source has a wanted column that the target has not.
	ErrNoColumn = errors.New("the target has no such column")
	// ErrTypeChanged: a column's type changed in a way the target cannot hold.
	ErrTypeChanged = errors.New("column type changed incompatibly")
)

// Error is a failure that concerns an export, not one of its tables.
type Error struct {
	Op   string // what was being done, e.g. "open export"
	Path string // on what, as a user would find it
	Err  error
	Hint string // what to do next
}

func (e *Error) Error() string { return sentence(strings.TrimSpace(e.Op+" "+e.Path), e.Err, e.Hint) }
func (e *Error) Unwrap() error { return e.Err }

// TableError is a failure that stops one table and no other.
type TableError struct {
	Op    string // what was being done, e.g. "bind"
	Table string
	Path  string // of the folder or file, where one is concerned
	Err   error
	Hint  string
}

func (e *TableError) Error() string {
	what := e.Op + " table " + e.Table
	if e.Path != "" {
		what += " in " + e.Path
	}
	return sentence(what, e.Err, e.Hint)
}

func (e *TableError) Unwrap() error { return e.Err }

// sentence joins what was being done, why it did not work and what to do.
func sentence(what string, why error, next string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", what, why)
	if next != "" {
		b.WriteString("; ")
		b.WriteString(next)
	}
	return b.String()
}

// fullRefresh is the command that builds a table anew.
func fullRefresh(table string) string {
	return "sluice run --table " + table + " --full-refresh"
}
