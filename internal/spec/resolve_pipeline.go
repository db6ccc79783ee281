package spec

import (
	"cmp"
	"fmt"
	"strings"
)

func (r *resolver) pipelines() {
	byName := map[string]string{}
	for _, key := range sorted(r.cfg.Resources.Pipelines) {
		p := r.pipeline(key, r.cfg.Resources.Pipelines[key])
		if other, taken := byName[p.Name]; taken {
			r.errorf(join("resources.pipelines", key, "name"), fmt.Sprintf("%q is the name of pipeline %s too", p.Name, other), "give each pipeline a name of its own")
		}
		byName[p.Name] = key
		r.out.Pipelines = append(r.out.Pipelines, p)
	}
	if len(r.cfg.Resources.Pipelines) == 0 {
		r.warnf("resources.pipelines", "there is no pipeline, so there is nothing to run", "")
	}
}

func (r *resolver) pipeline(key string, spec *PipelineSpec) Pipeline {
	at := join("resources.pipelines", key)
	def := &spec.IngestionDefinition
	p := Pipeline{
		Key: key, Name: cmp.Or(spec.Name, key),
		Catalog: spec.Catalog, Schema: spec.Schema,
		Development: spec.Development, Tags: spec.Tags,
		Source:       r.connectionOf(join(at, "ingestion_definition", "connection_name"), def.ConnectionName),
		ChoiceLabels: def.IngestChoiceLabels,
		Settings:     merge(def.TableConfiguration),
		Position:     r.cfg.position(at),
	}
	if def.IngestChoiceLabels && (spec.Catalog == "" || spec.Schema == "") {
		r.errorf(join(at, "ingestion_definition", "ingest_choice_labels"), "needs the pipeline's catalog and schema", "set catalog and schema of the pipeline: the label tables are written there")
	}
	r.folder(join(at, "catalog"), spec.Catalog)
	r.folder(join(at, "schema"), spec.Schema)
	r.settingsAt(join(at, "ingestion_definition", "table_configuration"), def.TableConfiguration)
	if len(def.Objects) == 0 {
		r.warnf(join(at, "ingestion_definition", "objects"), "the pipeline has no tables", "list tables, or a schema for all tables of an environment")
	}
	for i, o := range def.Objects {
		r.object(&p, def, o, fmt.Sprintf("%s.ingestion_definition.objects[%d]", at, i))
	}
	return p
}

func (r *resolver) connectionOf(at, name string) Source {
	source, ok := r.sources[name]
	if !ok && name != "" {
		hint := didYouMean(name, sorted(r.cfg.Connections))
		if hint == "" {
			hint = "describe it under connections"
		}
		r.errorf(at, r.quote(at, name)+" is not a connection of this file", hint)
	}
	return source
}

// object adds one thing to read to the pipeline.
func (r *resolver) object(p *Pipeline, def *IngestionPipelineDefinition, o IngestionConfig, at string) {
	switch {
	case o.Table != nil && o.Schema != nil:
		r.errorf(at, "has both a table and a schema", "make two objects of it")
	case o.Table != nil:
		p.Tables = append(p.Tables, r.table(p, def, o.Table, join(at, "table")))
	case o.Schema != nil:
		p.Environments = append(p.Environments, r.environment(p, def, o.Schema, join(at, "schema")))
	case !bool(o.Report):
		r.errorf(at, "has neither a table nor a schema", "")
	}
}

func (r *resolver) table(p *Pipeline, def *IngestionPipelineDefinition, spec *TableSpec, at string) Table {
	r.settingsAt(join(at, "table_configuration"), spec.TableConfiguration)
	t := Table{
		SourceSchema: spec.SourceSchema, SourceTable: strings.TrimSpace(spec.SourceTable),
		Destination: Destination{
			Catalog: cmp.Or(spec.DestinationCatalog, p.Catalog),
			Schema:  cmp.Or(spec.DestinationSchema, p.Schema),
			Table:   cmp.Or(spec.DestinationTable, strings.ToLower(strings.TrimSpace(spec.SourceTable))),
		},
		Settings: merge(spec.TableConfiguration, schemaSettings(def, spec.SourceSchema), def.TableConfiguration),
		Path:     at, Position: r.cfg.position(at),
	}
	r.destination(at, "destination_catalog", spec.DestinationCatalog, p.Catalog)
	r.destination(at, "destination_schema", spec.DestinationSchema, p.Schema)
	if spec.DestinationTable != "" {
		r.folder(join(at, "destination_table"), spec.DestinationTable)
	} else {
		r.folder(join(at, "source_table"), t.Destination.Table)
	}
	return t
}

func (r *resolver) environment(p *Pipeline, def *IngestionPipelineDefinition, spec *SchemaSpec, at string) Environment {
	r.settingsAt(join(at, "table_configuration"), spec.TableConfiguration)
	e := Environment{
		SourceSchema: spec.SourceSchema,
		Catalog:      cmp.Or(spec.DestinationCatalog, p.Catalog),
		Schema:       cmp.Or(spec.DestinationSchema, p.Schema),
		Exclude:      spec.ExcludeTables,
		Settings:     merge(spec.TableConfiguration, def.TableConfiguration),
		Path:         at, Position: r.cfg.position(at),
	}
	r.destination(at, "destination_catalog", spec.DestinationCatalog, p.Catalog)
	r.destination(at, "destination_schema", spec.DestinationSchema, p.Schema)
	for i, name := range spec.ExcludeTables {
		if strings.TrimSpace(name) == "" {
			r.errorf(fmt.Sprintf("%s.exclude_tables[%d]", at, i), "is empty", "name a table, or remove the item")
		}
	}
	return e
}

// schemaSettings is the configuration of the schema object that a table would
// belong to if it were not named itself.
func schemaSettings(def *IngestionPipelineDefinition, sourceSchema string) *TableSpecificConfig {
	for _, o := range def.Objects {
		if o.Schema != nil && sameEnvironment(o.Schema.SourceSchema, sourceSchema) {
			return o.Schema.TableConfiguration
		}
	}
	return nil
}

// destination checks a folder of the lake that an object names itself. One that
// it takes from the pipeline is checked there.
func (r *resolver) destination(at, key, own, inherited string) {
	if own != "" {
		r.folder(join(at, key), own)
	} else if inherited == "" {
		r.errorf(join(at, key), "is missing", fmt.Sprintf("set it, or set %s of the pipeline", strings.TrimPrefix(key, "destination_")))
	}
}

// folder checks a name that becomes a folder of the lake.
func (r *resolver) folder(path, name string) {
	if why := badName(name); name != "" && why != "" {
		r.errorf(path, r.quote(path, name)+" "+why, "it becomes a folder of the lake; give it another name")
	}
}
