package delta

import (
	"strconv"
	"time"
)

// Action is one line of a commit: exactly one field is set. Lines of kinds that
// are not known here leave all of them nil.
type Action struct {
	CommitInfo *commitInfoLine `json:"commitInfo,omitempty"`
	Txn        *Txn            `json:"txn,omitempty"`
	Protocol   *Protocol       `json:"protocol,omitempty"`
	Metadata   *Metadata       `json:"metaData,omitempty"`
	Domain     *DomainMetadata `json:"domainMetadata,omitempty"`
	Remove     *Remove         `json:"remove,omitempty"`
	Add        *Add            `json:"add,omitempty"`

	// Only in V2 checkpoints.
	Sidecar *sidecar `json:"sidecar,omitempty"`
}

// Add says that a data file, without the rows that its vector marks, belongs to
// the table.
type Add struct {
	Path                    string             `json:"path"` // URL-encoded, relative to the table
	PartitionValues         map[string]*string `json:"partitionValues"`
	Size                    int64              `json:"size"`
	ModificationTime        int64              `json:"modificationTime"`
	DataChange              bool               `json:"dataChange"`
	Stats                   string             `json:"stats,omitempty"` // see [Stats]
	Tags                    map[string]*string `json:"tags,omitzero"`
	DeletionVector          *DeletionVector    `json:"deletionVector,omitempty"`
	BaseRowID               *int64             `json:"baseRowId,omitempty"`
	DefaultRowCommitVersion *int64             `json:"defaultRowCommitVersion,omitempty"`
	ClusteringProvider      *string            `json:"clusteringProvider,omitempty"`
}

// Remove says that a data file with that vector does not belong to the table any
// more. It stays in the log as a tombstone until readers of older versions can
// be expected to be done.
type Remove struct {
	Path                    string             `json:"path"`
	DeletionTimestamp       int64              `json:"deletionTimestamp,omitempty"`
	DataChange              bool               `json:"dataChange"`
	ExtendedFileMetadata    bool               `json:"extendedFileMetadata,omitempty"` // PartitionValues and Size are meant
	PartitionValues         map[string]*string `json:"partitionValues,omitzero"`
	Size                    int64              `json:"size,omitempty"`
	Stats                   string             `json:"stats,omitempty"`
	Tags                    map[string]*string `json:"tags,omitzero"`
	DeletionVector          *DeletionVector    `json:"deletionVector,omitempty"`
	BaseRowID               *int64             `json:"baseRowId,omitempty"`
	DefaultRowCommitVersion *int64             `json:"defaultRowCommitVersion,omitempty"`
}

// NewRemove is the remove of exactly that add.
func NewRemove(a Add, now time.Time, dataChange bool) Remove {
	return Remove{
		Path:                    a.Path,
		DeletionTimestamp:       now.UnixMilli(),
		DataChange:              dataChange,
		ExtendedFileMetadata:    true,
		PartitionValues:         a.PartitionValues,
		Size:                    a.Size,
		Tags:                    a.Tags,
		DeletionVector:          a.DeletionVector,
		BaseRowID:               a.BaseRowID,
		DefaultRowCommitVersion: a.DefaultRowCommitVersion,
	}
}

// DeletionVector tells where the set of a file's dead rows is stored.
type DeletionVector struct {
	StorageType    string `json:"storageType"` // u: file by UUID, p: file by path, i: inline
	PathOrInlineDV string `json:"pathOrInlineDv"`
	Offset         *int32 `json:"offset,omitempty"` // of the size prefix in the file
	SizeInBytes    int32  `json:"sizeInBytes"`      // without size prefix and checksum
	Cardinality    int64  `json:"cardinality"`
	MaxRowIndex    *int64 `json:"maxRowIndex,omitempty"`
}

// UniqueID tells vectors of one file apart; it is empty for none. No offset and
// offset 0 are different ids.
func (v *DeletionVector) UniqueID() string {
	if v == nil {
		return ""
	}
	id := v.StorageType + v.PathOrInlineDV
	if v.Offset != nil {
		id += "@" + strconv.FormatInt(int64(*v.Offset), 10)
	}
	return id
}

// Format is how data files are encoded: always {parquet, {}}.
type Format struct {
	Provider string            `json:"provider"`
	Options  map[string]string `json:"options"`
}

// Metadata describes the table. A new one replaces the old one whole, so make
// it from the old one.
type Metadata struct {
	ID               string            `json:"id"`
	Name             string            `json:"name,omitempty"`
	Description      string            `json:"description,omitempty"`
	Format           Format            `json:"format"`
	SchemaString     string            `json:"schemaString"`
	PartitionColumns []string          `json:"partitionColumns"`
	Configuration    map[string]string `json:"configuration"`
	CreatedTime      *int64            `json:"createdTime,omitempty"`
}

// Protocol says what a program must understand to read and to write. The lists
// exist from reader version 3 and writer version 7 on.
type Protocol struct {
	MinReaderVersion int32    `json:"minReaderVersion"`
	MinWriterVersion int32    `json:"minWriterVersion"`
	ReaderFeatures   []string `json:"readerFeatures,omitzero"`
	WriterFeatures   []string `json:"writerFeatures,omitzero"`
}

// Txn records how far an application has got, in the commit that got it there.
type Txn struct {
	AppID       string `json:"appId"`
	Version     int64  `json:"version"`
	LastUpdated *int64 `json:"lastUpdated,omitempty"`
}

// DomainMetadata is a named piece of configuration that is not the table's.
type DomainMetadata struct {
	Domain        string `json:"domain"`
	Configuration string `json:"configuration"`
	Removed       bool   `json:"removed"`
}

// sidecar names a file of a V2 checkpoint that holds its adds and removes.
type sidecar struct {
	Path string `json:"path"`
}
