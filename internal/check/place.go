package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/storage/azure/probe"
	"github.com/sluicedata/sluice/internal/timespan"
)

// Place is where an export or the lake is.
type Place struct {
	Location spec.Location
	// Account is how the storage account is reached; nil for a folder on disk.
	Account *probe.Account
	// Root is the folder in the container, empty for all of it.
	Root string
	// Store holds the files; nil where Err says why it cannot be opened.
	Store storage.Store
	Err   error
}

// Checker looks at things. NewID names files that it writes; with Thorough it
// does the steps of doctor as well. LakeStore holds the tables that there are
// already, nil where it cannot be opened.
type Checker struct {
	Now       func() time.Time
	NewID     func() string
	Thorough  bool
	LakeStore storage.Store
}

func (p *Place) about(write bool, now time.Time) entra.About {
	if p.Account == nil {
		return entra.About{}
	}
	return p.Account.About(write, now)
}

// begin makes the steps of a place up to its listing.
func (c *Checker) begin(ctx context.Context, p *Place, write bool) *sequence {
	s := &sequence{now: c.Now}
	about := p.about(write, c.Now())
	if p.Err != nil {
		s.step("open", func() Step {
			found := failed(p.Err, about)
			found.Storage = true
			return found
		})
	}
	if p.Account != nil {
		c.account(ctx, s, p.Account, about)
	}
	s.step("list", func() Step { return list(ctx, p, write, about) })
	return s
}

// account makes the steps of a storage account.
func (c *Checker) account(ctx context.Context, s *sequence, a *probe.Account, about entra.About) {
	var reached probe.Reached
	s.step("network", func() Step {
		var err error
		if reached, err = a.Reach(ctx, c.Now); err != nil {
			return failed(err, about)
		}
		return pass(described(a, reached))
	})
	if c.Thorough {
		s.side("clock", func() Step { return clock(reached.Clock, c.Now()) })
	}
	if a.Credential != nil {
		s.step("token", func() Step {
			if err := a.Token(ctx); err != nil {
				return failed(err, about)
			}
			return pass("signed in with " + string(about.Way) + " at " + a.Entra.Authority())
		})
	}
	if about.Way == entra.SASToken {
		now := c.Now()
		if !reached.Clock.IsZero() {
			now = reached.Clock // by which the service judges
		}
		s.step("signature", func() Step { return signature(about, now) })
	}
	s.step("container", func() Step { return seeContainer(ctx, a, about) })
	if !about.Write {
		s.side("namespace", func() Step { return namespace(ctx, a) })
	}
}

func described(a *probe.Account, r probe.Reached) string {
	_, host, _ := strings.Cut(a.Service, "://")
	host, _, _ = strings.Cut(host, "/")
	if r.TLS == "" {
		return host + " answers, without TLS"
	}
	return host + " answers with " + r.TLS
}

// Clocks apart: tokens and signatures allow for five minutes, requests signed
// with a key for fifteen.
const (
	clockWarn = 5 * time.Minute
	clockFail = 15 * time.Minute
)

func clock(service, here time.Time) Step {
	if service.IsZero() {
		return skip("the service does not tell its time")
	}
	apart := here.Sub(service).Abs()
	reason := fmt.Sprintf("this machine's clock and the service's are %s apart", timespan.Text(apart))
	const fix = "set this machine's clock with a time service such as NTP: tokens and signatures are refused when it is wrong"
	switch {
	case apart > clockFail:
		return Step{State: Fail, Code: "CLOCK", Reason: reason, Fix: fix}
	case apart > clockWarn:
		return warn("CLOCK", reason, fix)
	}
	return pass(reason)
}

func seeContainer(ctx context.Context, a *probe.Account, about entra.About) Step {
	if !a.ShowsContainer() {
		return skip("a shared access signature need not show the container; the listing tells")
	}
	err := a.See(ctx)
	if err == nil {
		return pass("container " + a.Container + " of account " + a.Name + " is there")
	}
	found := failed(err, about)
	if found.Code == "ContainerNotFound" {
		return missing(ctx, a, about, found)
	}
	return found
}

// missing finds out more about a container that is not there, where that may be
// asked.
func missing(ctx context.Context, a *probe.Account, about entra.About, found Step) Step {
	fate, err := a.Fate(ctx)
	switch {
	case err != nil:
	case fate.Deleted:
		found.Code = "ContainerSoftDeleted"
		found.Reason = fmt.Sprintf("container %s was deleted; it can be restored for %d more days", a.Container, fate.Days)
		found.Fix = about.Restore(fate.Version)
	case about.Write: // a lake's may be made
	case len(fate.Others) > 0:
		found.Fix = fmt.Sprintf("check the container's name; account %s has: %s", a.Name, strings.Join(fate.Others, ", "))
	default:
		found.Fix = fmt.Sprintf("check the account's name: %s has no containers at all", a.Name)
	}
	return found
}

// namespace looks for what Synapse Link needs and Sluice does not.
func namespace(ctx context.Context, a *probe.Account) Step {
	hierarchical, err := a.Hierarchical(ctx)
	switch {
	case err != nil:
		return skip("neither the account nor its listing tells")
	case !hierarchical:
		return warn("NO_HIERARCHICAL_NAMESPACE",
			fmt.Sprintf("account %s has no hierarchical namespace: Sluice reads it all the same, but Synapse Link exports to none such", a.Name),
			"check that it is the account of the Synapse Link profile (Power Apps, Azure Synapse Link); a copy of an export can stay where it is")
	}
	return pass("hierarchical, as Synapse Link needs it")
}

// list reads the beginning of the place's listing. A folder that is not there is
// empty to a store, and is made where a lake is written.
func list(ctx context.Context, p *Place, write bool, about entra.About) Step {
	if p.Store == nil {
		return failed(errors.New("it is not open"), about)
	}
	if p.Location.IsLocal() && p.Location.Path != "" && !write {
		if _, err := os.Stat(p.Location.Path); errors.Is(err, fs.ErrNotExist) {
			return Step{State: Fail, Code: "NO_EXPORT", Storage: true, Reason: "folder " + p.Location.Path + " does not exist",
				Fix: "check url of the connection; a relative path begins at the folder of the configuration file"}
		}
	}
	for _, err := range p.Store.List(ctx, "", storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return failed(err, about)
		}
		return pass(p.Store.URL("") + " can be listed")
	}
	return pass(p.Store.URL("") + " is empty")
}
