package prune

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink"
)

func now() time.Time { return time.Date(2024, 1, 20, 12, 0, 0, 0, time.UTC) }

func folder(t *testing.T, name string) synapselink.FolderName {
	t.Helper()
	f, err := synapselink.ParseFolderName(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// export has files by path; those of the value "" are empty.
func export(t *testing.T, files map[string]string) *source {
	t.Helper()
	store := mem.New(now)
	for path, text := range files {
		w, err := store.Write(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	p := &work.Pipeline{Source: store, Lake: store, Options: work.Options{Clock: now}}
	return &source{Survey: p.Survey(work.Request{}), env: &work.Environment{Name: "prod", Export: &synapselink.Export{Store: store, Root: "prod"}}}
}

// reads adds a table that reads the export up to a folder.
func (s *source) reads(t *testing.T, table, cursor string, skipped ...string) {
	t.Helper()
	r := reader{Target: &work.Target{Spec: spec.Table{Destination: spec.Destination{Catalog: "main", Schema: "crm", Table: table}}},
		pipeline: "nightly", cursor: folder(t, cursor), why: "it is behind"}
	for _, name := range skipped {
		r.skipped = append(r.skipped, folder(t, name))
	}
	s.readers = append(s.readers, r)
}

// TestPlan goes through every reason for which a folder stays.
func TestPlan(t *testing.T) {
	s := export(t, map[string]string{
		"prod/Changelog/changelog.info":                   "2024-01-19T00.00.00Z",
		"prod/model.json":                                 "{}",
		"prod/OptionsetMetadata/GlobalOptionset.csv":      "x",
		"prod/2024-01-10T00.00.00Z/model.json":            "{}",
		"prod/2024-01-10T00.00.00Z/account/2024.csv":      "1234",
		"prod/2024-01-11T00.00.00Z/account/2024.csv":      "the rest of a removal",
		"prod/2024-01-12T00.00.00Z/model.json":            "",
		"prod/2024-01-13T00.00.00Z/model.json":            "{}",
		"prod/2024-01-14T00.00.00Z/model.json":            "{}",
		"prod/2024-01-15T00.00.00Z/model.json":            "{}",
		"prod/2024-01-15T06.00.00Z/model.json":            "{}",
		"prod/2024-01-18T13.00.00Z/model.json":            "{}",
		"prod/2024-01-19T00.00.00Z/account/2024.csv":      "1",
		"production/2024-01-10T00.00.00Z/model.json":      "{}",
		"prod/2024-01-10T00.00.00Z_old/account/copy.csv":  "not a folder of the export",
		"prod/Microsoft.Athena.TrickleFeedService/it.csv": "1",
	})
	s.reads(t, "account", "2024-01-15T00.00.00Z")
	s.reads(t, "contact", "2024-01-16T00.00.00Z", "2024-01-13T00.00.00Z")
	got, err := s.plan(t.Context(), 48*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	folders := []Folder{
		{Folder: "2024-01-10T00.00.00Z", Files: 2, Bytes: 6},
		{Folder: "2024-01-11T00.00.00Z", Files: 1, Bytes: 21, Remainder: true},
		{Folder: "2024-01-14T00.00.00Z", Files: 1, Bytes: 2},
	}
	kept := []Kept{
		{Reason: "model.json has no content: the service may still be at work in it", Count: 1,
			Oldest: "2024-01-12T00.00.00Z", Newest: "2024-01-12T00.00.00Z"},
		{Table: "main.crm.contact", Pipeline: "nightly", Reason: "the table skipped it, and it may still get its model.json", Count: 1, Bytes: 2,
			Oldest: "2024-01-13T00.00.00Z", Newest: "2024-01-13T00.00.00Z"},
		{Table: "main.crm.account", Pipeline: "nightly", Reason: "it is the last that the table holds, and shows that none is missing behind it", Count: 1, Bytes: 2,
			Oldest: "2024-01-15T00.00.00Z", Newest: "2024-01-15T00.00.00Z"},
		{Table: "main.crm.account", Pipeline: "nightly", Reason: "it is behind", Count: 1, Bytes: 2,
			Oldest: "2024-01-15T06.00.00Z", Newest: "2024-01-15T06.00.00Z"},
	}
	if d := cmp.Diff(folders, got.Folders); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(kept, got.Kept); d != "" {
		t.Error(d)
	}
	if got.Count != 3 || got.Files != 4 || got.Bytes != 29 || got.Tables != 2 || got.Removed {
		t.Errorf("%+v", got)
	}
}

// TestNothingIsRemovedThatNobodyReads: an export without readers stays whole.
func TestNothingIsRemovedThatNobodyReads(t *testing.T) {
	s := export(t, map[string]string{
		"prod/Changelog/changelog.info":        "2024-01-19T00.00.00Z",
		"prod/2024-01-10T00.00.00Z/model.json": "{}",
		"prod/2024-01-11T00.00.00Z/model.json": "{}",
	})
	got, err := s.plan(t.Context(), LeastAge)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Folders) > 0 || len(got.Kept) != 1 || got.Kept[0].Count != 2 || !strings.HasPrefix(got.Kept[0].Reason, "no pipeline") {
		t.Errorf("%+v", got)
	}
}
