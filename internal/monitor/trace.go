package monitor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/sluicedata/sluice/internal/obs"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// The standard variables of OpenTelemetry that decide whether there are traces.
// The rest (headers, time-outs, certificates, sampling, service name) is read by
// OpenTelemetry's own code.
const (
	envOTLP         = "OTEL_EXPORTER_OTLP_ENDPOINT"
	envOTLPTraces   = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	envOTLPProtocol = "OTEL_EXPORTER_OTLP_PROTOCOL"
	envExporter     = "OTEL_TRACES_EXPORTER"
	envDisabled     = "OTEL_SDK_DISABLED"
	envParent       = "TRACEPARENT"
	envState        = "TRACESTATE"
)

// Names of spans.
const (
	spanRun    = "sluice.run"
	spanTable  = "sluice.table"
	spanCommit = "sluice.commit"
)

// traceRetry repeats what a collector refused for the moment, within what Close
// waits.
var traceRetry = otlptracehttp.RetryConfig{Enabled: true, InitialInterval: 500 * time.Millisecond, MaxInterval: time.Second, MaxElapsedTime: 3 * time.Second}

// tracesWanted looks at the environment. The error says what of it is not
// understood.
func tracesWanted(getenv func(string) string) (bool, error) {
	switch {
	case getenv(envOTLP) == "" && getenv(envOTLPTraces) == "",
		strings.EqualFold(getenv(envDisabled), "true"), getenv(envExporter) == "none":
		return false, nil
	}
	if p := getenv(envOTLPProtocol); p != "" && p != "http/protobuf" {
		return false, fmt.Errorf("%s is %s: traces are sent as http/protobuf only; set it to that, and the endpoint to the collector's HTTP port (4318)",
			envOTLPProtocol, p)
	}
	return true, nil
}

func startTraces(ctx context.Context, o Options, p *problems) (*part, error) {
	wanted, err := tracesWanted(o.Getenv)
	if !wanted {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithRetry(traceRetry))
	if err != nil {
		return nil, fmt.Errorf("set up the exporter: %w", err)
	}
	t := newTraces(ctx, o, reporting{exporter, p})
	return &part{listener: t.listener(), close: func(ctx context.Context) error {
		err := t.provider.Shutdown(ctx)
		if ctx.Err() != nil {
			// What is still being sent is cut off.
			_ = exporter.Shutdown(ctx)
			return errors.New("the collector did not take all spans in time")
		}
		return err
	}}, nil
}

// reporting tells what an exporter could not send. OpenTelemetry would tell its
// global handler.
type reporting struct {
	sdktrace.SpanExporter
	problems *problems
}

// ExportSpans never fails: the batch is lost, and that is told.
func (r reporting) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	r.problems.add("traces", r.SpanExporter.ExportSpans(ctx, spans))
	return nil
}

// traces makes spans of what it is told.
type traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	parent   context.Context // of runs: what the environment names

	mu     sync.Mutex
	runs   map[string]open
	tables map[tableKey]open
}

// open is a span that has not ended, with the context of those below it.
type open struct {
	span trace.Span
	ctx  context.Context
}

func newTraces(ctx context.Context, o Options, exporter sdktrace.SpanExporter, more ...sdktrace.TracerProviderOption) *traces {
	// What the environment says of the service comes last and wins.
	res, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "sluice"), attribute.String("service.version", o.Version)),
		resource.WithFromEnv())
	if err != nil {
		res = resource.Default()
	}
	provider := sdktrace.NewTracerProvider(append([]sdktrace.TracerProviderOption{
		sdktrace.WithResource(res), sdktrace.WithBatcher(exporter, sdktrace.WithExportTimeout(flushLimit)),
	}, more...)...)
	carrier := propagation.MapCarrier{"traceparent": o.Getenv(envParent), "tracestate": o.Getenv(envState)}
	return &traces{
		provider: provider,
		tracer:   provider.Tracer("github.com/sluicedata/sluice", trace.WithInstrumentationVersion(o.Version)),
		parent:   propagation.TraceContext{}.Extract(context.WithoutCancel(ctx), carrier),
		runs:     map[string]open{}, tables: map[tableKey]open{},
	}
}

func (t *traces) listener() report.Listener {
	return report.Listener{RunBegan: t.runBegan, RunDone: t.runDone, TableBegan: t.tableBegan, Table: t.table, Commit: t.commit}
}

// key is the name of an attribute of ours.
func key(name string) attribute.Key { return attribute.Key(namespace + "." + name) }

func (t *traces) runBegan(r report.RunInfo) {
	var run open
	//nolint:spancheck // runDone ends it
	run.ctx, run.span = t.tracer.Start(t.parent, spanRun, trace.WithTimestamp(r.At), trace.WithAttributes(
		key(obs.KeyPipeline).String(r.Pipeline), key(obs.KeyUpdate).String(r.UpdateID)))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs[r.UpdateID] = run
}

func (t *traces) runDone(ended report.RunInfo, r report.Result) {
	t.mu.Lock()
	run, ok := t.runs[ended.UpdateID]
	delete(t.runs, ended.UpdateID)
	t.mu.Unlock()
	if !ok {
		return
	}
	failed := failedTables(&r)
	run.span.SetAttributes(rowAttributes(r.Total())...)
	run.span.SetAttributes(key("state").String(string(r.State)), key("tables").Int(len(r.Tables)), key("tables_failed").Int(failed))
	addEvents(run.span, runEvents(ended, &r))
	switch {
	case r.Error != nil:
		fail(run.span, r.Error)
	case failed > 0:
		run.span.SetStatus(codes.Error, fmt.Sprintf("%d of %d tables failed", failed, len(r.Tables)))
	}
	run.span.End(trace.WithTimestamp(ended.At))
}

func (t *traces) tableBegan(info report.TableInfo) {
	t.mu.Lock()
	defer t.mu.Unlock()
	run, ok := t.runs[info.UpdateID]
	if !ok {
		return
	}
	var table open
	//nolint:spancheck // the function table ends it
	table.ctx, table.span = t.tracer.Start(run.ctx, spanTable, trace.WithTimestamp(info.At), trace.WithAttributes(
		key(obs.KeyPipeline).String(info.Pipeline), key(obs.KeyTable).String(info.Table), key(obs.KeySource).String(info.SourceTable),
		key("environment").String(info.Environment), key(obs.KeyURL).String(obs.Redact(info.Path))))
	t.tables[keyOf(info)] = table
}

func (t *traces) table(info report.TableInfo, r report.TableResult) {
	t.mu.Lock()
	table, ok := t.tables[keyOf(info)]
	delete(t.tables, keyOf(info))
	t.mu.Unlock()
	if !ok {
		return
	}
	table.span.SetAttributes(rowAttributes(r.Rows)...)
	table.span.SetAttributes(key("state").String(string(r.State)), key("cursor").String(r.Cursor), key(obs.KeyVersion).Int64(r.Version),
		key("folders").Int(r.Folders), key("bytes_read").Int64(r.BytesRead), key("bytes_written").Int64(r.BytesWrote))
	addEvents(table.span, cleaned(r.Events))
	if r.Error != nil {
		fail(table.span, r.Error)
	}
	table.span.End(trace.WithTimestamp(info.At))
}

// commit is told when it is over, so that its span begins in the past.
func (t *traces) commit(info report.TableInfo, c report.CommitInfo) {
	t.mu.Lock()
	table, ok := t.tables[keyOf(info)]
	t.mu.Unlock()
	if !ok {
		return
	}
	folders := make([]string, len(c.Folders))
	for i, f := range c.Folders {
		folders[i] = f.String()
	}
	_, span := t.tracer.Start(table.ctx, spanCommit, trace.WithTimestamp(c.Began), trace.WithAttributes(rowAttributes(c.Rows)...),
		trace.WithAttributes(key(obs.KeyTable).String(info.Table), key(obs.KeyVersion).Int64(c.Version), key("folders").StringSlice(folders),
			key("bytes_read").Int64(c.BytesRead), key("bytes_written").Int64(c.BytesWritten)))
	span.End(trace.WithTimestamp(c.Ended))
}

func rowAttributes(r report.Rows) []attribute.KeyValue {
	return []attribute.KeyValue{
		key(obs.KeyRowsRead).Int64(r.Read), key(obs.KeyRowsUpserted).Int64(r.Upserted), key(obs.KeyRowsDeleted).Int64(r.Deleted),
		key(obs.KeyRowsSuperseded).Int64(r.Superseded), key(obs.KeyRowsQuarantined).Int64(r.Quarantined),
	}
}

func addEvents(span trace.Span, events []report.Event) {
	for _, e := range events {
		attributes := []attribute.KeyValue{key("level").String(string(e.Level)), key("text").String(e.Text)}
		if e.Folder != "" {
			attributes = append(attributes, key(obs.KeyFolder).String(e.Folder))
		}
		if e.Fix != "" {
			attributes = append(attributes, key(obs.KeyHint).String(e.Fix))
		}
		span.AddEvent(e.Code, trace.WithTimestamp(e.Time), trace.WithAttributes(attributes...))
	}
}

// fail marks a span. The class of the failure has the name that OpenTelemetry's
// conventions give it.
func fail(span trace.Span, f *report.Failure) {
	span.SetAttributes(attribute.String("error.type", f.Code))
	span.SetStatus(codes.Error, obs.Redact(f.Message))
}
