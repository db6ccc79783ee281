package cli

import (
	"log/slog"
	"os"

	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/obs"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/spec"
)

// service opens the configuration.
func (g *globals) service(listener report.Listener) (*control.Service, []string, error) {
	opts, err := g.options()
	if err != nil {
		return nil, nil, err
	}
	opts.Listener = report.Listen(listener, logged(opts.Log))
	config, err := spec.Load(g.config, os.LookupEnv)
	if err != nil {
		return nil, nil, err
	}
	resolved, err := config.Resolve()
	if err != nil {
		return nil, nil, err
	}
	var warnings []string
	for _, f := range spec.Lint(config) {
		warnings = append(warnings, f.Error())
	}
	return control.New(resolved, opts), warnings, nil
}

// withConfig is for a command that brings its own configuration.
func (g *globals) withConfig(file string) *globals {
	own := *g
	own.config = file
	return &own
}

// logged writes the events that people are not told otherwise to the log.
func logged(log *slog.Logger) report.Listener {
	return report.Listener{Event: func(e report.Event) {
		if e.Level == report.Info {
			log.Info(e.Text, "code", e.Code, obs.KeyTable, e.Table, obs.KeyFolder, e.Folder)
		}
	}}
}
