package maintain

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/local"
)

// soakPolicy is the default one on a small scale: the batches of the soak have a
// handful of rows.
var soakPolicy = Policy{TinyBytes: 8 << 10, SmallBytes: 512 << 10, DeadRows: 128}

const (
	soakSeed = 42
	// SLUICE_SOAK, if set, asks for the long form.
	soakBatches, soakLong = 200, 10_000
	soakKeys              = 1500
	soakChanges           = 12
	// cleanEvery is how many batches lie between two vacuums.
	cleanEvery = 25
)

// load is what a reader of the newest version has to do, and what there is to
// look after.
type load struct {
	Shape
	folder, log int // files
	index       int64
}

// TestSoak brings small batches to a table, hour by hour, and maintains it after
// each. What readers and Sluice have to do levels off: it follows the rows that
// are in the table and not the batches that made them.
func TestSoak(t *testing.T) {
	for _, typ := range []change.Type{change.Type1, change.Type2} {
		t.Run(fmt.Sprintf("type%d", typ), func(t *testing.T) {
			batches := soakBatches
			if os.Getenv("SLUICE_SOAK") != "" {
				batches = soakLong
			}
			soak(t, typ, batches)
		})
	}
}

func soak(t *testing.T, typ change.Type, batches int) {
	t.Helper()
	r := newRig(t, typ)
	r.settings = map[string]string{
		"delta.deletedFileRetentionDuration": "interval 1 day",
		"delta.logRetentionDuration":         "interval 2 days",
	}
	s := &soaking{rig: r, dice: rand.New(rand.NewPCG(soakSeed, uint64(typ))), version: 1}
	t.Logf("seed %d, %d batches", soakSeed, batches)
	var half, peak load
	for n := range batches {
		shape := s.step(n)
		peak.Files, peak.Dead = max(peak.Files, shape.Files), max(peak.Dead, shape.Dead)
		if (n+1)%(batches/10) == 0 {
			now := s.measure()
			if n < batches/2 {
				half = now
			}
			t.Logf("%6d batches: %3d files, %6d rows, %4d dead, %5d tombstones, %4d KB to read, %4d files in the folder, %3d in the log, index %4d KB",
				n+1, now.Files, now.Rows, now.Dead, now.Tombstones, now.Bytes>>10, now.folder, now.log, now.index>>10)
		}
	}
	r.check()
	s.levelled(half, s.measure(), peak)
}

type soaking struct {
	*rig

	dice    *rand.Rand
	version int64
}

// step is one batch and what follows it.
func (s *soaking) step(n int) Shape {
	s.Helper()
	s.now = s.now.Add(time.Hour)
	var rows []row
	for range soakChanges {
		s.version++
		key := uint16(s.dice.IntN(soakKeys))
		if s.dice.IntN(5) == 0 {
			rows = append(rows, deleted(key, s.version))
		} else {
			rows = append(rows, upsert(key, s.version, fmt.Sprintf("row %d of version %d", key, s.version)))
		}
	}
	s.apply(rows...)
	clean := n%cleanEvery == cleanEvery-1
	report := s.maintain(Limits{Compact: true, Vacuum: clean, Log: clean, Policy: soakPolicy, Forget: digits(s.now.Add(-3 * day))})
	if report.Due != 0 {
		s.Fatalf("batch %d: %d files are still due: %s", n, report.Due, report.Postponed)
	}
	s.bounded(report.After)
	return report.After
}

// bounded holds what the package comment promises.
func (s *soaking) bounded(shape Shape) {
	s.Helper()
	p := soakPolicy.withDefaults()
	kinds := 2
	if s.typ == change.Type2 {
		kinds = 3
	}
	if most := p.Files - 1 + 2*kinds*(p.Files-1); shape.Small > most {
		s.Fatalf("%d small files, at most %d may be", shape.Small, most)
	}
	snapshot := s.snapshot()
	for _, f := range filesOf(snapshot) {
		if f.kind != local.Buried && f.dead >= p.DeadRows && f.dead*100 > f.rows*p.DeadShare {
			s.Fatalf("%s has %d dead rows of %d", f.path, f.dead, f.rows)
		}
	}
}

func (s *soaking) measure() load {
	s.Helper()
	p := soakPolicy.withDefaults()
	return load{
		Shape:  p.shapeOf(filesOf(s.snapshot())),
		folder: len(s.files(".parquet")) + len(s.files(".bin")),
		log:    len(s.files(".json")),
		index:  s.indexBytes(),
	}
}

// levelled compares the end with the middle: what there is to read follows the
// rows, all else stays.
func (s *soaking) levelled(half, end, peak load) {
	s.Helper()
	grown := float64(end.Rows+end.Tombstones) / float64(half.Rows+half.Tombstones)
	for _, m := range []struct {
		what      string
		half, end int64
		follows   bool // the rows
	}{
		{"bytes to read", half.Bytes, end.Bytes, true},
		{"bytes of the index", half.index, end.index, true},
		{"files of the folder", int64(half.folder), int64(end.folder), false},
		{"files of the log", int64(half.log), int64(end.log), false},
	} {
		most := 1.6 * float64(m.half)
		if m.follows {
			most *= grown
		}
		if float64(m.end) > most {
			s.Errorf("%s: %d in the middle, %d at the end, while the rows became %.2f times as many", m.what, m.half, m.end, grown)
		}
	}
	s.Logf("at most %d files and %d dead rows", peak.Files, peak.Dead)
}
