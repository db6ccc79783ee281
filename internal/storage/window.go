package storage

import "sync"

// windowBytes is what one request fetches at least: a small Parquet file whole,
// and of a larger one the column chunks that lie side by side. Asked for one by
// one, a table of 300 columns took a request for each column and file.
const windowBytes = 512 << 10

// windowReader answers small reads from the bytes around the one before.
type windowReader struct {
	rangeReader

	mu     sync.Mutex
	window []byte
	at     int64 // of the window in the file
}

func (r *windowReader) ReadAt(p []byte, off int64) (int, error) {
	if len(p) >= windowBytes {
		return r.rangeReader.ReadAt(p, off)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.holds(off, len(p)) {
		if err := r.move(off); err != nil {
			return 0, err
		}
		if !r.holds(off, len(p)) {
			return r.rangeReader.ReadAt(p, off) // beyond the listed end
		}
	}
	return copy(p, r.window[off-r.at:]), nil
}

func (r *windowReader) holds(off int64, n int) bool {
	return r.window != nil && off >= r.at && off+int64(n) <= r.at+int64(len(r.window))
}

// move fetches the window that begins at a place, or the last one of the file.
func (r *windowReader) move(off int64) error {
	from := max(0, min(off, r.entry.Size-windowBytes))
	length := min(windowBytes, r.entry.Size-from)
	if cap(r.window) < int(length) {
		r.window = make([]byte, length)
	}
	window := r.window[:length]
	r.window = nil
	n, err := r.rangeReader.ReadAt(window, from)
	if err != nil {
		return err
	}
	r.window, r.at = window[:n], from
	return nil
}
