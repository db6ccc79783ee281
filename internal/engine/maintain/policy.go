package maintain

import (
	"cmp"
	"slices"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
)

// Policy says which files are due. Zero values stand for the defaults in the
// comments.
type Policy struct {
	// Files of a class that are merged. Default 8, at least 4: files of class 0
	// give up to three, one of each kind.
	Files int
	// SmallBytes is the size from which on files are not merged. Default 64 MiB.
	SmallBytes int64
	// TinyBytes is the size below which files of all kinds are one class. Default
	// 1 MiB.
	TinyBytes int64
	// DeadRows is how many dead rows a file has at least when it is written anew
	// for them. Default 4096.
	DeadRows int64
	// DeadShare is the part of its rows, in percent, that is dead at least.
	// Default 20.
	DeadShare int64
}

func (p Policy) withDefaults() Policy {
	p.Files = max(4, cmp.Or(p.Files, 8))
	p.SmallBytes = cmp.Or(p.SmallBytes, 64<<20)
	p.TinyBytes = cmp.Or(p.TinyBytes, 1<<20)
	p.DeadRows = cmp.Or(p.DeadRows, 4096)
	p.DeadShare = cmp.Or(p.DeadShare, 20)
	return p
}

// file is a data file as its log tells of it.
type file struct {
	path   string
	time   int64
	bytes  int64
	rows   int64 // -1 where the log does not say
	dead   int64
	marked bool // has a deletion vector
	kind   local.FileKind
	newest int64 // folder of tombstones
}

func filesOf(s *delta.Snapshot) []file {
	adds := s.Files()
	files := make([]file, len(adds))
	for i := range adds {
		add := &adds[i]
		f := file{path: add.Path, time: add.ModificationTime, bytes: add.Size, rows: -1, marked: add.DeletionVector != nil}
		if stats, err := delta.ParseStats(add.Stats); err == nil {
			f.rows = stats.NumRecords
		}
		if f.marked {
			f.dead = add.DeletionVector.Cardinality
		}
		f.kind, f.newest = local.KindOf(add)
		files[i] = f
	}
	return files
}

// class is a set of files of which there may be fewer than Policy.Files.
type class struct {
	level int
	kind  local.FileKind
}

// classOf a file, false for one that is large enough.
func (p *Policy) classOf(f *file) (class, bool) {
	if f.bytes >= p.SmallBytes {
		return class{}, false
	}
	c := class{kind: f.kind}
	for end := p.TinyBytes; f.bytes >= end; end *= int64(p.Files) {
		c.level++
	}
	if c.level == 0 {
		c.kind = local.Mixed
	}
	return c, true
}

// isDead reports whether a file is to be written anew for its dead rows, or goes
// for good.
func (p *Policy) isDead(f *file, forget int64) bool {
	if f.kind == local.Buried {
		return f.newest < forget
	}
	return f.dead >= p.DeadRows && f.dead*100 > f.rows*p.DeadShare
}

// due are the files to be written anew together, the oldest first; none when
// there is nothing to do. More than limit bytes (0: no limit) are not taken,
// unless the least has more that is of use: a single file with dead rows, two of a
// class, or as many tiny ones as become fewer.
func (p *Policy) due(files []file, forget, limit int64) []file {
	files = slices.SortedFunc(slices.Values(files), func(a, b file) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.path, b.path))
	})
	classes := map[class][]file{}
	var picked []file
	left := limit
	take := func(f file, atLeast int) bool {
		if limit > 0 && f.bytes > left && len(picked) >= atLeast {
			return false
		}
		left -= f.bytes
		picked = append(picked, f)
		return true
	}
	for _, f := range files {
		if p.isDead(&f, forget) {
			take(f, 1)
		} else if c, small := p.classOf(&f); small {
			classes[c] = append(classes[c], f)
		}
	}
	for _, c := range p.full(classes) {
		if len(picked) > 0 && limit > 0 && left < 2*classes[c][0].bytes {
			break
		}
		least := len(picked) + 2
		if c.level == 0 {
			least = len(picked) + p.Files
		}
		for _, f := range classes[c] {
			if !take(f, least) {
				break
			}
		}
	}
	return picked
}

// full are the classes that have too many files, the cheapest first.
func (p *Policy) full(classes map[class][]file) []class {
	var full []class
	for c, files := range classes {
		if len(files) >= p.Files {
			full = append(full, c)
		}
	}
	slices.SortFunc(full, func(a, b class) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.kind, b.kind))
	})
	return full
}
