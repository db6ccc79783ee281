package delta

import "github.com/apache/arrow-go/v18/arrow"

// checkpointSchema has the columns, names and types of Spark's V1 checkpoints:
// one column an action, exactly one of them not null in a row.
var checkpointSchema = arrow.NewSchema([]arrow.Field{
	structField("txn", textField("appId"), longField("version"), longField("lastUpdated")),
	structField("add", textField("path"), mapField("partitionValues"), longField("size"), longField("modificationTime"),
		boolField("dataChange"), mapField("tags"), vectorStruct, longField("baseRowId"),
		longField("defaultRowCommitVersion"), textField("clusteringProvider"), textField("stats")),
	structField("remove", textField("path"), longField("deletionTimestamp"), boolField("dataChange"),
		boolField("extendedFileMetadata"), mapField("partitionValues"), longField("size"), vectorStruct,
		longField("baseRowId"), longField("defaultRowCommitVersion")),
	structField("metaData", textField("id"), textField("name"), textField("description"),
		structField("format", textField("provider"), mapField("options")), textField("schemaString"),
		listField("partitionColumns"), mapField("configuration"), longField("createdTime")),
	structField("protocol", intField("minReaderVersion"), intField("minWriterVersion"),
		listField("readerFeatures"), listField("writerFeatures")),
	structField("domainMetadata", textField("domain"), textField("configuration"), boolField("removed")),
}, nil)

var vectorStruct = structField("deletionVector", textField("storageType"), textField("pathOrInlineDv"),
	intField("offset"), intField("sizeInBytes"), longField("cardinality"), longField("maxRowIndex"))

func nullable(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

func structField(name string, fields ...arrow.Field) arrow.Field {
	return nullable(name, arrow.StructOf(fields...))
}

func textField(name string) arrow.Field { return nullable(name, arrow.BinaryTypes.String) }
func longField(name string) arrow.Field { return nullable(name, arrow.PrimitiveTypes.Int64) }
func intField(name string) arrow.Field  { return nullable(name, arrow.PrimitiveTypes.Int32) }
func boolField(name string) arrow.Field { return nullable(name, arrow.FixedWidthTypes.Boolean) }

func listField(name string) arrow.Field {
	return nullable(name, arrow.ListOfField(textField("element")))
}

func mapField(name string) arrow.Field {
	return nullable(name, arrow.MapOf(arrow.BinaryTypes.String, arrow.BinaryTypes.String))
}
