package quarantine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// ErrDamaged: a file is not what was written.
var ErrDamaged = errors.New("the quarantine is damaged")

// ErrNewer: a file was written by a later version of the program.
var ErrNewer = errors.New("the quarantine was written by a later version")

// Lost tells a file that is missing, although the table's log names it, from other
// errors of reading.
func Lost(err error) error {
	if errors.Is(err, storage.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// Entry is one row of a file.
type Entry struct {
	Row

	N int64 // of the row in the file, from 1
	// Entity is the table as the row's folder described it. Rows share it.
	Entity *synapselink.Entity
}

// Read yields the rows of a table's quarantine in the order of the file; without
// one it yields nothing. The first error ends it: [ErrDamaged] unless the rows are
// as many as the state says.
func Read(ctx context.Context, store storage.Store, table string, state State) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if state.Serial == 0 {
			return
		}
		path := Path(table, state.Serial)
		file, err := store.ReadRange(ctx, path, storage.All)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		r := &reader{url: store.URL(path), lines: bufio.NewReaderSize(file, 64<<10), forms: map[string]*synapselink.Entity{}}
		more := true
		for more {
			var e Entry
			e, err = r.next(state.Rows)
			if err != nil {
				break
			}
			more = yield(e, nil)
		}
		if cerr := file.Close(); err == nil || errors.Is(err, io.EOF) {
			err = cerr
		}
		if more && err != nil {
			yield(Entry{}, err)
		}
	}
}

type reader struct {
	url    string
	lines  *bufio.Reader
	number int // of the line being read, from 1
	headed bool
	rows   int64
	forms  map[string]*synapselink.Entity
}

// next is the next row, io.EOF after the last of that many.
func (r *reader) next(want int64) (Entry, error) {
	for {
		l, err := r.line()
		switch {
		case errors.Is(err, io.EOF) && r.rows == want:
			return Entry{}, io.EOF
		case errors.Is(err, io.EOF):
			return Entry{}, r.damage(fmt.Sprintf("%d rows where the table's log says %d", r.rows, want))
		case err != nil:
			return Entry{}, err
		case l.Header != nil:
			r.headed = true
			if l.Header.Version > formatVersion {
				return Entry{}, fmt.Errorf("%w: %s has format %d, this program knows %d", ErrNewer, r.url, l.Header.Version, formatVersion)
			}
		case !r.headed:
			return Entry{}, r.damage("no header")
		case l.Form != nil:
			r.forms[l.Form.ID] = l.Form.entity()
		case l.Row != nil:
			r.rows++
			entity, ok := r.forms[l.Row.Form]
			if !ok {
				return Entry{}, r.damage(fmt.Sprintf("form %q is not in it", l.Row.Form))
			}
			return Entry{Row: *l.Row, N: r.rows, Entity: entity}, nil
		}
	}
}

// line is the next line. Keys that it does not know are passed over.
func (r *reader) line() (line, error) {
	r.number++
	text, err := r.lines.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(text) > 0 {
		return line{}, r.damage("it breaks off")
	}
	if err != nil {
		return line{}, storage.NewError("read", r.url, err)
	}
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return line{}, r.damage(err.Error())
	}
	return l, nil
}

func (r *reader) damage(what string) error {
	return fmt.Errorf("%w: %s, line %d: %s", ErrDamaged, r.url, r.number, what)
}
