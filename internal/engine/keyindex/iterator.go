package keyindex

// iterator walks through the entries of a run in order. It holds one page of
// each level.
type iterator struct {
	run   *run
	nodes []step // from the root down
	leaf  leaf
	page  []byte
	at    int64 // offset of the leaf, -1 for none
	pos   int   // of the next entry in the leaf
	done  bool
}

// step is a node of the way to a leaf.
type step struct {
	node
	page []byte
	at   int64 // offset of the node, -1 for none
	pos  int   // of the child
}

func (r *run) iterator() *iterator {
	it := &iterator{run: r, at: -1, nodes: make([]step, r.depth-1)}
	for i := range it.nodes {
		it.nodes[i].at = -1
	}
	return it
}

// seek goes to the first entry whose key is not less. Nil goes to the first of
// all.
func (it *iterator) seek(key *Key) error {
	it.done = false
	at := it.run.root
	for level := range it.nodes {
		s := &it.nodes[level]
		if err := s.load(it.run, at); err != nil {
			return err
		}
		s.pos = 0
		if key != nil {
			s.pos = s.search(key)
		}
		at = s.ref(s.pos)
	}
	if err := it.load(at); err != nil {
		return err
	}
	it.pos = 0
	if key != nil {
		it.pos = it.leaf.search(key)
	}
	return nil
}

func (s *step) load(r *run, at ref) (err error) {
	if s.at == at.offset {
		return nil
	}
	s.at = -1
	if s.page, err = r.readPage(at, s.page); err != nil {
		return err
	}
	if err := parseNode(s.page, &s.node); err != nil {
		return err
	}
	s.at = at.offset
	return nil
}

func (it *iterator) load(at ref) (err error) {
	if it.at == at.offset {
		return nil
	}
	it.at = -1
	if it.page, err = it.run.readPage(at, it.page); err != nil {
		return err
	}
	if err := parseLeaf(it.page, &it.leaf); err != nil {
		return err
	}
	it.at = at.offset
	return nil
}

// next gives the entry at hand and moves on; false behind the last.
func (it *iterator) next(e *Entry) (bool, error) {
	if it.done {
		return false, nil
	}
	if it.pos == it.leaf.count {
		if ok, err := it.nextLeaf(); err != nil || !ok {
			it.done = true
			return false, err
		}
	}
	it.leaf.entry(it.pos, e)
	it.pos++
	return true, nil
}

// nextLeaf goes up as far as there is no next page, and down to the first leaf
// behind.
func (it *iterator) nextLeaf() (bool, error) {
	level := len(it.nodes) - 1
	for level >= 0 && it.nodes[level].pos+1 == it.nodes[level].count {
		level--
	}
	if level < 0 {
		return false, nil
	}
	it.nodes[level].pos++
	for ; level < len(it.nodes)-1; level++ {
		below := &it.nodes[level+1]
		if err := below.load(it.run, it.nodes[level].ref(it.nodes[level].pos)); err != nil {
			return false, err
		}
		below.pos = 0
	}
	it.pos = 0
	return true, it.load(it.nodes[level].ref(it.nodes[level].pos))
}
