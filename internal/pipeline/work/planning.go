package work

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// list finds the folders of an environment that its tables have not seen, and
// what they hold for each.
func (s *Survey) list(ctx context.Context, env *Environment, targets []*Target) error {
	var after synapselink.FolderName
	for i, t := range targets {
		if c := t.Start(); i == 0 || c.Compare(after) < 0 {
			after = c
		}
		if c := t.Cursor(); c.Compare(env.reached) > 0 {
			env.reached = c
		}
	}
	var err error
	if env.Listing, err = env.Export.Closed(ctx, after); err != nil {
		return err
	}
	env.after = after
	err = env.walk(ctx, &env.Listing, targets, mainWalk())
	if err != nil {
		return err
	}
	env.addRootLabels(ctx, targets)
	if err := s.addLate(ctx, env, targets); err != nil {
		return err
	}
	for _, t := range targets {
		for _, p := range slices.Concat(t.Parts, t.Late) {
			t.Bytes += p.Bytes
		}
	}
	return nil
}

// walking says what a walk is for.
type walking struct {
	// wants: the table is to be given what the folder holds of it.
	wants func(t *Target, folder synapselink.FolderName) bool
	// parts is where that goes.
	parts func(*Target) *[]Part
	// seen is told of each folder that can be read and that the table wants.
	seen func(t *Target, folder synapselink.FolderName)
}

// mainWalk is for the folders behind the tables' cursors.
func mainWalk() walking {
	return walking{
		wants: func(t *Target, folder synapselink.FolderName) bool { return t.Start().Digits() < folder.Digits() },
		parts: func(t *Target) *[]Part { return &t.Parts },
		seen:  func(*Target, synapselink.FolderName) {},
	}
}

// lateWalk is for folders that tables passed over.
func lateWalk(wants func(t *Target, folder synapselink.FolderName) bool) walking {
	return walking{
		wants: wants,
		parts: func(t *Target) *[]Part { return &t.Late },
		seen:  func(t *Target, folder synapselink.FolderName) { t.Ready = append(t.Ready, folder) },
	}
}

// walk looks into the closed folders of a listing and adds what they hold to the
// targets. Each folder is looked into once for all.
func (e *Environment) walk(ctx context.Context, l *synapselink.Listing, targets []*Target, w walking) error {
	byName := map[string][]*Target{}
	for _, t := range targets {
		name := strings.ToLower(t.Spec.SourceTable)
		byName[name] = append(byName[name], t)
	}
	want := func(folder synapselink.FolderName, table string) bool {
		return slices.ContainsFunc(byName[strings.ToLower(table)], func(t *Target) bool { return w.wants(t, folder) })
	}
	for folder, err := range e.Export.Walk(ctx, l, want) {
		if err != nil {
			return err
		}
		if folder.State != synapselink.Ready {
			continue
		}
		e.see(folder)
		if l == &e.Listing && e.Oldest.IsZero() && folder.Entries > 1 {
			e.Oldest = folder.Name // beside its model.json
		}
		for name, list := range byName {
			for _, t := range list {
				if w.wants(t, folder.Name) {
					to := w.parts(t)
					*to = append(*to, t.partsOf(ctx, name, folder, *to)...)
					w.seen(t, folder.Name)
				}
			}
		}
	}
	if held, ok := l.Held(); ok {
		w.drop(targets, held.Name)
	}
	return nil
}

// see notes what is to be known of a folder as a whole.
func (e *Environment) see(folder *synapselink.Folder) {
	e.mu.Lock() // tables that are planned anew are so side by side
	defer e.mu.Unlock()
	if slices.ContainsFunc(e.noted, func(n note) bool { return n.folder == folder.Name }) {
		return // it is late for one table and in its turn for another
	}
	if len(folder.Tables)+len(folder.Failed)+len(folder.Labels) == 0 {
		e.noted = append(e.noted, note{report.FolderEmpty, folder.Name, fmt.Sprintf("folder %s holds no rows of any table", folder.Name)})
	}
	if tables, breaksOff := folder.Undescribed(); len(tables) > 0 {
		how := "does not describe"
		if breaksOff {
			how = "breaks off before"
		}
		e.noted = append(e.noted, note{report.ManifestBreaksOff, folder.Name, fmt.Sprintf(
			"model.json of folder %s %s %s; where the folder describes a table by itself, that is used", folder.Name, how, someOf(tables))})
	}
	if n := len(folder.Unknown); n > 0 {
		e.noted = append(e.noted, note{report.FilesUnknown, folder.Name, fmt.Sprintf(
			"folder %s holds files that nothing reads: %d, the first of them %s", folder.Name, n, e.Export.Store.URL(folder.Unknown[0]))})
	}
}

// note is an event of an environment that has not been told yet.
type note struct {
	code   string
	folder synapselink.FolderName
	text   string
}

// Again is the table with another snapshot and with what the same folders hold for
// it now.
func (t *Target) Again(ctx context.Context, snapshot *delta.Snapshot) (*Target, error) {
	fresh := t.At(snapshot)
	fresh.Moved, fresh.Gone, fresh.Unreadable = t.Moved, t.Gone, t.Unreadable
	listing := &t.Env.Listing
	again := synapselink.Listing{Current: listing.Current}
	for _, name := range listing.Ready() {
		if fresh.Start().Digits() < name.Digits() {
			again.Closed = append(again.Closed, name)
		}
	}
	if err := t.Env.walk(ctx, &again, []*Target{fresh}, mainWalk()); err != nil {
		return nil, err
	}
	late := synapselink.Listing{Current: listing.Current, Closed: t.Ready}
	if err := t.Env.walk(ctx, &late, []*Target{fresh}, lateWalk(func(*Target, synapselink.FolderName) bool { return true })); err != nil {
		return nil, err
	}
	t.Env.addRootLabels(ctx, []*Target{fresh})
	return fresh, nil
}

// Start is the folder after which the table goes on.
func (t *Target) Start() synapselink.FolderName {
	if t.survey.Request.FullRefresh {
		return synapselink.FolderName{}
	}
	return t.Cursor()
}

// partsOf is what a folder holds for the table, one part for each spelling of
// the table's name, which is given in lower case. The folder's manifest is looked
// at now, while it is at hand for all tables.
func (t *Target) partsOf(ctx context.Context, name string, folder *synapselink.Folder, before []Part) []Part {
	if t.Labels != nil {
		return t.labelParts(folder.Name, folder.FolderFiles)
	}
	var parts []Part
	for table, err := range folder.Failed {
		if strings.EqualFold(table, name) {
			parts = append(parts, Part{Folder: folder.Name, Err: err})
		}
	}
	for _, table := range slices.Sorted(maps.Keys(folder.Tables)) {
		if !strings.EqualFold(table, name) {
			continue
		}
		p := Part{Folder: folder.Name, Files: folder.Tables[table]}
		for _, f := range p.Files {
			p.Bytes += f.Size
		}
		p.describe(ctx, folder, table, before)
		parts = append(parts, p)
	}
	return parts
}

// describe finds what the table looked like in the folder. A description that
// did not change since the folder before is held once.
func (p *Part) describe(ctx context.Context, folder *synapselink.Folder, table string, before []Part) {
	entity, err := folder.Entity(ctx, table)
	switch n := len(before); {
	case err != nil:
		p.Err = err
	case n > 0 && before[n-1].Entity != nil && before[n-1].Entity.SameColumns(entity) &&
		maps.Equal(before[n-1].Entity.Annotations, entity.Annotations):
		p.Entity = before[n-1].Entity
	default:
		p.Entity = &entity
	}
}

// someOf names the first of a list.
func someOf(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// drop takes back the folders of a moment that is not complete: the cursor knows
// moments alone, and would be put behind the one that is still to come.
func (w *walking) drop(targets []*Target, moment synapselink.FolderName) {
	for _, t := range targets {
		parts := w.parts(t)
		*parts = slices.DeleteFunc(*parts, func(p Part) bool { return p.Folder.Digits() == moment.Digits() })
		t.Ready = slices.DeleteFunc(t.Ready, func(f synapselink.FolderName) bool { return f.Digits() == moment.Digits() })
	}
}
