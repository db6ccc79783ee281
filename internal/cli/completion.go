package cli

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletionCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Long: `Prints a script that completes commands and flags in bash, zsh, fish or
powershell.`,
		Example: `source <(sluice completion bash)
sluice completion zsh > "${fpath[1]}/_sluice"
sluice completion fish > ~/.config/fish/completions/sluice.fish
sluice completion powershell | Out-String | Invoke-Expression`,
		Args:        exactly("SHELL"),
		ValidArgs:   shells,
		Annotations: notes("0  printed\n2  the shell is not known"),
	}
	cmd.RunE = g.action(func(_ context.Context, args []string) (*outcome, error) {
		return completion(cmd.Root(), args[0])
	})
	return cmd
}

func completion(root *cobra.Command, shell string) (*outcome, error) {
	var script bytes.Buffer
	var err error
	switch shell {
	case "bash":
		err = root.GenBashCompletionV2(&script, true)
	case "zsh":
		err = root.GenZshCompletion(&script)
	case "fish":
		err = root.GenFishCompletion(&script, true)
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(&script)
	default:
		return nil, usage(fmt.Sprintf("shell %q is not known: use one of %s", shell, strings.Join(shells, ", ")))
	}
	if err != nil {
		return nil, fmt.Errorf("write the completion script of %s: %w", shell, err)
	}
	return &outcome{
		summary: "completion script of " + shell,
		result:  map[string]string{"shell": shell, "script": script.String()},
		raw:     script.Bytes(),
	}, nil
}
