package work

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// day is the folder of a day of January 2024.
func day(n int) synapselink.FolderName {
	name, err := synapselink.ParseFolderName(fmt.Sprintf("2024-01-%02dT00.00.00Z", n))
	if err != nil {
		panic(err) // a test names a day that there is not
	}
	return name
}

// account is a table whose log says that of it, by what follows the cursor's id.
func account(txns map[string]int64) *Target {
	survey := (&Pipeline{Config: spec.Pipeline{Name: "prod"}}).Survey(Request{})
	t := &Target{survey: survey, Env: &Environment{}, Spec: spec.Table{SourceTable: "account",
		Destination: spec.Destination{Catalog: "main", Schema: "crm", Table: "accounts"}}}
	if txns != nil {
		t.Snapshot = &delta.Snapshot{Txns: map[string]delta.Txn{}}
		for suffix, version := range txns {
			t.Snapshot.Txns["sluice:prod:main.crm.accounts"+suffix] = delta.Txn{Version: version}
		}
	}
	return t
}

func TestGap(t *testing.T) {
	listing := func(current int, closed ...int) synapselink.Listing {
		l := synapselink.Listing{Current: day(current)}
		for _, n := range closed {
			l.Folders = append(l.Folders, synapselink.FolderStatus{Name: day(n), State: synapselink.Ready})
		}
		return l
	}
	at3 := map[string]int64{"": day(3).Digits()}
	then4 := map[string]int64{"": day(3).Digits(), "/next": day(4).Digits()}
	there := listing(9, 4, 5)
	there.AfterExists = true
	held := listing(9, 2)
	held.Folders[0].State = synapselink.Settling
	for name, test := range map[string]struct {
		table   map[string]int64
		listing synapselink.Listing
		found   bool
	}{
		"no table":                             {nil, listing(9, 5), false},
		"a table without a cursor":             {map[string]int64{}, listing(9, 5), false},
		"the folder at the cursor is there":    {at3, there, false},
		"it is gone, the next one is there":    {then4, listing(9, 4, 5), false},
		"both are gone":                        {then4, listing(9, 5), true},
		"it is gone, what followed is unknown": {at3, listing(9, 4, 5), true},
		"all are gone, what followed is open":  {then4, listing(4), false},
		"all are gone, and what followed":      {then4, listing(9), true},
		"all are gone, nobody knows":           {at3, listing(9), false},
		"the rest is held back before it":      {then4, held, false},
		"no folder is open":                    {then4, synapselink.Listing{}, false},
	} {
		target := account(test.table)
		target.Env.Listing, target.Env.after = test.listing, day(3)
		text, found := target.Gap()
		if found != test.found || found != strings.Contains(text, "account has all up to folder 2024-01-03T00.00.00Z") {
			t.Errorf("%s: %t, %s", name, found, text)
		}
	}
}

func TestLogOfATable(t *testing.T) {
	target := account(map[string]int64{
		"":                                       day(7).Digits(),
		fmt.Sprint("/late/", day(5).Digits()):    LateSkipped,
		fmt.Sprint("/late/", day(2).Digits()):    LateSkipped,
		fmt.Sprint("/late/", day(3).Digits()):    LateApplied,
		"/late/nonsense":                         LateSkipped,
		"/partial":                               day(1).Digits(),
		"2/late/" + fmt.Sprint(day(6).Digits()):  LateSkipped, // of another table
		"/quarantine":                            12,
		fmt.Sprint("/late/", int64(99999999999)): LateSkipped, // no folder
	})
	if got := target.Cursor(); got.Digits() != day(7).Digits() {
		t.Errorf("the cursor is %s", got)
	}
	var skipped []string
	for _, f := range target.Skipped() {
		skipped = append(skipped, f.String())
	}
	if d := cmp.Diff([]string{day(2).String(), day(5).String()}, skipped); d != "" {
		t.Error(d)
	}
	if !target.IsPartial() {
		t.Error("the lack of the initial copy is not known")
	}
	if got := target.Start(); got.Digits() != day(7).Digits() {
		t.Errorf("it goes on after %s", got)
	}
	target.survey.Request.FullRefresh = true
	if got := target.Start(); !got.IsZero() {
		t.Errorf("a full refresh goes on after %s", got)
	}
	if before := target.At(&delta.Snapshot{Txns: map[string]delta.Txn{target.AppID(): {Version: day(1).Digits()}}}); before.Cursor().Digits() != day(1).Digits() || before.IsPartial() {
		t.Errorf("an older snapshot tells %s, %t", before.Cursor(), before.IsPartial())
	}
}

func TestCopyGone(t *testing.T) {
	for name, test := range map[string]struct {
		completed string
		want      bool
	}{
		"before the oldest folder": {"1/3/2024 11:59:59 PM", true},
		"in it":                    {" 1/4/2024 12:00:00 AM ", false},
		"not told":                 {"", false},
		"nonsense":                 {"2024-01-01", false},
	} {
		target := account(nil)
		target.Env.Oldest = day(4)
		target.Parts = []Part{{Folder: day(5), Entity: &synapselink.Entity{Annotations: map[string]string{CompletedAnnotation: test.completed}}}}
		if oldest, gone := target.CopyGone(); gone != test.want || oldest != day(4) {
			t.Errorf("%s: %s, %t", name, oldest, gone)
		}
	}
}

func TestOrigin(t *testing.T) {
	for schema, want := range map[string]string{
		"https://Contoso.crm4.dynamics.com/": "contoso", "https://contoso.crm.dynamics.com": "contoso",
		"unq0123": "unq0123", "Prod/": "prod", "": "",
	} {
		if got := (&Target{Spec: spec.Table{SourceSchema: schema}}).origin(); got != want {
			t.Errorf("%q: %q", schema, got)
		}
	}
}

func TestColumnsInTheTablesSpelling(t *testing.T) {
	got := ColumnsIn(batch.Schema{{Name: "ID"}, {Name: "VersionNumber"}, {Name: "name"}, {Name: "isdelete"}})
	if got.Key != "ID" || got.Version != "VersionNumber" || got.Delete != "isdelete" || got.Modified != "SinkModifiedOn" {
		t.Errorf("%+v", got)
	}
}

func TestOneTableByName(t *testing.T) {
	accounts, other := account(nil), account(nil)
	other.Spec.Destination.Schema = "sales"
	for name, want := range map[string]int{
		"account": 2, "ACCOUNTS": 2, "crm.accounts": 1, "main.sales.accounts": 1, "sales.account": 0, "main.crm": 0,
	} {
		request := Request{Tables: []string{name}}
		var meant []*Target
		for _, target := range []*Target{accounts, other} {
			if request.wants(target) {
				meant = append(meant, target)
			}
		}
		if len(meant) != want {
			t.Errorf("%s means %d tables", name, len(meant))
		}
		if err := request.allFound(meant); errors.Is(err, report.ErrNoSuchTable) != (want == 0) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := One([]*Target{accounts, other}, "account"); !errors.Is(err, report.ErrAmbiguous) ||
		!strings.Contains(err.Error(), "main.crm.accounts or main.sales.accounts") {
		t.Error(err)
	}
}

func TestFreshness(t *testing.T) {
	target := account(nil)
	target.survey.Options.Clock = func() time.Time { return day(5).Time() }
	target.Env.reached = day(2)
	target.Env.Listing.Folders = []synapselink.FolderStatus{{Name: day(4), State: synapselink.Ready}, {Name: day(5), State: synapselink.Settling}}
	for name, test := range map[string]struct {
		applied        synapselink.FolderName
		limit          time.Duration
		oldest, newest string
		stale          bool
	}{
		"behind":         {day(3), 24 * time.Hour, "2024-01-03T00.00.00Z", "2024-01-04T00.00.00Z", true},
		"behind, no use": {day(3), 0, "2024-01-03T00.00.00Z", "2024-01-04T00.00.00Z", false},
		"fresh":          {day(4), 24 * time.Hour, "2024-01-04T00.00.00Z", "2024-01-04T00.00.00Z", false},
		"nothing yet":    {synapselink.FolderName{}, time.Hour, "", "2024-01-04T00.00.00Z", true},
		"more than left": {day(5), time.Hour, "2024-01-05T00.00.00Z", "2024-01-05T00.00.00Z", false},
	} {
		target.Spec.Settings.FreshnessLimit = test.limit
		got := target.Freshness(test.applied)
		if got.Applied != test.oldest || got.Newest != test.newest || got.Stale != test.stale {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestOptionsFitTheMemory(t *testing.T) {
	for _, test := range []struct {
		memory  int64
		workers int
		block   int
		row     int
	}{
		{1 << 30, 4, 4 << 20, 1 << 30 / 4},
		{64 << 20, 8, 512 << 10, 64 << 20 / 4},
		{1 << 20, 8, 64 << 10, 1 << 20},
		{1 << 40, 2, 4 << 20, 1 << 30},
	} {
		o := (&Pipeline{Options: Options{Memory: test.memory, Workers: test.workers}}).Survey(Request{}).Options
		if got := o.Reading(); got.BlockBytes != test.block || got.MaxRow != test.row || got.ReadAhead > got.BlockBytes {
			t.Errorf("%d bytes, %d workers: %+v", test.memory, test.workers, got)
		}
	}
}
