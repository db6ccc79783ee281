package monitor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// The standard variables of OpenLineage's clients that are understood here.
const (
	envLineageURL       = "OPENLINEAGE_URL"
	envLineageEndpoint  = "OPENLINEAGE_ENDPOINT"
	envLineageKey       = "OPENLINEAGE_API_KEY"
	envLineageNamespace = "OPENLINEAGE_NAMESPACE"
	envLineageDisabled  = "OPENLINEAGE_DISABLED"
)

// otherTransports are how OpenLineage's own clients can be told of others.
var otherTransports = []string{"OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT", "OPENLINEAGE__TRANSPORT__TYPE"}

// defaultEndpoint is that of Marquez and of OpenLineage's own clients.
const defaultEndpoint = "api/v1/lineage"

// transport takes events as JSON, without waiting for a server.
type transport interface {
	send(event []byte)
	close(ctx context.Context) error
}

// lineage makes OpenLineage events of what it is told.
type lineage struct {
	namespace string // of jobs
	version   string
	newRunID  func() string
	problems  *problems
	to        []transport

	mu     sync.Mutex
	tables map[tableKey]string // ids of the runs of tables
}

func startLineage(ctx context.Context, o Options, p *problems) (*part, error) {
	to, err := lineageTransports(ctx, o)
	if len(to) == 0 {
		return nil, err
	}
	l := &lineage{
		namespace: cmp.Or(o.Getenv(envLineageNamespace), namespace), version: o.Version,
		newRunID: o.NewRunID, problems: p, to: to, tables: map[tableKey]string{},
	}
	return &part{listener: l.listener(), close: l.close}, err
}

// lineageTransports are those that can be used; the error says what of the
// options cannot.
func lineageTransports(ctx context.Context, o Options) (to []transport, err error) {
	if o.LineageFile != "" {
		t, failed := openLines(o.LineageFile)
		if failed == nil {
			to = append(to, t)
		}
		err = errors.Join(err, failed)
	}
	address := o.Getenv(envLineageURL)
	if strings.EqualFold(o.Getenv(envLineageDisabled), "true") {
		return to, err
	}
	for _, other := range otherTransports {
		if address == "" && o.Getenv(other) != "" {
			err = errors.Join(err, fmt.Errorf("%s is set, and of OpenLineage's transports only HTTP is understood here; set %s", other, envLineageURL))
		}
	}
	if address != "" {
		t, failed := newPoster(ctx, address, cmp.Or(o.Getenv(envLineageEndpoint), defaultEndpoint), o.Getenv(envLineageKey))
		if failed == nil {
			to = append(to, t)
		}
		err = errors.Join(err, failed)
	}
	return to, err
}

func (l *lineage) close(ctx context.Context) error {
	var errs []error
	for _, t := range l.to {
		errs = append(errs, t.close(ctx))
	}
	return errors.Join(errs...)
}

func (l *lineage) listener() report.Listener {
	return report.Listener{RunBegan: l.runBegan, RunDone: l.runDone, TableBegan: l.tableBegan, Table: l.table}
}

func (l *lineage) emit(e runEvent) {
	text, err := json.Marshal(e)
	if err != nil {
		l.problems.add("lineage", fmt.Errorf("write the event of %s: %w", e.Job.Name, err))
		return
	}
	for _, t := range l.to {
		t.send(text)
	}
}

func (l *lineage) runBegan(r report.RunInfo) {
	l.emit(l.event(eventStart, r.At, l.runOf(r), l.jobOf(r, typePipeline)))
}

func (l *lineage) runDone(ended report.RunInfo, r report.Result) {
	run := l.runOf(ended)
	kind := eventComplete
	switch failed := failedTables(&r); {
	case r.Error != nil:
		kind = run.fail(r.Error)
	case failed > 0:
		kind = run.fail(&report.Failure{Message: fmt.Sprintf("%d of %d tables failed", failed, len(r.Tables))})
	}
	l.emit(l.event(kind, ended.At, run, l.jobOf(ended, typePipeline)))
}

func (l *lineage) tableBegan(t report.TableInfo) {
	id := l.newRunID()
	l.mu.Lock()
	l.tables[keyOf(t)] = id
	l.mu.Unlock()
	e := l.tableEvent(eventStart, t, id)
	e.Inputs, e.Outputs = []inputDataset{inputOf(t)}, []outputDataset{outputOf(t)}
	l.emit(e)
}

func (l *lineage) table(t report.TableInfo, r report.TableResult) {
	l.mu.Lock()
	id, ok := l.tables[keyOf(t)]
	delete(l.tables, keyOf(t))
	l.mu.Unlock()
	if !ok {
		return
	}
	e := l.tableEvent(eventComplete, t, id)
	if r.Error != nil {
		e.EventType = e.Run.fail(r.Error)
	}
	in, out := inputOf(t), outputOf(t)
	describe(&in, &out, &r)
	e.Inputs, e.Outputs = []inputDataset{in}, []outputDataset{out}
	l.emit(e)
}

// tableEvent is an event of a table's run, which is part of the update.
func (l *lineage) tableEvent(kind string, t report.TableInfo, id string) runEvent {
	parent := parentFacet{facet: facetOf(schemaParent)}
	parent.Run.RunID = l.runOf(t.RunInfo).RunID
	parent.Job.Namespace, parent.Job.Name = l.namespace, t.Pipeline
	r := l.newRun(id)
	r.Facets["parent"] = parent
	j := l.jobOf(t.RunInfo, typeTable)
	j.Name += "." + t.Table
	return l.event(kind, t.At, r, j)
}

func (l *lineage) event(kind string, at time.Time, r run, j job) runEvent {
	return runEvent{
		EventType: kind, EventTime: at.UTC().Format("2006-01-02T15:04:05.000Z"), Run: r, Job: j,
		Inputs: []inputDataset{}, Outputs: []outputDataset{}, Producer: producer, SchemaURL: schemaRunEvent,
	}
}

// runOf is the update. Its id has to be a UUID here; of another text one is made
// that is always the same.
func (l *lineage) runOf(r report.RunInfo) run {
	id, err := uuid.Parse(r.UpdateID)
	if err != nil {
		id = uuid.NewSHA1(uuid.NameSpaceURL, []byte(producer+"/updates/"+r.UpdateID))
	}
	return l.newRun(id.String())
}

func (l *lineage) newRun(id string) run {
	return run{RunID: id, Facets: map[string]any{"processing_engine": engineFacet{
		facet: facetOf(schemaEngine), Version: l.version, Name: engineName, AdapterVersion: l.version,
	}}}
}

func (l *lineage) jobOf(r report.RunInfo, kind string) job {
	return job{Namespace: l.namespace, Name: r.Pipeline, Facets: map[string]any{"jobType": jobTypeFacet{
		facet: facetOf(schemaJobType), ProcessingType: "BATCH", Integration: strings.ToUpper(engineName), JobType: kind,
	}}}
}
