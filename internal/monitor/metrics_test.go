package monitor

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

var goVersion = regexp.MustCompile(`go_version="[^"]*"`)

func readMetrics(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return goVersion.ReplaceAllString(string(text), `go_version="go"`)
}

func TestMetrics(t *testing.T) {
	m := NewMetrics("v1.2.3")
	tellSample(t, m.Listener())
	problems, err := testutil.GatherAndLint(m.Registry())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	path := filepath.Join(t.TempDir(), "sluice.prom")
	if err := m.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	golden(t, "metrics.prom", readMetrics(t, path))
}

// TestMetricsGoOn: the second run has one table, and a failure.
func TestMetricsGoOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sluice.prom")
	first := NewMetrics("v1.2.3")
	tellSample(t, first.Listener())
	if err := first.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	before := readMetrics(t, path)
	same := NewMetrics("v1.2.3")
	if err := same.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	if after := readMetrics(t, path); after != before {
		t.Errorf("a run that says nothing changed the file to\n%s", after)
	}
	second := NewMetrics("v1.3.0")
	tellSample(t, second.Listener())
	tellRefusal(second.Listener(), "another", "NO_EXPORT")
	if err := second.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	after := readMetrics(t, path)
	for _, line := range []string{
		`sluice_build_info{go_version="go",version="v1.3.0"} 1`,
		`sluice_pipeline_runs_total{pipeline="prod",state="PARTIAL"} 2`,
		`sluice_pipeline_runs_total{pipeline="prod",state="FAILED"} 1`,
		`sluice_pipeline_last_run_state{pipeline="prod",state="PARTIAL"} 0`,
		`sluice_pipeline_last_run_state{pipeline="prod",state="FAILED"} 1`,
		`sluice_events_total{code="NO_EXPORT",level="ERROR",pipeline="prod"} 1`,
		`sluice_table_rows_total{outcome="upserted",pipeline="prod",table="main.crm.account"} 180`,
		`sluice_table_duration_seconds_bucket{pipeline="prod",table="main.crm.account",le="5"} 2`,
		`sluice_table_duration_seconds_bucket{pipeline="prod",table="main.crm.account",le="+Inf"} 2`,
		`sluice_table_duration_seconds_sum{pipeline="prod",table="main.crm.account"} 6`,
		`sluice_table_last_run_timestamp_seconds{pipeline="prod",table="main.crm.account"} 1.705320004e+09`,
	} {
		if !strings.Contains(after, line+"\n") {
			t.Errorf("there is no line\n%s", line)
		}
	}
	if strings.Contains(after, "v1.2.3") {
		t.Error("the version before is still there")
	}
	if t.Failed() {
		t.Log(after)
	}
}

func TestMetricsFileOfOthers(t *testing.T) {
	for _, tt := range []struct{ name, content, wantErr string }{
		{"not metrics", "{]", "their counters begin anew"},
		{"another type of the same name", "# TYPE sluice_table_commits_total gauge\nsluice_table_commits_total{pipeline=\"prod\",table=\"main.crm.account\"} 9\n", ""},
		{"metrics of another program", "other_total 5\n", ""},
		{"other buckets", "# TYPE sluice_pipeline_run_duration_seconds histogram\n" +
			"sluice_pipeline_run_duration_seconds_bucket{pipeline=\"prod\",le=\"7\"} 3\nsluice_pipeline_run_duration_seconds_bucket{pipeline=\"prod\",le=\"+Inf\"} 3\n" +
			"sluice_pipeline_run_duration_seconds_sum{pipeline=\"prod\"} 3\nsluice_pipeline_run_duration_seconds_count{pipeline=\"prod\"} 3\n", ""},
		{"empty", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sluice.prom")
			if err := os.WriteFile(path, []byte(tt.content), 0o644); err != nil {
				t.Fatal(err)
			}
			m := NewMetrics("v1.2.3")
			tellSample(t, m.Listener())
			err := m.WriteFile(path)
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("got %v, want %q", err, tt.wantErr)
			}
			golden(t, "metrics.prom", readMetrics(t, path))
		})
	}
}

func TestMetricsFileThatCannotBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nothing", "sluice.prom")
	if err := NewMetrics("v1.2.3").WriteFile(path); err == nil || !strings.HasPrefix(err.Error(), "write the metrics to "+path) {
		t.Errorf("got %v", err)
	}
}
