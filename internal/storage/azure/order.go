package azure

import (
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/storage"
)

// order turns the order in which pages come into that of bytes.
//
// The pages of a flat namespace are in order. In a hierarchical one '/' comes
// before every other character, so what follows "a/…" may belong before it, as
// long as it begins with "a" and a character below '/'. Until then entries are
// held:
//
//	comes    a/x   a/y   a-b   a.csv │ b/z     at b nothing can follow that
//	held     a/x   a/y   a-b   a.csv │         belongs before a/x: sort, yield
//
// One level is held whole.
type order struct {
	hierarchical bool
	level        bool // a listing with Delimiter
	prefix       int  // bytes of the listing's prefix, which all paths share

	held  []storage.Entry
	group string // what all held paths begin with
}

// take holds entries and returns those that nothing can come before any more.
func (o *order) take(entries []storage.Entry) []storage.Entry {
	if !o.hierarchical {
		return append(o.rest(), entries...)
	}
	if o.level {
		o.held = append(o.held, entries...)
		return nil
	}
	var ready []storage.Entry
	for _, e := range entries {
		if len(o.held) > 0 && !o.joins(e.Path) {
			ready = append(ready, o.rest()...)
		}
		if len(o.held) == 0 {
			o.group = o.first(e.Path)
		}
		o.held = append(o.held, e)
	}
	return ready
}

// rest returns all that is held.
func (o *order) rest() []storage.Entry {
	slices.SortFunc(o.held, byPath)
	held := o.held
	o.held = nil
	return held
}

// first is the path up to the first '/' behind the prefix. The prefix may itself
// end where a folder's name does, so its last character counts as behind it.
func (o *order) first(path string) string {
	if cut := strings.IndexByte(path[o.prefix:], '/'); cut >= 0 {
		return path[:o.prefix+cut]
	}
	return path
}

// joins says whether a path may belong before one that is held.
func (o *order) joins(path string) bool {
	rest, found := strings.CutPrefix(path, o.group)
	return found && (rest == "" || rest[0] <= '/')
}

// byPath sorts a folder as if '/' stood behind its name.
func byPath(a, b storage.Entry) int { return strings.Compare(sortKey(a), sortKey(b)) }

func sortKey(e storage.Entry) string {
	if e.IsDir {
		return e.Path + "/"
	}
	return e.Path
}
