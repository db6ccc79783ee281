package parquetfile

import "io"

// sink counts what reaches the writer's io.Writer and keeps its first error:
// the library reports some of them by panics whose cause is lost on the way.
type sink struct {
	w   io.Writer
	pos int64
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	s.pos += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	s.err = err
	return n, err
}

// Tell is the offset in the file; the library takes it for page offsets.
func (s *sink) Tell() int64 { return s.pos }
