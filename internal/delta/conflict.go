package delta

import "fmt"

// ConflictKind says what another writer did that a commit cannot follow.
type ConflictKind uint8

const (
	// AppIDMoved: a txn of ours was written by somebody else. Another process
	// runs the same application on this table; the others can be redone, this
	// must stop.
	AppIDMoved      ConflictKind = iota + 1
	ForeignProtocol              // the protocol changed
	ForeignMetadata              // schema or properties changed
	ForeignRemove                // a file that we remove or mark was removed
	ForeignData                  // rows were added or changed
	ForeignDomain                // a domain of ours was written
)

func (k ConflictKind) String() string {
	names := [...]string{"none", "application moved", "protocol changed", "metadata changed", "file removed", "data added", "domain changed"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("conflict(%d)", k)
}

// Conflict is why changes that were prepared on one version cannot be committed
// after another.
type Conflict struct {
	Kind    ConflictKind
	Version int64  // where it happened
	Detail  string // the path, the appId or the domain
}

func (c *Conflict) String() string {
	if c.Detail == "" {
		return fmt.Sprintf("%s in version %d", c.Kind, c.Version)
	}
	return fmt.Sprintf("%s in version %d: %s", c.Kind, c.Version, c.Detail)
}

// conflictCheck holds what changes touch.
type conflictCheck struct {
	apps, domains, removed map[string]bool
	// rearranges: rows only move between files, so that rows that others add or
	// change elsewhere are no concern of theirs.
	rearranges bool
}

func newConflictCheck(c *Changes) conflictCheck {
	check := conflictCheck{apps: map[string]bool{}, domains: map[string]bool{}, removed: map[string]bool{}, rearranges: c.rearranges()}
	for _, t := range c.Txns {
		check.apps[t.AppID] = true
	}
	for _, d := range c.Domains {
		check.domains[d.Domain] = true
	}
	for _, r := range c.Removes {
		check.removed[newFileKey(r.Path, nil).path] = true
	}
	return check
}

// of is the conflict with one action of another writer, or nil.
func (c conflictCheck) of(a *Action, version int64) *Conflict {
	found := func(kind ConflictKind, detail string) *Conflict {
		return &Conflict{Kind: kind, Version: version, Detail: detail}
	}
	switch {
	case a.Txn != nil && c.apps[a.Txn.AppID]:
		return found(AppIDMoved, a.Txn.AppID)
	case a.Protocol != nil:
		return found(ForeignProtocol, "")
	case a.Metadata != nil:
		return found(ForeignMetadata, "")
	case a.Remove != nil && c.removed[newFileKey(a.Remove.Path, nil).path]:
		return found(ForeignRemove, a.Remove.Path)
	case a.Add != nil && a.Add.DataChange && !c.rearranges:
		return found(ForeignData, a.Add.Path)
	case a.Domain != nil && c.domains[a.Domain.Domain]:
		return found(ForeignDomain, a.Domain.Domain)
	}
	return nil
}

// worse keeps the conflict that says most: kinds are in that order, and of one
// kind the first counts.
func worse(a, b *Conflict) *Conflict {
	if a == nil || b != nil && b.Kind < a.Kind {
		return b
	}
	return a
}
