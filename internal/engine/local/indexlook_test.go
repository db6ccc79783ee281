package local

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/keyindex"
)

// look looks at the index of the rig's table, with the columns' names in another
// case.
func (r *indexRig) look(most int64) IndexLook {
	r.Helper()
	named := Columns{Key: strings.ToUpper(testColumns.Key), Version: testColumns.Version, Modified: testColumns.Modified, Delete: testColumns.Delete}
	look, err := r.engine.LookAtIndex(context.Background(), r.snapshot(), named, most)
	if err != nil {
		r.Fatal(err)
	}
	return *look
}

// plant adds an entry to the index.
func (r *indexRig) plant(e keyindex.Entry) {
	r.Helper()
	a, err := r.engine.lookingAttempt(context.Background(), r.snapshot(), testColumns)
	if err != nil {
		r.Fatal(err)
	}
	if err := a.openAsItIs(&IndexLook{Folder: filepath.Join(r.dir, indexName(a.base.URL()))}); err != nil {
		r.Fatal(err)
	}
	a.index.added.Add(e)
	err = a.index.Update(keyindex.Update{Version: a.base.Version, Files: a.index.Files(), Added: a.index.added, Keep: func(*keyindex.Entry) bool { return true }})
	if err != nil {
		r.Fatal(err)
	}
	if err := a.close(context.Background()); err != nil {
		r.Fatal(err)
	}
}

// manyRows are rows of different keys.
func manyRows(n int, folder int64) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = upsert(folder, 10, fmt.Sprint("row ", i))
		rows[i].Key[15] = byte(i + 1)
	}
	return rows
}

// indexFolder is the one folder of an index.
func indexFolder(t *testing.T, dir string) string {
	t.Helper()
	folders, err := os.ReadDir(dir)
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	return filepath.Join(dir, folders[0].Name())
}

func TestLookAtIndex(t *testing.T) {
	for _, typ := range []change.Type{change.Type1, change.Type2} {
		r := newIndexRig(t, typ, t.TempDir())
		rows := manyRows(40, 1)
		r.folder = 1
		r.apply(rows[:20]...)
		first := r.snapshot()
		r.folder = 2
		r.apply(rows[20:]...)

		whole := r.look(0)
		if whole.State != IndexThere || !whole.Whole || whole.Rows != 40 || whole.Behind != 0 || whole.Lacking+whole.Wrong != 0 || whole.Files != r.snapshot().NumFiles() {
			t.Errorf("%v: got %+v", typ, whole)
		}
		sample := r.look(5)
		if sample.State != IndexThere || sample.Whole || sample.Rows != 20 || sample.Lacking+sample.Wrong != 0 {
			t.Errorf("%v, a sample: got %+v", typ, sample)
		}
		if again := r.look(0); again != whole {
			t.Errorf("%v: looking changed something: %+v", typ, again)
		}

		// Somebody else takes the second folder back and a row away.
		r.restore(first)
		r.deleteRows(0)
		if behind := r.look(0); behind.State != IndexThere || behind.Lacking+behind.Wrong != 0 {
			t.Errorf("%v, changed by somebody else: got %+v", typ, behind)
		}
		r.optimize()
		if behind := r.look(0); behind.State != IndexThere || behind.Behind != 1 || behind.Rows != 0 {
			t.Errorf("%v, all files replaced: got %+v", typ, behind)
		}
	}
}

func TestLookAtAnIndexThatIsWrong(t *testing.T) {
	for _, most := range []int64{0, 5} {
		r := newIndexRig(t, change.Type1, t.TempDir())
		r.folder = 1
		rows := manyRows(40, 1)
		r.apply(rows...)
		f := change.New(rows[3].Change, 0)
		r.plant(entryOf(&f, 1, 7))
		if look := r.look(most); look.State != IndexThere || look.Wrong != 1 || look.Lacking != 0 {
			t.Errorf("most %d: got %+v", most, look)
		}
	}
}

func TestLookAtAnIndexThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	r := newIndexRig(t, change.Type1, dir)
	r.folder = 1
	r.apply(manyRows(5, 1)...)
	folder := indexFolder(t, dir)

	held, err := keyindex.Open(folder, keyindex.Stamp{})
	if err != nil {
		t.Fatal(err)
	}
	if look := r.look(0); look.State != IndexInUse {
		t.Errorf("open elsewhere: got %+v", look)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}

	names, err := filepath.Glob(filepath.Join(folder, "*.run"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range []string{names[0], filepath.Join(folder, "manifest")} {
		before, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		damaged := bytes.Clone(before)
		damaged[len(damaged)/3] ^= 1
		if err := os.WriteFile(name, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if look := r.look(0); look.State != IndexDamaged || look.Damage == nil || look.Folder != folder {
			t.Errorf("%s: got %+v", name, look)
		}
		if now, err := os.ReadFile(name); err != nil || !bytes.Equal(now, damaged) {
			t.Errorf("%s was changed: %v", name, err)
		}
		if err := os.WriteFile(name, before, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if look := r.look(0); look.State != NoIndex || look.Files != 1 {
		t.Errorf("removed: got %+v", look)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("looking made the folder: %v", err)
	}
}
