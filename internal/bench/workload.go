package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// fullRows is the size that the figures to reach are about.
const fullRows = 5_000_000

// workload is a part of the bench that needs no other part.
type workload struct {
	name string
	run  func(*bench, context.Context) error
}

// Workloads on tables so large that a disk may have no room for them.
const (
	slopeWorkload = "slope"
	keysWorkload  = "keys"
)

// workloads in the order of the report.
func workloads() []workload {
	return []workload{
		{"tall", (*bench).tall},
		{slopeWorkload, (*bench).slopeOfChanges},
		{keysWorkload, (*bench).longTable},
		{"many", (*bench).manyFolders},
		{"small", (*bench).smallTables},
		{"wide", (*bench).wideTable},
		{"memory", (*bench).memoryLimits},
		{"planning", (*bench).planning},
		{"azurite", (*bench).overAzurite},
	}
}

func workloadNames() []string {
	var out []string
	for _, w := range workloads() {
		out = append(out, w.name)
	}
	return out
}

// bench is one run of the command.
type bench struct {
	options
	book     *book
	workload string // whose turn it is
	sluice   string // the program
}

// path is a place in the folder of the workload.
func (b *bench) path(parts ...string) string {
	return filepath.Join(append([]string{b.dir, "work"}, parts...)...)
}

// prepare makes paths absolute, builds Sluice and notes all versions.
func (b *bench) prepare(ctx context.Context) error {
	for _, p := range []*string{&b.dir, &b.home} {
		absolute, err := filepath.Abs(*p)
		if err != nil {
			return err
		}
		*p = absolute
	}
	if err := os.MkdirAll(b.dir, 0o750); err != nil {
		return err
	}
	b.sluice = filepath.Join(b.dir, "sluice")
	build := exec.CommandContext(ctx, "go", "build", "-o", b.sluice, "./cmd/sluice") //nolint:gosec // own path
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building sluice: %w\n%s", err, out)
	}
	b.book.Machine = b.machine(ctx)
	return b.book.save()
}
