package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// machine names what the figures are measured on, and with which versions.
func (b *bench) machine(ctx context.Context) []string {
	out := []string{
		fmt.Sprintf("%s, %d processors, %s of memory; %s/%s", fact("/proc/cpuinfo", "model name"), runtime.NumCPU(),
			fact("/proc/meminfo", "MemTotal"), runtime.GOOS, runtime.GOARCH),
		"Sluice " + said(ctx, "git", "describe", "--always", "--dirty") + ", " + runtime.Version(),
	}
	for _, venv := range []string{"venv", "dlt"} {
		var names []string
		for _, t := range tools() {
			if t.venv == venv {
				names = append(names, packages()[t.flag]...)
			}
		}
		python := filepath.Join(b.home, venv, "bin", "python")
		out = append(out, said(ctx, python, "-c", versionScript, strings.Join(names, " ")))
	}
	jars, _ := filepath.Glob(filepath.Join(b.home, "jars", "*.jar"))
	for i, jar := range jars {
		jars[i] = strings.TrimSuffix(filepath.Base(jar), ".jar")
	}
	return append(out, strings.Join(jars, ", ")+"; "+firstLine(said(ctx, "java", "-version")))
}

// packages are those that make a peer's version.
func packages() map[string][]string {
	return map[string][]string{
		"duckdb": {"duckdb"}, "deltars": {"deltalake"}, "dlt": {"dlt", "deltalake", "duckdb"}, "spark": {"pyspark"},
	}
}

const versionScript = `import sys, platform, importlib.metadata as m
print("Python " + platform.python_version() + ": " + ", ".join(f"{p} {m.version(p)}" for p in sys.argv[1].split()))`

// said is what a command prints, to both streams, or that it cannot be run.
func said(ctx context.Context, name string, args ...string) string {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput() //nolint:gosec // the bench's own commands
	if err != nil {
		return filepath.Base(name) + ": version unknown"
	}
	return strings.TrimSpace(string(out))
}

// fact is the value of the first line "name : value" of a file of the kernel's.
func fact(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return name + " unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return name + " unknown"
}
