package check

import (
	"errors"
	"strings"
	"syscall"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// State of a step.
type State string

// The states.
const (
	Pass State = "pass"
	Warn State = "warn"
	Fail State = "fail"
	Skip State = "skip"
)

// Step is one thing that was looked at.
type Step struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	// Code of a failure: the service's, or one that runs have too.
	Code string `json:"code,omitempty"`
	// Reason is what was found, Fix what to do about it.
	Reason string `json:"reason"`
	Fix    string `json:"fix,omitempty"`
	// Storage: what fails is storage, or the credentials for it.
	Storage    bool  `json:"storage,omitempty"`
	DurationMS int64 `json:"duration_ms"`
}

func pass(reason string) Step { return Step{State: Pass, Reason: reason} }

func skip(reason string) Step { return Step{State: Skip, Reason: reason} }

func warn(code, reason, fix string) Step {
	return Step{State: Warn, Code: code, Reason: reason, Fix: fix}
}

// failed puts an error in the words of whoever knows most about it.
func failed(err error, about entra.About) Step {
	s := Step{State: Fail, Storage: isStorage(err)}
	failure := report.NewFailure(err)
	s.Code, s.Reason = failure.Code, err.Error()
	s.Fix = strings.TrimPrefix(strings.TrimPrefix(failure.Message, s.Reason), "; ")
	if export, ok := errors.AsType[*synapselink.Error](err); ok && export.Hint != "" {
		bare := *export
		bare.Hint = ""
		s.Reason, s.Fix = bare.Error(), export.Hint
		return s
	}
	if table, ok := errors.AsType[*synapselink.TableError](err); ok && table.Hint != "" {
		bare := *table
		bare.Hint = ""
		s.Reason, s.Fix = bare.Error(), table.Hint
		return s
	}
	if d, ok := entra.Diagnose(err, about); ok {
		s.Code, s.Reason, s.Fix, s.Storage = d.Code, d.Reason, d.Fix, true
	}
	return s
}

// isStorage tells what storage or the system refuses from what is in the files.
func isStorage(err error) bool {
	for _, class := range []error{
		storage.ErrDenied, storage.ErrNoSpace, storage.ErrTransient, storage.ErrNotExist, storage.ErrChanged,
		synapselink.ErrNoExport, synapselink.ErrChangelog, entra.ErrOptions,
	} {
		if errors.Is(err, class) {
			return true
		}
	}
	_, ok := errors.AsType[syscall.Errno](err)
	return ok
}

// sequence does steps until one fails.
type sequence struct {
	now   func() time.Time
	steps []Step
	ended string // the step that failed
}

// step looks, unless an earlier step failed.
func (s *sequence) step(name string, look func() Step) {
	if s.side(name, look).State == Fail && s.ended == "" {
		s.ended = name
	}
}

// side is a step whose failure does not keep the next ones from being done.
func (s *sequence) side(name string, look func() Step) Step {
	found := skip("not looked at: " + s.ended + " failed")
	if s.ended == "" {
		began := s.now()
		found = look()
		found.DurationMS = s.now().Sub(began).Milliseconds()
	}
	found.Name = name
	s.steps = append(s.steps, found)
	return found
}
