package work

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
)

// CheckKeeper refuses a table that another pipeline keeps in step: the rows of two
// sources would become one table.
func (t *Target) CheckKeeper() error { return t.checkKeeperOf(t.Snapshot) }

// RootProperty of a table's configuration names the folder of the environment that
// it is made from. A table's source and origin are names in the configuration, and
// stay when the same names come to mean another export.
const RootProperty = "sluice.root"

// fromLakeProperty names the same folder as the lake sees it, where both are on
// disk: that stays when a project is moved with its export and its lake.
const fromLakeProperty = "sluice.rootFromLake"

// RootName is how a table remembers its environment's folder:
//
//	dataverse-prod-unq1:/exports/prod    in a container
//	/data/export/prod                    on disk
//
// The account and the way it is reached are no part of it: they change when an
// account moves, fails over, or gets another endpoint.
func (e *Environment) RootName() string {
	root := strings.Trim(e.Export.Root, "/")
	if place := e.Export.Store.URL(root); isOnDisk(place) {
		return cmp.Or(strings.TrimRight(filepath.ToSlash(place), "/"), "/")
	}
	folder := "/" + root
	u, err := url.Parse(e.Export.Store.URL(""))
	if err != nil {
		return folder
	}
	path := ""
	switch u.Scheme {
	case "abfss", "abfs", "wasbs", "wasb":
		path = u.User.Username() + "/" + strings.Trim(u.Path, "/")
	case "https", "http":
		path = strings.Trim(u.Path, "/")
		if !strings.Contains(u.Host, ".blob.") && !strings.Contains(u.Host, ".dfs.") {
			_, path, _ = strings.Cut(path, "/") // an endpoint with the account in its path
		}
	}
	container, prefix, _ := strings.Cut(strings.Trim(path, "/"), "/")
	if container == "" {
		return folder
	}
	return container + ":/" + strings.Trim(prefix+folder, "/")
}

// isOnDisk tells the place of a folder from the URL of a service.
func isOnDisk(place string) bool { return !strings.Contains(place, "://") }

// rootFromLake is the way from the lake to the environment's folder, ../export/prod;
// empty unless both are on one disk.
func (t *Target) rootFromLake() string {
	lake, root := t.survey.Lake.URL(""), t.Env.RootName()
	if !isOnDisk(lake) || !isOnDisk(t.Env.Export.Store.URL("")) {
		return ""
	}
	way, err := filepath.Rel(lake, filepath.FromSlash(root))
	if err != nil {
		return "" // on another drive
	}
	return filepath.ToSlash(way)
}

// properties are those of the table's configuration beside what the engine sets.
func (t *Target) properties() map[string]string {
	properties := maps.Clone(t.Spec.Settings.TableProperties)
	if t.Env == nil || t.Env.Err != nil {
		return properties
	}
	if properties == nil {
		properties = map[string]string{}
	}
	properties[RootProperty] = t.Env.RootName()
	way, before := t.rootFromLake(), ""
	if t.Exists() {
		before = t.Snapshot.Metadata.Configuration[fromLakeProperty]
	}
	if way != "" || before != "" { // which would go on to count
		properties[fromLakeProperty] = way
	}
	return properties
}

// IsMoved reports whether the table, as the snapshot shows it, was made from another
// environment's folder. What its log says of folders says nothing then of those that
// are there now. On disk the place or the way from the lake has to be the same: a
// lake can be moved alone, or a project with all that it has. A table of before it
// remembered is given the folder with its next commit.
func (t *Target) IsMoved(of *delta.Snapshot) bool {
	if of == nil || of.Version < 0 || t.Env == nil || t.Env.Err != nil {
		return false
	}
	made, way := of.Metadata.Configuration[RootProperty], of.Metadata.Configuration[fromLakeProperty]
	return made != "" && made != t.Env.RootName() && (way == "" || way != t.rootFromLake())
}

// FindMoved refuses tables that were made from another environment's folder: rows of
// two exports would become one table.
func (s *Survey) FindMoved(targets []*Target) {
	for _, t := range targets {
		if t.Moved = t.IsMoved(t.Snapshot); t.Moved && t.Err == nil && !s.Request.FullRefresh {
			t.Err = t.MovedError()
		}
	}
}

// MovedError says that the table was made from another environment's folder.
func (t *Target) MovedError() error {
	made, now := t.Snapshot.Metadata.Configuration[RootProperty], t.Env.RootName()
	return fmt.Errorf("%w: %s was made from the export in %s, and the pipeline now reads %s; "+
		"a full refresh makes it anew from there: sluice run --table %s --full-refresh; otherwise choose another destination, or name the folder that it was made from",
		local.ErrForeignTable, t.survey.Lake.URL(t.Path()), made, now, t.Spec.SourceTable)
}

const keeperPrefix = "sluice:"

// keepers are the pipelines whose cursors the table's log holds, but for this one,
// in order. One that was taken over is none.
func (t *Target) keepers(of *delta.Snapshot) []string {
	var keepers []string
	for id, txn := range of.Txns {
		if keeper, ok := strings.CutSuffix(id, ":"+t.Name()); ok && strings.HasPrefix(keeper, keeperPrefix) && id != t.AppID() && txn.Version != 0 {
			keepers = append(keepers, strings.TrimPrefix(keeper, keeperPrefix))
		}
	}
	slices.Sort(keepers)
	return keepers
}

func (t *Target) checkKeeperOf(of *delta.Snapshot) error {
	keepers := t.keepers(of)
	if len(keepers) == 0 || t.survey.Request.FullRefresh {
		return nil
	}
	return fmt.Errorf("%w: pipeline %s keeps %s in step; choose another destination, or take it over with sluice run --table %s --full-refresh",
		local.ErrForeignTable, keepers[0], t.survey.Lake.URL(t.Path()), t.Spec.SourceTable)
}

// Sealer has the last word before a commit, on the snapshot that it builds on.
type Sealer func(context.Context, *delta.Snapshot) (local.Sealed, error)

// AsKeeper looks for another keeper once more: to two pipelines that make a table
// at the same time it has none when they begin. One that makes the table anew takes
// it from the others, each of which would go on where its own cursor stands.
func (t *Target) AsKeeper(seal Sealer) Sealer {
	return func(ctx context.Context, base *delta.Snapshot) (local.Sealed, error) {
		if err := t.checkKeeperOf(base); err != nil {
			return local.Sealed{}, err
		}
		sealed, err := seal(ctx, base)
		if keepers := t.keepers(base); len(keepers) > 0 {
			txns := map[string]int64{}
			maps.Copy(txns, sealed.Txns)
			sealed.Txns = txns
			for _, keeper := range keepers {
				sealed.Txns[keeperPrefix+keeper+":"+t.Name()] = 0
			}
		}
		return sealed, err
	}
}
