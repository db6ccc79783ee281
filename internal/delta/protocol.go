package delta

import (
	"fmt"
	"slices"
)

// Feature names of the protocol that mean something here.
const (
	featureVectors    = "deletionVectors"
	featureAppendOnly = "appendOnly"
	featureInvariants = "invariants"
	featureICT        = "inCommitTimestamp"
	featureDomain     = "domainMetadata"
)

// readable are the reader features with which log and files can be understood.
// Columns of types or under names that need more are refused by
// [Snapshot.BatchSchema].
var readable = []string{
	featureVectors, "columnMapping", "timestampNtz", "typeWidening", "typeWidening-preview",
	"v2Checkpoint", "vacuumProtocolCheck",
}

// writable are the writer features that forbid nothing while they are not in
// use; whether they are is told by properties and the schema.
var writable = []string{
	featureVectors, featureAppendOnly, featureInvariants, featureICT, featureDomain,
	"allowColumnDefaults", "changeDataFeed", "checkConstraints", "columnMapping", "generatedColumns",
	"identityColumns", "timestampNtz", "typeWidening", "typeWidening-preview", "v2Checkpoint",
	"vacuumProtocolCheck",
}

// DefaultProtocol is that of new tables: with deletion vectors reader 3 and
// writer 7, which every engine of the last years reads, else (1, 2), which all do.
func DefaultProtocol(vectors bool) Protocol {
	if !vectors {
		return Protocol{MinReaderVersion: 1, MinWriterVersion: 2}
	}
	return Protocol{
		MinReaderVersion: 3,
		MinWriterVersion: 7,
		ReaderFeatures:   []string{featureVectors},
		WriterFeatures:   []string{featureVectors, featureAppendOnly, featureInvariants},
	}
}

// validate finds protocols that no version of the specification allows.
func (p *Protocol) validate() error {
	switch {
	case p.MinReaderVersion < 1 || p.MinWriterVersion < 1:
	case p.MinReaderVersion == 3 && p.MinWriterVersion != 7:
	case p.MinReaderVersion == 3 && p.ReaderFeatures == nil:
	case p.MinWriterVersion == 7 && p.WriterFeatures == nil:
	default:
		return nil
	}
	return fmt.Errorf("%w: reader version %d with features %v, writer version %d with features %v",
		ErrInvalidProtocol, p.MinReaderVersion, p.ReaderFeatures, p.MinWriterVersion, p.WriterFeatures)
}

// checkReadable names what forbids reading.
func checkReadable(table string, p *Protocol) error {
	if p.MinReaderVersion > 3 {
		return &FeatureError{Table: table, Feature: fmt.Sprintf("reader version %d", p.MinReaderVersion), Why: "3 is the newest that is understood"}
	}
	if p.MinReaderVersion < 3 {
		return nil
	}
	for _, f := range p.ReaderFeatures {
		if !slices.Contains(readable, f) {
			return &FeatureError{Table: table, Feature: f, Why: "reader feature that is not understood"}
		}
	}
	return nil
}

// hasWriterFeature tells whether the table supports a feature that exists in
// feature lists only.
func (p *Protocol) hasWriterFeature(name string) bool {
	return p.MinWriterVersion == 7 && slices.Contains(p.WriterFeatures, name)
}
