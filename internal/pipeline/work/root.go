package work

import (
	"context"
	"fmt"
	"maps"
	"net/url"
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

// RootName is how a table remembers its environment's folder:
//
//	dataverse-prod-unq1:/exports/prod    in a container
//	/prod                                in an export on disk
//
// The account and the way it is reached are no part of it: they change when an
// account moves, fails over, or gets another endpoint, and so does the place of a
// folder on disk.
func (e *Environment) RootName() string {
	folder := "/" + strings.Trim(e.Export.Root, "/")
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

// SameRoot compares what tables remember. Of an export on disk the place above it is
// not known: it may be the copy of a container.
func SameRoot(a, b string) bool {
	containerA, pathA := cutRoot(a)
	containerB, pathB := cutRoot(b)
	if containerA != "" && containerB != "" {
		return a == b
	}
	return strings.HasSuffix(pathA, pathB) || strings.HasSuffix(pathB, pathA)
}

// cutRoot gives a path without '/' at its end.
func cutRoot(root string) (container, path string) {
	container, path, found := strings.Cut(root, ":")
	if !found {
		container, path = "", root
	}
	return container, strings.TrimRight(path, "/")
}

// properties are those of the table's configuration beside what the engine sets.
func (t *Target) properties() map[string]string {
	properties := maps.Clone(t.Spec.Settings.TableProperties)
	if t.Env != nil && t.Env.Err == nil {
		if properties == nil {
			properties = map[string]string{}
		}
		properties[RootProperty] = t.Env.RootName()
	}
	return properties
}

// isMoved reports whether the table was made from another environment's folder. What
// its log says of folders says nothing then of those that are there now. A table of
// before it remembered is given the folder with its next commit.
func (t *Target) isMoved() bool {
	if !t.Exists() || t.Env == nil || t.Env.Err != nil {
		return false
	}
	made := t.Snapshot.Metadata.Configuration[RootProperty]
	return made != "" && !SameRoot(made, t.Env.RootName())
}

// FindMoved refuses tables that were made from another environment's folder: rows of
// two exports would become one table.
func (s *Survey) FindMoved(targets []*Target) {
	for _, t := range targets {
		if t.Moved = t.isMoved(); t.Moved && t.Err == nil && !s.Request.FullRefresh {
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
