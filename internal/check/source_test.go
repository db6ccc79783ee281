package check

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
)

// exportOf is an export whose folder of 11:00 is complete, and which writes one
// since 11:55.
func exportOf(change func(map[string]string)) map[string]string {
	manifest := manifestOf(map[string]string{"account": sequence64})
	all := map[string]string{
		"model.json":                      manifest,
		"Changelog/changelog.info":        "2024-01-15T11.55.00Z",
		"2024-01-15T11.00.00Z/model.json": manifest,
		"2024-01-15T11.55.00Z/model.json": "",
	}
	change(all)
	return all
}

const (
	listed      = "pass list: mem:// can be listed\n"
	rootOnly    = listed + "pass environment: https://contoso.crm.dynamics.com is in the root\n"
	beingMade   = rootOnly + "pass changelog.info: folder 2024-01-15T11.55.00Z is being written\n"
	described1  = beingMade + "pass model.json: describes 1 table; the newest complete folder is 2024-01-15T11.00.00Z\n"
	fresh       = "pass freshness: folder 2024-01-15T11.55.00Z, which is being written, was begun 5 min ago\n"
	noneBehind  = "skip changelog.info: not looked at: environment failed\nskip model.json: not looked at: environment failed\nskip freshness: not looked at: environment failed\nskip schema: not looked at: environment failed"
	sayIncr     = "  -> create the Synapse Link profile with \"Enable Incremental Update Folder Structure\" and name its container here\n"
	sayRunning  = "  -> check in Power Apps that the Synapse Link profile is running: the service writes Changelog/changelog.info within its update interval; if it stays so, unlink and link the tables again\n"
	noneBehind2 = "skip model.json: not looked at: changelog.info failed\nskip freshness: not looked at: changelog.info failed\nskip schema: not looked at: changelog.info failed"
)

func TestSource(t *testing.T) {
	stamp := func(p spec.Pipeline, limit time.Duration) spec.Pipeline {
		p.Tables[0].Settings.FreshnessLimit = limit
		return p
	}
	tests := []struct {
		name     string
		files    map[string]string
		pipeline spec.Pipeline
		want     string
	}{
		{"all is well", exportOf(func(map[string]string) {}), pipelineOf("account"), described1 + fresh + "pass schema: the columns of 1 table can be read"},
		{"a whole environment", exportOf(func(map[string]string) {}), spec.Pipeline{Environments: []spec.Environment{{SourceSchema: "https://contoso.crm.dynamics.com", Catalog: "m", Schema: "s"}}},
			described1 + fresh + "pass schema: the columns of 1 table can be read"},
		{"nothing there", nil, pipelineOf("account"),
			"pass list: mem:// is empty\nfail environment: [NO_EXPORT] open export mem://: no Synapse Link export there\n" +
				"  -> check the container and the folder: an export holds model.json and Changelog/changelog.info\n" + noneBehind},
		{"tables at the root", map[string]string{"model.json": "{}", "account/2024.csv": ""}, pipelineOf("account"),
			listed + "fail environment: [OTHER_EXPORT_MODE] open export mem://: export mode is not supported: CSV without incremental update folders (tables at the root, no Changelog)\n" + sayIncr + noneBehind},
		{"Delta", map[string]string{"model.json": "{}", "deltalake/account_partitioned/x": ""}, pipelineOf("account"),
			listed + "fail environment: [OTHER_EXPORT_MODE] open export mem://: export mode is not supported: Delta/Parquet conversion (folder deltalake)\n" + sayIncr + noneBehind},
		{"no changelog.info", exportOf(func(f map[string]string) { delete(f, "Changelog/changelog.info") }), pipelineOf("account"),
			listed + "fail environment: [NO_CHANGELOG] open export mem://: changelog.info names no folder: Changelog/changelog.info is missing, though incremental folders exist\n" + sayRunning + noneBehind},
		{"empty changelog.info", exportOf(func(f map[string]string) { f["Changelog/changelog.info"] = "" }), pipelineOf("account"),
			rootOnly + "fail changelog.info: [NO_CHANGELOG] read mem://Changelog/changelog.info: changelog.info names no folder: it is empty\n" + sayRunning + noneBehind2},
		{"service left failures", exportOf(func(f map[string]string) { f["EntitySyncFailure/x"] = "" }), pipelineOf("account"),
			rootOnly + "warn changelog.info: [SYNC_FAILURE] folder 2024-01-15T11.55.00Z is being written; the service has left a folder EntitySyncFailure\n" +
				"  -> look in Power Apps, Azure Synapse Link, for tables whose export failed\n" +
				"pass model.json: describes 1 table; the newest complete folder is 2024-01-15T11.00.00Z\n" + fresh + "pass schema: the columns of 1 table can be read"},
		{"stands still", exportOf(func(f map[string]string) {
			f["Changelog/changelog.info"] = "2024-01-12T11.55.00Z"
			maps.DeleteFunc(f, func(path, _ string) bool { return path[0] == '2' })
			f["2023-06-01T00.00.00Z/model.json"] = f["model.json"]
		}), pipelineOf("account"),
			rootOnly + "pass changelog.info: folder 2024-01-12T11.55.00Z is being written\n" +
				"pass model.json: describes 1 table; the newest complete folder is 2023-06-01T00.00.00Z\n" +
				"warn freshness: [SOURCE_STANDS_STILL] folder 2024-01-12T11.55.00Z, which is being written, was begun 3 days ago; the limit is 25 h\n" +
				"  -> look in Power Apps, Azure Synapse Link, whether the profile is running; an environment in which nothing happens looks the same\n" +
				"pass schema: the columns of 1 table can be read"},
		{"in the future", exportOf(func(f map[string]string) {
			f["Changelog/changelog.info"] = "2024-01-18T12.55.00Z"
		}), pipelineOf("account"), strings.NewReplacer("2024-01-15T11.55.00Z is being", "2024-01-18T12.55.00Z is being",
			"pass model.json: describes 1 table; the newest complete folder is 2024-01-15T11.00.00Z\n",
			"warn model.json: [FOLDERS_INCOMPLETE] 1 of the newest 2 closed folders have no usable model.json\n"+
				"  -> nothing, if it is the last one and a few minutes old: runs wait for it, and skip it after abandon_after\n").Replace(described1) +
			"warn freshness: [CLOCK] folder 2024-01-18T12.55.00Z, which is being written, was begun in 3 days (the clock of this machine or of the export is wrong?)\n" +
			"  -> set this machine's clock with a time service such as NTP; if it is right, folders of the export bear a wrong time: " +
			"freshness is wrong then, and a folder that stays incomplete is never skipped\n" +
			"pass schema: the columns of 1 table can be read"},
		{"older than the configuration allows", exportOf(func(map[string]string) {}), stamp(pipelineOf("account"), time.Minute),
			described1 + "warn freshness: [SOURCE_STANDS_STILL] folder 2024-01-15T11.55.00Z, which is being written, was begun 5 min ago; the limit is 1 min\n" +
				"  -> look in Power Apps, Azure Synapse Link, whether the profile is running; an environment in which nothing happens looks the same\n" +
				"pass schema: the columns of 1 table can be read"},
		{"no folder is complete", exportOf(func(f map[string]string) { f["2024-01-15T11.00.00Z/model.json"] = "" }), pipelineOf("account"),
			beingMade + "warn model.json: [NO_FOLDER] no folder is complete yet\n  -> wait: the service completes the first one within its update interval, or after the initial copy\n" +
				fresh + "skip schema: no folder is complete yet"},
		{"the newest folder is not complete", exportOf(func(f map[string]string) { f["2024-01-15T11.30.00Z/model.json"] = "" }), pipelineOf("account"),
			beingMade + "warn model.json: [FOLDERS_INCOMPLETE] 1 of the newest 2 closed folders have no usable model.json\n" +
				"  -> nothing, if it is the last one and a few minutes old: runs wait for it, and skip it after abandon_after\n" +
				fresh + "pass schema: the columns of 1 table can be read"},
		{"misspelt table", exportOf(func(map[string]string) {}), pipelineOf("acount"),
			described1 + fresh + "fail schema: [NO_SCHEMA] find table acount: the folder does not describe the table\n  -> did you mean account?"},
		{"tables that cannot be ingested", exportOf(func(f map[string]string) {
			f["2024-01-15T11.00.00Z/model.json"] = manifestOf(map[string]string{"account": ""})
		}), pipelineOf("account", "nothing_like_it"),
			described1 + fresh + "fail schema: [NO_VERSIONNUMBER] 2 of 2 tables: merge the schema of table account: the table has no column versionnumber; find table nothing_like_it: the folder does not describe the table\n" +
				"  -> {fix}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &Place{Store: files(t, tt.files)}
			steps := checker(false).Source(t.Context(), p, []spec.Pipeline{tt.pipeline})
			var values []string
			if strings.Contains(tt.want, "{fix}") { // of package synapselink, tested there
				values = []string{"fix", stepNamed(t, steps, "schema").Fix}
			}
			compare(t, steps, tt.want, values...)
		})
	}
}

func TestSourceOfSeveralEnvironments(t *testing.T) {
	all := map[string]string{}
	for path, content := range exportOf(func(map[string]string) {}) {
		all["contoso-prod/"+path] = content
		all["contoso-test/"+path] = content
	}
	delete(all, "contoso-test/2024-01-15T11.00.00Z/model.json")
	prod, test := pipelineOf("account"), pipelineOf("account")
	prod.Tables[0].SourceSchema, test.Tables[0].SourceSchema = "contoso-prod", "contoso-test"
	prod.Key = "prod"
	steps := checker(false).Source(t.Context(), &Place{Store: files(t, all)}, []spec.Pipeline{prod, test})
	compare(t, steps, listed+`pass environment: contoso-prod is in contoso-prod/; contoso-test is in contoso-test/
pass changelog.info of contoso-prod/: folder 2024-01-15T11.55.00Z is being written
pass model.json of contoso-prod/: describes 1 table; the newest complete folder is 2024-01-15T11.00.00Z
pass freshness of contoso-prod/: folder 2024-01-15T11.55.00Z, which is being written, was begun 5 min ago
pass schema of contoso-prod/: the columns of 1 table can be read
pass changelog.info of contoso-test/: folder 2024-01-15T11.55.00Z is being written
warn model.json of contoso-test/: [NO_FOLDER] no folder is complete yet
  -> wait: the service completes the first one within its update interval, or after the initial copy
pass freshness of contoso-test/: folder 2024-01-15T11.55.00Z, which is being written, was begun 5 min ago
skip schema of contoso-test/: no folder is complete yet`)

	unclear := pipelineOf("account")
	unclear.Tables[0].SourceSchema = "contoso"
	s := stepNamed(t, checker(false).Source(t.Context(), &Place{Store: files(t, all)}, []spec.Pipeline{unclear}), "environment")
	if s.State != Fail || s.Code != "ENVIRONMENT" || s.Storage {
		t.Errorf("got %+v", s)
	}
}

// An environment without a changelog.info is not taken for the one beside it.
func TestSourceOfBrokenEnvironment(t *testing.T) {
	all := map[string]string{}
	for path, content := range exportOf(func(map[string]string) {}) {
		all["d-prod/"+path] = content
		if path != "Changelog/changelog.info" {
			all["d-uat/"+path] = content
		}
	}
	for name, want := range map[string][2]string{ // step and code
		"uat": {"changelog.info", "NO_CHANGELOG"},
		"dev": {"environment", "ENVIRONMENT"},
	} {
		p := pipelineOf("account")
		p.Tables[0].SourceSchema = name
		steps := checker(false).Source(t.Context(), &Place{Store: files(t, all)}, []spec.Pipeline{p})
		if s := stepNamed(t, steps, want[0]); s.State != Fail || s.Code != want[1] {
			t.Errorf("%s: got %+v", name, s)
		}
	}
}

func TestSourceIsOnlyRead(t *testing.T) {
	p := &Place{Store: readOnly{files(t, exportOf(func(map[string]string) {}))}}
	for _, s := range checker(true).Source(t.Context(), p, []spec.Pipeline{pipelineOf("account")}) {
		if s.State != Pass {
			t.Errorf("%+v", s)
		}
	}
}

// readOnly has nothing but what reads.
type readOnly struct{ storage.Store }
