package synapselink

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/storage"
)

// FindEnvironments lists the environments of a container: the folders, "" for
// the root, that hold a model.json and a changelog.info.
func FindEnvironments(ctx context.Context, store storage.Store) ([]string, error) {
	var l rootLevel
	if err := l.list(ctx, store); err != nil {
		return nil, err
	}
	is := make([]bool, len(l.folders))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(lookAtOnce)
	for i, folder := range l.folders {
		g.Go(func() (err error) {
			is[i], err = (&Export{Store: store, Root: folder}).isEnvironment(gctx)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var found []string
	if l.manifest && l.changelog {
		found = append(found, "")
	}
	for i, folder := range l.folders {
		if is[i] {
			found = append(found, folder)
		}
	}
	return found, nil
}

func (e *Export) isEnvironment(ctx context.Context) (bool, error) {
	for _, name := range []string{changelogFile, manifestFile} {
		_, err := e.Store.Stat(ctx, e.path(name))
		if errors.Is(err, storage.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// rootLevel is what lies at the root of a container, but for incremental
// folders.
type rootLevel struct {
	// What makes the root an environment. Of the folder Changelog its name is
	// enough: where the file in it is missing, opening the root says so.
	manifest, changelog bool
	folders             []string // that may be environments
}

// yearPatience is how many incremental folders of a year are passed over one by
// one: that many come with the page of a listing that was asked for anyway.
const yearPatience = 5000

// list jumps over the rest of a year that has many incremental folders instead
// of listing it.
func (l *rootLevel) list(ctx context.Context, store storage.Store) error {
	startAfter := ""
	for again := true; again; {
		again = false
		passed, year := 0, ""
		opts := storage.ListOptions{Delimiter: true, StartAfter: startAfter}
		for entry, err := range store.List(ctx, "", opts) {
			if err != nil {
				return err
			}
			name := baseName(entry.Path)
			if _, err := ParseFolderName(name); err != nil {
				l.add(name, entry.IsDir)
				continue
			}
			if y := name[:len("2006-")]; y != year {
				passed, year = 0, y
			}
			if passed++; passed > yearPatience && year[0] != ' ' {
				// '~' sorts behind all that follows the year.
				startAfter, again = year+"~", true
				break
			}
		}
	}
	return nil
}

func (l *rootLevel) add(name string, isDir bool) {
	switch {
	case !isDir:
		l.manifest = l.manifest || name == manifestFile
	case name == changelogDir:
		l.changelog = true
	case !internalFolder(name):
		l.folders = append(l.folders, name)
	}
}

func internalFolder(name string) bool {
	switch name {
	case changelogDir, trickleFolder, optionFolder, failuresFolder, deltaFolder:
		return true
	}
	return strings.HasPrefix(name, ".")
}

// ResolveEnvironment finds the folder of the environment that sourceSchema
// names by URL, id or organisation name. The explicit map wins. A single
// environment is meant by any name; of several, the one whose folder's name
// contains the URL's first label, the id or the name.
func ResolveEnvironment(found []string, sourceSchema string, explicit map[string]string) (string, error) {
	for name, folder := range explicit {
		if sameEnvironment(name, sourceSchema) {
			return strings.Trim(folder, "/"), nil
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	label := environmentLabel(sourceSchema)
	var matching []string
	for _, folder := range found {
		if label != "" && strings.Contains(strings.ToLower(folder), label) {
			matching = append(matching, folder)
		}
	}
	if len(matching) == 1 {
		return matching[0], nil
	}
	return "", environmentError(sourceSchema, label, found, matching)
}

func environmentError(sourceSchema, label string, found, matching []string) error {
	err := &Error{
		Op: "find the environment of source_schema", Path: sourceSchema,
		Hint: fmt.Sprintf("name its folder in the connection: environments: {%q: <folder>/}", sourceSchema),
	}
	switch {
	case len(found) == 0:
		err.Err = fmt.Errorf("%w: no folder of the container holds model.json and Changelog/changelog.info", ErrEnvironment)
		err.Hint = "check the container's name; a new Synapse Link profile writes them with its first export"
	case len(matching) == 0:
		err.Err = fmt.Errorf("%w: no folder's name contains %q; there are %s", ErrEnvironment, label, folderNames(found))
	default:
		err.Err = fmt.Errorf("%w: %q is part of several folders' names: %s", ErrEnvironment, label, folderNames(matching))
	}
	return err
}

func folderNames(folders []string) string {
	quoted := make([]string, len(folders))
	for i, f := range folders {
		quoted[i] = f + "/"
		if f == "" {
			quoted[i] = "the root"
		}
	}
	return strings.Join(quoted, ", ")
}

// environmentLabel is the first label of a URL's host, other names whole, in
// lower case.
func environmentLabel(sourceSchema string) string {
	name := strings.ToLower(strings.TrimSpace(sourceSchema))
	if u, err := url.Parse(name); err == nil && u.Host != "" {
		name = u.Hostname()
	}
	label, _, _ := strings.Cut(strings.Trim(name, "/"), ".")
	return label
}

func sameEnvironment(a, b string) bool {
	normal := func(s string) string { return strings.TrimRight(strings.TrimSpace(s), "/") }
	return strings.EqualFold(normal(a), normal(b))
}
