package spec

import (
	"fmt"
	"strings"
)

// DeletionVectorsProperty says whether a table marks rows in deletion vectors
// ("true", the default) or rewrites files ("false", for readers that do not
// know deletion vectors).
const DeletionVectorsProperty = "delta.enableDeletionVectors"

// breaking are properties that would need another writer, or that Sluice sets
// itself. A '*' at the end stands for anything.
var breaking = []struct{ key, why string }{
	{"delta.appendOnly", "updates and deletes have to change the table"},
	{"delta.checkpointPolicy", "checkpoints are classic, which every reader knows"},
	{"delta.columnMapping.*", "columns are stored under their own names"},
	{"delta.constraints.*", "rows of the export are written as they are"},
	{"delta.enableChangeDataFeed", "change data files are not written"},
	{"delta.enableIcebergCompat*", "Iceberg metadata is not written"},
	{"delta.enableInCommitTimestamps", "commits do not carry it"},
	{"delta.enableRowTracking", "row ids are not written"},
	{"delta.enableTypeWidening", "not every reader knows it; a changed type needs a full refresh"},
	{"delta.enableVariantShredding", "exports have no variant columns"},
	{"delta.feature.*", "Sluice chooses the table's features"},
	{"delta.minReaderVersion", "Sluice chooses the table's protocol"},
	{"delta.minWriterVersion", "Sluice chooses the table's protocol"},
	{"delta.identity.*", "exports have no identity columns"},
	{"delta.universalFormat.*", "Iceberg and Hudi metadata is not written"},
	{"sluice.*", "Sluice keeps its own marks under these names"},
}

// harmless are properties of Delta that the table can carry: those that say
// how long old versions are kept, and those that only other writers look at.
var harmless = []string{
	DeletionVectorsProperty,
	"delta.deletedFileRetentionDuration", "delta.logRetentionDuration", "delta.checkpointInterval",
	"delta.autoOptimize.*", "delta.targetFileSize", "delta.tuneFileSizesForRewrites", "delta.parquet.*",
	"delta.dataSkippingNumIndexedCols", "delta.dataSkippingStatsColumns", "delta.randomizeFilePrefixes", "delta.isolationLevel",
	"delta.enableExpiredLogCleanup", "delta.setTransactionRetentionDuration", "delta.compatibility.*",
}

func (r *resolver) properties(at string, properties map[string]string) {
	for _, key := range sorted(properties) {
		r.property(join(at, key), key, properties[key])
	}
}

func (r *resolver) property(path, key, value string) {
	if key == DeletionVectorsProperty {
		if value != "true" && value != "false" {
			r.errorf(path, fmt.Sprintf("%s is \"true\" or \"false\"", key), "")
		}
		return
	}
	for _, b := range breaking {
		if matches(key, b.key) {
			if isOff(key, value) {
				return
			}
			r.errorf(path, fmt.Sprintf("%s cannot be set: %s", key, b.why), "remove it")
			return
		}
	}
	if !strings.HasPrefix(strings.ToLower(key), "delta.") {
		return
	}
	for _, h := range harmless {
		if matches(key, h) {
			if key != h && !strings.HasSuffix(h, "*") {
				r.errorf(path, fmt.Sprintf("%s is written %s", key, h), "engines tell upper from lower case here")
			}
			return
		}
	}
	r.warnf(path, fmt.Sprintf("%s is not a property that Sluice knows; it is written to the table as it is", key), didYouMean(key, harmless))
}

// matches compares regardless of case.
func matches(key, pattern string) bool {
	key = strings.ToLower(key)
	prefix, isPrefix := strings.CutSuffix(strings.ToLower(pattern), "*")
	return key == prefix || isPrefix && strings.HasPrefix(key, prefix)
}

// isOff tells a property that only says what is so anyway.
func isOff(key, value string) bool {
	return value == "false" && (matches(key, "delta.enable*") || matches(key, "delta.appendOnly"))
}
