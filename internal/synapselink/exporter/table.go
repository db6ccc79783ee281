package exporter

import (
	"math/bits"
	"time"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/dice"
	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

// Counts say what was written of a table so far. Rows = Versions + Deletes +
// Repeats.
type Counts struct {
	Live     int64 // rows that exist now
	Versions int64 // distinct upserts
	Deletes  int64 // distinct deletes
	Repeats  int64 // rows that were written before
	Rows     int64 // CSV rows, of the folders that have or get a model.json
	// Unread rows are in folders without a model.json, and in others too.
	Unread int64
	// Vanished rows do not exist any more, and no delete marker says so.
	Vanished int64
}

const (
	years         = 6 // that the initial rows were created in, more of them in later years
	versionStride = 5 // mean distance of the initial versions
	deadBit       = 1 << 31
	vanishedBit   = 1 << 30 // in addition: without a delete marker
	revisionBits  = vanishedBit - 1
)

// fullCopy is a time at which all rows of a table were exported again.
type fullCopy struct {
	step int
	at   time.Time
}

// stamp is the newest version of a row that a step changed.
type stamp struct{ version, modified int64 }

// span is the rows [first, next span's first) that one folder inserted.
type span struct {
	first  int64
	folder int
}

// yearRange is the initial rows of one year: [first, first+rows).
type yearRange struct {
	year, first, rows int64
	begin, seconds    int64 // of creation, since 1970 UTC
}

// table is one exported table: a formula for its rows, and the revisions of
// those that steps changed.
type table struct {
	*rows.Table
	start    time.Time     // of the export
	interval time.Duration // between folders
	initial  int64         // rows of the initial copy
	total    int64         // with those inserted since
	years    []yearRange
	base     int64 // smallest version of the initial copy
	shuffle  bool  // initial versions are not in row order, some rows come twice
	step     int64 // multiplier of the shuffle, coprime to initial
	again    bool  // written again from the beginning, by the faults that do so
	// state holds the revision of each row, with deadBit when deleted. It does
	// not exist before the first step.
	state []uint32
	// stamps of the rows that steps changed: kept where rows come again.
	stamps   map[int64]stamp
	copies   []fullCopy
	layouts  [lastLayout + 1]*rows.Layout // by step, made when needed
	inserted []span
	counts   Counts
	history  []Written
	latest   map[int64]int // row -> its newest upsert in history; nil without KeepHistory
}

func (t *table) yearRanges() []yearRange {
	end := t.start.Add(-time.Second)
	last := int64(end.Year())
	const weights = years * (years + 1) / 2
	out := make([]yearRange, 0, years)
	done, cum := int64(0), int64(0)
	for i := range int64(years) {
		cum += i + 1
		r := yearRange{year: last - years + 1 + i, first: done, rows: t.initial*cum/weights - done}
		begin := time.Date(int(r.year), 1, 1, 0, 0, 0, 0, time.UTC)
		r.begin, r.seconds = begin.Unix(), begin.AddDate(1, 0, 0).Unix()-begin.Unix()
		if r.year == last {
			r.seconds = t.start.Unix() - r.begin
		}
		done += r.rows
		out = append(out, r)
	}
	return out
}

// created is when a row was created: rising with the row number.
func (t *table) created(index int64) int64 {
	if index >= t.initial {
		s := t.insertedBy(index)
		end := t.start.Add(time.Duration(s.folder) * t.interval).Unix()
		return end - 1 - int64(t.Hash(index)%uint64(t.interval/time.Second))
	}
	for i := range t.years {
		if r := &t.years[i]; index < r.first+r.rows {
			gap := uint64(max(1, r.seconds/r.rows))
			return r.begin + (index-r.first)*r.seconds/r.rows + int64(t.Hash(index)%gap)
		}
	}
	return t.start.Unix()
}

func (t *table) insertedBy(index int64) span {
	low, high := 0, len(t.inserted)
	for high-low > 1 {
		if mid := (low + high) / 2; t.inserted[mid].first <= index {
			low = mid
		} else {
			high = mid
		}
	}
	return t.inserted[low]
}

// version of a row in the initial copy; rev is 1 for the newer of two.
func (t *table) version(index int64, rev uint32) int64 {
	at := index
	if t.shuffle {
		hi, lo := bits.Mul64(uint64(index), uint64(t.step))
		_, rem := bits.Div64(hi, lo, uint64(t.initial))
		at = int64(rem)
	}
	at += int64(rev) * t.initial
	return t.base + at*versionStride + int64(t.Hash(index)%versionStride)
}

// lastVersion is behind every version of the initial copy.
func (t *table) lastVersion() int64 { return t.base + 2*t.initial*versionStride }

// doubled: with out-of-order the row comes twice in the initial copy.
func (t *table) doubled(index int64) bool {
	return t.shuffle && (index == 0 || t.Hash(index)%32 == 1)
}

// coprime is a multiplier that visits all of n positions in a scattered order.
func coprime(n int64) int64 {
	for a := n*618/1000 | 1; ; a += 2 {
		if gcd(a, n) == 1 {
			return a
		}
	}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// revisions makes the state array when the first step needs it.
func (t *table) revisions() []uint32 {
	if t.state != nil {
		return t.state
	}
	t.state = make([]uint32, t.total)
	if t.shuffle {
		for i := range t.state {
			if t.doubled(int64(i)) {
				t.state[i] = 1
			}
		}
	}
	return t.state
}

// pick is the first live row at or after a random one, wrapping round. With
// spare set, rows that lookups point to come last.
func (t *table) pick(rnd *dice.Source, spare bool) (int64, bool) {
	state := t.revisions()
	if t.counts.Live == 0 {
		return 0, false
	}
	low := int64(0)
	if spare {
		low = min(rows.Anchors(t.initial), t.total-1)
	}
	at := low + rnd.Below(t.total-low)
	for _, part := range [][2]int64{{at, t.total}, {low, at}, {0, low}} {
		for i := part[0]; i < part[1]; i++ {
			if state[i]&deadBit == 0 {
				return i, true
			}
		}
	}
	return 0, false
}

// fileYear is the partition of a row created at that time.
func (t *table) fileYear(created int64) int16 {
	if t.Partition != 0 {
		return int16(t.Partition)
	}
	return int16(time.Unix(created, 0).UTC().Year())
}

// stampOf is the newest version of a row, and when it came about.
func (t *table) stampOf(index int64) stamp {
	if at, ok := t.stamps[index]; ok {
		return at
	}
	rev := t.revisions()[index] & revisionBits
	return stamp{t.version(index, rev), t.initialModified(index, rev)}
}

// syncedBy is when the copy of all rows was complete that holds in a step.
func (t *table) syncedBy(step int) time.Time {
	at := t.start
	for _, c := range t.copies {
		if c.step <= step {
			at = c.at
		}
	}
	return at.Add(time.Minute)
}

// initialModified is when a row of the initial copy was changed last. Half of
// the rows never were since they were created.
func (t *table) initialModified(index int64, rev uint32) int64 {
	at := t.created(index)
	h := t.Hash(index)
	if age := t.start.Unix() - at; age > 0 && (h&1 == 0 || rev > 0) {
		at += int64(dice.Mix(h+uint64(rev))>>1) % age
	}
	return at
}
