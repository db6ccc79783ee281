package compare

import (
	"slices"

	"github.com/sluicedata/sluice/internal/change"
)

// Smallest keeps the first keys in their order, whatever the order in which they
// come: what is shown does not depend on how often the data was gone through.
type Smallest struct {
	// Most is how many are kept.
	Most int
	keys []change.Key
}

// Add takes one more key.
func (s *Smallest) Add(key change.Key) {
	at, _ := slices.BinarySearchFunc(s.keys, key, compareKeys)
	if at >= s.Most {
		return
	}
	s.keys = slices.Insert(s.keys, at, key)
	s.keys = s.keys[:min(len(s.keys), s.Most)]
}

// Keys that were kept, in order.
func (s *Smallest) Keys() []change.Key { return s.keys }
