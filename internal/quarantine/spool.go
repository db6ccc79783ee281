package quarantine

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Spool collects rows until the batch that met them is committed: in memory, and
// in a temporary file what is more than that has room for. It is safe for
// concurrent use.
type Spool struct {
	dir  string
	room int64

	mu    sync.Mutex
	forms []form
	ids   map[*synapselink.Entity]string
	rows  []spooled // in memory
	held  int64     // bytes of rows
	count int64
	first *Row
	file  *os.File
	named bool // the file still has to be removed
}

// spooled is a row as a line, with what orders it.
type spooled struct {
	folder synapselink.FolderName
	rank   int32
	offset int64
	line   []byte
}

func (s *spooled) compare(o *spooled) int {
	return cmp.Or(s.folder.Compare(o.folder), cmp.Compare(s.rank, o.rank), cmp.Compare(s.offset, o.offset))
}

// rowCost is what a row takes beside its text.
const rowCost = 100

// NewSpool holds at most room bytes in memory, and what is more in a file in dir.
// A single row of more than that is held all the same.
func NewSpool(dir string, room int64) *Spool {
	return &Spool{dir: dir, room: room, ids: map[*synapselink.Entity]string{}}
}

// Add takes a row of a table that looked like that. It gives the row its form.
func (s *Spool) Add(row Row, entity *synapselink.Entity) error {
	folder, err := synapselink.ParseFolderName(row.Folder)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if row.Form, err = s.form(entity); err != nil {
		return err
	}
	text, err := json.Marshal(line{Row: &row})
	if err != nil {
		return fmt.Errorf("keeping line %d of %s: %w", row.Line, row.URL, err)
	}
	added := spooled{folder: folder, rank: row.Rank, offset: row.Offset, line: append(text, '\n')}
	s.note(&row, &added)
	s.rows = append(s.rows, added)
	s.held += int64(len(text)) + rowCost
	s.count++
	if s.held > s.room {
		return s.spill()
	}
	return nil
}

// note keeps the first row by place.
func (s *Spool) note(row *Row, at *spooled) {
	if s.first != nil {
		folder, _ := synapselink.ParseFolderName(s.first.Folder)
		before := spooled{folder: folder, rank: s.first.Rank, offset: s.first.Offset}
		if before.compare(at) <= 0 {
			return
		}
	}
	first := *row
	first.Raw, first.RawBytes = "", nil
	s.first = &first
}

// form is the id of what a table looked like. Bindings share their entities, so
// most are known by their address.
func (s *Spool) form(e *synapselink.Entity) (string, error) {
	if id, ok := s.ids[e]; ok {
		return id, nil
	}
	f, err := formOf(e)
	if err != nil {
		return "", err
	}
	s.ids[e] = f.ID
	if !slices.ContainsFunc(s.forms, func(o form) bool { return o.ID == f.ID }) {
		s.forms = append(s.forms, f)
	}
	return f.ID, nil
}

// Rows is how many were added.
func (s *Spool) Rows() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// First is the first row by place, without its text; nil for none.
func (s *Spool) First() *Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

// spill moves the rows in memory to the file, in order.
func (s *Spool) spill() error {
	err := s.spillTo()
	if errors.Is(err, syscall.ENOSPC) {
		err = fmt.Errorf("%w (%w)", storage.ErrNoSpace, err)
	}
	if err != nil {
		return fmt.Errorf("writing bad rows aside in %s: %w; give that folder room", s.dir, err)
	}
	return nil
}

func (s *Spool) spillTo() error {
	if s.file == nil {
		if err := os.MkdirAll(s.dir, 0o700); err != nil {
			return err
		}
		file, err := os.CreateTemp(s.dir, "sluice-rows-*")
		if err != nil {
			return err
		}
		// Where the system lets a file live on without its name, not even a kill
		// leaves it behind.
		s.file, s.named = file, os.Remove(file.Name()) != nil
	}
	w := bufio.NewWriterSize(s.file, 64<<10)
	s.sort()
	for i := range s.rows {
		if _, err := w.Write(s.rows[i].line); err != nil {
			return err
		}
	}
	clear(s.rows)
	s.rows, s.held = s.rows[:0], 0
	return w.Flush()
}

func (s *Spool) sort() {
	slices.SortFunc(s.rows, func(a, b spooled) int { return a.compare(&b) })
}

// writeTo writes the lines of all rows. Pieces are decoded nearly in order of
// place, so that what was spilled lies before what is in memory.
func (s *Spool) writeTo(w io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(w, s.file); err != nil {
			return err
		}
	}
	s.sort()
	for i := range s.rows {
		if _, err := io.Copy(w, bytes.NewReader(s.rows[i].line)); err != nil {
			return err
		}
	}
	return nil
}

// Close drops the rows.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows, s.forms, s.held, s.count, s.first = nil, nil, 0, 0, nil
	s.ids = map[*synapselink.Entity]string{}
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	s.file = nil
	return err
}
