package reconcile

import (
	"fmt"
	"strings"

	"github.com/sluicedata/sluice/internal/pipeline/work"
)

// reading is folders that the table's runs read in one way.
type reading struct {
	as    work.ReadAs
	parts []work.Part
}

// readings are the folders that are replayed, in order.
func (c *reconciling) readings() []reading {
	var list []reading
	rest := c.Parts
	reads := c.Reads()
	for i, as := range reads {
		n := 0
		for n < len(rest) && (i == len(reads)-1 || rest[n].Folder.Digits() <= as.Until) {
			n++
		}
		if n > 0 {
			list = append(list, reading{as, rest[:n]})
		}
		rest = rest[n:]
	}
	return list
}

// tellReads says in words, where it matters, how the folders were read and what
// follows from that.
func (c *reconciling) tellReads() {
	list, now := c.readings(), c.ReadsNow()
	switch {
	case len(list) == 0, len(list) == 1 && list[0].as.Same(now):
		return
	case len(list) == 1 && list[0].as.Unknown && c.report.Verdict != Different:
		return // it makes no difference
	}
	var said []string
	for _, g := range list {
		last := g.parts[len(g.parts)-1].Folder
		said = append(said, fmt.Sprintf("up to folder %s: %s", last, g.as))
	}
	text := "folders were not all read as the configuration says now (" + now.String() + "), and each is compared as it was read: " + strings.Join(said, "; ")
	if list[0].as.Unknown {
		text += "; where that is not known it is taken to have been as now"
	}
	c.report.ReadAs = text + "; a full refresh reads all of them as the configuration says"
}
