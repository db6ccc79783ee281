package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// bringing is one table being brought up to date.
type bringing struct {
	*update
	*target
	engine *local.Engine
	result TableResult
	// cut cells by column, see countCut.
	cut map[string]int64
	// sealed is the quarantine as a commit of this update left it, nil before one
	// touches it.
	sealed *quarantine.State
	// columns that the table has of its source, as the batches before left it.
	columns batch.Schema
	// before is what the source looked like in the folder before.
	before *synapselink.Entity
	// gapped: folders were lost, and the table goes on with what is left.
	gapped bool
	// partial is the folder that the table begins with although its initial
	// copy came before.
	partial synapselink.FolderName
}

// ErrNewColumns: the configuration wants a full refresh for new columns.
var ErrNewColumns = errors.New("the source has new columns")

// ErrRefreshBehind: the folders that can be read end before what the table has.
var ErrRefreshBehind = errors.New("a full refresh would lose rows")

// ErrRefreshLoses: the folders that are left do not hold the whole table.
var ErrRefreshLoses = errors.New("a full refresh would lose rows of folders that are gone")

// ErrNoTable: no folder and no manifest has the table.
var ErrNoTable = errors.New("the export has no such table")

func (b *bringing) bring(ctx context.Context) error {
	if b.snapshot != nil {
		b.note(b.snapshot.Version, b.cursor(b.target))
	}
	if b.err != nil {
		return b.err
	}
	b.tellQuarantined()
	if b.isPartial() {
		b.partial, _ = synapselink.FolderFromDigits(b.snapshot.Txns[b.appID(b.target)+partialSuffix].Version)
	}
	if err := b.checkKnown(ctx); err != nil {
		return err
	}
	if err := b.checkTable(ctx); err != nil {
		return err
	}
	if b.request.FullRefresh {
		return b.refresh(ctx)
	}
	if err := b.checkGap(); err != nil {
		return err
	}
	var err error
	if b.columns, err = b.schema(); err != nil {
		return err
	}
	if err := b.bringLate(ctx); err != nil {
		return err
	}
	if b.before, err = b.lastEntity(ctx); err != nil {
		return err
	}
	if b.labels != nil {
		return b.bringLabels(ctx)
	}
	for rest := b.parts; len(rest) > 0; {
		group := together(rest)
		if err := b.apply(ctx, group, b.step(group[len(group)-1].folder)); err != nil {
			return err
		}
		rest = rest[len(group):]
	}
	return b.catchUp(ctx)
}

// step is one commit to the table.
type step struct {
	appID  string
	cursor int64
	marks  map[string]int64 // further txn actions
	// reached is where the table stands afterwards.
	reached synapselink.FolderName
}

// step is the commit that puts the cursor at a folder.
func (b *bringing) step(folder synapselink.FolderName) step {
	return step{appID: b.appID(b.target), cursor: folder.Digits(), marks: b.marks(folder), reached: folder}
}

// note keeps where the table stands.
func (b *bringing) note(version int64, cursor synapselink.FolderName) {
	b.result.Version = version
	if !cursor.IsZero() {
		b.result.Cursor = cursor.String()
	}
}

// checkKnown refuses a table that nobody has heard of.
func (b *bringing) checkKnown(ctx context.Context) error {
	if b.labels != nil {
		return b.checkLabels()
	}
	if b.exists() || len(b.parts) > 0 {
		return nil
	}
	m, err := b.env.manifest(ctx)
	if err != nil {
		return err
	}
	if _, ok := m.Entity(b.spec.SourceTable); ok {
		return nil
	}
	known, err := b.env.known(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(known, func(n string) bool { return strings.EqualFold(n, b.spec.SourceTable) }) {
		return nil
	}
	hint := "the export has no tables yet"
	if len(known) > 0 {
		hint = "the nearest name is " + synapselink.Nearest(b.spec.SourceTable, known) + "; sluice discover lists all"
	}
	return fmt.Errorf("%w: %s is in none of its manifests; %s", ErrNoTable, b.spec.SourceTable, hint)
}

// checkTable refuses what no batch could be applied to.
func (b *bringing) checkTable(ctx context.Context) error {
	if b.exists() {
		if err := b.checkKeeper(); err != nil {
			return err
		}
		if err := local.Check(b.snapshot, b.newBatch(nil, step{})); err != nil {
			return err
		}
	}
	if b.labels != nil {
		return nil
	}
	if err := b.tellGone(ctx); err != nil {
		return err
	}
	return b.checkSelection(ctx)
}

// checkSelection refuses a table whose selection names columns that do not
// exist. Once the table is there it is only said: a column that the source drops
// later must not stop a table that never had it.
func (b *bringing) checkSelection(ctx context.Context) error {
	newest, err := b.env.manifest(ctx)
	if err != nil {
		return err
	}
	var known []string
	entity, _ := newest.Entity(b.spec.SourceTable)
	known = entity.Names()
	for _, p := range b.parts {
		if p.entity != nil {
			known = append(known, p.entity.Names()...)
		}
	}
	if len(known) == 0 {
		return nil
	}
	have, err := b.schema()
	if err != nil {
		return err
	}
	for _, f := range have {
		known = append(known, f.Name)
	}
	err = b.selection().Check(b.spec.SourceTable, known)
	if err != nil && b.exists() {
		b.tell(SelectionUnknown, "", err.Error())
		return nil
	}
	return err
}

// lastEntity is what the source looked like in the last folder that the table
// holds, nil when that folder is gone.
func (b *bringing) lastEntity(ctx context.Context) (*synapselink.Entity, error) {
	cursor := b.cursor(b.target)
	if cursor.IsZero() || len(b.parts) == 0 || b.labels != nil {
		return nil, nil
	}
	for _, folder := range cursor.Spellings() {
		entity, err := b.env.export.TableSchema(ctx, folder, b.spec.SourceTable)
		if err == nil {
			return &entity, nil
		}
		if !errors.Is(err, synapselink.ErrNoSchema) {
			return nil, err
		}
	}
	return nil, nil
}

// folderPart is the part as the source wants it. Short rows are legal only
// where columns were appended to those of the folder before.
func (b *bringing) folderPart(p part) synapselink.FolderPart {
	full := b.before != nil && !p.entity.Extends(*b.before)
	b.before = p.entity
	return synapselink.FolderPart{Folder: p.folder, Entity: *p.entity, Files: p.files, FullWidthOnly: full}
}

// apply brings folders to the table, in one commit.
func (b *bringing) apply(ctx context.Context, parts []part, to step) error {
	schema := b.columns
	var folders []synapselink.FolderPart
	bytes := int64(0)
	for _, p := range parts {
		if p.err != nil {
			return p.err
		}
		merged, err := synapselink.MergeSchema(schema, *p.entity, b.selection())
		if err != nil {
			return err
		}
		if err := b.checkAdded(merged); err != nil {
			return err
		}
		b.tellAdded(p.folder, merged)
		b.tellCopiedAnew(p)
		b.tellSync(p)
		schema = merged.Schema
		folders = append(folders, b.folderPart(p))
		bytes += p.bytes
	}
	return b.batch(ctx, schema, folders, bytes, to)
}

// tellAdded notes columns that an existing table gets.
func (b *bringing) tellAdded(folder synapselink.FolderName, merged synapselink.Merged) {
	if b.columns == nil || b.request.FullRefresh || len(merged.Added) == 0 {
		return
	}
	b.tell(ColumnsAdded, folder.String(), "new columns: "+fieldNames(merged.Added))
}

func fieldNames(fields []batch.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// together are the first parts, all of one moment: folders whose names differ in
// spelling or in a fraction of a second, and spellings of the table's name within
// one. The cursor knows moments, so that they have to come in one commit.
func together(parts []part) []part {
	n := 1
	for n < len(parts) && parts[n].folder.Digits() == parts[0].folder.Digits() {
		n++
	}
	return parts[:n]
}

// checkAdded follows schema_changes.
func (b *bringing) checkAdded(merged synapselink.Merged) error {
	if b.spec.Settings.SchemaChanges != spec.FullRefreshRequired || b.columns == nil || len(merged.Added) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s has %s, and schema_changes is full_refresh_required; run sluice run --table %s --full-refresh",
		ErrNewColumns, b.spec.SourceTable, fieldNames(merged.Added), b.spec.SourceTable)
}

// batch applies folders in one commit.
func (b *bringing) batch(ctx context.Context, schema batch.Schema, parts []synapselink.FolderPart, bytes int64, to step) error {
	work := b.newBatch(schema, to)
	work.Bytes = bytes
	var source *synapselink.Source // the last one: a batch starts over when others write the table
	folders := foldersOf(parts)
	aside := b.newSetAside(folders, to)
	work.Seal = b.asKeeper(aside.seal)
	work.Open = func() (_ change.Source, err error) {
		opts, err := aside.open(ctx, b.opts.source())
		if err != nil {
			return nil, err
		}
		source, err = synapselink.NewSource(ctx, b.env.export, parts, schema, b.selection(), opts)
		return source, err
	}
	work.Parameters["folders"] = joinNames(folders)
	began := b.opts.Clock()
	result, err := b.engine.Apply(ctx, work)
	firstBad := aside.spool.First()
	if err := aside.settle(ctx, err); err != nil {
		return err
	}
	b.columns = schema
	created := b.result.Version < 0
	b.note(result.Version, to.reached)
	if result.Skipped {
		return nil
	}
	b.tellGoneFolders(to)
	if created {
		b.tellCreated()
	}
	rows := Rows{Read: result.Counts.Read, Upserted: result.Counts.Upserted, Deleted: result.Counts.Deleted,
		Superseded: result.Counts.Superseded, Quarantined: result.Counts.Quarantined}
	b.result.Folders += len(folders)
	b.result.Rows.add(rows)
	b.countCut(source.Cut())
	aside.tellSetAside(rows.Quarantined, firstBad)
	b.result.BytesRead += bytes
	b.result.BytesWrote += result.BytesWritten
	b.opts.Listener.Commit(b.tableInfo(), CommitInfo{Version: result.Version, Folders: folders, Rows: rows,
		BytesRead: bytes, BytesWritten: result.BytesWritten, Began: began, Ended: b.opts.Clock()})
	return nil
}

// foldersOf are the folders of parts, each once.
func foldersOf(parts []synapselink.FolderPart) []synapselink.FolderName {
	var folders []synapselink.FolderName
	for _, p := range parts {
		if !slices.Contains(folders, p.Folder) {
			folders = append(folders, p.Folder)
		}
	}
	return folders
}

func joinNames(folders []synapselink.FolderName) string {
	names := make([]string, len(folders))
	for i, f := range folders {
		names[i] = f.String()
	}
	return strings.Join(names, ",")
}

func (b *bringing) newBatch(schema batch.Schema, to step) local.Batch {
	return local.Batch{
		Table: b.path(), Source: b.source(), Origin: b.origin(), AppID: to.appID, Cursor: to.cursor,
		Type: b.scdType(), Schema: schema, Columns: columnsIn(schema), Properties: b.withReads(b.properties()),
		Replace:    b.request.FullRefresh,
		Parameters: map[string]string{"pipeline": b.Pipeline.Name, "sourceTable": b.spec.SourceTable},
		Seal: b.asKeeper(func(context.Context, *delta.Snapshot) (local.Sealed, error) {
			return local.Sealed{Txns: to.marks}, nil
		}),
	}
}

// refresh rebuilds the table from all folders that are left, in one commit.
func (b *bringing) refresh(ctx context.Context) error {
	if len(b.parts) == 0 && b.exists() {
		b.tell(RefreshWouldEmpty, "", fmt.Sprintf(
			"no folder that is left has rows of %s, so that a full refresh would empty it; the table stays as it is", b.spec.SourceTable))
		return nil
	}
	if len(b.parts) == 0 {
		return b.catchUp(ctx)
	}
	ready := b.env.listing.Ready()
	last := ready[len(ready)-1]
	if held, ok := b.env.listing.Held(); ok && held.Name.Compare(b.cursor(b.target)) <= 0 {
		return fmt.Errorf("%w: folder %s is not complete (%s), and the table holds what came after it, up to %s; the table stays as it is",
			ErrRefreshBehind, held.Name, held.Reason, b.cursor(b.target))
	}
	if err := b.checkRefresh(); err != nil {
		return err
	}
	to := b.step(last)
	if b.labels != nil {
		to.marks[b.saidID()] = 0
	}
	if behind, is := b.holed(); is {
		b.tell(FolderGap, behind.String(), b.holeText(behind)+"; the table is made of what is left")
	}
	return b.apply(ctx, b.parts, to)
}

// checkRefresh refuses a full refresh that would lose rows, unless the
// configuration takes what is left.
func (b *bringing) checkRefresh() error {
	cursor := b.cursor(b.target)
	if cursor.IsZero() || b.labels != nil || b.spec.Settings.OnGap == spec.GapContinues {
		return nil
	}
	if current := b.env.listing.Current; current.Digits() <= cursor.Digits() {
		return fmt.Errorf("%w: changelog.info names folder %s, so that only folders before it can be read, and the table holds all up to %s; "+
			"the table stays as it is, until changelog.info names a later folder, or unless on_gap: continue takes what can be read",
			ErrRefreshBehind, current, cursor)
	}
	skipped := b.skipped(b.target)
	for _, f := range b.env.listing.Folders {
		if f.State == synapselink.Abandoned && f.Name.Compare(cursor) <= 0 &&
			!slices.Contains(skipped, f.Name) {
			return fmt.Errorf("%w: folder %s, which the table holds, cannot be read any more (%s); the table stays as it is, unless on_gap: continue takes what can be read",
				ErrRefreshBehind, f.Name, f.Reason)
		}
	}
	if behind, is := b.holed(); is {
		return fmt.Errorf("%w: %s; the table stays as it is; have it exported again (remove it in Synapse Link and add it), or set on_gap: continue to make it of what is left",
			ErrRefreshLoses, b.holeText(behind))
	}
	if oldest, gone := b.copyGone(); gone {
		return fmt.Errorf("%w: the folders with the initial copy of %s are gone, the oldest that is left is %s: rows that did not change since then would be lost; "+
			"the table stays as it is; have it exported again (remove it in Synapse Link and add it), or set on_gap: continue to make it of what is left",
			ErrRefreshLoses, b.spec.SourceTable, oldest)
	}
	return nil
}

// farTime is the age of its cursor at which a table that has nothing new gets a
// commit with the cursor alone. Retention takes folders that are a day old; a
// cursor whose folder is gone could not be told from one that missed folders.
const farTime = 12 * time.Hour

// catchUp creates a table that has no rows yet, and moves the cursor of one
// that has had none for long.
func (b *bringing) catchUp(ctx context.Context) error {
	ready := b.env.listing.Ready()
	if len(ready) == 0 {
		return b.markGone(ctx)
	}
	last := ready[len(ready)-1]
	fresh := b.result.Version < 0
	if !fresh && !b.isFar(last) {
		return b.markGone(ctx)
	}
	schema := b.columns
	if fresh {
		m, err := b.env.manifest(ctx)
		if err != nil {
			return err
		}
		entity, ok := m.Entity(b.spec.SourceTable)
		if !ok {
			return nil // known by the root's manifest alone: its first folder is still open
		}
		merged, err := synapselink.MergeSchema(nil, entity, b.selection())
		if err != nil {
			return err
		}
		schema = merged.Schema
	}
	if err := b.moveCursor(ctx, schema, b.step(last)); err != nil {
		return err
	}
	if fresh {
		b.tellCreated()
	}
	return b.markGone(ctx)
}

// moveCursor is a commit without rows.
func (b *bringing) moveCursor(ctx context.Context, schema batch.Schema, to step) error {
	work := b.newBatch(schema, to)
	work.Replace = false
	began := b.opts.Clock()
	result, err := b.engine.Apply(ctx, work)
	if err != nil {
		return err
	}
	b.note(result.Version, to.reached)
	if !result.Skipped {
		b.tellGoneFolders(to)
		b.opts.Listener.Commit(b.tableInfo(), CommitInfo{Version: result.Version, Began: began, Ended: b.opts.Clock()})
	}
	return nil
}

// isFar reports whether the table has been without rows for so long that its
// cursor is to be moved.
func (b *bringing) isFar(last synapselink.FolderName) bool {
	at, err := synapselink.ParseFolderName(b.result.Cursor)
	if err != nil || b.gapped {
		return true
	}
	return last.Compare(at) > 0 && b.opts.Clock().Sub(at.Time()) >= farTime
}
