package exporter_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

func TestResumeIsAsIfUninterrupted(t *testing.T) {
	for name, faults := range map[string][]exporter.Fault{"no faults": nil, "all faults": everyFault()} {
		t.Run(name, func(t *testing.T) {
			whole, wholeStore := begin(t, options(30, faults...))
			for n := range 5 {
				disturb(t, whole, wholeStore, n)
			}
			sim, store := begin(t, options(30, faults...))
			for n := range 5 {
				var err error
				if sim, err = exporter.Resume(t.Context(), store, exporter.Options{KeepHistory: true}); err != nil {
					t.Fatal(err)
				}
				disturb(t, sim, store, n)
			}
			if a, b := fingerprint(t, store), fingerprint(t, wholeStore); a != b {
				t.Errorf("resumed export differs: %s, uninterrupted %s", a, b)
			}
			for _, table := range sim.Tables() {
				if a, b := sim.Counts(table), whole.Counts(table); a != b {
					t.Errorf("%s: resumed %+v, uninterrupted %+v", table, a, b)
				}
				compareWithModel(t, sim, table)
			}
		})
	}
}

// disturb writes the nth step and, once each, lets time go by and rewrites a file.
func disturb(t *testing.T, sim *exporter.Simulator, store storage.Store, n int) {
	t.Helper()
	if n == 2 {
		if err := sim.Pause(time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	step(t, sim, store)
	if n == 3 {
		if _, err := sim.Rewrite(t.Context(), store, "contact"); err != nil {
			t.Fatal(err)
		}
	}
}

// failing refuses to write one path.
type failing struct {
	storage.Store
	path string
}

func (f failing) Write(ctx context.Context, path string) (storage.Writer, error) {
	if path == f.path {
		return nil, &storage.Error{Op: "write", Path: path, Err: storage.ErrNoSpace}
	}
	return f.Store.Write(ctx, path)
}

// TestResumeClosesAFolder: the process ends after the rows and the state were
// written, at every later file of the step.
func TestResumeClosesAFolder(t *testing.T) {
	whole, wholeStore := begin(t, only("contact", 20, exporter.RepeatedFolders))
	step(t, whole, wholeStore)
	open := whole.OpenFolder()
	last := step(t, whole, wholeStore)
	for _, path := range []string{open + "/model.json", last + "/model.json", "Changelog/changelog.info", "model.json"} {
		t.Run(path, func(t *testing.T) {
			sim, store := begin(t, only("contact", 20, exporter.RepeatedFolders))
			step(t, sim, store)
			_, err := sim.Step(t.Context(), failing{store, path}, somewhat)
			if !errors.Is(err, storage.ErrNoSpace) {
				t.Fatalf("step with a full store: %v", err)
			}
			if _, err := sim.Step(t.Context(), store, somewhat); !errors.Is(err, exporter.ErrOrder) {
				t.Fatalf("step after a failed one: %v", err)
			}
			sim, err = exporter.Resume(t.Context(), store, exporter.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if sim.OpenFolder() != whole.OpenFolder() {
				step(t, sim, store) // the state was not saved yet: the step is written again
			}
			if a, b := fingerprint(t, store), fingerprint(t, wholeStore); a != b {
				t.Errorf("export after the repair differs: %s, want %s", a, b)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	written, store := begin(t, only("lead", 2))
	bad := func(change func(*exporter.Options)) error {
		o := only("lead", 2)
		change(&o)
		_, err := exporter.New(o)
		return err
	}
	_, stepFirst := func() (string, error) {
		sim, err := exporter.New(only("lead", 2))
		if err != nil {
			return "", err
		}
		return sim.Step(t.Context(), newStore(), somewhat)
	}()
	_, unknown := written.Step(t.Context(), store, exporter.Changes{Tables: map[string]exporter.Mix{"leads": {}}})
	_, rate := written.Step(t.Context(), store, exporter.Changes{Mix: exporter.Mix{Rate: 1.5}})
	_, nothing := exporter.Resume(t.Context(), newStore(), exporter.Options{})
	_, seed := exporter.Resume(t.Context(), store, exporter.Options{Seed: 99})
	another, err := exporter.New(only("lead", 2))
	if err != nil {
		t.Fatal(err)
	}
	_, history := another.History("account")
	_, fault := exporter.ParseFaults("late-manifest, crlf")
	for _, tc := range []struct {
		name      string
		err, want error
		text      string
	}{
		{"unknown table", bad(func(o *exporter.Options) { o.Tables[0].Name = "leeds" }), exporter.ErrOptions, `"leeds" is not known; known are account`},
		{"no tables", bad(func(o *exporter.Options) { o.Tables = nil }), exporter.ErrOptions, "no tables"},
		{"negative rows", bad(func(o *exporter.Options) { o.Tables[0].Rows = -1 }), exporter.ErrOptions, "-1 rows"},
		{"half a second", bad(func(o *exporter.Options) { o.Interval = time.Second / 2 }), exporter.ErrOptions, "whole seconds"},
		{"negative empty tables", bad(func(o *exporter.Options) { o.EmptyTables = -1 }), exporter.ErrOptions, "-1 empty tables"},
		{"cell too large", bad(func(o *exporter.Options) { o.LargeCell = 2 << 30 }), exporter.ErrOptions, "2147483648 characters"},
		{"pause before initial", another.Pause(time.Hour), exporter.ErrOrder, "after the initial copy"},
		{"unknown fault", fault, exporter.ErrOptions, `"crlf" is not known`},
		{"step before initial", stepFirst, exporter.ErrOrder, "initial copy comes first"},
		{"initial twice", written.Initial(t.Context(), newStore()), exporter.ErrOrder, "has been written"},
		{"initial over an export", another.Initial(t.Context(), store), exporter.ErrExists, ".sluice-simulator.json"},
		{"unknown table in changes", unknown, exporter.ErrOptions, `"leads"`},
		{"rate above one", rate, exporter.ErrOptions, "rate"},
		{"resume nothing", nothing, exporter.ErrNoExport, "begin with the initial copy"},
		{"resume with another seed", seed, exporter.ErrOptions, "another seed"},
		{"history of another table", history, exporter.ErrOptions, "account"},
	} {
		if !errors.Is(tc.err, tc.want) || !strings.Contains(tc.err.Error(), tc.text) {
			t.Errorf("%s: %v, want %v and %q", tc.name, tc.err, tc.want, tc.text)
		}
	}
	if err := another.Initial(cancelled(), newStore()); err == nil {
		t.Error("initial copy with an ended context: no error")
	}
}

func TestIdleWritesNothing(t *testing.T) {
	sim, store := begin(t, only("lead", 3))
	before := fingerprint(t, store)
	folder, err := sim.Step(t.Context(), store, exporter.Changes{})
	if err != nil || folder != "" || fingerprint(t, store) != before {
		t.Errorf("idle step: folder %q, error %v", folder, err)
	}
}

func TestEverythingCanBeDeleted(t *testing.T) {
	sim, store := begin(t, only("lead", 10))
	if _, err := sim.Step(t.Context(), store, exporter.Changes{Mix: exporter.Mix{Deletes: 15}}); err != nil {
		t.Fatal(err)
	}
	if c := sim.Counts("lead"); c.Live != 0 || c.Deletes != 10 {
		t.Errorf("15 deletes of 10 rows: %+v", c)
	}
	if _, err := sim.Step(t.Context(), store, exporter.Changes{Mix: exporter.Mix{Inserts: 2, Rate: 0.5}}); err != nil {
		t.Fatal(err)
	}
	if c := sim.Counts("lead"); c.Live < 2 {
		t.Errorf("after two inserts: %+v", c)
	}
}
