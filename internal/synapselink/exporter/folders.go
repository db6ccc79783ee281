package exporter

import (
	"fmt"
	"time"
)

// folderPlan is what one folder holds.
type folderPlan struct {
	number int
	origin int // the folder in which the rows were committed first
	step   int // whose layout the rows and the model.json have
	plans  []tablePlan
	repeat bool // committed before, or to be committed again
	lost   bool // has no model.json as long as it matters
	empty  bool // holds its model.json alone
	lacks  bool // its model.json lacks the tables that are about to be added again
}

// folderRecord is what is needed of a folder after it was closed.
type folderRecord struct {
	folderPlan
	// filled is the position in Simulator.written of the folder at whose closing
	// the model.json of this one is filled; never, or its own position.
	filled int
}

const never = -1

// mostFolders is how many folders one step can write.
const mostFolders = 6

// advance moves the tables on by one step and gives its folders: none when
// nothing changes. It is all of a step that Resume repeats.
func (s *Simulator) advance(c Changes) []folderPlan {
	s.step++
	out, number := s.before()
	lost := s.loses()
	final := folderPlan{number: number, origin: number, step: s.step}
	if lost {
		final.number++
	}
	if final.plans = s.planStep(c, final.number); len(final.plans) == 0 {
		s.step--
		return nil
	}
	if lost {
		first := final
		first.number, first.lost, first.repeat = number, true, true
		out = append(out, first)
	}
	out = append(out, final)
	s.last, s.folders, s.pause = final, final.number+1, 0
	for _, f := range out {
		s.note(f)
	}
	s.tell()
	s.record(c)
	return out
}

// before are the folders that come before those with the step's rows, and the
// number of the first of those.
func (s *Simulator) before() (out []folderPlan, number int) {
	number = s.folders
	add := func(f folderPlan) {
		f.number = number
		if !f.repeat {
			f.step = s.step
		}
		number++
		out = append(out, f)
	}
	if s.pause > 0 {
		add(folderPlan{empty: true}) // it was open all the time
		number += s.pause
	}
	if s.opts.has(EmptyFolders) && s.step%3 == 1 {
		add(folderPlan{empty: true})
	}
	if s.opts.has(RepeatedFolders) && s.step%2 == 0 {
		again := s.last
		again.repeat = true
		add(again)
	}
	if s.opts.has(TableReadded) && s.step == stepReadded {
		add(folderPlan{empty: true, lacks: true})
	}
	return out, number
}

// loses: the step's rows come in a folder without model.json first.
func (s *Simulator) loses() bool {
	return s.abandons(s.step) || s.opts.has(LateFolders) && s.step%4 == 3
}

// abandons: the model.json of the step's first folder never turns up.
func (s *Simulator) abandons(step int) bool {
	return s.opts.has(AbandonedFolders) && step%4 == 2
}

// note enters a folder into the books.
func (s *Simulator) note(f folderPlan) {
	at := len(s.written)
	r := folderRecord{folderPlan: f, filled: at}
	switch {
	case f.lost && s.abandons(f.step):
		r.filled = never
	case f.lost:
		r.filled = at + 2 // behind the folder that holds the rows again
	case f.number%2 == 1 && s.opts.has(LateManifest):
		r.filled = at + 1
	}
	if !f.lost {
		r.plans = nil // only rows that are still to be counted are kept
	}
	s.written = append(s.written, r)
	if !f.repeat {
		return
	}
	for _, p := range f.plans {
		n := int64(len(p.ops))
		if f.lost {
			p.table.counts.Unread += n
			s.unread[digits(s.folderTime(f.number))] = true
			continue
		}
		p.table.counts.Repeats += n
		p.table.counts.Rows += n
	}
}

// tell counts the rows of folders whose model.json turns up in this step.
func (s *Simulator) tell() {
	for i := range s.written {
		r := &s.written[i]
		key := digits(s.folderTime(r.number))
		if !r.lost || r.filled == never || r.filled >= len(s.written) || !s.unread[key] {
			continue
		}
		delete(s.unread, key)
		for _, p := range r.plans {
			n := int64(len(p.ops))
			p.table.counts.Unread -= n
			p.table.counts.Repeats += n
			p.table.counts.Rows += n
		}
		r.plans = nil
	}
}

// Pause lets the export stand still for a time, rounded up to whole intervals.
// changelog.info goes on to name the folder that is open now; the next Step
// closes that empty and writes to a new one.
func (s *Simulator) Pause(d time.Duration) error {
	if s.folders == 0 || d <= 0 {
		return fmt.Errorf("pausing the export for %v: %w: a pause lasts, and comes after the initial copy", d, ErrOrder)
	}
	s.pause += int((d + s.opts.Interval - 1) / s.opts.Interval)
	s.log = append(s.log, stepRecord{Pause: d})
	return nil
}

// Unfinished are the closed folders that have no model.json yet: it may turn up
// or never do so.
func (s *Simulator) Unfinished() []string {
	var out []string
	for _, r := range s.written {
		if r.filled == never || r.filled >= len(s.written) {
			out = append(out, s.folder(r.number))
		}
	}
	return out
}
