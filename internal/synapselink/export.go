package synapselink

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
)

// Names of the layout.
const (
	manifestFile   = "model.json"
	changelogFile  = "Changelog/changelog.info"
	trickleFolder  = "Microsoft.Athena.TrickleFeedService"
	optionFolder   = "OptionsetMetadata"
	changelogDir   = "Changelog"
	failuresFolder = "EntitySyncFailure"
	deltaFolder    = "deltalake"
)

// Export is one environment's export. Its fields are set before the first use;
// after that it is safe for concurrent use.
type Export struct {
	Store storage.Store
	// Root is the environment's folder in the store, "" for the store's root.
	Root string
	// AbandonAfter is how long after its successor's timestamp a settling
	// folder still holds back the others; zero: for ever.
	AbandonAfter time.Duration
	// Now is the clock that AbandonAfter is measured by; without it no folder
	// is abandoned.
	Now func() time.Time
	// MaxFolders is how many closed folders one listing or walk looks into, all
	// if zero.
	MaxFolders int

	schemas   schemaPool
	manifests manifestCache
}

// Open checks that the export is one that can be read. The error says what is
// there instead. [Export.Closed] and [Export.Listing] find the same out
// themselves.
func (e *Export) Open(ctx context.Context) error {
	_, err := e.Store.Stat(ctx, e.path(changelogFile))
	if errors.Is(err, storage.ErrNotExist) {
		return e.diagnose(ctx)
	}
	return err
}

// diagnose says what is there instead of an export with a changelog.info.
func (e *Export) diagnose(ctx context.Context) error {
	found, err := e.survey(ctx)
	if err != nil {
		return err
	}
	hint, why := found.diagnosis()
	return &Error{Op: "open export", Path: e.Store.URL(e.path("")), Err: why, Hint: hint}
}

// survey is what lies at the root of something without a changelog.info.
type survey struct {
	manifest, delta, incremental, folders bool
}

func (e *Export) survey(ctx context.Context) (survey, error) {
	var s survey
	for entry, err := range e.Store.List(ctx, e.prefix(""), storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return survey{}, err
		}
		name := baseName(entry.Path)
		_, notFolder := ParseFolderName(name)
		switch {
		case !entry.IsDir:
			s.manifest = s.manifest || name == manifestFile
		case notFolder == nil:
			// There may be a year of them; one is enough to know.
			s.incremental = true
			return s, nil
		case name == deltaFolder:
			s.delta = true
		default:
			s.folders = true
		}
	}
	return s, nil
}

// diagnosis says why this cannot be read and what to do.
func (s survey) diagnosis() (hint string, why error) {
	switch {
	case s.incremental:
		return hintChangelog, errNoChangelog
	case s.delta:
		return hintMode, otherMode("Delta/Parquet conversion (folder deltalake)")
	case s.manifest && s.folders:
		return hintMode, otherMode("CSV without incremental update folders (tables at the root, no Changelog)")
	}
	return "check the container and the folder: an export holds model.json and Changelog/changelog.info", ErrNoExport
}

const hintMode = `create the Synapse Link profile with "Enable Incremental Update Folder Structure" and name its container here`

func otherMode(which string) error {
	return &modeError{which}
}

// modeError is ErrOtherMode with the mode's name.
type modeError struct{ mode string }

func (e *modeError) Error() string { return ErrOtherMode.Error() + ": " + e.mode }
func (e *modeError) Unwrap() error { return ErrOtherMode }

// path is where a file of the export lies in the store.
func (e *Export) path(parts ...string) string {
	all := make([]string, 0, len(parts)+1)
	for _, p := range append([]string{strings.Trim(e.Root, "/")}, parts...) {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, "/")
}

// prefix is the path of a folder as listings want it: ending with '/', or
// empty for the store's root.
func (e *Export) prefix(parts ...string) string {
	if p := e.path(parts...); p != "" {
		return p + "/"
	}
	return ""
}

// states judges folders by the export's clock.
func (e *Export) states(facts []FolderFacts, current FolderName) []FolderStatus {
	if e.Now == nil {
		return States(facts, current, time.Time{}, 0)
	}
	return States(facts, current, e.Now(), e.AbandonAfter)
}

// baseName is what follows the last '/', whether or not the path ends with one.
func baseName(path string) string {
	path = strings.TrimSuffix(path, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}
