package spec

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrInvalid is wrapped by every error that says that a configuration is wrong.
var ErrInvalid = errors.New("configuration is not valid")

// Position is a place in a configuration file. Line and Column count from 1;
// they are 0 where only the file is known, and File is empty for what did not
// come from a file.
type Position struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String is "file:line:column", or what is known of it.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one thing that is wrong.
type Problem struct {
	Position
	Path    string `json:"path,omitempty"` // resources.pipelines.prod.name
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to do next
}

// Error is the problem on one line: position: path: message; hint.
func (p Problem) Error() string {
	var b strings.Builder
	for _, part := range []string{p.Position.String(), p.Path} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// Problems is everything that is wrong, in the order of the file.
type Problems []Problem

// Error is one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.Is find [ErrInvalid].
func (p Problems) Unwrap() error { return ErrInvalid }

// Level says how much a finding matters.
type Level string

// The levels. A configuration with an error is not run.
const (
	LevelError   Level = "error"
	LevelWarning Level = "warning"
)

// Finding is one result of [Lint].
type Finding struct {
	Level Level `json:"level"`
	Problem
}

// String is the finding on one line.
func (f Finding) String() string { return string(f.Level) + ": " + f.Problem.Error() }

func byPosition(a, b Problem) int {
	return cmp.Or(
		cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.Message, b.Message),
	)
}

func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, byPosition)
	return p
}
