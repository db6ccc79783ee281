package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sluicedata/sluice/internal/cli/text"
)

// showHelp prints what --help asks for.
func (g *globals) showHelp(cmd *cobra.Command, _ []string) {
	help := helpText(cmd)
	if !g.program.wantsJSON() {
		fmt.Fprint(g.out, help)
		return
	}
	// The only error is that of the stream, which has no other reader.
	_ = g.document(envelope{Command: nameOf(cmd), OK: true, Summary: cmd.Short, Result: map[string]string{"help": help}})
}

// helpText is what the command does, how it is called, examples, flags and its
// exit statuses.
func helpText(cmd *cobra.Command) string {
	var b strings.Builder
	what := cmd.Long
	if what == "" {
		what = cmd.Short
	}
	b.WriteString(what + "\n\nUSAGE\n")
	_, arguments, _ := strings.Cut(cmd.Use, " ")
	if cmd.HasAvailableSubCommands() {
		arguments = "COMMAND"
	}
	b.WriteString("  " + strings.Join(strings.Fields(cmd.CommandPath()+" "+arguments), " ") + " [flags]\n")
	section(&b, "EXAMPLES", indented(cmd.Example))
	helpCommands(&b, cmd)
	section(&b, "FLAGS", flagTable(cmd, false))
	section(&b, "GLOBAL FLAGS", flagTable(cmd, true))
	section(&b, "EXIT STATUS", indented(cmd.Annotations[noteExit]))
	if cmd.HasAvailableSubCommands() {
		section(&b, "MORE", fmt.Sprintf("  '%s COMMAND --help' tells more about a command.\n", cmd.CommandPath()))
	}
	return b.String()
}

func section(b *strings.Builder, title, body string) {
	if body != "" {
		b.WriteString("\n" + title + "\n" + body)
	}
}

func indented(lines string) string {
	if lines == "" {
		return ""
	}
	return "  " + strings.ReplaceAll(strings.Trim(lines, "\n"), "\n", "\n  ") + "\n"
}

func helpCommands(b *strings.Builder, cmd *cobra.Command) {
	groups := cmd.Groups()
	if len(groups) == 0 {
		groups = []*cobra.Group{{Title: "Commands"}}
	}
	for _, group := range groups {
		var pairs [][2]string
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() && c.GroupID == group.ID && c.Name() != "help" {
				pairs = append(pairs, [2]string{c.Name(), c.Short})
			}
		}
		if len(pairs) > 0 {
			section(b, strings.ToUpper(group.Title), text.Pairs("  ", pairs...))
		}
	}
}

// flagTable lists the global flags that the command takes, or its own.
func flagTable(cmd *cobra.Command, global bool) string {
	all := cmd.Root().PersistentFlags()
	set := cmd.Flags()
	if global {
		set = all
	}
	var pairs [][2]string
	set.VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Hidden || f.Name == "help":
		case global && !takes(cmd, f.Name) && cmd != cmd.Root():
		case !global && all.Lookup(f.Name) == f:
		default:
			pairs = append(pairs, flagLine(f))
		}
	})
	if len(pairs) == 0 {
		return ""
	}
	return text.Pairs("  ", pairs...)
}

func flagLine(f *pflag.Flag) [2]string {
	value, what := pflag.UnquoteUsage(f)
	name := "    --" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", --" + f.Name
	}
	if value != "" {
		name += " " + strings.ToUpper(value)
	}
	switch f.DefValue {
	case "", "0", "false", "[]":
	default:
		what += fmt.Sprintf(" (default %s)", f.DefValue)
	}
	return [2]string{name, what}
}

func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Tell about a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			at := cmd.Root()
			for _, name := range args {
				next, _, err := at.Find([]string{name})
				if err != nil || next == at {
					return unknownCommand(at, name)
				}
				at = next
			}
			return at.Help()
		},
	}
}
