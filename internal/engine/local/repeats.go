package local

import "slices"

// repeats finds the keys that a large batch has more than once. The filter that
// sees each key go by says "again" also of some new ones, one in a hundred; so
// that an ordinary first load need not read back what it has written, the hashes
// of all keys are kept, eight bytes each, as long as there is room.
type repeats struct {
	filter *keyFilter // of keys that were, perhaps, seen before
	hashes []hashes   // by worker
	room   int        // chunks for each worker
}

// hashes are those of one worker, in chunks that are never moved.
type hashes struct {
	chunks [][]uint64
	full   bool // there was no room for all
}

const chunkHashes = 8 << 10

func newRepeats(keys, maxBytes int64, workers int) *repeats {
	return &repeats{
		filter: newKeyFilter(keys, maxBytes), hashes: make([]hashes, workers),
		room: int(maxBytes) / (8 * chunkHashes) / workers,
	}
}

// note is told of each key on its worker, and whether it was perhaps seen before.
func (r *repeats) note(worker int, hash uint64, perhaps bool) {
	if perhaps {
		r.filter.add(hash)
	}
	r.hashes[worker].add(hash, r.room)
}

func (h *hashes) add(hash uint64, room int) {
	last := len(h.chunks) - 1
	if last < 0 || len(h.chunks[last]) == chunkHashes {
		if len(h.chunks) >= room {
			h.full = true
			return
		}
		h.chunks = append(h.chunks, make([]uint64, 0, chunkHashes))
		last++
	}
	h.chunks[last] = append(h.chunks[last], hash)
}

// findRepeats joins the keys that the batch has more than once. Where not all
// hashes were kept, it joins all that were perhaps seen before.
func (a *attempt) findRepeats() {
	r := a.repeats
	a.repeats = nil
	if slices.ContainsFunc(r.hashes, func(h hashes) bool { return h.full }) {
		for i := range r.filter.words {
			if word := r.filter.words[i].Load(); word != 0 {
				a.joint.words[i].Or(word)
				a.joined.Store(true)
			}
		}
		return
	}
	var perhaps []uint64
	for _, worker := range r.hashes {
		for _, chunk := range worker.chunks {
			for _, h := range chunk {
				if r.filter.has(h) {
					perhaps = append(perhaps, h)
				}
			}
		}
	}
	slices.Sort(perhaps)
	for i := 1; i < len(perhaps); i++ {
		if perhaps[i] == perhaps[i-1] {
			a.join(perhaps[i])
		}
	}
}
