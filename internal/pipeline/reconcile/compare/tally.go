package compare

import "github.com/sluicedata/sluice/internal/change"

// Tally counts the rows of one side.
type Tally struct {
	Rows int64
	// Keys that have a current row.
	Keys     int64
	Checksum Checksum
}

// Add counts the rows of one key.
func (t *Tally) Add(typ change.Type, rows []Row) {
	live := false
	for i := range rows {
		r := &rows[i]
		t.Rows++
		live = live || r.End == change.NoEnd
		if typ == change.Type2 {
			t.Checksum.Add(r.Digest.at(r.Start, r.End))
		} else {
			t.Checksum.Add(r.Digest)
		}
	}
	if live {
		t.Keys++
	}
}
