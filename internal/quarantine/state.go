package quarantine

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/sluicedata/sluice/internal/delta"
)

const (
	serialAppID = "sluice.quarantine"
	countAppID  = "sluice.quarantined"
)

// State is what a table's log says of its quarantine.
type State struct {
	Serial int64 // of the file, 0 for none
	Rows   int64 // in the file
}

// StateOf reads the log.
func StateOf(s *delta.Snapshot) State {
	if s == nil {
		return State{}
	}
	return State{Serial: s.Txns[serialAppID].Version, Rows: s.Txns[countAppID].Version}
}

// Txns are what a commit says of the state: versions by application id.
func (s State) Txns() map[string]int64 {
	return map[string]int64{serialAppID: s.Serial, countAppID: s.Rows}
}

// NewSerial draws a number for a file.
func NewSerial() int64 {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return int64(binary.LittleEndian.Uint64(random[:])>>1) | 1
}

const (
	prefix = "/_sluice/quarantine-"
	suffix = ".jsonl"
)

// Path of a file, in the store of the table.
func Path(table string, serial int64) string {
	return fmt.Sprintf("%s%s%d%s", table, prefix, serial, suffix)
}

// Prefix of the paths of all files of a table, also those that do not count.
func Prefix(table string) string { return table + prefix }
