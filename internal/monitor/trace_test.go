package monitor

import (
	"compress/gzip"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func contextEnded(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

// spansOf are the spans that a collector got, and the service's attributes.
func spansOf(t *testing.T, c *collector) (spans []*tracepb.Span, service string) {
	t.Helper()
	for i, body := range c.bodies {
		if c.heads[i].Get("Content-Encoding") == "gzip" {
			r, err := gzip.NewReader(strings.NewReader(string(body)))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		var request collectorpb.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &request); err != nil {
			t.Fatal(err)
		}
		for _, r := range request.GetResourceSpans() {
			service = attributesOf(r.GetResource().GetAttributes(), "service.")
			for _, s := range r.GetScopeSpans() {
				spans = append(spans, s.GetSpans()...)
			}
		}
	}
	slices.SortStableFunc(spans, func(a, b *tracepb.Span) int {
		return int(int64(a.GetStartTimeUnixNano()) - int64(b.GetStartTimeUnixNano()))
	})
	return spans, service
}

func attributesOf(list []*commonpb.KeyValue, prefix string) string {
	var out []string
	for _, a := range list {
		if strings.HasPrefix(a.GetKey(), prefix) {
			out = append(out, a.GetKey()+"="+valueOf(a.GetValue()))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func valueOf(v *commonpb.AnyValue) string {
	switch v := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return v.StringValue
	case *commonpb.AnyValue_IntValue:
		return fmt.Sprint(v.IntValue)
	case *commonpb.AnyValue_ArrayValue:
		var out []string
		for _, one := range v.ArrayValue.GetValues() {
			out = append(out, valueOf(one))
		}
		return "[" + strings.Join(out, " ") + "]"
	}
	return fmt.Sprint(v)
}

// tree draws spans below each other.
func tree(out *strings.Builder, spans []*tracepb.Span, parent []byte, indent string) {
	second := func(nano uint64) float64 { return time.Unix(0, int64(nano)).Sub(noon).Seconds() }
	for _, s := range spans {
		if string(s.GetParentSpanId()) != string(parent) {
			continue
		}
		fmt.Fprintf(out, "%s%s %g s to %g s %s %s\n", indent, s.GetName(), second(s.GetStartTimeUnixNano()), second(s.GetEndTimeUnixNano()),
			strings.TrimPrefix(s.GetStatus().GetCode().String(), "STATUS_CODE_"), s.GetStatus().GetMessage())
		for pair := range strings.SplitSeq(attributesOf(s.GetAttributes(), ""), " sluice.") {
			fmt.Fprintf(out, "%s    %s\n", indent, strings.TrimPrefix(pair, "sluice."))
		}
		for _, e := range s.GetEvents() {
			fmt.Fprintf(out, "%s  ! %s %g s %s\n", indent, e.GetName(), second(e.GetTimeUnixNano()), attributesOf(e.GetAttributes(), ""))
		}
		tree(out, spans, s.GetSpanId(), indent+"  ")
	}
}

func TestTraces(t *testing.T) {
	c := newCollector(t, nil)
	t.Setenv(envOTLP, c.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=contoso")
	t.Setenv("OTEL_SERVICE_NAME", "sluice-prod")
	const traceID, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	m := Start(t.Context(), Options{Version: "v1.2.3", Getenv: env(map[string]string{
		envOTLP: c.URL, envParent: "00-" + traceID + "-" + parent + "-01",
	})})
	tellSample(t, m.Listener())
	tellRefusal(m.Listener(), "another", "NO_EXPORT")
	if problems := m.Close(t.Context()); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	spans, service := spansOf(t, c)
	if service != "service.name=sluice-prod service.version=v1.2.3" {
		t.Errorf("the service is %s", service)
	}
	for i, head := range c.heads {
		if c.paths[i] != "/v1/traces" || head.Get("X-Tenant") != "contoso" {
			t.Errorf("request %d went to %s with %v", i, c.paths[i], head)
		}
	}
	for _, s := range spans {
		if hex.EncodeToString(s.GetTraceId()) != traceID {
			t.Errorf("span %s is in trace %x", s.GetName(), s.GetTraceId())
		}
	}
	root, err := hex.DecodeString(parent)
	if err != nil {
		t.Fatal(err)
	}
	var drawn strings.Builder
	tree(&drawn, spans, root, "")
	if strings.Contains(drawn.String(), secret) {
		t.Error("a span tells a secret")
	}
	golden(t, "spans.txt", drawn.String())
}

func TestTracesOnlyWhereWanted(t *testing.T) {
	for _, tt := range []struct {
		name   string
		env    map[string]string
		wanted bool
		err    string
	}{
		{"nothing is set", nil, false, ""},
		{"endpoint", map[string]string{envOTLP: "http://x"}, true, ""},
		{"endpoint of traces", map[string]string{envOTLPTraces: "http://x"}, true, ""},
		{"disabled", map[string]string{envOTLP: "http://x", envDisabled: "TRUE"}, false, ""},
		{"no exporter", map[string]string{envOTLP: "http://x", envExporter: "none"}, false, ""},
		{"HTTP", map[string]string{envOTLP: "http://x", envOTLPProtocol: "http/protobuf"}, true, ""},
		{"gRPC", map[string]string{envOTLP: "http://x", envOTLPProtocol: "grpc"}, false, "OTEL_EXPORTER_OTLP_PROTOCOL is grpc"},
	} {
		wanted, err := tracesWanted(env(tt.env))
		if wanted != tt.wanted || (err == nil) != (tt.err == "") || err != nil && !strings.HasPrefix(err.Error(), tt.err) {
			t.Errorf("%s: %v, %v", tt.name, wanted, err)
		}
	}
}

func TestCollectorThatRefuses(t *testing.T) {
	c := newCollector(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	t.Setenv(envOTLP, c.URL)
	m := Start(t.Context(), Options{Getenv: env(map[string]string{envOTLP: c.URL})})
	tellSample(t, m.Listener())
	problems := m.Close(t.Context())
	if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), "traces: ") || !strings.Contains(problems[0].Error(), "400") {
		t.Errorf("problems: %v", problems)
	}
}

// TestCollectorThatHangs: closing ends with its context, and leaves nothing behind.
func TestCollectorThatHangs(t *testing.T) {
	release := make(chan struct{})
	var once sync.Once
	c := newCollector(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer once.Do(func() { close(release) })
	t.Setenv(envOTLP, c.URL)
	var p problems
	p.log = Options{}.withDefaults().Log
	part, err := startTraces(t.Context(), Options{Getenv: env(map[string]string{envOTLP: c.URL})}.withDefaults(), &p)
	if err != nil {
		t.Fatal(err)
	}
	tellSample(t, part.listener)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := part.close(ctx); err == nil || err.Error() != "the collector did not take all spans in time" {
		t.Errorf("got %v", err)
	}
}
