package monitor

import (
	"fmt"

	"github.com/sluicedata/sluice/internal/obs"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// The shapes of OpenLineage's specification 2-0-2, as far as they are used.
// Source: https://openlineage.io/spec/2-0-2/OpenLineage.json and the facets
// beside it.

// Kinds of events.
const (
	eventStart    = "START"
	eventComplete = "COMPLETE"
	eventFail     = "FAIL"
	eventAbort    = "ABORT" // a user stopped it
)

// Kinds of jobs, in words of our own: the facet wants them so.
const (
	typePipeline = "PIPELINE"
	typeTable    = "TABLE"
)

const (
	// producer is an address of the code that made an event.
	producer   = "https://github.com/sluicedata/sluice"
	engineName = "sluice"

	schemaRunEvent = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
	facets         = "https://openlineage.io/spec/facets/"

	schemaParent     = facets + "1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet"
	schemaEngine     = facets + "1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet"
	schemaError      = facets + "1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet"
	schemaJobType    = facets + "2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet"
	schemaDatasource = facets + "1-0-1/DatasourceDatasetFacet.json#/$defs/DatasourceDatasetFacet"
	schemaSchema     = facets + "1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"
	schemaVersion    = facets + "1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet"
	schemaColumns    = facets + "1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
	schemaStatistics = facets + "1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet"
)

type runEvent struct {
	EventType string          `json:"eventType"`
	EventTime string          `json:"eventTime"`
	Run       run             `json:"run"`
	Job       job             `json:"job"`
	Inputs    []inputDataset  `json:"inputs"`
	Outputs   []outputDataset `json:"outputs"`
	Producer  string          `json:"producer"`
	SchemaURL string          `json:"schemaURL"`
}

type run struct {
	RunID  string         `json:"runId"`
	Facets map[string]any `json:"facets,omitempty"`
}

type job struct {
	Namespace string         `json:"namespace"`
	Name      string         `json:"name"`
	Facets    map[string]any `json:"facets,omitempty"`
}

type dataset struct {
	Namespace string         `json:"namespace"`
	Name      string         `json:"name"`
	Facets    map[string]any `json:"facets,omitempty"`
}

type inputDataset struct {
	dataset
}

type outputDataset struct {
	dataset

	OutputFacets map[string]any `json:"outputFacets,omitempty"`
}

// facet is what all facets begin with.
type facet struct {
	Producer  string `json:"_producer"`
	SchemaURL string `json:"_schemaURL"`
}

func facetOf(schema string) facet { return facet{producer, schema} }

type parentFacet struct {
	facet

	Run run `json:"run"`
	Job job `json:"job"`
}

type engineFacet struct {
	facet

	Version        string `json:"version"`
	Name           string `json:"name"`
	AdapterVersion string `json:"openlineageAdapterVersion"`
}

type jobTypeFacet struct {
	facet

	ProcessingType string `json:"processingType"`
	Integration    string `json:"integration"`
	JobType        string `json:"jobType"`
}

type errorFacet struct {
	facet

	Message  string `json:"message"`
	Language string `json:"programmingLanguage"`
}

type datasourceFacet struct {
	facet

	Name string `json:"name"`
	URI  string `json:"uri"`
}

type schemaFacet struct {
	facet

	Fields []schemaField `json:"fields"`
}

type schemaField struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Position int    `json:"ordinal_position"`
}

type versionFacet struct {
	facet

	Version string `json:"datasetVersion"`
}

type columnsFacet struct {
	facet

	Fields map[string]columnOrigin `json:"fields"`
}

type columnOrigin struct {
	InputFields []inputField `json:"inputFields"`
}

type inputField struct {
	Namespace       string           `json:"namespace"`
	Name            string           `json:"name"`
	Field           string           `json:"field"`
	Transformations []transformation `json:"transformations"`
}

type transformation struct {
	Type    string `json:"type"`
	Subtype string `json:"subtype"`
}

type statisticsFacet struct {
	facet

	RowCount int64 `json:"rowCount"`
	Size     int64 `json:"size"`
}

// fail puts the reason into the run and gives the kind of event that tells it.
func (r *run) fail(f *report.Failure) string {
	r.Facets["errorMessage"] = errorFacet{facet: facetOf(schemaError), Message: obs.Redact(f.Message), Language: "GO"}
	if f.Code == interrupted {
		return eventAbort
	}
	return eventFail
}

// inputOf is the table in the export.
func inputOf(t report.TableInfo) inputDataset {
	return inputDataset{datasetAt(t.SourceURL, t.SourceTable)}
}

// outputOf is the Delta table.
func outputOf(t report.TableInfo) outputDataset {
	return outputDataset{dataset: datasetAt(t.Path, "")}
}

// datasetAt names what is at an address, or at a name below it.
func datasetAt(address, below string) dataset {
	space, name := datasetName(address, below)
	return dataset{Namespace: space, Name: name, Facets: map[string]any{
		"dataSource": datasourceFacet{facet: facetOf(schemaDatasource), Name: space, URI: obs.Redact(address)},
	}}
}

// describe adds what is known when a table is done: its columns, which are those
// of the source as they are, its version, and what was written.
func describe(in *inputDataset, out *outputDataset, r *report.TableResult) {
	if columns := r.Columns; len(columns) > 0 {
		fields := schemaFacet{facet: facetOf(schemaSchema)}
		origins := columnsFacet{facet: facetOf(schemaColumns), Fields: map[string]columnOrigin{}}
		for i, c := range columns {
			fields.Fields = append(fields.Fields, schemaField{c.Name, c.Type, i + 1})
			origins.Fields[c.Name] = columnOrigin{[]inputField{
				{in.Namespace, in.Name, c.Name, []transformation{{"DIRECT", "IDENTITY"}}},
			}}
		}
		in.Facets["schema"], out.Facets["schema"], out.Facets["columnLineage"] = fields, fields, origins
	}
	if r.Version >= 0 {
		out.Facets["version"] = versionFacet{facetOf(schemaVersion), fmt.Sprint(r.Version)}
	}
	out.OutputFacets = map[string]any{
		"outputStatistics": statisticsFacet{facetOf(schemaStatistics), r.Rows.Upserted, r.BytesWrote},
	}
}
