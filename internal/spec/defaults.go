package spec

import "time"

// Everything that a configuration need not say.
const (
	DefaultSCDType       = SCDType1
	DefaultSchemaChanges = AddColumns
	DefaultOnGap         = GapFails
	// DefaultAbandonAfter is a folder's time to get its model.json.
	DefaultAbandonAfter = time.Hour
	// DefaultStateDir is where run history is kept, beside the configuration.
	DefaultStateDir = ".sluice"
	// DefaultScope is what an OAuth token is asked for.
	DefaultScope = "https://storage.azure.com/.default"
	// DefaultDFSSuffix is the host of storage accounts in the public cloud.
	// Endpoint names another.
	DefaultDFSSuffix = "dfs.core.windows.net"
)

// KeyColumn and SequenceColumn are what rows of an export are told apart and
// ordered by. Tables always have both.
const (
	KeyColumn      = "Id"
	SequenceColumn = "versionnumber"
)
