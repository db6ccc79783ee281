package monitor

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/synapselink"
)

var update = flag.Bool("update", false, "write the golden texts and the documents anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is when the sample run begins; its parts are at full seconds after it.
var noon = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)

func at(second int) time.Time { return noon.Add(time.Duration(second) * time.Second) }

func folders(t *testing.T, names ...string) []synapselink.FolderName {
	t.Helper()
	list := make([]synapselink.FolderName, len(names))
	for i, name := range names {
		var err error
		if list[i], err = synapselink.ParseFolderName(name); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

const (
	sampleUpdate = "11111111-2222-4333-8444-555555555555"
	secret       = "hush-hush-hush-hush"
	sampleSource = "https://contosolake.blob.core.windows.net/dataverse-contoso-unq1/prod"
	sampleLake   = "abfss://lake@contosolake.dfs.core.windows.net/d365/"
	environment  = "https://prod.crm.dynamics.com"
)

// tellSample tells of a run of three tables: one gets two folders, one fails and
// one has nothing new.
func tellSample(t *testing.T, l report.Listener) {
	t.Helper()
	l = report.Listen(l)
	begun := report.RunInfo{Pipeline: "prod", UpdateID: sampleUpdate, At: at(0)}
	info := func(second int, table string) report.TableInfo {
		i := report.TableInfo{RunInfo: begun, Table: "main.crm." + table, SourceTable: table, Environment: environment,
			Path: sampleLake + "main/crm/" + table, SourceURL: sampleSource}
		i.At = at(second)
		return i
	}
	l.RunBegan(begun)
	l.Planned(3, 3000)

	account := report.TableResult{
		Table: "main.crm.account", SourceTable: "account", SCDType: "SCD_TYPE_1", State: report.CompletedWithWarnings,
		Path: info(0, "account").Path, Folders: 2, Cursor: "2024-01-15T11.50.00Z", Version: 7, DurationMS: 3000,
		Rows:      report.Rows{Read: 110, Upserted: 90, Deleted: 10, Superseded: 7, Quarantined: 3},
		BytesRead: 3000, BytesWrote: 1500,
		Freshness: report.Freshness{Applied: "2024-01-15T11.50.00Z", Newest: "2024-01-15T11.50.00Z"},
		Events: []report.Event{{Code: report.RowsQuarantined, Level: report.Warn, Time: at(3), Table: "main.crm.account",
			Folder: "2024-01-15T11.50.00Z", Text: "3 rows were set aside", Fix: "look at them"}},
	}
	l.TableBegan(info(1, "account"))
	l.Commit(info(2, "account"), report.CommitInfo{Version: 6, Folders: folders(t, "2024-01-15T11.40.00Z"), BytesRead: 2000, BytesWritten: 1000,
		Rows: report.Rows{Read: 100, Upserted: 85, Deleted: 9, Superseded: 6}, Began: at(1), Ended: at(2)})
	l.Commit(info(3, "account"), report.CommitInfo{Version: 7, Folders: folders(t, "2024-01-15T11.50.00Z"), BytesRead: 1000, BytesWritten: 500,
		Rows: report.Rows{Read: 10, Upserted: 5, Deleted: 1, Superseded: 1, Quarantined: 3}, Began: at(2), Ended: at(3)})
	l.Read(3000)
	l.Event(account.Events[0])
	l.Table(info(4, "account"), account)

	failure := &report.Failure{Code: "ACCESS_DENIED", Message: "read https://x/y?sig=" + secret + ": 403"}
	contact := report.TableResult{
		Table: "main.crm.contact", SourceTable: "contact", State: report.Failed, Path: info(0, "contact").Path, Version: -1, DurationMS: 250,
		Freshness: report.Freshness{Newest: "2024-01-15T11.50.00Z", Stale: true},
		Events:    []report.Event{{Code: failure.Code, Level: report.Error, Time: at(5), Table: "main.crm.contact", Text: failure.Message}},
		Error:     failure,
	}
	l.TableBegan(info(4, "contact"))
	l.Event(contact.Events[0])
	l.Table(info(5, "contact"), contact)

	lead := report.TableResult{Table: "main.crm.lead", SourceTable: "lead", State: report.Completed, Version: 2, DurationMS: 2,
		Freshness: report.Freshness{Applied: "2024-01-15T11.50.00Z", Newest: "2024-01-15T11.50.00Z"}}
	l.TableBegan(info(5, "lead"))
	l.Table(info(6, "lead"), lead)

	ended := begun
	ended.At = at(7)
	l.RunDone(ended, report.Result{
		Name: "prod", UpdateID: sampleUpdate, State: report.Partial, Tables: []report.TableResult{account, contact, lead},
		Source: []report.Source{{Environment: environment, URL: sampleSource, Open: "2024-01-15T11.55.00Z", Newest: "2024-01-15T11.50.00Z"}},
		Events: []report.Event{{Code: report.FolderSettling, Level: report.Warn, Time: at(0), Folder: "2024-01-15T11.52.00Z", Text: "waits", Fix: "wait"}},
	})
}

// tellRefusal tells of a run that did not begin.
func tellRefusal(l report.Listener, updateID, code string) {
	l = report.Listen(l)
	info := report.RunInfo{Pipeline: "prod", UpdateID: updateID, At: at(60)}
	l.RunBegan(info)
	info.At = at(61)
	l.RunDone(info, report.Result{Name: "prod", UpdateID: updateID, State: report.Failed,
		Error: &report.Failure{Code: code, Message: "list https://x/y?sig=" + secret + ": refused"}})
}

// golden compares a text with a file of testdata, or writes it there.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -update rewrites it (-want +got):\n%s", path, diff)
	}
}

func ids(list ...string) func() string {
	return func() string {
		id := list[0]
		list = list[1:]
		return id
	}
}

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}
