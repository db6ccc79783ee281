package synapselink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/storage"
)

// Environments are those of a container, by folder, "" for its root.
type Environments struct {
	// Whole hold a model.json and a changelog.info.
	Whole []string
	// Broken hold a model.json or incremental folders, and lack what makes them
	// whole. Each is still the environment that its name says: its tables must
	// not be given the rows of another one.
	Broken []string
}

// FindEnvironments lists the environments of a container.
func FindEnvironments(ctx context.Context, store storage.Store) (Environments, error) {
	var l rootLevel
	if err := l.list(ctx, store); err != nil {
		return Environments{}, err
	}
	is := make([]wholeness, len(l.folders))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(lookAtOnce)
	for i, folder := range l.folders {
		g.Go(func() (err error) {
			is[i], err = (&Export{Store: store, Root: folder}).wholeness(gctx)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return Environments{}, err
	}
	var found Environments
	found.add("", wholenessOf(l.manifest, l.changelog, l.incremental))
	for i, folder := range l.folders {
		found.add(folder, is[i])
	}
	return found, nil
}

func (f *Environments) add(folder string, is wholeness) {
	switch is {
	case whole:
		f.Whole = append(f.Whole, folder)
	case broken:
		f.Broken = append(f.Broken, folder)
	}
}

// wholeness is how much of an environment a folder is.
type wholeness int

const (
	notOne wholeness = iota
	broken
	whole
)

func wholenessOf(manifest, changelog, incremental bool) wholeness {
	switch {
	case manifest && changelog:
		return whole
	case manifest || incremental:
		return broken
	}
	return notOne
}

func (e *Export) wholeness(ctx context.Context) (wholeness, error) {
	changelog, err := e.has(ctx, changelogFile)
	if err != nil {
		return notOne, err
	}
	manifest, err := e.has(ctx, manifestFile)
	if err != nil || manifest {
		return wholenessOf(manifest, changelog, false), err
	}
	incremental, err := e.beginsIncremental(ctx)
	return wholenessOf(false, changelog, incremental), err
}

func (e *Export) has(ctx context.Context, name string) (bool, error) {
	_, err := e.Store.Stat(ctx, e.path(name))
	if errors.Is(err, storage.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// beginsIncremental looks for an incremental folder in the first page of a
// listing: names of years come before nearly all others.
func (e *Export) beginsIncremental(ctx context.Context) (bool, error) {
	passed := 0
	for entry, err := range e.Store.List(ctx, e.prefix(""), storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return false, err
		}
		if _, err := ParseFolderName(baseName(entry.Path)); err == nil && entry.IsDir {
			return true, nil
		}
		if passed++; passed == yearPatience {
			break
		}
	}
	return false, nil
}

// rootLevel is what lies at the root of a container, but for incremental
// folders.
type rootLevel struct {
	// What makes the root an environment. Of the folder Changelog its name is
	// enough: where the file in it is missing, opening the root says so.
	manifest, changelog bool
	incremental         bool     // has folders of that kind
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
			l.incremental = true
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

// Wanted says which environment is looked for, and among which others.
type Wanted struct {
	// SourceSchema names it by URL, id or organisation name; "" is the only one
	// that there is.
	SourceSchema string
	// Others are those that the pipeline names as well, this one may be among
	// them.
	Others []string
	// Explicit folders by source_schema.
	Explicit map[string]string
}

// ResolveEnvironment finds the folder of the wanted environment. The explicit
// map wins. After it comes the folder whose name says the URL's host or first
// label, the id or the name, be it whole or broken. The root has no name: it is
// meant where it is the only whole environment and no other name asks for it. A
// single folder of another name is meant only where no name is given: it may be
// that of an environment beside the one wanted, which is gone or yet to come.
func ResolveEnvironment(found Environments, w Wanted) (string, error) {
	if folder, known := w.mapped(w.SourceSchema); known {
		return folder, nil
	}
	name := nameOf(w.SourceSchema)
	matching, by := found.matching(name)
	if len(matching) == 1 {
		if twin, has := w.twin(found, name, matching[0], by); has {
			return "", twinError(w.SourceSchema, twin, matching[0])
		}
		return matching[0], nil
	}
	if len(matching) > 1 || len(found.Whole) != 1 {
		return "", environmentError(w.SourceSchema, name.label(), found, matching)
	}
	only, unnamed := found.Whole[0], len(name) == 0
	switch {
	case unnamed && (only == "" || len(found.Broken) == 0):
		return only, nil
	case unnamed || only != "":
		return "", environmentError(w.SourceSchema, name.label(), found, nil)
	}
	if rival, has := w.rival(found, name); has {
		return "", rootError(w.SourceSchema, rival)
	}
	return only, nil
}

// LocateEnvironment is [ResolveEnvironment], and where the container has no whole
// environment it tells what is at the root instead.
func LocateEnvironment(ctx context.Context, store storage.Store, found Environments, w Wanted) (string, error) {
	root, err := ResolveEnvironment(found, w)
	if err == nil || len(found.Whole) > 0 {
		return root, err
	}
	instead := (&Export{Store: store}).Open(ctx)
	folders := slices.ContainsFunc(found.Broken, func(folder string) bool { return folder != "" })
	if instead == nil || folders && errors.Is(instead, ErrNoExport) {
		return "", err
	}
	return "", instead
}

func (w Wanted) mapped(sourceSchema string) (folder string, known bool) {
	for name, folder := range w.Explicit {
		if sameEnvironment(name, sourceSchema) {
			return strings.Trim(folder, "/"), true
		}
	}
	return "", false
}

func rootError(sourceSchema, rival string) error {
	return &Error{
		Op: "find the environment of source_schema", Path: sourceSchema,
		Err: fmt.Errorf("%w: the only one is at the container's root, which has no name, and %q would mean it, too", ErrEnvironment, rival),
		Hint: fmt.Sprintf("say in the connection which one lies there: environments: {%q: /}; "+
			"the other one is in another container, or its export is yet to come", sourceSchema),
	}
}

func twinError(sourceSchema, twin, folder string) error {
	return &Error{
		Op: "find the environment of source_schema", Path: sourceSchema,
		Err:  fmt.Errorf("%w: the name of folder %s/ does not tell it from %q, which would mean it, too", ErrEnvironment, folder, twin),
		Hint: fmt.Sprintf("name the folder of each in the connection: environments: {%q: %s/}", sourceSchema, folder),
	}
}

func environmentError(sourceSchema, label string, found Environments, matching []string) error {
	err := &Error{
		Op: "find the environment of source_schema", Path: sourceSchema,
		Hint: fmt.Sprintf("name its folder in the connection: environments: {%q: <folder>/}", sourceSchema),
	}
	switch {
	case len(found.Whole)+len(found.Broken) == 0:
		err.Err = fmt.Errorf("%w: no folder of the container holds model.json and Changelog/changelog.info", ErrEnvironment)
		err.Hint = "check the container's name; a new Synapse Link profile writes them with its first export"
	case len(matching) > 0:
		err.Err = fmt.Errorf("%w: %q is in several folders' names: %s", ErrEnvironment, label, found.names(matching))
	case label == "":
		err.Op, err.Path = "find the environment of tables", ""
		err.Err = fmt.Errorf("%w: no source_schema says which; there are %s", ErrEnvironment, found.names(nil))
		err.Hint = "name it in source_schema of the pipeline's tables"
	default:
		err.Err = fmt.Errorf("%w: %q is no whole part of a folder's name; there are %s", ErrEnvironment, label, found.names(nil))
	}
	return err
}

// names are those of the folders given, all if nil, for people.
func (f Environments) names(folders []string) string {
	if folders == nil {
		folders = slices.Concat(f.Whole, f.Broken)
	}
	quoted := make([]string, len(folders))
	for i, folder := range folders {
		quoted[i] = folder + "/"
		if folder == "" {
			quoted[i] = "the root"
		}
		if slices.Contains(f.Broken, folder) {
			quoted[i] += " (not whole)"
		}
	}
	return strings.Join(quoted, ", ")
}
