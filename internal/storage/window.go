package storage

import "sync"

const (
	// windowBytes is what one request fetches at least: a small Parquet file whole,
	// and of a larger one the column chunks that lie side by side. Asked for one by
	// one, a table of 300 columns took a request for each column and file.
	windowBytes = 512 << 10
	// windowsKept is how many places of a file are read side by side without
	// fetching bytes again. Rows of a wide table come from pieces of all their
	// columns in turn, and the few large columns among them need more pieces: with
	// one window 300 columns, three of them large, were fetched three times over.
	windowsKept = 4
)

// windowReader answers small reads from the bytes around those before.
type windowReader struct {
	rangeReader

	mu      sync.Mutex
	windows []window // the one used last is the last
}

// window is a piece of the file.
type window struct {
	data []byte
	at   int64 // in the file
}

func (r *windowReader) ReadAt(p []byte, off int64) (int, error) {
	if len(p) >= windowBytes || off < 0 || off+int64(len(p)) > r.entry.Size {
		return r.rangeReader.ReadAt(p, off)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	w, err := r.windowOf(off, len(p))
	if err != nil {
		return 0, err
	}
	return copy(p, w.data[off-w.at:]), nil
}

// windowOf finds or fetches the window that holds a piece, and makes it the one
// used last.
func (r *windowReader) windowOf(off int64, n int) (window, error) {
	last := len(r.windows) - 1
	for i := last; i >= 0; i-- {
		if w := r.windows[i]; w.holds(off, n) {
			copy(r.windows[i:], r.windows[i+1:])
			r.windows[last] = w
			return w, nil
		}
	}
	var memory []byte
	if len(r.windows) == windowsKept {
		memory = r.windows[0].data
		r.windows = r.windows[:copy(r.windows, r.windows[1:])]
	}
	w, err := r.fetch(off, memory)
	if err == nil {
		r.windows = append(r.windows, w)
	}
	return w, err
}

func (w *window) holds(off int64, n int) bool {
	return off >= w.at && off+int64(n) <= w.at+int64(len(w.data))
}

// fetch reads the window that begins at a place, or the last one of the file.
func (r *windowReader) fetch(off int64, memory []byte) (window, error) {
	from := max(0, min(off, r.entry.Size-windowBytes))
	length := min(windowBytes, r.entry.Size-from)
	if int64(cap(memory)) < length {
		memory = make([]byte, length)
	}
	n, err := r.rangeReader.ReadAt(memory[:length], from)
	return window{memory[:n], from}, err
}
