package delta

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Actions as other writers store them, with every field: what is read and
// written again must be the same text.
func TestActionsRoundTrip(t *testing.T) {
	for name, line := range map[string]string{
		"add":              `{"add":{"path":"a%20b=1/c.parquet","partitionValues":{"p":null,"q":"1"},"size":9007199254740993,"modificationTime":-1,"dataChange":false,"stats":"{\"numRecords\":1}","tags":{"t":"<&>"},"deletionVector":{"storageType":"u","pathOrInlineDv":"ab^-aqEH.-t@S}K{vb[*k^","offset":0,"sizeInBytes":40,"cardinality":6,"maxRowIndex":0},"baseRowId":0,"defaultRowCommitVersion":1,"clusteringProvider":"liquid"}}`,
		"add, minimal":     `{"add":{"path":"a","partitionValues":{},"size":0,"modificationTime":0,"dataChange":true}}`,
		"add, inline":      `{"add":{"path":"a","partitionValues":{},"size":0,"modificationTime":0,"dataChange":true,"deletionVector":{"storageType":"i","pathOrInlineDv":"wi5b=","sizeInBytes":40,"cardinality":6}}}`,
		"remove":           `{"remove":{"path":"a","deletionTimestamp":5,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{},"size":1,"stats":"{}","tags":{},"baseRowId":1,"defaultRowCommitVersion":2}}`,
		"remove, minimal":  `{"remove":{"path":"a","dataChange":false}}`,
		"metaData":         `{"metaData":{"id":"x","name":"n","description":"d","format":{"provider":"parquet","options":{"k":"v"}},"schemaString":"{}","partitionColumns":["p"],"configuration":{"k":"v"},"createdTime":0}}`,
		"protocol":         `{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[],"writerFeatures":["x"]}}`,
		"protocol, legacy": `{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}`,
		"txn":              `{"txn":{"appId":"a","version":9223372036854775807,"lastUpdated":0}}`,
		"txn, minimal":     `{"txn":{"appId":"a","version":-1}}`,
		"domainMetadata":   `{"domainMetadata":{"domain":"d","configuration":"{\"a\":1}","removed":true}}`,
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := readLines(bytes.NewReader([]byte(line)), func(a *Action) error { return encodeLine(&out, a) })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(line+"\n", out.String()); diff != "" {
				t.Errorf("(-read +written):\n%s", diff)
			}
		})
	}
}

func TestUniqueIDTellsNoOffsetFromZero(t *testing.T) {
	zero := int32(0)
	without := &DeletionVector{StorageType: "u", PathOrInlineDV: "x"}
	with := &DeletionVector{StorageType: "u", PathOrInlineDV: "x", Offset: &zero}
	for want, v := range map[string]*DeletionVector{"": nil, "ux": without, "ux@0": with} {
		if got := v.UniqueID(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
