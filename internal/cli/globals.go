package cli

import (
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/obs"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
)

// globals are the flags that several commands take, and what all share.
type globals struct {
	*program
	exit exitCode // of what was shown

	json       bool
	config     string
	memory     memorySize
	workers    int
	logLevel   string
	logFormat  string
	noProgress bool
}

func newGlobals(p *program) *globals {
	return &globals{program: p, memory: defaultMemory}
}

// Groups of global flags that a command takes; --json is taken by all.
var (
	takesConfig   = []string{"config"}
	takesLog      = []string{"log-level", "log-format"}
	takesWork     = []string{"memory", "workers"}
	takesProgress = []string{"no-progress"}
)

func (g *globals) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVarP(&g.config, "config", "f", spec.DefaultFile, "configuration `file`")
	f.BoolVar(&g.json, "json", false, "print one JSON document instead of text")
	f.Var(&g.memory, "memory", "`size` of the memory to use: 256MiB, 1GiB, 512MB")
	f.IntVar(&g.workers, "workers", 0, "`number` of processors to use (default all)")
	f.StringVar(&g.logLevel, "log-level", "warn", "least `level` of log lines: debug, info, warn, error")
	f.StringVar(&g.logFormat, "log-format", "text", "`form` of log lines: text, json")
	f.BoolVar(&g.noProgress, "no-progress", false, "show no progress on a terminal")
}

// Annotations of commands.
const (
	noteTakes = "sluice.takes" // global flags, by name
	noteExit  = "sluice.exit"  // the part EXIT STATUS of the help
)

// notes are what the help and the check of flags need to know of a command
// beside cobra's own fields.
func notes(exit string, takes ...[]string) map[string]string {
	return map[string]string{noteTakes: strings.Join(slices.Concat(takes...), " "), noteExit: exit}
}

// takes reports whether a global flag has a meaning for the command.
func takes(cmd *cobra.Command, flag string) bool {
	return flag == "json" || slices.Contains(strings.Fields(cmd.Annotations[noteTakes]), flag)
}

// check refuses global flags that the command would ignore, and values that no
// flag can have.
func (g *globals) check(cmd *cobra.Command) error {
	var lines []string
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && !takes(cmd, f.Name) {
			lines = append(lines, fmt.Sprintf("%s takes no --%s", nameOf(cmd), f.Name))
		}
	})
	if g.workers < 0 {
		lines = append(lines, fmt.Sprintf("--workers %d: use 1 or more", g.workers))
	}
	if _, err := obs.ParseLevel(g.logLevel); err != nil {
		lines = append(lines, "--log-level: "+err.Error())
	}
	if _, err := obs.ParseFormat(g.logFormat); err != nil {
		lines = append(lines, "--log-format: "+err.Error())
	}
	if len(lines) > 0 {
		return usage(append(lines, helpHint(cmd))...)
	}
	return nil
}

func (g *globals) logger() (*slog.Logger, error) {
	level, err := obs.ParseLevel(g.logLevel)
	if err != nil {
		return nil, err
	}
	format, err := obs.ParseFormat(g.logFormat)
	if err != nil {
		return nil, err
	}
	return obs.NewLogger(g.err, obs.Options{Level: level, Format: format}), nil
}

// options are those of the pipelines. From here on the memory is bounded.
func (g *globals) options() (work.Options, error) {
	log, err := g.logger()
	if err != nil {
		return work.Options{}, err
	}
	// The collector lets live data and garbage grow up to its limit, and not always
	// in time: what it does not know of has to fit beside that.
	debug.SetMemoryLimit(min(int64(g.memory)/10*9, int64(g.memory)-programBytes))
	if g.workers > 0 {
		runtime.GOMAXPROCS(g.workers)
	}
	return work.Options{Memory: int64(g.memory), Reserved: programBytes, Workers: g.workers, Clock: g.now, NewID: g.newID, Log: log, Software: g.software}, nil
}

// memorySize is the value of --memory.
type memorySize int64

const (
	defaultMemory memorySize = 1 << 30
	leastMemory   memorySize = 128 << 20
	// programBytes is what the process takes that the collector does not know of:
	// 38 MiB of the program's own text and tables were seen in memory.
	programBytes = 44 << 20
)

var _ pflag.Value = (*memorySize)(nil)

func (m *memorySize) String() string { return text.FormatSize(int64(*m)) }

// Type is what cobra calls the value in a help text.
func (*memorySize) Type() string { return "size" }

// Set reads a size.
func (m *memorySize) Set(s string) error {
	n, err := text.ParseSize(s)
	if err != nil {
		return err
	}
	if memorySize(n) < leastMemory {
		return fmt.Errorf("%s is too little to work in: use %s or more", s, text.FormatSize(int64(leastMemory)))
	}
	*m = memorySize(n)
	return nil
}
