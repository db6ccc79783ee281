package spec

// TableSpecificConfig is how a table is kept in step. It stands at a table, at
// a schema object and at a pipeline; each setting is taken from the first of
// these that has it. include_columns and exclude_columns count as one setting,
// and table_properties are taken one by one.
type TableSpecificConfig struct {
	// SCD_TYPE_1 keeps the current rows, SCD_TYPE_2 keeps every version of a row with __START_AT and __END_AT.
	SCDType SCDType `json:"scd_type,omitempty" jsonschema:"enum=SCD_TYPE_1,enum=SCD_TYPE_2"`
	// The columns to write; columns that are added to the source later stay out. Id and versionnumber are always written.
	IncludeColumns []string `json:"include_columns,omitempty"`
	// The columns to leave out; columns that are added to the source later come in.
	ExcludeColumns []string `json:"exclude_columns,omitempty"`
	// Columns that tell rows apart. Only Id is possible.
	PrimaryKeys []string `json:"primary_keys,omitempty"`
	// Columns that order the versions of a row. Only versionnumber is possible.
	SequenceBy []string `json:"sequence_by,omitempty"`
	// Properties of the Delta table, such as delta.enableDeletionVectors: "false".
	TableProperties map[string]string `json:"table_properties,omitempty"`
	// What happens when the source gets a new column: add_columns takes it in, full_refresh_required stops the table and says so.
	SchemaChanges SchemaChanges `json:"schema_changes,omitempty" jsonschema:"enum=add_columns,enum=full_refresh_required"`
	// What happens when folders of the export went away before they were read: fail stops the table until a full refresh, continue goes on with what is left.
	OnGap OnGap `json:"on_gap,omitempty" jsonschema:"enum=fail,enum=continue"`
	// How many rows that cannot be read may be set aside in the table's quarantine; one more fails the table. 0, the default, fails it at the first; -1 sets no limit.
	MaxBadRows *int64 `json:"max_bad_rows,omitempty"`
	// Most bytes of a text; what is longer is cut there, and counted. Without it texts are whole, however long.
	MaxCellBytes *int64 `json:"max_cell_bytes,omitempty"`
	// Age at which a table counts as stale, such as 2h: that of the newest folder of the export that is in it.
	FreshnessLimit Duration `json:"freshness_limit,omitempty"`

	// Condition that rows must meet to be written.
	RowFilter string `json:"row_filter,omitempty" refuse:"rows cannot be filtered yet, and without the filter rows would be written that must not be; filter in a view over the table"`
	// Columns that rows are stored by.
	ClusteringColumns []string `json:"clustering_columns,omitempty" ignore:"tables are not clustered; they hold the same rows"`
	// Clustering by columns that are chosen for you.
	EnableAutoClustering Foreign `json:"enable_auto_clustering,omitempty" ignore:"tables are not clustered; they hold the same rows"`
	// Full refresh when a table cannot go on.
	AutoFullRefreshPolicy Foreign `json:"auto_full_refresh_policy,omitempty" ignore:"a full refresh runs only when it is asked for"`
	// Column that says where a row came from.
	SourceMetadataColumn Foreign `json:"source_metadata_column,omitempty" refuse:"the column would be missing from the table"`
	// Settings for connectors that query.
	QueryBasedConnectorConfig Foreign `json:"query_based_connector_config,omitempty" refuse:"exports are read, nothing is queried"`
	// Settings for Salesforce.
	SalesforceIncludeFormulaFields Foreign `json:"salesforce_include_formula_fields,omitempty" ignore:"it is for Salesforce"`
	// Settings for Workday.
	WorkdayReportParameters Foreign `json:"workday_report_parameters,omitempty" ignore:"it is for Workday"`
}

// SCDType is the kind of history that a table keeps.
type SCDType string

// The kinds of history. AppendOnly is Databricks' third; Sluice refuses it.
const (
	SCDType1   SCDType = "SCD_TYPE_1"
	SCDType2   SCDType = "SCD_TYPE_2"
	AppendOnly SCDType = "APPEND_ONLY"
)

// OnGap says what becomes of a table when folders went away unread.
type OnGap string

// The values of on_gap.
const (
	GapFails     OnGap = "fail"
	GapContinues OnGap = "continue"
)

// SchemaChanges says what a new column of the source does.
type SchemaChanges string

// The values of schema_changes.
const (
	AddColumns          SchemaChanges = "add_columns"
	FullRefreshRequired SchemaChanges = "full_refresh_required"
)
