package monitor

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Labels of the metrics.
const (
	labelPipeline    = "pipeline"
	labelTable       = "table" // catalog.schema.table
	labelEnvironment = "environment"
	labelOutcome     = "outcome"
	labelState       = "state"
	labelCode        = "code"
	labelLevel       = "level"
)

// States that a series says 1 of, and 0 of the others.
var (
	runStates   = []report.State{report.Completed, report.CompletedWithWarnings, report.Partial, report.Failed}
	tableStates = []report.State{report.Completed, report.CompletedWithWarnings, report.Failed}
)

// durations reach from a look at a table that has nothing new, 5 ms, to an
// initial load of hours.
var durations = []float64{.005, .025, .1, .5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600}

// Metrics count what runs do, for Prometheus.
type Metrics struct {
	registry *prometheus.Registry

	runs, events, rowsRead, rows, commits, bytesRead, bytesWritten *prometheus.CounterVec

	runDuration, tableDuration *prometheus.HistogramVec

	runEnded, runSucceeded, runState                               *prometheus.GaugeVec
	tableEnded, tableState, tableApplied, tableStale, newest, open *prometheus.GaugeVec

	mu    sync.Mutex
	began map[string]time.Time // by update
}

// NewMetrics makes metrics of their own registry. The version is that of the
// program.
func NewMetrics(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), began: map[string]time.Time{}}
	run, table, source := []string{labelPipeline}, []string{labelPipeline, labelTable}, []string{labelPipeline, labelEnvironment}

	m.runs = m.counter("pipeline_runs_total", "Runs that ended, by how.", run, labelState)
	m.runDuration = m.histogram("pipeline_run_duration_seconds", "Time that runs took.", run)
	m.runEnded = m.gauge("pipeline_last_run_timestamp_seconds", "When the last run ended.", run)
	m.runSucceeded = m.gauge("pipeline_last_success_timestamp_seconds", "When the last run ended in which every table was brought up to date.", run)
	m.runState = m.gauge("pipeline_last_run_state", "1 for the state of the last run, 0 for the others.", run, labelState)
	m.events = m.counter("events_total", "Things of note, by code; docs/events.md explains them.", run, labelCode, labelLevel)

	m.rowsRead = m.counter("table_rows_read_total", "Rows read from the export.", table)
	m.rows = m.counter("table_rows_total", "What became of the rows read: upserted, deleted, superseded or quarantined.", table, labelOutcome)
	m.bytesRead = m.counter("table_read_bytes_total", "Bytes of the export that commits brought to the table.", table)
	m.bytesWritten = m.counter("table_written_bytes_total", "Bytes of data files and vectors that were written to the lake.", table)
	m.commits = m.counter("table_commits_total", "Commits with rows.", table)
	m.tableDuration = m.histogram("table_duration_seconds", "Time that bringing the table up to date took in a run.", table)
	m.tableEnded = m.gauge("table_last_run_timestamp_seconds", "When the table was last looked at.", table)
	m.tableState = m.gauge("table_last_run_state", "1 for the state of the table in the last run, 0 for the others.", table, labelState)
	m.tableApplied = m.gauge("table_applied_folder_timestamp_seconds", "When the newest folder was begun that is in the table.", table)
	m.tableStale = m.gauge("table_stale", "1 if the newest folder in the table was older than freshness_limit in the last run.", table)

	m.newest = m.gauge("source_newest_folder_timestamp_seconds", "When the newest folder of the export was begun that can be read.", source)
	m.open = m.gauge("source_open_folder_timestamp_seconds", "When the folder was begun that the export is writing now.", source)

	m.gauge("build_info", "1, with the version of the program in labels.", []string{"version", "go_version"}).
		WithLabelValues(version, runtime.Version()).Set(1)
	return m
}

const namespace = "sluice"

func (m *Metrics) counter(name, help string, labels []string, more ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, append(slices.Clip(labels), more...))
	m.registry.MustRegister(v)
	return v
}

func (m *Metrics) gauge(name, help string, labels []string, more ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, append(slices.Clip(labels), more...))
	m.registry.MustRegister(v)
	return v
}

func (m *Metrics) histogram(name, help string, labels []string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: durations}, labels)
	m.registry.MustRegister(v)
	return v
}

// Registry holds the metrics.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Listener counts what it is told.
func (m *Metrics) Listener() report.Listener {
	return report.Listener{RunBegan: m.runBegan, RunDone: m.runDone, TableBegan: m.tableBegan, Commit: m.commit, Table: m.table}
}

func (m *Metrics) runBegan(r report.RunInfo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.began[r.UpdateID] = r.At
}

func (m *Metrics) runDone(ended report.RunInfo, r report.Result) {
	m.mu.Lock()
	began := m.began[ended.UpdateID]
	delete(m.began, ended.UpdateID)
	m.mu.Unlock()

	name := ended.Pipeline
	m.runs.WithLabelValues(name, string(r.State)).Inc()
	m.runDuration.WithLabelValues(name).Observe(ended.At.Sub(began).Seconds())
	m.runEnded.WithLabelValues(name).Set(seconds(ended.At))
	if r.State == report.Completed || r.State == report.CompletedWithWarnings {
		m.runSucceeded.WithLabelValues(name).Set(seconds(ended.At))
	}
	for _, s := range runStates {
		m.runState.WithLabelValues(name, string(s)).Set(oneIf(s == r.State))
	}
	m.count(name, runEvents(ended, &r))
	for _, s := range r.Source {
		setFolder(m.newest.WithLabelValues(name, s.Environment), s.Newest)
		setFolder(m.open.WithLabelValues(name, s.Environment), s.Open)
	}
}

// tableBegan makes the table's counters, at 0: a rate is known only of what was
// there before.
func (m *Metrics) tableBegan(t report.TableInfo) { m.addCommits(t, 0, report.CommitInfo{}) }

func (m *Metrics) commit(t report.TableInfo, c report.CommitInfo) { m.addCommits(t, 1, c) }

func (m *Metrics) addCommits(t report.TableInfo, n float64, c report.CommitInfo) {
	m.commits.WithLabelValues(t.Pipeline, t.Table).Add(n)
	m.bytesRead.WithLabelValues(t.Pipeline, t.Table).Add(float64(c.BytesRead))
	m.bytesWritten.WithLabelValues(t.Pipeline, t.Table).Add(float64(c.BytesWritten))
	m.rowsRead.WithLabelValues(t.Pipeline, t.Table).Add(float64(c.Rows.Read))
	for outcome, rows := range map[string]int64{
		"upserted": c.Rows.Upserted, "deleted": c.Rows.Deleted, "superseded": c.Rows.Superseded, "quarantined": c.Rows.Quarantined,
	} {
		m.rows.WithLabelValues(t.Pipeline, t.Table, outcome).Add(float64(rows))
	}
}

func (m *Metrics) table(t report.TableInfo, r report.TableResult) {
	m.tableDuration.WithLabelValues(t.Pipeline, t.Table).Observe(float64(r.DurationMS) / 1e3)
	m.tableEnded.WithLabelValues(t.Pipeline, t.Table).Set(seconds(t.At))
	for _, s := range tableStates {
		m.tableState.WithLabelValues(t.Pipeline, t.Table, string(s)).Set(oneIf(s == r.State))
	}
	m.tableStale.WithLabelValues(t.Pipeline, t.Table).Set(oneIf(r.Stale))
	if folder, err := synapselink.ParseFolderName(r.Applied); err == nil {
		m.tableApplied.WithLabelValues(t.Pipeline, t.Table).Set(seconds(folder.Time()))
	}
	m.count(t.Pipeline, r.Events)
}

func (m *Metrics) count(pipelineName string, events []report.Event) {
	for _, e := range events {
		m.events.WithLabelValues(pipelineName, e.Code, string(e.Level)).Inc()
	}
}

// setFolder gives the time of a folder. None is 0, which is very old: an alert on
// the age must not fall silent where there is no folder.
func setFolder(g prometheus.Gauge, name string) {
	folder, err := synapselink.ParseFolderName(name)
	if err != nil {
		g.Set(0)
		return
	}
	g.Set(seconds(folder.Time()))
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1e3 }

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func startMetrics(_ context.Context, o Options, _ *problems) (*part, error) {
	if o.MetricsFile == "" {
		return nil, nil
	}
	m := NewMetrics(o.Version)
	return &part{listener: m.Listener(), close: func(context.Context) error { return m.WriteFile(o.MetricsFile) }}, nil
}
