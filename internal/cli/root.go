package cli

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newRootCommand(g *globals) *cobra.Command {
	root := &cobra.Command{
		Use:   "sluice",
		Short: "Delta Lake tables from Azure Synapse Link exports of Dataverse",
		Long: `Sluice keeps Delta Lake tables in step with the CSV exports that Azure Synapse
Link for Dataverse (Dynamics 365) writes. To see it work, without any
configuration:

  sluice demo

With an export of your own: sluice init, edit sluice.yaml, sluice run.`,
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true, // they are made in unknownCommand
		CompletionOptions:  cobra.CompletionOptions{DisableDefaultCmd: true},
		Annotations: notes(`0    done
1    failed
2    the command or the configuration is wrong
3    storage cannot be used, or its credentials are wrong
4    partly done: some tables failed, or rows were quarantined
130  interrupted`),
	}
	g.addFlags(root.PersistentFlags())
	root.SetHelpFunc(g.showHelp)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelpCommand())
	for _, group := range []struct {
		title    string
		commands []*cobra.Command
	}{
		{"Begin", []*cobra.Command{newDemoCommand(g), newInitCommand(g), newCheckCommand(g), newDiscoverCommand(g), newLintCommand(g)}},
		{"Work", []*cobra.Command{newPlanCommand(g), newRunCommand(g), newReconcileCommand(g), newQuarantineCommand(g), newMaintainCommand(g), newPruneCommand(g)}},
		{"Look", []*cobra.Command{newStatusCommand(g), newHistoryCommand(g), newEventsCommand(g), newExplainCommand(g)}},
		{"Other", []*cobra.Command{newDoctorCommand(g), newConfigCommand(g), newSimulateCommand(g), newCompletionCommand(g), newVersionCommand(g)}},
	} {
		root.AddGroup(&cobra.Group{ID: group.title, Title: group.title})
		for _, c := range group.commands {
			c.GroupID = group.title
			root.AddCommand(c)
		}
	}
	return root
}

// parent makes a command that does nothing but hold others.
func (g *globals) parent(cmd *cobra.Command, children ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(children...)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return cmd.Help()
	}
	return cmd
}

func unknownCommand(parent *cobra.Command, name string) error {
	parent.SuggestionsMinimumDistance = 2
	line := fmt.Sprintf("unknown command %q", name)
	parent.DisableSuggestions = false
	if near := parent.SuggestionsFor(name); len(near) > 0 {
		line += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usage(line, helpHint(parent))
}

var cobraUnknown = regexp.MustCompile(`^unknown command "(.*)" for "`)

// asUsage makes a problem of usage of what cobra says of a command line.
func asUsage(root *cobra.Command, err error) error {
	if m := cobraUnknown.FindStringSubmatch(err.Error()); m != nil {
		return unknownCommand(root, m[1])
	}
	return err
}

// flagError says what is wrong with a flag, and which one may be meant.
func flagError(cmd *cobra.Command, err error) error {
	line := err.Error()
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			line = fmt.Sprintf("%s has no flag -%s", nameOf(cmd), name)
		} else {
			line = fmt.Sprintf("%s has no flag --%s", nameOf(cmd), name)
			if near := nearestFlag(cmd, name); near != "" {
				line += "; did you mean --" + near + "?"
			}
		}
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		line = fmt.Sprintf("--%s: %s", invalid.GetFlag().Name, valueProblem(invalid))
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		line = fmt.Sprintf("--%s needs a value", missing.GetFlag().Name)
	}
	return usage(line, helpHint(cmd))
}

// kinds of values, as people call them.
var kinds = map[string]string{
	"int": "a whole number", "int64": "a whole number", "uint64": "a whole number of 0 or more",
	"float64": "a number", "bool": "true or false", "duration": "a time span such as 30s, 5m or 1h30m",
}

// valueProblem takes the names of Go's functions out of an error text.
func valueProblem(e *pflag.InvalidValueError) string {
	cause := e.Unwrap().Error()
	if strings.HasPrefix(cause, "strconv.") || strings.HasPrefix(cause, "time:") {
		return fmt.Sprintf("%q is not %s", e.GetValue(), cmp.Or(kinds[e.GetFlag().Value.Type()], "understood"))
	}
	return cause
}

// nearestFlag is the flag of the command that is meant by a misspelt one.
func nearestFlag(cmd *cobra.Command, name string) string {
	best, distance := "", 3
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || cmd.InheritedFlags().Lookup(f.Name) != nil && !takes(cmd, f.Name) {
			return
		}
		d := editDistance(name, f.Name)
		if strings.HasPrefix(f.Name, name) {
			d = 1
		}
		if d < distance {
			best, distance = f.Name, d
		}
	})
	return best
}

// editDistance counts the letters to insert, delete or replace.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

func helpHint(cmd *cobra.Command) string {
	return fmt.Sprintf("see '%s --help'", cmd.CommandPath())
}

// exactly is a command's check of its arguments, which have names.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > len(names):
			return usage(fmt.Sprintf("%s: %q is one argument too many", nameOf(cmd), args[len(names)]), helpHint(cmd))
		case len(args) < len(names):
			verb := "is"
			if len(names)-len(args) > 1 {
				verb = "are"
			}
			return usage(fmt.Sprintf("%s: %s %s missing", nameOf(cmd), strings.Join(names[len(args):], " and "), verb), helpHint(cmd))
		}
		return nil
	}
}
