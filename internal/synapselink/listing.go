package synapselink

import (
	"context"
	"errors"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/storage"
)

const (
	// lookAtOnce folders are looked into at the same time.
	lookAtOnce = 8
	// manifestPeek bytes of a model.json hold its first entity, nearly always:
	// the widest tables have some 700 attributes of 100 to 300 bytes.
	manifestPeek = 256 << 10
)

// Listing is the closed folders of an export after a given one.
type Listing struct {
	// Current is the folder that changelog.info named before the listing.
	Current FolderName
	// Folders in order, up to and with the first that holds back the rest.
	Folders []FolderStatus
	// More closed folders follow that were not looked into.
	More bool
}

// Ready lists the folders that can be read now, in order.
func (l Listing) Ready() []FolderName { return l.in(Ready) }

// Abandoned lists the folders that were skipped, in order.
func (l Listing) Abandoned() []FolderName { return l.in(Abandoned) }

// Held is the settling folder that holds back all after it, if one does.
func (l Listing) Held() (FolderStatus, bool) {
	if n := len(l.Folders); n > 0 && l.Folders[n-1].State == Settling {
		return l.Folders[n-1], true
	}
	return FolderStatus{}, false
}

func (l Listing) in(s State) []FolderName {
	var names []FolderName
	for _, f := range l.Folders {
		if f.State == s {
			names = append(names, f.Name)
		}
	}
	return names
}

// Listing reads changelog.info, then lists the folders between after and the
// one that it names. In the other order a folder could be begun, and with it
// the listed one closed, between the two steps without being seen.
func (e *Export) Listing(ctx context.Context, after FolderName) (Listing, error) {
	current, err := e.current(ctx)
	if err != nil {
		return Listing{}, err
	}
	closed, err := e.closed(ctx, after, current)
	if err != nil {
		return Listing{}, err
	}
	l := Listing{Current: current}
	limit := len(closed)
	if e.MaxFolders > 0 {
		limit = min(limit, e.MaxFolders)
	}
	for from := 0; from < limit; from += lookAtOnce {
		to := min(from+lookAtOnce, limit)
		facts, err := e.Look(ctx, closed[from:to])
		if err != nil {
			return Listing{}, err
		}
		for i := range facts {
			facts[i].Successor = current
			if next := from + i + 1; next < len(closed) {
				facts[i].Successor = closed[next]
			}
		}
		for _, f := range e.states(facts, current) {
			l.Folders = append(l.Folders, f)
			if f.State == Settling {
				l.More = len(l.Folders) < len(closed)
				return l, nil
			}
		}
	}
	l.More = limit < len(closed)
	return l, nil
}

// closed lists the folders greater than after and smaller than current.
func (e *Export) closed(ctx context.Context, after, current FolderName) ([]FolderName, error) {
	var names []FolderName
	collect := func(startAfter, end string) error {
		opts := storage.ListOptions{Delimiter: true, StartAfter: startAfter}
		for entry, err := range e.Store.List(ctx, e.prefix(""), opts) {
			if err != nil {
				return err
			}
			if end != "" && entry.Path >= end {
				return nil
			}
			name, err := ParseFolderName(baseName(entry.Path))
			if err != nil || !entry.IsDir {
				continue
			}
			if name.Digits() > after.Digits() && name.Digits() < current.Digits() {
				names = append(names, name)
			}
		}
		return nil
	}
	var err error
	if after.IsZero() {
		err = collect("", "")
	} else {
		// Names with a space before them sort before the cursor, so they are
		// looked for first. '!' follows the space.
		err = errors.Join(
			collect("", e.prefix("")+"!"),
			collect(e.prefix("")+after.hour(), ""))
	}
	slices.SortFunc(names, FolderName.Compare)
	return names, err
}

// hour is what the names of one hour begin with. Both forms of a name agree so
// far; behind it their bytes would not sort by time when they are mixed.
func (f FolderName) hour() string { return f.Time().Format("2006-01-02T15") }

// Look sees how far the folders are; Successor is left empty. Planning looks
// into those that [Export.Listing] meets; ones that were skipped earlier are to
// be looked into again, since their model.json may turn up.
func (e *Export) Look(ctx context.Context, folders []FolderName) ([]FolderFacts, error) {
	facts := make([]FolderFacts, len(folders))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lookAtOnce)
	for i, name := range folders {
		g.Go(func() error {
			m, err := e.lookAtManifest(ctx, e.path(name.String(), manifestFile))
			facts[i] = FolderFacts{Name: name, Manifest: m}
			return err
		})
	}
	return facts, g.Wait()
}

// lookAtManifest reads no more than it takes to know that a model.json is
// usable: with a long backlog every folder's 1.7 MB would be read for it.
func (e *Export) lookAtManifest(ctx context.Context, path string) (ManifestFact, error) {
	head, err := e.read(ctx, path, storage.Range{Length: manifestPeek})
	switch {
	case errors.Is(err, storage.ErrNotExist):
		return ManifestMissing, nil
	case err != nil:
		return 0, err
	case len(trimText(head)) == 0:
		return ManifestEmpty, nil
	}
	if usable(head) {
		return ManifestUsable, nil
	}
	if len(head) < manifestPeek {
		return ManifestBroken, nil
	}
	whole, err := storage.ReadAll(ctx, e.Store, path)
	switch {
	case err != nil:
		return 0, err
	case usable(whole):
		return ManifestUsable, nil
	}
	return ManifestBroken, nil
}

// usable reports whether a model.json is whole or has at least one entity.
func usable(data []byte) bool {
	_, err := ParseManifest(data)
	return err == nil
}

// read reads a range of a file whole.
func (e *Export) read(ctx context.Context, path string, r storage.Range) ([]byte, error) {
	body, err := e.Store.ReadRange(ctx, path, r)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(body)
	if cerr := body.Close(); err == nil {
		err = cerr
	}
	return data, storage.NewError("read", e.Store.URL(path), err)
}
