package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sluicedata/sluice/internal/cli/text"
)

// program is one execution, with what tests replace.
type program struct {
	args     []string
	out, err io.Writer
	now      func() time.Time
	newID    func() string // of updates; nil for random ones
	// software names this program in commits.
	software string
	// executable is the path of this program, name how it was called.
	executable, name string
	// working is called when a command begins its work.
	working func(ctx context.Context)
}

// Main runs the command that args (without the program's name) ask for and
// gives the exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	executable, err := os.Executable()
	if err != nil {
		executable = ""
	}
	p := program{args: args, out: stdout, err: stderr, now: time.Now, executable: executable, name: os.Args[0],
		software: "sluice/" + buildVersion().Version,
		working:  func(context.Context) {}}
	return int(p.run())
}

func (p *program) run() exitCode {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the second has its ordinary effect.
	told := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		defer close(told)
		stop()
		fmt.Fprintln(p.err, "sluice: interrupted, ending in an orderly way; once more ends at once")
	})
	defer func() {
		if !forget() {
			<-told
		}
	}()

	g := newGlobals(p)
	root := newRootCommand(g)
	root.SetArgs(p.args)
	root.SetOut(p.out)
	root.SetErr(p.err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return g.exit
	}
	return g.fail(ctx, cmd, asUsage(root, err))
}

// wantsJSON looks at the arguments themselves: the answer to those that cannot
// be understood has the form that was asked for, too.
func (p *program) wantsJSON() bool {
	args := p.args
	if at := slices.Index(args, "--"); at >= 0 {
		args = args[:at]
	}
	return slices.ContainsFunc(args, func(a string) bool {
		value, given := strings.CutPrefix(a, "--json=")
		return a == "--json" || given && value != "false" && value != "0"
	})
}

// style is with colours on a terminal, unless the user wants none.
func style(w io.Writer) text.Style {
	return text.Style{Color: isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}
