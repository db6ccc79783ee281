package synapselink

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/sluicedata/sluice/internal/storage"
)

// FindEnvironments lists the environments of a container: the folders, "" for
// the root, that hold a model.json and a changelog.info.
func FindEnvironments(ctx context.Context, store storage.Store) ([]string, error) {
	folders, err := candidates(ctx, store)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, folder := range append([]string{""}, folders...) {
		e := Export{Store: store, Root: folder}
		ok, err := e.isEnvironment(ctx)
		if err != nil {
			return nil, err
		}
		if ok {
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

// candidates lists the root's folders that may be environments. A year of
// incremental folders is jumped over instead of being listed.
func candidates(ctx context.Context, store storage.Store) ([]string, error) {
	var folders []string
	startAfter := ""
	for again := true; again; {
		again = false
		opts := storage.ListOptions{Delimiter: true, StartAfter: startAfter}
		for entry, err := range store.List(ctx, "", opts) {
			if err != nil {
				return nil, err
			}
			name := baseName(entry.Path)
			if _, err := ParseFolderName(name); err == nil && name[0] != ' ' {
				// '~' sorts behind all that follows the year.
				startAfter, again = name[:len("2006-")]+"~", true
				break
			}
			if entry.IsDir && !internalFolder(name) {
				folders = append(folders, name)
			}
		}
	}
	return folders, nil
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
