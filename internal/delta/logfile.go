package delta

import (
	"fmt"
	"regexp"
	"strconv"
)

type logFileKind uint8

const (
	commitFile     logFileKind = iota + 1
	compactedFile              // commits version to end
	checkpointFile             // whole checkpoint in Parquet, V1 or V2
	checkpointPart             // part of parts
	checkpointJSON             // V2 checkpoint in JSON
)

// logFile is a parsed name in the log folder.
type logFile struct {
	kind    logFileKind
	name    string
	version int64
	end     int64 // of compactedFile
	part    int
	parts   int
	uuid    bool // of checkpoints: a V2 name
}

var logName = regexp.MustCompile(`^(\d{20})(?:` +
	`(\.json)` +
	`|\.(\d{20})\.compacted\.json` +
	`|\.checkpoint\.(\d{10})\.(\d{10})\.parquet` +
	`|\.checkpoint(\.[0-9A-Za-z-]{36})?\.(parquet|json))$`)

// parseLogFile says what a name in the log folder is, or that it is nothing of
// ours (temporary files, checksums, folders).
func parseLogFile(name string) (logFile, bool) {
	m := logName.FindStringSubmatch(name)
	if m == nil {
		return logFile{}, false
	}
	f := logFile{name: name, uuid: m[6] != ""}
	var ok bool
	if f.version, ok = parseVersion(m[1]); !ok {
		return logFile{}, false
	}
	switch {
	case m[2] != "":
		f.kind = commitFile
	case m[3] != "":
		f.kind = compactedFile
		f.end, ok = parseVersion(m[3])
		ok = ok && f.end > f.version
	case m[4] != "":
		f.kind = checkpointPart
		f.part, f.parts = atoi(m[4]), atoi(m[5])
		ok = f.part >= 1 && f.part <= f.parts
	case m[7] == "json":
		f.kind = checkpointJSON
		ok = f.uuid
	default:
		f.kind = checkpointFile
	}
	return f, ok
}

func (f logFile) isCheckpoint() bool {
	return f.kind == checkpointFile || f.kind == checkpointPart || f.kind == checkpointJSON
}

func parseVersion(digits string) (int64, bool) {
	v, err := strconv.ParseInt(digits, 10, 64)
	return v, err == nil
}

// atoi is for ten digits that a pattern has checked.
func atoi(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

func versionName(version int64) string    { return fmt.Sprintf("%020d", version) }
func commitName(version int64) string     { return versionName(version) + ".json" }
func checkpointName(version int64) string { return versionName(version) + ".checkpoint.parquet" }
