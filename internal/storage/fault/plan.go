package fault

import (
	"os"
	"strings"
)

// Action is what becomes of an operation. The zero Action lets it pass.
type Action struct {
	before, after func() error
	cut           *cut
}

type cut struct {
	after int64
	err   error
}

// Pass carries the operation out.
func Pass() Action { return Action{} }

// Fail returns the error without carrying the operation out.
func Fail(err error) Action { return Action{before: func() error { return err }} }

// Lose carries the operation out and returns the error all the same: the reply
// was lost on its way.
func Lose(err error) Action { return Action{after: func() error { return err }} }

// Call runs f before the operation, which is then carried out: to change the
// store behind a run's back, or to cancel its context.
func Call(f func()) Action { return Action{before: func() error { f(); return nil }} }

// CallAfter runs f when the operation has been carried out.
func CallAfter(f func()) Action { return Action{after: func() error { f(); return nil }} }

// Cut opens the range of a read and ends it with the error after so many bytes,
// if it has as many. Other operations pass.
func Cut(after int64, err error) Action { return Action{cut: &cut{after, err}} }

// Kill ends the process before the operation, without any clean-up.
func Kill() Action { return Call(kill) }

// KillAfter ends the process when the operation has been carried out.
func KillAfter() Action { return CallAfter(kill) }

func kill() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic("fault: this process cannot kill itself: " + err.Error())
	}
	select {} // the signal is on its way; nothing more may happen
}

func call(f func() error) error {
	if f == nil {
		return nil
	}
	return f()
}

func (a Action) passes() bool { return a.before == nil && a.after == nil && a.cut == nil }

// Plan decides about each operation in turn. It may keep state.
type Plan func(Operation) Action

// At acts on operation number n alone.
func At(n int, action Action) Plan {
	return func(o Operation) Action {
		if o.N == n {
			return action
		}
		return Pass()
	}
}

// From acts on operation number n and all that follow.
func From(n int, action Action) Plan {
	return func(o Operation) Action {
		if o.N >= n {
			return action
		}
		return Pass()
	}
}

// Match acts on the nth operation (from 1) of that kind on a matching path, or
// on every one when nth is 0. An empty op is any. In the pattern '*' is any run
// of characters, '/' included, and '?' any one; the whole path must match. A
// plan that counts is for one store.
func Match(op Op, glob string, nth int, action Action) Plan {
	seen := 0
	return func(o Operation) Action {
		if op != "" && o.Op != op || !matches(glob, o.Path) {
			return Pass()
		}
		if seen++; nth != 0 && seen != nth {
			return Pass()
		}
		return action
	}
}

// First takes the first answer that does not let the operation pass. Every plan
// sees every operation, so that each counts right.
func First(plans ...Plan) Plan {
	return func(o Operation) Action {
		chosen := Pass()
		for _, plan := range plans {
			if action := plan(o); chosen.passes() {
				chosen = action
			}
		}
		return chosen
	}
}

// matches compares by bytes from the left; at a mismatch it lets the last '*'
// take one byte more.
func matches(glob, path string) bool {
	star, taken := -1, 0
	g, p := 0, 0
	for p < len(path) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, taken = g, p
			g++
		case g < len(glob) && (glob[g] == '?' || glob[g] == path[p]):
			g++
			p++
		case star >= 0:
			taken++
			g, p = star+1, taken
		default:
			return false
		}
	}
	return strings.Trim(glob[g:], "*") == ""
}
