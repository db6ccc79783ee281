package keyindex

import "container/heap"

// merge writes the entries of runs that are worth keeping into a new one.
func merge(dir string, runs []*run, keep func(*Entry) bool) (Run, error) {
	m := &merging{}
	for _, r := range runs {
		s := &mergeSource{iterator: r.iterator()}
		if err := s.seek(nil); err != nil {
			return Run{}, err
		}
		if ok, err := s.next(&s.entry); err != nil {
			return Run{}, err
		} else if ok {
			m.sources = append(m.sources, s)
		}
	}
	heap.Init(m)
	w, err := newRunWriter(dir)
	if err != nil {
		return Run{}, err
	}
	if err := m.into(w, keep); err != nil {
		_ = w.abort() // the first error is the one to tell
		return Run{}, err
	}
	return w.close()
}

// merging is a heap of the runs by the entries that come next.
type merging struct{ sources []*mergeSource }

type mergeSource struct {
	*iterator
	entry Entry
}

func (m *merging) into(w *runWriter, keep func(*Entry) bool) error {
	for len(m.sources) > 0 {
		s := m.sources[0]
		if keep(&s.entry) {
			if err := w.add(&s.entry); err != nil {
				return err
			}
		}
		ok, err := s.next(&s.entry)
		if err != nil {
			return err
		}
		if ok {
			heap.Fix(m, 0)
		} else {
			heap.Pop(m)
		}
	}
	return nil
}

// Len, Less, Swap, Push and Pop make it a heap.
func (m *merging) Len() int { return len(m.sources) }

func (m *merging) Less(i, j int) bool {
	return Compare(&m.sources[i].entry, &m.sources[j].entry) < 0
}

func (m *merging) Swap(i, j int) { m.sources[i], m.sources[j] = m.sources[j], m.sources[i] }

// Push is there for the interface; sources only end.
func (m *merging) Push(x any) { m.sources = append(m.sources, x.(*mergeSource)) }

// Pop takes the last source away.
func (m *merging) Pop() any {
	last := m.sources[len(m.sources)-1]
	m.sources = m.sources[:len(m.sources)-1]
	return last
}
