package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sluicedata/sluice/internal/storage"
)

// Parse reads a plan that is written as text, for golden tests and for child
// processes that get theirs through the environment. One rule a line; the first
// that does not pass wins; '#' begins a comment line.
//
//	at N action             operation number N
//	from N action           N and all that follow
//	match OP GLOB N action  the Nth of that kind (0: every one) on such a path;
//	                        OP '*' is any; see Match
//
//	fail CLASS              not carried out
//	lose CLASS              carried out, the reply lost
//	cut BYTES CLASS         a read breaks off after so many bytes
//	kill, kill-after        ends the process
//
// CLASS is not-exist, exists, changed, denied, no-space or transient. Globs have
// no spaces ('?' stands for one).
func Parse(text string) (Plan, error) {
	var plans []Plan
	line := 0
	for rule := range strings.Lines(text) {
		line++
		words := strings.Fields(rule)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		plan, err := parseRule(words)
		if err != nil {
			return nil, fmt.Errorf("fault rule in line %d, %q: %w", line, strings.TrimSpace(rule), err)
		}
		plans = append(plans, plan)
	}
	return First(plans...), nil
}

// parseRule takes at least one word.
func parseRule(words []string) (Plan, error) {
	switch kind, words := words[0], words[1:]; kind {
	case "at", "from":
		if len(words) < 2 {
			return nil, errors.New("a number and an action must follow")
		}
		n, err := parseNumber(words[0], 1)
		if err != nil {
			return nil, err
		}
		action, err := parseAction(words[1:])
		if kind == "at" {
			return At(n, action), err
		}
		return From(n, action), err
	case "match":
		return parseMatch(words)
	default:
		return nil, fmt.Errorf("%q is no rule; there are at, from and match", kind)
	}
}

func parseMatch(words []string) (Plan, error) {
	if len(words) < 4 {
		return nil, errors.New("an operation, a path pattern, a number and an action must follow")
	}
	op := Op(words[0])
	if op == "*" {
		op = ""
	} else if !slices.Contains(ops, op) {
		return nil, fmt.Errorf("%q is no operation; there are %q", op, ops)
	}
	nth, err := parseNumber(words[2], 0)
	if err != nil {
		return nil, err
	}
	action, err := parseAction(words[3:])
	return Match(op, words[1], nth, action), err
}

// parseAction takes at least one word.
func parseAction(words []string) (Action, error) {
	name, args := words[0], words[1:]
	wants, ok := map[string]int{"fail": 1, "lose": 1, "cut": 2, "kill": 0, "kill-after": 0}[name]
	switch {
	case !ok:
		return Action{}, fmt.Errorf("%q is no action; there are fail, lose, cut, kill and kill-after", name)
	case len(args) != wants:
		return Action{}, fmt.Errorf("%s takes %d words, not %d", name, wants, len(args))
	case name == "kill":
		return Kill(), nil
	case name == "kill-after":
		return KillAfter(), nil
	}
	class, err := parseClass(args[len(args)-1])
	if err != nil {
		return Action{}, err
	}
	switch name {
	case "fail":
		return Fail(class), nil
	case "lose":
		return Lose(class), nil
	}
	after, err := parseNumber(args[0], 0)
	return Cut(int64(after), class), err
}

func parseClass(word string) (error, error) {
	class, ok := map[string]error{
		"not-exist": storage.ErrNotExist,
		"exists":    storage.ErrExists,
		"changed":   storage.ErrChanged,
		"denied":    storage.ErrDenied,
		"no-space":  storage.ErrNoSpace,
		"transient": storage.ErrTransient,
	}[word]
	if !ok {
		return nil, fmt.Errorf("%q is no class of errors; there are not-exist, exists, changed, denied, no-space and transient", word)
	}
	return class, nil
}

func parseNumber(word string, least int) (int, error) {
	n, err := strconv.Atoi(word)
	if err != nil || n < least {
		return 0, fmt.Errorf("%q is no whole number from %d on", word, least)
	}
	return n, nil
}
