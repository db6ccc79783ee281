package spec

import (
	"fmt"
	"strings"
)

// Destination is where a table is written, below the lake.
type Destination struct{ Catalog, Schema, Table string }

// String is the path below the lake.
func (d Destination) String() string { return d.Catalog + "/" + d.Schema + "/" + d.Table }

// same is equal for tables that share a folder on a file system which does not
// tell upper from lower case.
func (d Destination) same() string { return strings.ToLower(d.String()) }

// longestName is what file systems and blob names allow for one folder.
const longestName = 255

// badName says why a name cannot be a folder of the lake, or is empty.
// Every engine passes over folders that begin with '_' or '.', and VACUUM
// leaves them alone, so a table there would not be seen.
func badName(name string) string {
	switch {
	case name == "":
		return "is empty"
	case len(name) > longestName:
		return fmt.Sprintf("is longer than %d bytes", longestName)
	case strings.ContainsAny(name, `/\`):
		return "contains a slash"
	case strings.Contains(name, ".."):
		return "contains '..'"
	case strings.HasPrefix(name, "_") || strings.HasPrefix(name, "."):
		return "begins with '_' or '.', which engines pass over"
	case strings.HasSuffix(name, ".") || strings.TrimSpace(name) != name:
		return "ends with a dot, or begins or ends with a space"
	case strings.ContainsFunc(name, isControl):
		return "contains a control character"
	case strings.ContainsAny(name, `:*?"<>|`):
		return `contains one of : * ? " < > |, which not every file system can hold`
	}
	return ""
}
