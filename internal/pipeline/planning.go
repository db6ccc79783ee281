package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// list finds the folders of an environment that its tables have not seen, and
// what they hold for each.
func (u *update) list(ctx context.Context, env *environment, targets []*target) error {
	var after synapselink.FolderName
	for i, t := range targets {
		if c := u.start(t); i == 0 || c.Compare(after) < 0 {
			after = c
		}
		if c := u.cursor(t); c.Compare(env.reached) > 0 {
			env.reached = c
		}
	}
	var err error
	if env.listing, err = env.export.Closed(ctx, after); err != nil {
		return err
	}
	env.after = after
	err = u.walk(ctx, env, &env.listing, targets, u.mainWalk())
	if err != nil {
		return err
	}
	u.addRootLabels(ctx, env, targets)
	if err := u.addLate(ctx, env, targets); err != nil {
		return err
	}
	for _, t := range targets {
		for _, p := range slices.Concat(t.parts, t.late) {
			t.bytes += p.bytes
		}
	}
	return nil
}

// walking says what a walk is for.
type walking struct {
	// wants: the table is to be given what the folder holds of it.
	wants func(t *target, folder synapselink.FolderName) bool
	// parts is where that goes.
	parts func(*target) *[]part
	// seen is told of each folder that can be read and that the table wants.
	seen func(t *target, folder synapselink.FolderName)
}

// mainWalk is for the folders behind the tables' cursors.
func (u *update) mainWalk() walking {
	return walking{
		wants: func(t *target, folder synapselink.FolderName) bool { return u.start(t).Digits() < folder.Digits() },
		parts: func(t *target) *[]part { return &t.parts },
		seen:  func(*target, synapselink.FolderName) {},
	}
}

// lateWalk is for folders that tables passed over.
func lateWalk(wants func(t *target, folder synapselink.FolderName) bool) walking {
	return walking{
		wants: wants,
		parts: func(t *target) *[]part { return &t.late },
		seen:  func(t *target, folder synapselink.FolderName) { t.ready = append(t.ready, folder) },
	}
}

// walk looks into the closed folders of a listing and adds what they hold to the
// targets. Each folder is looked into once for all.
func (u *update) walk(ctx context.Context, env *environment, l *synapselink.Listing, targets []*target, w walking) error {
	byName := map[string][]*target{}
	for _, t := range targets {
		name := strings.ToLower(t.spec.SourceTable)
		byName[name] = append(byName[name], t)
	}
	want := func(folder synapselink.FolderName, table string) bool {
		return slices.ContainsFunc(byName[strings.ToLower(table)], func(t *target) bool { return w.wants(t, folder) })
	}
	for folder, err := range env.export.Walk(ctx, l, want) {
		if err != nil {
			return err
		}
		if folder.State != synapselink.Ready {
			continue
		}
		env.see(folder)
		if l == &env.listing && env.oldest.IsZero() && folder.Entries > 1 {
			env.oldest = folder.Name // beside its model.json
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

// drop takes back the folders of a moment that is not complete: the cursor knows
// moments alone, and would be put behind the one that is still to come.
func (w *walking) drop(targets []*target, moment synapselink.FolderName) {
	for _, t := range targets {
		parts := w.parts(t)
		*parts = slices.DeleteFunc(*parts, func(p part) bool { return p.folder.Digits() == moment.Digits() })
		t.ready = slices.DeleteFunc(t.ready, func(f synapselink.FolderName) bool { return f.Digits() == moment.Digits() })
	}
}

// see notes what is to be known of a folder as a whole.
func (e *environment) see(folder *synapselink.Folder) {
	if slices.ContainsFunc(e.noted, func(n note) bool { return n.folder == folder.Name }) {
		return // it is late for one table and in its turn for another
	}
	if len(folder.Tables)+len(folder.Failed)+len(folder.Labels) == 0 {
		e.noted = append(e.noted, note{FolderEmpty, folder.Name, fmt.Sprintf("folder %s holds no rows of any table", folder.Name)})
	}
	if tables, breaksOff := folder.Undescribed(); len(tables) > 0 {
		how := "does not describe"
		if breaksOff {
			how = "breaks off before"
		}
		e.noted = append(e.noted, note{ManifestBreaksOff, folder.Name, fmt.Sprintf(
			"model.json of folder %s %s %s; where the folder describes a table by itself, that is used", folder.Name, how, someOf(tables))})
	}
	if n := len(folder.Unknown); n > 0 {
		e.noted = append(e.noted, note{FilesUnknown, folder.Name, fmt.Sprintf(
			"folder %s holds files that nothing reads: %d, the first of them %s", folder.Name, n, e.export.Store.URL(folder.Unknown[0]))})
	}
}

// note is an event of an environment that has not been told yet.
type note struct {
	code   string
	folder synapselink.FolderName
	text   string
}

// start is the folder after which the table goes on.
func (u *update) start(t *target) synapselink.FolderName {
	if u.request.FullRefresh {
		return synapselink.FolderName{}
	}
	return u.cursor(t)
}

// partsOf is what a folder holds for the table, one part for each spelling of
// the table's name, which is given in lower case. The folder's manifest is looked
// at now, while it is at hand for all tables.
func (t *target) partsOf(ctx context.Context, name string, folder *synapselink.Folder, before []part) []part {
	if t.labels != nil {
		return t.labelParts(folder.Name, folder.FolderFiles)
	}
	var parts []part
	for table, err := range folder.Failed {
		if strings.EqualFold(table, name) {
			parts = append(parts, part{folder: folder.Name, err: err})
		}
	}
	for _, table := range slices.Sorted(maps.Keys(folder.Tables)) {
		if !strings.EqualFold(table, name) {
			continue
		}
		p := part{folder: folder.Name, files: folder.Tables[table]}
		for _, f := range p.files {
			p.bytes += f.Size
		}
		p.describe(ctx, folder, table, before)
		parts = append(parts, p)
	}
	return parts
}

// describe finds what the table looked like in the folder. A description that
// did not change since the folder before is held once.
func (p *part) describe(ctx context.Context, folder *synapselink.Folder, table string, before []part) {
	entity, err := folder.Entity(ctx, table)
	switch n := len(before); {
	case err != nil:
		p.err = err
	case n > 0 && before[n-1].entity != nil && before[n-1].entity.SameColumns(entity) &&
		maps.Equal(before[n-1].entity.Annotations, entity.Annotations):
		p.entity = before[n-1].entity
	default:
		p.entity = &entity
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
