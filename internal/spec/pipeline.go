package spec

// PipelineSpec is a pipeline: which tables of one connection are kept in step,
// and where.
type PipelineSpec struct {
	// Name that people see. The pipeline's key, if absent.
	Name string `json:"name,omitempty"`
	// Catalog of tables that do not name one themselves: the first folder below the lake.
	Catalog string `json:"catalog,omitempty"`
	// Schema of tables that do not name one themselves: the second folder below the lake.
	Schema string `json:"schema,omitempty"`
	// Release channel, PREVIEW or CURRENT at Databricks. Sluice has one.
	Channel string `json:"channel,omitempty"`
	// Whether the pipeline runs without end.
	Continuous bool `json:"continuous,omitempty" refuse:"an export comes in folders, so a pipeline runs, applies what is there and ends; start 'sluice run' every few minutes"`
	// Marks a pipeline that is being tried out.
	Development bool `json:"development,omitempty"`
	// Labels of your choice.
	Tags map[string]string `json:"tags,omitempty"`
	// What is read, and how.
	IngestionDefinition IngestionPipelineDefinition `json:"ingestion_definition,omitzero" jsonschema:"required"`

	// Mail about runs.
	Notifications Foreign `json:"notifications,omitempty" ignore:"Sluice sends no mail; watch the exit code of 'sluice run'"`
	// Id of an existing pipeline.
	ID Foreign `json:"id,omitempty" ignore:"a pipeline is known by its key"`
	// Old name of schema.
	Target Foreign `json:"target,omitempty" refuse:"write schema instead"`
	// Code that the pipeline runs.
	Libraries Foreign `json:"libraries,omitempty" refuse:"Sluice runs no notebooks and no code of yours"`
	// Definition of an ingestion gateway.
	GatewayDefinition Foreign `json:"gateway_definition,omitempty" refuse:"Sluice reads exports and has no gateways; remove this pipeline"`
	// Which parts of the code run.
	Filters Foreign `json:"filters,omitempty" refuse:"Sluice runs no notebooks and no code of yours"`
	// Folder for tables.
	Storage Foreign `json:"storage,omitempty" refuse:"tables are written below lake.url"`
	// When the pipeline runs.
	Trigger Foreign `json:"trigger,omitempty" ignore:"this version starts nothing by itself; start 'sluice run' from cron or another scheduler"`
	// Settings for the code.
	Configuration Foreign `json:"configuration,omitempty" ignore:"there is no code that reads it"`
	// Values for the code.
	Parameters Foreign `json:"parameters,omitempty" ignore:"there is no code that reads them"`
	// Two pipelines of one name.
	AllowDuplicateNames Foreign `json:"allow_duplicate_names,omitempty" ignore:"names are unique in Sluice"`
	// Who pays.
	BudgetPolicyID Foreign `json:"budget_policy_id,omitempty" ignore:"Sluice has no budgets"`
	// Who pays.
	UsagePolicyID Foreign `json:"usage_policy_id,omitempty" ignore:"Sluice has no budgets"`
	// Machines to run on.
	Clusters Foreign `json:"clusters,omitempty" ignore:"Sluice has no clusters"`
	// Machines to run on.
	Serverless Foreign `json:"serverless,omitempty" ignore:"Sluice has no clusters"`
	// Machines to run on.
	ServerlessComputeID Foreign `json:"serverless_compute_id,omitempty" ignore:"Sluice has no clusters"`
	// Another engine.
	Photon Foreign `json:"photon,omitempty" ignore:"Sluice has an engine of its own"`
	// Product edition.
	Edition Foreign `json:"edition,omitempty" ignore:"Sluice has no editions"`
	// How the pipeline was deployed.
	Deployment Foreign `json:"deployment,omitempty" ignore:"Sluice runs what is in this file"`
	// Python packages.
	Environment Foreign `json:"environment,omitempty" ignore:"there is no code that needs it"`
	// Table that receives events.
	EventLog Foreign `json:"event_log,omitempty" ignore:"events are kept with the run history, see state.url"`
	// When the pipeline may restart.
	RestartWindow Foreign `json:"restart_window,omitempty" ignore:"a pipeline runs when it is started"`
	// Folder of the code.
	RootPath Foreign `json:"root_path,omitempty" ignore:"there is no code"`
	// Folder of the pipeline in the workspace.
	ParentPath Foreign `json:"parent_path,omitempty" ignore:"Sluice has no workspace folders"`
	// Who the pipeline runs as.
	RunAs Foreign `json:"run_as,omitempty" ignore:"Sluice runs as the user who starts it"`
	// Who may see and manage the pipeline.
	Permissions Foreign `json:"permissions,omitempty" ignore:"Sluice has no permissions in its configuration"`
	// Protection from deletion.
	Lifecycle Foreign `json:"lifecycle,omitempty" ignore:"it tells the Databricks CLI how to deploy"`
}

// IngestionPipelineDefinition is what a pipeline reads.
type IngestionPipelineDefinition struct {
	// Name of a connection of this file.
	ConnectionName string `json:"connection_name,omitempty" jsonschema:"required"`
	// Tables, and environments with all their tables.
	Objects []IngestionConfig `json:"objects,omitempty"`
	// Settings for all tables of the pipeline. Those of a schema object and of a table come before them.
	TableConfiguration *TableSpecificConfig `json:"table_configuration,omitempty"`
	// Whether the labels of choice columns are written too, as tables OptionsetMetadata, GlobalOptionsetMetadata, StateMetadata, StatusMetadata and TargetMetadata in the pipeline's schema.
	IngestChoiceLabels bool `json:"ingest_choice_labels,omitempty"`

	// Kind of connector.
	ConnectorType Foreign `json:"connector_type,omitempty" ignore:"Sluice has one kind of connector"`
	// Kind of source.
	SourceType Foreign `json:"source_type,omitempty" ignore:"the connection tells the kind of source"`
	// Settings for kinds of sources.
	SourceConfigurations Foreign `json:"source_configurations,omitempty" refuse:"none of them is for Dynamics 365"`
	// Where data is staged.
	DataStagingOptions Foreign `json:"data_staging_options,omitempty" ignore:"nothing is staged"`
	// When a full refresh may run.
	FullRefreshWindow Foreign `json:"full_refresh_window,omitempty" ignore:"a full refresh runs when it is asked for"`
	// Gateway that reads the source.
	IngestionGatewayID Foreign `json:"ingestion_gateway_id,omitempty" refuse:"Sluice reads exports and has no gateways; name a connection with connection_name"`
	// Reading another catalog's tables.
	IngestFromUCForeignCatalog Foreign `json:"ingest_from_uc_foreign_catalog,omitempty" refuse:"Sluice reads exports; name a connection with connection_name"`
	// Driver for NetSuite.
	NetsuiteJarPath Foreign `json:"netsuite_jar_path,omitempty" ignore:"it is for NetSuite"`
}

// IngestionConfig is one thing that a pipeline reads: exactly one of its keys
// is set.
type IngestionConfig struct {
	// One table.
	Table *TableSpec `json:"table,omitempty"`
	// Every table of an environment that no table object of the pipeline names.
	Schema *SchemaSpec `json:"schema,omitempty"`
	// A report.
	Report Foreign `json:"report,omitempty" refuse:"Dynamics 365 has no reports; name tables with table or schema"`
}

// TableSpec is one table of the source.
type TableSpec struct {
	// Dataverse environment of the table: its URL, id or organisation name.
	SourceSchema string `json:"source_schema,omitempty"`
	// Logical name of the table, such as account. Upper and lower case do not matter.
	SourceTable string `json:"source_table,omitempty" jsonschema:"required"`
	// First folder below the lake. The pipeline's catalog, if absent.
	DestinationCatalog string `json:"destination_catalog,omitempty"`
	// Second folder below the lake. The pipeline's schema, if absent.
	DestinationSchema string `json:"destination_schema,omitempty"`
	// Third folder below the lake, which is the Delta table. The source table's name in lower case, if absent.
	DestinationTable string `json:"destination_table,omitempty"`
	// Settings for this table. They come before those of the schema object and of the pipeline.
	TableConfiguration *TableSpecificConfig `json:"table_configuration,omitempty"`

	// Catalog of the source.
	SourceCatalog Foreign `json:"source_catalog,omitempty" ignore:"Dataverse has no catalogs"`
	// Settings for kinds of sources.
	ConnectorOptions Foreign `json:"connector_options,omitempty" refuse:"none of them is for Dynamics 365"`
}

// SchemaSpec is a whole environment of the source.
type SchemaSpec struct {
	// Dataverse environment: its URL, id or organisation name.
	SourceSchema string `json:"source_schema,omitempty"`
	// First folder below the lake. The pipeline's catalog, if absent.
	DestinationCatalog string `json:"destination_catalog,omitempty"`
	// Second folder below the lake. The pipeline's schema, if absent.
	DestinationSchema string `json:"destination_schema,omitempty"`
	// Tables to leave out, by name; * stands for any letters, as in msdyn_*.
	ExcludeTables []string `json:"exclude_tables,omitempty"`
	// Settings for all tables of the environment. They come before those of the pipeline.
	TableConfiguration *TableSpecificConfig `json:"table_configuration,omitempty"`

	// Catalog of the source.
	SourceCatalog Foreign `json:"source_catalog,omitempty" ignore:"Dataverse has no catalogs"`
	// Settings for kinds of sources.
	ConnectorOptions Foreign `json:"connector_options,omitempty" refuse:"none of them is for Dynamics 365"`
	// Spreading over several tables.
	FanoutOptions Foreign `json:"fanout_options,omitempty" refuse:"a table of the source is written to one table"`
}
