package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/spec"
)

func TestIndex(t *testing.T) {
	dir := t.TempDir()
	lake, p := lakeOf(t, dir)
	look := func(index Index) Step {
		t.Helper()
		steps := checker(true).Tables(t.Context(), &Place{Store: lake}, []spec.Pipeline{p}, index)
		return stepNamed(t, steps, "index")
	}
	want := func(what string, got Step, state State, code, reason, fix string) {
		t.Helper()
		if got.State != state || got.Code != code || got.Reason != reason || !strings.HasPrefix(got.Fix, fix) || (fix == "") != (got.Fix == "") {
			t.Errorf("%s: got %+v", what, got)
		}
	}
	want("whole", look(Index{Dir: dir}), Pass, "", "3 rows compared with the keys of 1 table", "")
	want("whole, all rows", look(Index{Dir: dir, Full: true}), Pass, "", "3 rows compared with the keys of 1 table", "")
	want("nowhere", look(Index{}), Skip, "", "state.url names no folder, so that there is none: keys are looked for in whole tables", "")
	want("elsewhere", look(Index{Dir: t.TempDir()}), Pass, "", "no key index yet; the next run that changes rows makes it, and reads the keys of 1 table once", "")

	manifests, err := filepath.Glob(filepath.Join(dir, "*", "manifest"))
	if err != nil || len(manifests) != 1 {
		t.Fatal(manifests, err)
	}
	if err := os.WriteFile(manifests[0], []byte("not a manifest"), 0o600); err != nil {
		t.Fatal(err)
	}
	want("damaged", look(Index{Dir: dir}), Fail, "INDEX_DAMAGED",
		"the key index of main.d365.account cannot be used: the key index is damaged: its manifest is not whole, or of another version",
		"nothing is lost: the next run that changes rows of the table makes it anew; or remove the folder "+filepath.Dir(manifests[0]))
}

func TestWhatIsSaidOfIndexes(t *testing.T) {
	wrong := Step{State: Fail, Code: "INDEX_WRONG", Reason: "wrong"}
	for _, tt := range []struct {
		found  indexes
		state  State
		reason string
	}{
		{indexes{tables: 2, rows: 40}, Pass, "40 rows compared with the keys of 2 tables"},
		{indexes{tables: 2, rows: 40, sampled: 1}, Pass, "40 rows compared with the keys of 2 tables, of 1 a sample (--full compares all)"},
		{indexes{tables: 1, rows: 1, inUse: 1}, Pass, "1 row compared with the keys of 1 table; 1 in use by a run"},
		{indexes{tables: 1, rows: 9, files: 4, behind: 3}, Warn, "9 rows compared with the keys of 1 table; 3 of 4 data files are not in it yet"},
		{indexes{without: 2}, Pass, "no key index yet; the next run that changes rows makes it, and reads the keys of 2 tables once"},
		{indexes{tables: 1, rows: 9, without: 2}, Pass, "9 rows compared with the keys of 1 table; 2 tables without a key index yet"},
		{indexes{}, Skip, "no table needs one yet"},
		{indexes{tables: 1, failed: []Step{wrong}}, Fail, "wrong"},
		{indexes{tables: 1, failed: []Step{wrong, wrong, wrong}}, Fail, "wrong; 2 more are in no better state"},
	} {
		tt.found.Dir = "index"
		if s := tt.found.step(); s.State != tt.state || s.Reason != tt.reason {
			t.Errorf("got %+v, want %s: %s", s, tt.state, tt.reason)
		}
	}
}

func TestAnIndexThatIsWrongIsNamed(t *testing.T) {
	x := indexes{Index: Index{Dir: "index"}}
	x.there("main.d365.account", &local.IndexLook{Rows: 40, Whole: true, Wrong: 2, Lacking: 1, Folder: "index/account-1"})
	compare(t, []Step{x.step()}, `
fail : [INDEX_WRONG] the key index of main.d365.account does not say what the table holds: of 40 rows that were compared 1 are lacking, and 2 entries are wrong
  -> remove the folder index/account-1: the next run makes it anew; and compare the table with the export: sluice reconcile account`)
}
