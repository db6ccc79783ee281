package cli

import (
	"cmp"
	"context"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
)

// Version is what is known of this program.
type Version struct {
	Version  string `json:"version"` // v1.2.3, a pseudo-version, or (devel)
	Commit   string `json:"commit"`  // empty where the build did not know it
	Time     string `json:"time"`    // of the commit
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:         "version",
		Short:       "Print the version of this program",
		Long:        `Prints version, commit, Go version and platform of this program.`,
		Example:     "sluice version\nsluice version --json",
		Args:        exactly(),
		Annotations: notes("0  always"),
		RunE: g.action(func(context.Context, []string) (*outcome, error) {
			return versionOutcome(buildVersion()), nil
		}),
	}
}

func buildVersion() Version {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) Version {
	v := Version{
		Version:  cmp.Or(info.Main.Version, "(devel)"),
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func versionOutcome(v Version) *outcome {
	commit := cmp.Or(v.Commit, "unknown")
	if v.Modified {
		commit += ", with local changes"
	}
	return &outcome{
		summary: strings.Join([]string{"sluice", v.Version, v.Platform}, " "),
		result:  v,
		raw: []byte("sluice " + v.Version + "\n" + text.Pairs("  ",
			[2]string{"commit", commit}, [2]string{"go", v.Go}, [2]string{"platform", v.Platform})),
	}
}
