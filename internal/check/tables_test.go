package check

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
)

// row of the table account, of 4 columns.
func row(id int, version int) string {
	return fmt.Sprintf("00000000-0000-0000-0000-%012d,\"1/15/2024 11:00:00 AM\",%d,\n", id, version)
}

// lakeOf is a lake whose table account has a file and a vector on it.
func lakeOf(t *testing.T, indexDir string) (storage.Store, spec.Pipeline) {
	t.Helper()
	p := pipelineOf("account", "contact")
	p.Tables[0].Settings.SCDType, p.Tables[0].Settings.MaxBadRows = spec.SCDType1, 0
	manifest := manifestOf(map[string]string{"account": `{"name":"SinkModifiedOn","dataType":"dateTime"},` + sequence64})
	source := files(t, exportOf(func(f map[string]string) {
		f["model.json"] = manifest
		for hour, rows := range map[string]string{"10": row(1, 1) + row(2, 1) + row(3, 1), "11": row(2, 2)} {
			f["2024-01-15T"+hour+".00.00Z/model.json"] = manifest
			f["2024-01-15T"+hour+".00.00Z/account/2024.csv"] = rows
		}
	}))
	lake := files(t, nil)
	one := p
	one.Tables = p.Tables[:1]
	for _, upTo := range []string{"2024-01-15T10.30.00Z", "2024-01-15T11.55.00Z"} {
		rewrite(t, source, "Changelog/changelog.info", upTo)
		r := &work.Pipeline{Config: one, Source: source, Lake: lake, Options: work.Options{
			Clock: func() time.Time { return testNow }, Temp: t.TempDir(), Memory: 128 << 20, Workers: 1, IndexDir: indexDir,
		}}
		if result := pipeline.Run(t.Context(), r, work.Request{}); result.Error != nil || result.Tables[0].Error != nil {
			t.Fatalf("%v %v", result.Error, result.Tables)
		}
	}
	return lake, p
}

func rewrite(t *testing.T, store storage.Store, path, content string) {
	t.Helper()
	if err := writeFile(t.Context(), store, path, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func TestTables(t *testing.T) {
	lake, p := lakeOf(t, "")
	whole := spec.Pipeline{Key: "w", Environments: []spec.Environment{{SourceSchema: "e", Catalog: "main", Schema: "d365"}}}
	rewrite(t, lake, "main/d365/notes/of somebody.txt", "not a table")
	const noIndex = "skip index: state.url names no folder, so that there is none: keys are looked for in whole tables"
	const sound = "pass main.d365.account: version 2: all of 2 data files there, 1 deletion vector readable\n"
	compare(t, checker(true).Tables(t.Context(), &Place{Store: lake}, []spec.Pipeline{p}, Index{}), sound+"skip main.d365.contact: no run has made it yet\n"+noIndex)
	compare(t, checker(true).Tables(t.Context(), &Place{Store: lake}, []spec.Pipeline{whole}, Index{}), sound+noIndex)

	for _, tt := range []struct {
		name, suffix string
		damage       func(context.Context, string) error
		code, reason string
	}{
		{"vector gone", ".bin", lake.Delete, "DAMAGED_TABLE", "deletion vector"},
		{"file gone", ".parquet", lake.Delete, "DAMAGED_TABLE", "version 2: of 2 data files missing or of another size: 1, such as mem://main/d365/account/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := firstFile(t, lake, "main/d365/account/", tt.suffix)
			before, err := storage.ReadAll(t.Context(), lake, path)
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.damage(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			s := stepNamed(t, checker(true).Tables(t.Context(), &Place{Store: lake}, []spec.Pipeline{p}, Index{}), "main.d365.account")
			if s.State != Fail || s.Code != tt.code || !strings.Contains(s.Reason, tt.reason) || s.Fix == "" {
				t.Errorf("gone: %+v", s)
			}
			rewrite(t, lake, path, string(before)+"x")
			s = stepNamed(t, checker(true).Tables(t.Context(), &Place{Store: lake}, []spec.Pipeline{p}, Index{}), "main.d365.account")
			if tt.suffix == ".parquet" && (s.State != Fail || !strings.Contains(s.Reason, " bytes instead of ")) {
				t.Errorf("longer: %+v", s)
			}
			rewrite(t, lake, path, string(before))
		})
	}
}

// firstFile is the first data file or vector of the table.
func firstFile(t *testing.T, store storage.Store, prefix, suffix string) string {
	t.Helper()
	for entry, err := range store.List(t.Context(), prefix, storage.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(entry.Path, prefix)
		if strings.HasSuffix(name, suffix) && !strings.HasPrefix(name, "_") {
			return entry.Path
		}
	}
	t.Fatalf("no %s below %s", suffix, prefix)
	return ""
}
