package synapselink

import (
	"fmt"
	"time"

	"github.com/sluicedata/sluice/internal/timespan"
)

// State is where a folder stands in its life.
type State uint8

const (
	// Open: being written; changelog.info names it or an earlier one.
	Open State = iota + 1
	// Settling: closed, but without a model.json that can be used.
	Settling
	// Ready: can be read and does not change any more.
	Ready
	// Abandoned: settling for so long that it is skipped. The service commits
	// such a folder's rows again in a later one.
	Abandoned
)

func (s State) String() string {
	switch s {
	case Open:
		return "open"
	case Settling:
		return "settling"
	case Ready:
		return "ready"
	case Abandoned:
		return "abandoned"
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// ManifestFact is what a look at a folder's model.json showed.
type ManifestFact uint8

const (
	// ManifestMissing: there is none.
	ManifestMissing ManifestFact = iota + 1
	// ManifestEmpty: it has no content yet.
	ManifestEmpty
	// ManifestBroken: not even its first entity can be read.
	ManifestBroken
	// ManifestUsable: it is whole, or at least one entity of it is.
	ManifestUsable
	// ManifestMoving: it was written anew each time that it was to be read.
	ManifestMoving
	// FolderEmpty: there is no file at all. The folder was deleted since its
	// name was listed, or nothing has been written to it yet.
	FolderEmpty
)

// reason says why a folder with such a manifest is settling.
func (m ManifestFact) reason() string {
	switch m {
	case ManifestMissing:
		return "its model.json is missing"
	case ManifestEmpty:
		return "its model.json is empty"
	case ManifestBroken:
		return "its model.json cannot be read"
	case ManifestMoving:
		return "its model.json is being written"
	case FolderEmpty:
		return "it holds no files: it was deleted just now, or never filled"
	}
	return ""
}

// FolderFacts is what was seen of a folder.
type FolderFacts struct {
	Name     FolderName
	Manifest ManifestFact
	// Successor is the next folder, or the one that changelog.info names.
	Successor FolderName
}

// FolderStatus is a folder's state and, unless it is ready, the reason.
type FolderStatus struct {
	Name   FolderName
	State  State
	Reason string
}

// States judges folders by what was seen of them. current is the folder named
// by changelog.info. A settling folder is abandoned from abandonAfter on,
// counted from its successor's timestamp to now; with zero it never is.
func States(facts []FolderFacts, current FolderName, now time.Time, abandonAfter time.Duration) []FolderStatus {
	states := make([]FolderStatus, len(facts))
	for i, f := range facts {
		states[i] = f.status(current, now, abandonAfter)
	}
	return states
}

func (f FolderFacts) status(current FolderName, now time.Time, abandonAfter time.Duration) FolderStatus {
	waited := now.Sub(f.Successor.Time())
	switch {
	case f.Name.Digits() >= current.Digits():
		return FolderStatus{f.Name, Open, fmt.Sprintf("changelog.info names %s", current)}
	case f.Manifest == ManifestUsable:
		return FolderStatus{Name: f.Name, State: Ready}
	case abandonAfter > 0 && waited >= abandonAfter:
		return FolderStatus{f.Name, Abandoned, fmt.Sprintf("%s %s after the next folder %s was begun",
			f.Manifest.reason(), timespan.Text(waited), f.Successor)}
	}
	return FolderStatus{f.Name, Settling, f.Manifest.reason()}
}
