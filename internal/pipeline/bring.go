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
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// bringing is one table being brought up to date.
type bringing struct {
	*update
	*target
	engine *local.Engine
	result TableResult
	// columns that the table has of its source, as the batches before left it.
	columns batch.Schema
	// before is what the source looked like in the folder before.
	before *synapselink.Entity
}

// ErrNewColumns: the configuration wants a full refresh for new columns.
var ErrNewColumns = errors.New("the source has new columns")

// ErrRefreshBehind: the folders that can be read end before what the table has.
var ErrRefreshBehind = errors.New("a full refresh would lose rows")

// ErrNoTable: no folder and no manifest has the table.
var ErrNoTable = errors.New("the export has no such table")

func (b *bringing) bring(ctx context.Context) error {
	if b.err != nil {
		return b.err
	}
	b.note(b.snapshot.Version, b.cursor(b.target))
	if err := b.checkKnown(ctx); err != nil {
		return err
	}
	if err := b.checkTable(ctx); err != nil {
		return err
	}
	if b.request.FullRefresh {
		return b.refresh(ctx)
	}
	var err error
	if b.columns, err = b.schema(); err != nil {
		return err
	}
	if b.before, err = b.lastEntity(ctx); err != nil {
		return err
	}
	for rest := b.parts; len(rest) > 0; {
		group := together(rest)
		if err := b.apply(ctx, group, group[len(group)-1].folder); err != nil {
			return err
		}
		rest = rest[len(group):]
	}
	return b.catchUp(ctx)
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
		if err := local.Check(b.snapshot, b.newBatch(nil, synapselink.FolderName{})); err != nil {
			return err
		}
	}
	return b.checkSelection(ctx)
}

// checkKeeper refuses a table that another pipeline keeps in step: the rows of two
// sources would become one table.
func (b *bringing) checkKeeper() error {
	own := b.appID(b.target)
	if _, ok := b.snapshot.Txns[own]; ok || b.request.FullRefresh {
		return nil
	}
	for id := range b.snapshot.Txns {
		if keeper, ok := strings.CutSuffix(id, ":"+b.name()); ok && strings.HasPrefix(keeper, "sluice:") {
			return fmt.Errorf("%w: pipeline %s keeps %s in step; choose another destination, or take it over with --full-refresh",
				local.ErrForeignTable, strings.TrimPrefix(keeper, "sluice:"), b.result.Path)
		}
	}
	return nil
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
	entity, listed := newest.Entity(b.spec.SourceTable)
	known = entity.Names()
	if !listed && len(newest.Entities) > 0 && !newest.Truncated && len(b.parts) == 0 {
		b.result.Warnings = append(b.result.Warnings, fmt.Sprintf(
			"%s is no longer in the export; its table stays as it is", b.spec.SourceTable))
	}
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
		b.result.Warnings = append(b.result.Warnings, err.Error())
		return nil
	}
	return err
}

// lastEntity is what the source looked like in the last folder that the table
// holds, nil when that folder is gone.
func (b *bringing) lastEntity(ctx context.Context) (*synapselink.Entity, error) {
	cursor := b.cursor(b.target)
	if cursor.IsZero() || len(b.parts) == 0 {
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

// apply brings folders to the table, in one commit that puts the cursor there.
func (b *bringing) apply(ctx context.Context, parts []part, cursor synapselink.FolderName) error {
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
		schema = merged.Schema
		folders = append(folders, b.folderPart(p))
		bytes += p.bytes
	}
	return b.batch(ctx, schema, folders, bytes, cursor)
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
	names := make([]string, len(merged.Added))
	for i, f := range merged.Added {
		names[i] = f.Name
	}
	return fmt.Errorf("%w: %s has %s, and schema_changes is full_refresh_required; run sluice run --table %s --full-refresh",
		ErrNewColumns, b.spec.SourceTable, strings.Join(names, ", "), b.spec.SourceTable)
}

// batch applies folders in one commit.
func (b *bringing) batch(ctx context.Context, schema batch.Schema, parts []synapselink.FolderPart, bytes int64, last synapselink.FolderName) error {
	work := b.newBatch(schema, last)
	work.Bytes = bytes
	work.Open = func() (change.Source, error) {
		return synapselink.NewSource(ctx, b.env.export, parts, schema, b.selection(),
			b.opts.source())
	}
	var names []string
	for _, p := range parts {
		if name := p.Folder.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	work.Parameters["folders"] = strings.Join(names, ",")
	result, err := b.engine.Apply(ctx, work)
	if err != nil {
		return err
	}
	b.columns = schema
	b.note(result.Version, last)
	if result.Skipped {
		return nil
	}
	b.result.Folders += len(names)
	b.result.Rows.add(Rows{Read: result.Counts.Read, Upserted: result.Counts.Upserted,
		Deleted: result.Counts.Deleted, Superseded: result.Counts.Superseded})
	b.result.BytesRead += bytes
	b.result.BytesWrote += result.BytesWritten
	return nil
}

func (b *bringing) newBatch(schema batch.Schema, cursor synapselink.FolderName) local.Batch {
	return local.Batch{
		Table: b.path(), Source: b.source(), Origin: b.origin(), AppID: b.appID(b.target), Cursor: cursor.Digits(),
		Type: b.scdType(), Schema: schema, Columns: columnsIn(schema), Properties: b.spec.Settings.TableProperties,
		Replace:    b.request.FullRefresh,
		Parameters: map[string]string{"pipeline": b.Pipeline.Name, "sourceTable": b.spec.SourceTable},
	}
}

// refresh rebuilds the table from all folders that are left, in one commit.
func (b *bringing) refresh(ctx context.Context) error {
	if len(b.parts) == 0 && b.exists() {
		b.result.Warnings = append(b.result.Warnings, fmt.Sprintf(
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
	return b.apply(ctx, b.parts, last)
}

// A table that has nothing new gets a commit with the cursor alone only when
// looking through the folders again at each run would be costly.
const (
	farFolders = 500
	farTime    = 24 * time.Hour
)

// catchUp creates a table that has no rows yet, and moves the cursor of one
// that has had none for long.
func (b *bringing) catchUp(ctx context.Context) error {
	ready := b.env.listing.Ready()
	if len(ready) == 0 {
		return nil
	}
	last := ready[len(ready)-1]
	fresh := b.result.Version < 0
	if !fresh && !b.isFar(ready, last) {
		return nil
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
	work := b.newBatch(schema, last)
	work.Replace = false
	result, err := b.engine.Apply(ctx, work)
	if err != nil {
		return err
	}
	b.note(result.Version, last)
	return nil
}

func (b *bringing) isFar(ready []synapselink.FolderName, last synapselink.FolderName) bool {
	at, err := synapselink.ParseFolderName(b.result.Cursor)
	if err != nil {
		return true
	}
	if last.Time().Sub(at.Time()) >= farTime {
		return true
	}
	behind := 0
	for _, f := range ready {
		if f.Compare(at) > 0 {
			behind++
		}
	}
	return behind >= farFolders
}
