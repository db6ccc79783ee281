package report

import (
	"errors"
)

// Errors that the others wrap.
var (
	// ErrNoSuchTable: a request names a table that the pipeline does not have.
	ErrNoSuchTable = errors.New("the pipeline has no such table")
	// ErrAmbiguous: one table is wanted, and the name means several.
	ErrAmbiguous = errors.New("the name means more than one table")
	// ErrNoTable: no folder and no manifest has the table.
	ErrNoTable = errors.New("the export has no such table")
	// ErrNoLabels: the export has no file of the labels.
	ErrNoLabels = errors.New("the export has no such file of choice labels")
	// ErrGap: folders went away before they were read.
	ErrGap = errors.New("folders of the export went away before they were read")
	// ErrNewColumns: the configuration wants a full refresh for new columns.
	ErrNewColumns = errors.New("the source has new columns")
	// ErrRefreshBehind: the folders that can be read end before what the table has.
	ErrRefreshBehind = errors.New("a full refresh would lose rows")
	// ErrRefreshLoses: the folders that are left do not hold the whole table.
	ErrRefreshLoses = errors.New("a full refresh would lose rows of folders that are gone")
	// ErrNotComparable: table and export cannot be compared now.
	ErrNotComparable = errors.New("the table cannot be compared with the export")
	// ErrBadFolder: what was given is no folder of the export.
	ErrBadFolder = errors.New("no such folder")
	// ErrPruneDenied: the credentials may read the source and not remove from it.
	ErrPruneDenied = errors.New("source folders cannot be removed")
)
