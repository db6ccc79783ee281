package synapselink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/trace"
)

func TestOpen(t *testing.T) {
	for name, tt := range map[string]struct {
		files []string // path and content
		want  error
		text  string
	}{
		"incremental folders": {[]string{"model.json", "{}", "Changelog/changelog.info", "x"}, nil, ""},
		"nothing":             {nil, ErrNoExport, "no Synapse Link export there"},
		"something else":      {[]string{"readme.txt", "x", "folder/file.csv", "x"}, ErrNoExport, "no Synapse Link export there"},
		"csv at the root":     {[]string{"model.json", "{}", "account/2024.csv", "x"}, ErrOtherMode, "CSV without incremental update folders"},
		"delta conversion": {
			[]string{"deltalake/account_partitioned/_delta_log/0.json", "x", "model.json", "{}", "account/x.csv", "x"},
			ErrOtherMode, "Delta/Parquet conversion",
		},
		"changelog lost": {[]string{"model.json", "{}", "2024-01-01T10.00.00Z/model.json", "{}"}, ErrChangelog, "is missing, though incremental folders exist"},
	} {
		err := newExport(t, tt.files...).Open(t.Context())
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
		if tt.want == nil {
			continue
		}
		var typed *Error
		if !errors.As(err, &typed) || typed.Hint == "" || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %q, want a hint and %q", name, err, tt.text)
		}
	}
}

func TestOpenInFolder(t *testing.T) {
	e := newExport(t, "prod/model.json", "{}", "prod/Changelog/changelog.info", "x")
	e.Root = "prod"
	if err := e.Open(t.Context()); err != nil {
		t.Error(err)
	}
	e.Root = "test"
	if err := e.Open(t.Context()); !errors.Is(err, ErrNoExport) || !strings.Contains(err.Error(), "test") {
		t.Errorf("%v, want %v of test", err, ErrNoExport)
	}
}

func TestFolderTables(t *testing.T) {
	const f = "2024-01-01T10.00.00Z/"
	e := newExport(
		t, f+"model.json", "{}", f+"account/2024.csv", "abc", f+"account/2024_001.csv", "ab", f+"account/1.csv", "a", f+"account/10.csv", "a",
		f+"account/.hidden.csv", "x", f+"account/readme.txt", "x", f+"account/deep/2024.csv", "x", f+"stray.csv", "x",
		f+" contact/2024.CSV", "abcd", f+"OptionsetMetadata/OptionsetMetadata.csv", "x", f+".tmp/2024.csv", "x",
		f+"Microsoft.Athena.TrickleFeedService/account-model.json", "{}", f+" OptionsetMetadata/StateMetadata.csv", "x",
		"2024-01-01T10.00.00Z.csv", "x", "2024-01-01T10.05.00Z/account/2024.csv", "x",
	)
	got, err := e.FolderTables(t.Context(), name(t, "2024-01-01T10.00.00Z"))
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, table := range []string{"account", "contact"} {
		for _, file := range got.Tables[table] {
			entry, err := e.Store.Stat(t.Context(), file.Path)
			if err != nil || entry.ETag != file.ETag {
				t.Errorf("%s: etag %q, the store has %q, %v", file.Path, file.ETag, entry.ETag, err)
			}
			text = append(text, fmt.Sprintf("%s %d %s %s %d", file.Table, file.Rank, file.Name, strings.TrimPrefix(file.Path, f), file.Size))
		}
	}
	want := []string{
		"account 0 1.csv account/1.csv 1",
		"account 1 10.csv account/10.csv 1",
		"account 2 2024.csv account/2024.csv 3",
		"account 3 2024_001.csv account/2024_001.csv 2",
		"contact 0 2024.CSV  contact/2024.CSV 4",
	}
	if d := cmp.Diff(want, text); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	if len(got.Tables) != 2 {
		t.Errorf("%d tables, want 2", len(got.Tables))
	}
	if d := cmp.Diff([]string{f + "account/deep/2024.csv", f + "account/readme.txt", f + "stray.csv"}, got.Unknown); d != "" {
		t.Errorf("unknown (-want +got):\n%s", d)
	}
}

func TestFolderTablesMergesSpaces(t *testing.T) {
	e := newExport(t, "2024-01-01T10.00.00Z/ account/2024.csv", "x", "2024-01-01T10.00.00Z/account/2024.csv", "y", "2024-01-01T10.00.00Z/account/1.csv", "z")
	got, err := e.FolderTables(t.Context(), name(t, "2024-01-01T10.00.00Z"))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range got.Tables["account"] {
		paths = append(paths, strings.TrimPrefix(f.Path, "2024-01-01T10.00.00Z/"))
	}
	if d := cmp.Diff([]string{"account/1.csv", " account/2024.csv", "account/2024.csv"}, paths); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestTableSchema(t *testing.T) {
	const f = "2024-01-01T10.00.00Z/"
	const single = `{"name":"zebra","attributes":[{"name":"Id","dataType":"guid"},{"name":"versionnumber","dataType":"int64"}]}`
	listed := `{"entities":[` + single + `]}`
	twice := `{"entities":[{"name":"zebra","attributes":[{"name":"Id"},{"name":"a"},{"name":"A"}]}]}`
	for name, tt := range map[string]struct {
		model, own string
		want       error
		text       string
	}{
		"model.json":                         {listed, "", nil, ""},
		"beside a truncated model.json":      {truncatedManifest, single, nil, ""},
		"beside one without entities":        {`{"entities":[]}`, listed, nil, ""},
		"beside an empty one":                {"", single, nil, ""},
		"nowhere, truncated":                 {truncatedManifest, "", ErrNoSchema, "breaks off before it"},
		"nowhere, not listed":                {smallManifest, "", ErrNoSchema, "does not list it; Microsoft.Athena.TrickleFeedService/zebra-model.json does not exist"},
		"nowhere, no model.json":             {"-", "", ErrNoSchema, "missing, empty or not readable"},
		"nowhere, the other file is useless": {smallManifest, "{", ErrNoSchema, "does not describe it"},
		"nowhere, the other file is another": {smallManifest, smallManifest, ErrNoSchema, "does not describe it"},
		"duplicate names":                    {twice, "", ErrAttributes, `number 3 "A" has the name of number 2 "a"`},
	} {
		e := newExport(t, "model.json", listed)
		if tt.model != "-" {
			put(t, e.Store, f+"model.json", tt.model)
		}
		if tt.own != "" {
			put(t, e.Store, f+"Microsoft.Athena.TrickleFeedService/zebra-model.json", tt.own)
		}
		got, err := e.TableSchema(t.Context(), mustName(t, f), "zebra")
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
			continue
		}
		if tt.want == nil {
			if got.Name != "zebra" || len(got.Attributes) != 2 {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		var typed *TableError
		if !errors.As(err, &typed) || typed.Table != "zebra" || !strings.Contains(err.Error(), tt.text) || !strings.Contains(err.Error(), "--full-refresh") {
			t.Errorf("%s: %q, want %q and what to do", name, err, tt.text)
		}
	}
}

func mustName(t *testing.T, folder string) FolderName {
	return name(t, strings.TrimSuffix(folder, "/"))
}

func TestManifestMissing(t *testing.T) {
	_, err := newExport(t).Manifest(t.Context(), name(t, "2024-01-01T10.00.00Z"))
	if !errors.Is(err, ErrManifest) || !errors.Is(err, storage.ErrNotExist) || !strings.Contains(err.Error(), "not finalised") {
		t.Errorf("%v", err)
	}
}

// countingStore counts the reads of model.json files and can break them.
type countingStore struct {
	storage.Store
	reads  atomic.Int64
	broken atomic.Bool
}

var errCable = errors.New("cable cut")

func (s *countingStore) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	s.reads.Add(1)
	if s.broken.Load() {
		return nil, &storage.Error{Op: "read", Path: path, Err: errCable}
	}
	return s.Store.ReadRange(ctx, path, r)
}

func TestManifestIsReadOnce(t *testing.T) {
	e := newExport(t)
	for i := range cachedManifests + 2 {
		put(t, e.Store, fmt.Sprintf("2024-01-01T10.%02d.00Z/model.json", i), smallManifest)
	}
	counting := &countingStore{Store: e.Store}
	e.Store = counting
	folder := name(t, "2024-01-01T10.00.00Z")
	counting.broken.Store(true)
	if _, err := e.TableSchema(t.Context(), folder, "custinvoicejour"); !errors.Is(err, errCable) {
		t.Fatalf("%v, want %v", err, errCable)
	}
	counting.broken.Store(false)
	counting.reads.Store(0)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if _, err := e.TableSchema(t.Context(), folder, "custinvoicejour"); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := counting.reads.Load(); n != 1 {
		t.Errorf("%d reads for 20 tables, want 1: a failed one is not kept, a good one is", n)
	}
	for i := range cachedManifests + 2 {
		if _, err := e.Manifest(t.Context(), name(t, fmt.Sprintf("2024-01-01T10.%02d.00Z", i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(e.manifests.entries); n != cachedManifests {
		t.Errorf("%d manifests are kept, want %d", n, cachedManifests)
	}
}

func TestFindEnvironments(t *testing.T) {
	env := func(folder string) []string {
		return []string{folder + "model.json", "{}", folder + "Changelog/changelog.info", "x"}
	}
	for name, tt := range map[string]struct {
		files  [][]string
		want   []string
		broken []string
	}{
		"none":    {nil, nil, nil},
		"root":    {[][]string{env(""), {"2024-01-01T10.00.00Z/model.json", "{}", "2025-01-01T10.00.00Z/model.json", "{}"}}, []string{""}, nil},
		"folders": {[][]string{env("prod/"), env("test/"), {"other/model.json", "{}", "third/Changelog/changelog.info", "x"}}, []string{"prod", "test"}, []string{"other"}},
		"folders without a changelog.info": {
			[][]string{env("prod/"), {"uat/2024-01-01T10.00.00Z/model.json", "{}", "x/y/model.json", "{}", "dev/Changelog/changelog.info", "x", "dev/2024-01-01T10.00.00Z/a.csv", ""}},
			[]string{"prod"}, []string{"dev", "uat"},
		},
		"root without a changelog.info": {[][]string{env("prod/"), {"2024-01-01T10.00.00Z/model.json", "{}"}}, []string{"prod"}, []string{""}},
		"both": {
			[][]string{env(""), env("2024prod/"), env("zulu/"), {"2024-01-01T10.00.00Z/model.json", "{}", "2024-02-01T10.00.00Z/model.json", "{}"}},
			[]string{"", "2024prod", "zulu"}, nil,
		},
	} {
		var files []string
		for _, f := range tt.files {
			files = append(files, f...)
		}
		got, err := FindEnvironments(t.Context(), newStore(t, files...))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(Environments{tt.want, tt.broken}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// A folder between two years with many incremental folders is found without
// listing these.
func TestFindEnvironmentsAmongManyFolders(t *testing.T) {
	files := []string{"2024prod/model.json", "{}", "2024prod/Changelog/changelog.info", "x", " 2024-01-01T00.00.00Z/model.json", "{}"}
	for year := 2024; year < 2026; year++ {
		for i := range yearPatience + 100 {
			at := time.Date(year, 1, 1, 0, 5*i, 0, 0, time.UTC)
			files = append(files, at.Format("2006-01-02T15.04.05Z")+"/model.json", "{}")
		}
	}
	store := trace.New(newStore(t, files...), nil)
	got, err := FindEnvironments(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Environments{Whole: []string{"2024prod"}, Broken: []string{""}}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	want := fmt.Sprintf("list \"\" level %d\nlist \"\" after=2024-~ level %d\nlist \"\" after=2025-~ level 0\n", yearPatience+2, yearPatience+2)
	if got, _, _ := strings.Cut(store.Take(), "stat"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestResolveEnvironment(t *testing.T) {
	explicit := map[string]string{"https://prod.crm.dynamics.com": "elsewhere/"}
	for _, tt := range []struct {
		found    []string
		schema   string
		explicit map[string]string
		want     string
		text     string // of the error
	}{
		{[]string{""}, "https://any.crm.dynamics.com", nil, "", ""},
		{[]string{"only"}, "", nil, "only", ""},
		{[]string{"dataverse-prod", "dataverse-test"}, "https://prod.crm.dynamics.com/", nil, "dataverse-prod", ""},
		{[]string{"dataverse-Prod", "dataverse-test"}, "PROD", nil, "dataverse-Prod", ""},
		{[]string{"", "x-orgf89b314a"}, "orgf89b314a", nil, "x-orgf89b314a", ""},
		{[]string{"a", "0d3f7a3e-1111-2222-3333-444455556666"}, "0D3F7A3E-1111-2222-3333-444455556666", nil, "0d3f7a3e-1111-2222-3333-444455556666", ""},
		{[]string{"only"}, "https://prod.crm.dynamics.com", explicit, "elsewhere", ""},
		{[]string{"only"}, "HTTPS://PROD.crm.dynamics.com/", explicit, "elsewhere", ""},
		{nil, "https://prod.crm.dynamics.com", nil, "", "no folder of the container holds"},
		{[]string{"a", "b", ""}, "https://prod.crm.dynamics.com", nil, "", `"prod" is no whole part of a folder's name; there are a/, b/, the root`},
		{[]string{"prod", "prod2", "x"}, "https://prod.crm.dynamics.com", nil, "prod", ""},
		{[]string{"prod-a", "b-prod", "x"}, "https://prod.crm.dynamics.com", nil, "", "several folders' names: prod-a/, b-prod/"},
		{[]string{"dataverse-preprod-unq1"}, "https://prod.crm.dynamics.com", nil, "", `"prod" is no whole part`},
		{[]string{"dataverse-pre-prod-unq1"}, "https://prod.crm.dynamics.com", nil, "", `"prod" is no whole part`},
		{[]string{"dataverse-pre-prod-unq1", "dataverse-prod-unq2"}, "https://prod.crm.dynamics.com", nil, "dataverse-prod-unq2", ""},
		{[]string{"dataverse-pre-prod-unq1", "dataverse-prod-unq2"}, "https://pre-prod.crm.dynamics.com", nil, "dataverse-pre-prod-unq1", ""},
		{[]string{"dataverse-pre-prod-unq1", "dataverse-prod-unq2"}, "unq1", nil, "dataverse-pre-prod-unq1", ""},
		{[]string{"dataverse-prod-unq2", "x"}, "dataverse-prod-unq2", nil, "dataverse-prod-unq2", ""},
		{[]string{"preprod", "x_prod_y"}, "prod", nil, "x_prod_y", ""},
		{[]string{"reprod-prod"}, "prod", nil, "reprod-prod", ""},
		{[]string{"prod.crm", "prod.crm4"}, "https://prod.crm.dynamics.com", nil, "prod.crm", ""},
		{[]string{"prod.crm", "prod.crm4"}, "https://prod.crm4.dynamics.com", nil, "prod.crm4", ""},
		{[]string{"prod.crm4", "x"}, "https://prod.crm.dynamics.com", nil, "", `"prod" is no whole part`},
		{[]string{"prod.crm4.dynamics.com", "prod"}, "https://prod.crm4.dynamics.com", nil, "prod.crm4.dynamics.com", ""},
		{[]string{"a", "b"}, "", nil, "", "there are a/, b/"},
		{[]string{"dataverse-prod-unq1"}, "https://prod.crm.dynamics.com", nil, "dataverse-prod-unq1", ""},
		{[]string{"dataverse-prod-unq1"}, "https://uat.crm.dynamics.com", nil, "", `"uat" is no whole part of a folder's name; there are dataverse-prod-unq1/`},
		{[]string{""}, "https://uat.crm.dynamics.com", map[string]string{"prod": "/"}, "", `"prod" would mean it, too`},
		{[]string{""}, "https://uat.crm.dynamics.com", explicit, "", ""},
	} {
		got, err := ResolveEnvironment(Environments{Whole: tt.found}, Wanted{SourceSchema: tt.schema, Explicit: tt.explicit})
		if tt.text == "" {
			if err != nil || got != tt.want {
				t.Errorf("%q in %q: %q, %v, want %q", tt.schema, tt.found, got, err, tt.want)
			}
			continue
		}
		if !errors.Is(err, ErrEnvironment) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%q in %q: %v, want %q", tt.schema, tt.found, err, tt.text)
		}
	}
}

// A broken environment keeps its name, and one root is not that of two names.
func TestResolveBesideOthers(t *testing.T) {
	const prod, uat, prod4 = "https://prod.crm.dynamics.com", "https://uat.crm.dynamics.com", "https://prod.crm4.dynamics.com"
	for _, tt := range []struct {
		what   string
		found  Environments
		wanted Wanted
		want   string
		text   string // of the error
	}{
		{"broken", Environments{[]string{"d-prod"}, []string{"d-uat"}}, Wanted{SourceSchema: uat}, "d-uat", ""},
		{"beside a broken one", Environments{[]string{"d-prod"}, []string{"d-uat"}}, Wanted{SourceSchema: prod}, "d-prod", ""},
		{"broken beside the root", Environments{[]string{""}, []string{"d-uat"}}, Wanted{SourceSchema: uat, Others: []string{prod, uat}}, "d-uat", ""},
		{"the root beside a broken one", Environments{[]string{""}, []string{"d-uat"}}, Wanted{SourceSchema: prod, Others: []string{prod, uat}}, "", ""},
		{"no name, one broken", Environments{[]string{"d-prod"}, []string{"d-uat"}}, Wanted{}, "", "there are d-prod/, d-uat/ (not whole)"},
		{"no name, the root broken", Environments{[]string{"d-prod"}, []string{""}}, Wanted{}, "", "there are d-prod/, the root (not whole)"},
		{"a name like that of a broken one", Environments{[]string{"d-prod2"}, []string{"d-prod"}}, Wanted{SourceSchema: prod}, "d-prod", ""},
		{"two regions, one folder", Environments{Whole: []string{"d-prod", "x"}},
			Wanted{SourceSchema: prod, Others: []string{prod, prod4}}, "", `"` + prod4 + `", which would mean it, too`},
		{"two regions, the other one has a folder", Environments{Whole: []string{"d-prod", "prod.crm4"}},
			Wanted{SourceSchema: prod, Others: []string{prod, prod4}}, "d-prod", ""},
		{"two regions, the other one is mapped", Environments{Whole: []string{"d-prod", "x"}},
			Wanted{SourceSchema: prod, Others: []string{prod, prod4}, Explicit: map[string]string{prod4: "x"}}, "d-prod", ""},
		{"two regions, the folder is given for the other one", Environments{Whole: []string{"d-prod", "x"}},
			Wanted{SourceSchema: prod, Explicit: map[string]string{prod4: "d-prod/"}}, "", `"` + prod4 + `", which would mean it, too`},
		{"a host and its label", Environments{Whole: []string{"d-prod", "x"}}, Wanted{SourceSchema: prod, Others: []string{prod, "PROD"}}, "d-prod", ""},
		{"two regions, one root", Environments{Whole: []string{""}},
			Wanted{SourceSchema: prod, Others: []string{prod, prod4}}, "", `"` + prod4 + `" would mean it, too`},
		{"the root by two names", Environments{Whole: []string{""}}, Wanted{SourceSchema: prod, Others: []string{prod, uat}}, "", `"` + uat + `" would mean it, too`},
		{"the root by one name written twice", Environments{Whole: []string{""}}, Wanted{SourceSchema: prod, Others: []string{"PROD", prod + "/", ""}}, "", ""},
		{"the other one is mapped", Environments{Whole: []string{""}},
			Wanted{SourceSchema: prod, Others: []string{prod, uat}, Explicit: map[string]string{uat: "u/"}}, "", ""},
		{"the other one is mapped to the root", Environments{Whole: []string{""}},
			Wanted{SourceSchema: prod, Others: []string{prod, uat}, Explicit: map[string]string{uat: ""}}, "", `"` + uat + `" would mean it, too`},
	} {
		got, err := ResolveEnvironment(tt.found, tt.wanted)
		if tt.text == "" {
			if err != nil || got != tt.want {
				t.Errorf("%s: %q, %v, want %q", tt.what, got, err, tt.want)
			}
			continue
		}
		if !errors.Is(err, ErrEnvironment) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %q, %v, want %q", tt.what, got, err, tt.text)
		}
	}
}
