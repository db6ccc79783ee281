package pipeline

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// bringing is one table being brought up to date.
type bringing struct {
	*update
	*work.Target
	engine *local.Engine
	result report.TableResult
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

func (b *bringing) bring(ctx context.Context) error {
	if b.Snapshot != nil {
		b.note(b.Snapshot.Version, b.Cursor())
	}
	if b.Err != nil {
		return b.Err
	}
	b.tellQuarantined()
	if b.IsPartial() {
		b.partial, _ = synapselink.FolderFromDigits(b.Snapshot.Txns[b.PartialID()].Version)
	}
	if err := b.checkKnown(ctx); err != nil {
		return err
	}
	if err := b.checkTable(ctx); err != nil {
		return err
	}
	if b.Request.FullRefresh {
		return b.refresh(ctx)
	}
	if err := b.checkGap(); err != nil {
		return err
	}
	var err error
	if b.columns, err = b.Schema(); err != nil {
		return err
	}
	if err := b.bringLate(ctx); err != nil {
		return err
	}
	if b.before, err = b.lastEntity(ctx); err != nil {
		return err
	}
	if b.Labels != nil {
		return b.bringLabels(ctx)
	}
	for rest := b.Parts; len(rest) > 0; {
		group := together(rest)
		if err := b.apply(ctx, group, b.step(group[len(group)-1].Folder)); err != nil {
			return err
		}
		rest = rest[len(group):]
	}
	return b.catchUp(ctx)
}

// step is the commit that puts the cursor at a folder.
func (b *bringing) step(folder synapselink.FolderName) work.Step {
	return work.Step{AppID: b.AppID(), Cursor: folder.Digits(), Marks: b.marks(folder), Reached: folder}
}

// note keeps where the table stands.
func (b *bringing) note(version int64, cursor synapselink.FolderName) {
	b.result.Version = version
	if !cursor.IsZero() {
		b.result.Cursor = cursor.String()
	}
}

// lastEntity is what the source looked like in the last folder that the table
// holds, nil when that folder is gone.
func (b *bringing) lastEntity(ctx context.Context) (*synapselink.Entity, error) {
	cursor := b.Cursor()
	if cursor.IsZero() || len(b.Parts) == 0 || b.Labels != nil {
		return nil, nil
	}
	for _, folder := range cursor.Spellings() {
		entity, err := b.Env.Export.TableSchema(ctx, folder, b.Spec.SourceTable)
		if err == nil {
			return &entity, nil
		}
		if !errors.Is(err, synapselink.ErrNoSchema) {
			return nil, err
		}
	}
	return nil, nil
}

// apply brings folders to the table, in one commit.
func (b *bringing) apply(ctx context.Context, parts []work.Part, to work.Step) error {
	schema := b.columns
	var folders []synapselink.FolderPart
	bytes := int64(0)
	for _, p := range parts {
		if p.Err != nil {
			return p.Err
		}
		merged, err := synapselink.MergeSchema(schema, *p.Entity, b.Selection())
		if err != nil {
			return err
		}
		if err := b.checkAdded(merged); err != nil {
			return err
		}
		b.tellAdded(p.Folder, merged)
		if b.tellCopiedAnew(p) {
			to.Marks[b.CopiedID()] = p.Folder.Digits()
		}
		b.tellSync(p)
		schema = merged.Schema
		folders = append(folders, p.After(b.before))
		b.before = p.Entity
		bytes += p.Bytes
	}
	return b.commit(ctx, schema, folders, bytes, to)
}

// together are the first parts, all of one moment: folders whose names differ in
// spelling or in a fraction of a second, and spellings of the table's name within
// one. The cursor knows moments, so that they have to come in one commit.
func together(parts []work.Part) []work.Part {
	n := 1
	for n < len(parts) && parts[n].Folder.Digits() == parts[0].Folder.Digits() {
		n++
	}
	return parts[:n]
}

// commit applies folders in one commit.
func (b *bringing) commit(ctx context.Context, schema batch.Schema, parts []synapselink.FolderPart, bytes int64, to work.Step) error {
	task := b.Batch(schema, to)
	task.Bytes = bytes
	var source *synapselink.Source // the last one: a batch starts over when others write the table
	folders := foldersOf(parts)
	aside := b.newSetAside(folders, to)
	task.Seal = b.AsKeeper(aside.seal)
	task.Open = func() (_ change.Source, err error) {
		opts, err := aside.open(ctx, b.Options.Reading())
		if err != nil {
			return nil, err
		}
		source, err = synapselink.NewSource(ctx, b.Env.Export, parts, schema, b.Selection(), opts)
		return source, err
	}
	task.Parameters["folders"] = joinNames(folders)
	began := b.Options.Clock()
	result, err := b.engine.Apply(ctx, task)
	firstBad := aside.spool.First()
	if err := aside.settle(ctx, err); err != nil {
		return err
	}
	b.columns = schema
	created := b.result.Version < 0
	b.note(result.Version, to.Reached)
	if result.Skipped {
		return nil
	}
	b.tellGoneFolders(to)
	if created {
		b.tellCreated()
	}
	rows := report.Rows{Read: result.Counts.Read, Upserted: result.Counts.Upserted, Deleted: result.Counts.Deleted,
		Superseded: result.Counts.Superseded, Quarantined: result.Counts.Quarantined}
	b.result.Folders += len(folders)
	b.result.Rows.Add(rows)
	b.countCut(source.Cut())
	aside.tellSetAside(rows.Quarantined, firstBad)
	b.result.BytesRead += bytes
	b.result.BytesWrote += result.BytesWritten
	b.Options.Listener.Commit(b.tableInfo(), report.CommitInfo{Version: result.Version, Folders: folders, Rows: rows,
		BytesRead: bytes, BytesWritten: result.BytesWritten, Began: began, Ended: b.Options.Clock()})
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
