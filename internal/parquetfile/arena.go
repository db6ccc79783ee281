package parquetfile

const (
	arenaFirst = 64 << 10
	arenaBlock = 4 << 20
)

// arena copies byte slices into blocks of memory: a page's buffer is used
// again for the next page, long before a batch is complete.
type arena struct {
	block []byte
	next  int // size of the next block
	// alone: the row group has one row. No page comes after the ones of that row,
	// and large values are used where they were decompressed to.
	alone bool
}

// copyAll replaces the slices by copies.
func (a *arena) copyAll(values [][]byte) {
	for i, v := range values {
		values[i] = a.copy(v)
	}
}

func (a *arena) copy(v []byte) []byte {
	if len(v) > cap(a.block)-len(a.block) || a.block == nil {
		switch {
		case len(v) <= arenaBlock/4:
		case a.alone:
			return v
		case len(v) > largeRowBytes:
			return append(makeLarge(len(v)), v...)
		default:
			return append([]byte(nil), v...)
		}
		a.next = min(max(2*a.next, arenaFirst), arenaBlock)
		a.block = make([]byte, 0, max(a.next, len(v)))
	}
	at := len(a.block)
	a.block = append(a.block, v...)
	return a.block[at:len(a.block):len(a.block)]
}

// reset gives the current block to the values to come; those copied before
// must not be in use any more.
func (a *arena) reset() { a.block = a.block[:0] }
