package control_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/pipeline/upkeep"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
)

// TestNotesAreDropped: commands that change tables let the next run look at all.
func TestNotesAreDropped(t *testing.T) {
	for name, c := range map[string]struct {
		do    func(ctx context.Context, s *control.Service) error
		drops bool
	}{
		"maintain": {func(ctx context.Context, s *control.Service) error {
			_, err := s.Maintain(ctx, nil, upkeep.Request{Compact: true})
			return err
		}, true},
		"maintain, dry run": {func(ctx context.Context, s *control.Service) error {
			_, err := s.Maintain(ctx, nil, upkeep.Request{Compact: true, DryRun: true})
			return err
		}, false},
		"reconcile --apply": {func(ctx context.Context, s *control.Service) error {
			_, _ = s.Reconcile(ctx, "", reconcile.Request{Table: "account", Apply: true}) // there is no such table
			return nil
		}, true},
		"reconcile": {func(ctx context.Context, s *control.Service) error {
			_, _ = s.Reconcile(ctx, "", reconcile.Request{Table: "account"})
			return nil
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			state := t.TempDir()
			note := filepath.Join(state, "cache", "prod.json")
			if err := os.MkdirAll(filepath.Dir(note), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(note, []byte("{}"), 0o600); err != nil {
				t.Fatal(err)
			}
			config := &spec.Resolved{Lake: spec.Location{Path: t.TempDir()}}
			config.State.Path = state
			service := control.New(config, work.Options{Clock: time.Now})
			defer service.Close()
			if err := c.do(t.Context(), service); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(note); os.IsNotExist(err) != c.drops {
				t.Errorf("note: %v, dropped is to be %v", err, c.drops)
			}
		})
	}
}
