package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// retrying is the reading of a quarantine anew.
type retrying struct {
	*bringing

	ctx    context.Context //nolint:containedctx // the source that it opens lives in one call
	before quarantine.State
	file   quarantineFile
	spool  *quarantine.Spool
	schema batch.Schema
	// forms by id, nil for those that the table cannot take.
	forms  map[string]*synapselink.Binding
	reason error // why, for the first of them

	tried, truncated int64 // rows
	bytes            int64 // of the rows to be tried
	parameters       map[string]string
}

// errNoneSolved: there is nothing to commit.
var errNoneSolved = errors.New("no row can be read")

// heldForm is a form that rows of the quarantine have.
type heldForm struct {
	id     string
	entity *synapselink.Entity
	newest string // folder
	rows   int64  // that can be tried
	bytes  int64  // of these
}

// look finds out what the table is to look like and how much there is to read.
func (r *retrying) look(ctx context.Context) error {
	var err error
	if r.schema, err = r.bringing.Schema(); err != nil {
		return err
	}
	forms := map[string]*heldForm{}
	for e, err := range quarantine.Read(ctx, r.Lake, r.Path(), r.before) {
		if err != nil {
			return err
		}
		if forms[e.Form] == nil {
			forms[e.Form] = &heldForm{id: e.Form, entity: e.Entity}
		}
		f := forms[e.Form]
		f.newest = max(f.newest, e.Folder)
		if e.Truncated {
			r.truncated++
			continue
		}
		f.rows++
		f.bytes += int64(len(e.Raw) + len(e.RawBytes))
	}
	return r.bind(slices.Collect(maps.Values(forms)))
}

// bind makes bindings of the forms that the table can take. Of a column that it
// does not have yet the newest form tells the type, as the next folders will have
// it.
func (r *retrying) bind(forms []*heldForm) error {
	slices.SortFunc(forms, func(a, b *heldForm) int { return cmp.Or(cmp.Compare(b.newest, a.newest), cmp.Compare(a.id, b.id)) })
	forms = slices.DeleteFunc(forms, func(f *heldForm) bool { return f.rows == 0 || !r.merge(f.entity) })
	r.forms = map[string]*synapselink.Binding{}
	for _, f := range forms {
		b, err := synapselink.Bind(*f.entity, r.schema, r.Selection())
		if err != nil {
			return err
		}
		r.forms[f.id] = b
		r.tried += f.rows
		r.bytes += f.bytes
	}
	return nil
}

// merge takes the columns of a form into the schema, if they fit.
func (r *retrying) merge(entity *synapselink.Entity) bool {
	merged, err := synapselink.MergeSchema(r.schema, *entity, r.Selection())
	if err == nil {
		err = r.checkAdded(merged)
	}
	if err != nil {
		r.reason = cmp.Or(r.reason, err)
		return false
	}
	r.schema = merged.Schema
	return true
}

// tries reports whether a row can be tried.
func (r *retrying) tries(e *quarantine.Entry) bool { return !e.Truncated && r.forms[e.Form] != nil }

// untriedText says why rows were not tried.
func (r *retrying) untriedText() string {
	text := ""
	if r.truncated > 0 {
		text += fmt.Sprintf("; %s longer than 1 MiB and only the beginning was kept: have the table exported again, then sluice quarantine discard",
			counted(r.truncated, "row is", "rows are"))
	}
	if r.reason != nil {
		text += "; " + r.reason.Error()
	}
	return text
}

// open reads the rows as a batch.
func (r *retrying) open() (change.Source, error) {
	if err := r.spool.Close(); err != nil {
		return nil, err
	}
	next, stop := iter.Pull2(quarantine.Read(r.ctx, r.Lake, r.Path(), r.before))
	return &retrySource{retrying: r, next: next, stop: stop}, nil
}

// seal leaves in the quarantine what could not be read, and what was not tried.
func (r *retrying) seal(ctx context.Context, base *delta.Snapshot) (local.Sealed, error) {
	if quarantine.StateOf(base) != r.before {
		return local.Sealed{}, errQuarantineMoved
	}
	left := r.spool.Rows()
	if left == r.tried {
		return local.Sealed{}, errNoneSolved
	}
	after, err := r.file.write(ctx, r.before, func(e *quarantine.Entry) bool { return !r.tries(e) }, r.spool)
	if err != nil {
		return local.Sealed{}, err
	}
	r.parameters["appliedRows"] = strconv.FormatInt(r.tried-left, 10)
	return local.Sealed{Txns: withTxns(nil, after), Quarantined: left}, nil
}

// retrySource gives each row as a piece of its own.
type retrySource struct {
	*retrying

	next func() (quarantine.Entry, error, bool)
	stop func()
}

// Next skips what is not to be tried.
func (s *retrySource) Next(ctx context.Context) (change.Piece, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, err, more := s.next()
		switch {
		case !more:
			return nil, io.EOF
		case err != nil:
			return nil, err
		case !s.tries(&e):
			continue
		}
		raw, err := e.RawRow()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", quarantine.ErrDamaged, err)
		}
		return s.piece(&e, raw), nil
	}
}

func (s *retrySource) piece(e *quarantine.Entry, raw synapselink.RawRow) change.Piece {
	p := &retryPiece{}
	p.Piece = s.forms[e.Form].Piece(raw, func(bad *synapselink.RowError) bool {
		p.err = s.spool.Add(e.Because(bad), e.Entity)
		return true
	})
	return p
}

// Close gives the file back.
func (s *retrySource) Close() error {
	s.stop()
	return nil
}

// retryPiece tells when a row that is bad again could not be kept.
type retryPiece struct {
	change.Piece

	err error
}

// Decode fails when the row is neither read nor kept.
func (p *retryPiece) Decode(block *change.Block) error {
	if err := p.Piece.Decode(block); err != nil {
		return err
	}
	return p.err
}
