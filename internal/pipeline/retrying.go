package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
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

// look finds out what the table is to look like and how much there is to read.
func (r *retrying) look(ctx context.Context) error {
	var err error
	if r.schema, err = r.bringing.schema(); err != nil {
		return err
	}
	entities := map[string]*synapselink.Entity{}
	for e, err := range quarantine.Read(ctx, r.Lake, r.path(), r.before) {
		if err != nil {
			return err
		}
		if e.Truncated {
			r.truncated++
		}
		if _, known := entities[e.Form]; !known {
			entities[e.Form] = e.Entity
			if err := r.merge(e.Entity); err != nil {
				entities[e.Form] = nil
			}
		}
		if !e.Truncated && entities[e.Form] != nil {
			r.tried++
			r.bytes += int64(len(e.Raw) + len(e.RawBytes))
		}
	}
	return r.bind(entities)
}

// merge takes the columns of a form into the schema.
func (r *retrying) merge(entity *synapselink.Entity) error {
	merged, err := synapselink.MergeSchema(r.schema, *entity, r.selection())
	if err == nil {
		err = r.checkAdded(merged)
	}
	if err == nil {
		r.schema = merged.Schema
	} else if r.reason == nil {
		r.reason = err
	}
	return err
}

func (r *retrying) bind(entities map[string]*synapselink.Entity) error {
	r.forms = map[string]*synapselink.Binding{}
	for id, entity := range entities {
		if entity == nil {
			continue
		}
		b, err := synapselink.Bind(*entity, r.schema, r.selection())
		if err != nil {
			return err
		}
		r.forms[id] = b
	}
	return nil
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
	next, stop := iter.Pull2(quarantine.Read(r.ctx, r.Lake, r.path(), r.before))
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
