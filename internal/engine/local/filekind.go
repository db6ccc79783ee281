package local

import (
	"strconv"

	"github.com/sluicedata/sluice/internal/delta"
)

// FileKind is what a data file holds, as far as its tags in the log tell.
type FileKind uint8

// The kinds. Readers of the newest state need Current alone, and a change looks
// for rows to close in Current alone; Buried files are for Sluice.
const (
	Mixed   FileKind = iota // written by a batch, or by another program
	Current                 // rows that nothing has ended
	Closed                  // history of a Type2 table
	Buried                  // tombstones
	fileKinds
)

func (k FileKind) String() string {
	return [...]string{"mixed", "current", "closed", "tombstones"}[k]
}

// VectorsProperty says whether a table marks rows by deletion vectors.
const VectorsProperty = vectorsProperty

// Tags of files that are written by [Engine.Rewrite].
const (
	kindTag   = "sluice.holds"      // a kind
	buriedTag = "sluice.buriedUpTo" // the last folder that tombstones of the file are from
)

// KindOf reads the tags of a file. The folder is that of the newest tombstone of
// a Buried file.
func KindOf(add *delta.Add) (kind FileKind, newest int64) {
	text := func(tag string) string {
		if v := add.Tags[tag]; v != nil {
			return *v
		}
		return ""
	}
	for k := Current; k < fileKinds; k++ {
		if text(kindTag) == k.String() {
			kind = k
		}
	}
	newest, err := strconv.ParseInt(text(buriedTag), 10, 64)
	if kind == Buried && err != nil {
		return Mixed, 0
	}
	return kind, newest
}

// tagged notes in the add of a file what it holds.
func tagged(add delta.Add, kind FileKind, newest int64) delta.Add {
	holds := kind.String()
	add.Tags = map[string]*string{kindTag: &holds}
	if kind == Buried {
		digits := strconv.FormatInt(newest, 10)
		add.Tags[buriedTag] = &digits
	}
	return add
}
