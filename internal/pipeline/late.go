package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// bringLate applies the folders that had been skipped. Changes are ordered for
// each key, so it does not matter that later ones are there already.
func (b *bringing) bringLate(ctx context.Context) error {
	for rest := b.Late; len(rest) > 0; {
		group := together(rest)
		folder := group[0].Folder
		cursor := b.Cursor()
		var err error
		if b.before, err = b.entityBefore(ctx, folder); err != nil {
			return err
		}
		if err := b.apply(ctx, group, work.Step{AppID: b.LateID(folder), Cursor: work.LateApplied, Reached: cursor}); err != nil {
			return err
		}
		b.tell(report.FolderLate, folder.String(), fmt.Sprintf("folder %s had been skipped and got its model.json; it was applied", folder))
		rest = rest[len(group):]
	}
	return nil
}

// beforeDays is how far back the folder before a late one is looked for.
const beforeDays = 7

// entityBefore is what the table looked like in the folder before the one given,
// nil where none of the last days is left: as for folders that come in their turn,
// short rows are legal only where columns were appended.
func (b *bringing) entityBefore(ctx context.Context, folder synapselink.FolderName) (*synapselink.Entity, error) {
	if b.Labels != nil {
		return nil, nil
	}
	from, err := synapselink.ParseFolderName(folder.Time().AddDate(0, 0, -beforeDays).Format("2006-01-02T15.04.05Z"))
	if err != nil {
		return nil, err
	}
	l, err := b.Env.Export.Closed(ctx, from)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Backward(l.Closed) {
		if name.Digits() >= folder.Digits() {
			continue
		}
		entity, err := b.Env.Export.TableSchema(ctx, name, b.Spec.SourceTable)
		if err == nil {
			return &entity, nil
		}
		if !errors.Is(err, synapselink.ErrNoSchema) {
			return nil, err
		}
	}
	return nil, nil
}
