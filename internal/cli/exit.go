package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"

	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// exitCode is the exit status of the process.
type exitCode int

// The exit codes.
const (
	exitDone        exitCode = 0
	exitFailed      exitCode = 1
	exitUsage       exitCode = 2
	exitEnvironment exitCode = 3
	exitPartly      exitCode = 4
	exitInterrupted exitCode = 130
)

// usageError says that a command was called wrongly. Each line is a problem or
// a hint of its own.
type usageError struct{ lines []string }

func usage(lines ...string) error { return &usageError{lines} }

func (e *usageError) Error() string { return strings.Join(e.lines, "\n") }

// Problem is an error for programs.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Codes of problems that the pipelines know nothing of.
const (
	codeUsage         = "USAGE"
	codeConfiguration = "CONFIGURATION"
	codeEnvironment   = "STORAGE"
	codeInterrupted   = "INTERRUPTED"
	codeTables        = "TABLES_FAILED"
	codeNotFound      = "KEY_NOT_FOUND"
	codeQuarantined   = "QUARANTINED"
)

// classify gives an error its code and exit status.
func classify(ctx context.Context, err error) (Problem, exitCode) {
	p := Problem{Message: err.Error()}
	if ctx.Err() != nil {
		p.Code = codeInterrupted
		return p, exitInterrupted
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		p.Code = codeUsage
		return p, exitUsage
	}
	for _, class := range []struct {
		errs []error
		code string
		exit exitCode
	}{
		{[]error{spec.ErrInvalid}, codeConfiguration, exitUsage},
		{[]error{control.ErrEnvironment}, codeEnvironment, exitEnvironment},
		{[]error{control.ErrNoPipeline, inspect.ErrBadKey, quarantine.ErrBadPlace, report.ErrBadFolder, exporter.ErrOptions, exporter.ErrExists, exporter.ErrNoExport},
			codeUsage, exitUsage},
	} {
		if slices.ContainsFunc(class.errs, func(e error) bool { return errors.Is(err, e) }) {
			p.Code = class.code
			return p, class.exit
		}
	}
	f := report.NewFailure(err)
	exit := exitOf(f)
	p = Problem{f.Code, f.Message}
	if exit == exitEnvironment && p.Code == "ERROR" {
		p.Code = codeEnvironment
	}
	return p, exit
}

// exitOf is the exit status that a failure deserves when it is all there is to
// tell.
func exitOf(f *report.Failure) exitCode {
	switch f.Code {
	case "INTERRUPTED":
		return exitInterrupted
	case "NO_SUCH_TABLE", "AMBIGUOUS_TABLE", "ENVIRONMENT", "CONFIGURATION", "RETENTION_TOO_SHORT", "RETENTION_TOO_LONG":
		return exitUsage
	case "ACCESS_DENIED", "NO_SPACE", "NOT_FOUND", "TIMEOUT", "UNAVAILABLE", "NO_EXPORT", "NO_CHANGELOG":
		return exitEnvironment
	}
	// What the operating system refuses is for no other class to explain.
	if _, ok := errors.AsType[syscall.Errno](error(f)); ok {
		return exitEnvironment
	}
	return exitFailed
}

// exitOfAll is the exit status of a number of parts, of which some are done and
// some failed with these.
func exitOfAll(done int, failures []*report.Failure) exitCode {
	switch {
	case len(failures) == 0:
		return exitDone
	case done > 0:
		return exitPartly
	}
	first := exitOf(failures[0])
	for _, f := range failures[1:] {
		if exitOf(f) != first {
			return exitFailed
		}
	}
	return first
}
