package delta

import "slices"

// legacyFeatures are what the versions before feature lists imply, by the
// writer version that brought them.
var legacyFeatures = []struct {
	version int32
	names   []string
}{
	{2, []string{featureAppendOnly, featureInvariants}},
	{3, []string{"checkConstraints"}},
	{4, []string{"changeDataFeed", "generatedColumns"}},
	{5, []string{"columnMapping"}},
	{6, []string{"identityColumns"}},
}

// WithVectors is the protocol that the table needs so that deletion vectors may
// be written to it, nil when it has it. What the old versions implied is listed.
func (p Protocol) WithVectors() *Protocol {
	if slices.Contains(p.ReaderFeatures, featureVectors) && slices.Contains(p.WriterFeatures, featureVectors) {
		return nil
	}
	up := Protocol{MinReaderVersion: 3, MinWriterVersion: 7,
		ReaderFeatures: slices.Clone(p.ReaderFeatures), WriterFeatures: slices.Clone(p.WriterFeatures)}
	if p.MinWriterVersion < 7 {
		for _, legacy := range legacyFeatures {
			if legacy.version <= p.MinWriterVersion {
				up.WriterFeatures = append(up.WriterFeatures, legacy.names...)
			}
		}
	}
	if p.MinReaderVersion == 2 {
		up.ReaderFeatures = append(up.ReaderFeatures, "columnMapping")
	}
	for _, list := range []*[]string{&up.ReaderFeatures, &up.WriterFeatures} {
		if !slices.Contains(*list, featureVectors) {
			*list = append(*list, featureVectors)
		}
	}
	return &up
}
