package keyindex

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testStamp = Stamp{Table: "file:///lake/account", ID: "8c1e", Layout: "1"}

func keepAll(*Entry) bool { return true }

// drawKey gives keys that are alike in their beginnings, or in their ends.
func drawKey(t *rapid.T) Key {
	var k Key
	n := rapid.Uint64Range(0, 300).Draw(t, "key")
	if rapid.Bool().Draw(t, "counts upwards") {
		binary.BigEndian.PutUint64(k[8:], n)
	} else {
		binary.LittleEndian.PutUint64(k[:], n*0x9E3779B97F4A7C15)
	}
	return k
}

func drawEntry(t *rapid.T) Entry {
	e := Entry{Key: drawKey(t)}
	for i := range e.Values {
		e.Values[i] = rapid.OneOf(
			rapid.Int64(), rapid.Int64Range(0, 9), rapid.Just(int64(math.MinInt64)), rapid.Just(int64(math.MaxInt64)),
			rapid.Custom(func(t *rapid.T) int64 { return rapid.Int64Range(0, 1000).Draw(t, "n") * 1_000_000 }),
		).Draw(t, "value")
	}
	return e
}

func TestLeafGivesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(drawEntry), 1, pageEntries).Draw(t, "entries")
		slices.SortFunc(want, func(a, b Entry) int { return Compare(&a, &b) })
		page := appendLeaf(nil, want)
		if len(page) > maxPageBytes {
			t.Fatalf("a page of %d bytes", len(page))
		}
		var l leaf
		if err := parseLeaf(page, &l); err != nil {
			t.Fatal(err)
		}
		got := make([]Entry, l.count)
		for i := range got {
			l.entry(i, &got[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		key := drawKey(t)
		at, _ := slices.BinarySearchFunc(want, key, func(e Entry, k Key) int { return compareKeys(&e.Key, &k) })
		if found := l.search(&key); found != at {
			t.Fatalf("key %x is looked for at %d, it is at %d", key, found, at)
		}
	})
}

// TestAnyHistoryGivesTheMap: whatever the updates, look-ups give what a map of
// all entries would, also after the index was closed.
func TestAnyHistoryGivesTheMap(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		model := map[Entry]int{}
		dropped := int64(-1)
		for version := range rapid.IntRange(1, 5).Draw(t, "updates") {
			x, err := Open(dir, testStamp)
			if err != nil {
				t.Fatal(err)
			}
			b := x.NewBuilder(rapid.Int64Range(0, 40_000).Draw(t, "memory"))
			for range rapid.IntRange(0, 400).Draw(t, "entries") {
				e := drawEntry(t)
				model[e]++
				b.Add(e)
			}
			if rapid.Bool().Draw(t, "drop") {
				dropped = rapid.Int64Range(0, 9).Draw(t, "dropped")
			}
			err = x.Update(Update{Version: int64(version), Added: b, Keep: func(e *Entry) bool { return e.Values[0] != dropped }})
			if err != nil {
				t.Fatal(err)
			}
			compareWithMap(t, x, model, dropped)
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			for e := range model {
				if e.Values[0] == dropped {
					delete(model, e)
				}
			}
		}
	})
}

// compareWithMap leaves those aside that may be dropped.
func compareWithMap(t *rapid.T, x *Index, model map[Entry]int, dropped int64) {
	var keys []Key
	want := map[Entry]int{}
	wanted := map[Key]bool{}
	for range rapid.IntRange(0, 300).Draw(t, "keys") {
		k := drawKey(t)
		keys = append(keys, k)
		wanted[k] = true
	}
	for e, n := range model {
		if wanted[e.Key] && e.Values[0] != dropped {
			want[e] = n
		}
	}
	slices.SortFunc(keys, func(a, b Key) int { return compareKeys(&a, &b) })
	got := map[Entry]int{}
	var mu sync.Mutex
	err := x.Lookup(slices.Compact(keys), 3, func(e *Entry) {
		mu.Lock()
		defer mu.Unlock()
		// One that was dropped at first comes back no more; one that is
		// dropped now may still be there.
		if e.Values[0] != dropped && model[*e] > 0 {
			got[*e]++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("-map +index:\n%s", diff)
	}
}

// many entries of keys like GUIDs, and what a row of a first load is like.
func manyEntries(n int) []Entry {
	entries := make([]Entry, n)
	for i := range entries {
		e := &entries[i]
		h := uint64(i+1) * 0x9E3779B97F4A7C15
		binary.LittleEndian.PutUint64(e.Key[:], h*0xD6E8FEB86659FD93)
		binary.LittleEndian.PutUint64(e.Key[8:], h*0xC2B2AE3D27D4EB4F)
		e.Values = [Columns]int64{1<<40 | int64(i), 5_000_000_000 + int64(h>>31), 1_700_000_000_000_000 + int64(h>>39)*1_000_000, 20240911162910}
	}
	return entries
}

func build(t testing.TB, dir string, entries []Entry) {
	t.Helper()
	x, err := Open(dir, testStamp)
	if err != nil {
		t.Fatal(err)
	}
	b := x.NewBuilder(8 << 20)
	b.Add(entries...)
	if err := x.Update(Update{Files: []File{{Ordinal: 1, Name: "a.parquet", Rows: int64(len(entries))}}, Added: b, Keep: keepAll}); err != nil {
		t.Fatal(err)
	}
	b.Discard() // an owner does so whatever happened; what was handed over stays
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSize: an entry of a row as they are in a first load takes less than 40
// bytes.
func TestSize(t *testing.T) {
	dir := t.TempDir()
	const n = 100_000
	build(t, dir, manyEntries(n))
	size := int64(0)
	for _, name := range files(t, dir) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if each := float64(size) / n; each > 40 {
		t.Errorf("%.1f bytes an entry", each)
	}
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, "lock") })
}

// TestDamageIsFound: whichever byte is another one, and wherever a file ends
// early, opening or reading tells.
func TestDamageIsFound(t *testing.T) {
	dir := t.TempDir()
	entries := manyEntries(300)
	build(t, dir, entries)
	for _, name := range files(t, dir) {
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(whole); i += 1 + len(whole)/1500 {
			broken := bytes.Clone(whole)
			broken[i] ^= 0x10
			expectDamage(t, dir, name, broken)
			expectDamage(t, dir, name, whole[:i])
		}
		if err := os.WriteFile(name, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := readWhole(dir); err != nil || n != len(entries) {
		t.Fatalf("the undamaged index has %d entries: %v", n, err)
	}
}

func expectDamage(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readWhole(dir); !errors.Is(err, ErrDamaged) {
		t.Fatalf("%s with %d bytes: %v", filepath.Base(name), len(content), err)
	}
}

func readWhole(dir string) (n int, err error) {
	x, err := Open(dir, testStamp)
	if err != nil {
		return 0, err
	}
	err = x.Scan(func(*Entry) error { n++; return nil })
	return n, errors.Join(err, x.Close())
}

func TestMissingRunIsDamage(t *testing.T) {
	dir := t.TempDir()
	build(t, dir, manyEntries(10))
	for _, name := range files(t, dir) {
		if strings.HasSuffix(name, runSuffix) {
			_ = os.Remove(name)
		}
	}
	if _, err := Open(dir, testStamp); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	if n, err := readWhole(dir); n != 0 || err != nil {
		t.Fatalf("%d entries: %v", n, err)
	}
}

func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	x, err := Open(dir, testStamp)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, testStamp); !errors.Is(err, ErrInUse) {
		t.Errorf("a second opening: %v", err)
	}
	if err := Remove(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("removing: %v", err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if x, err = Open(dir, testStamp); err != nil {
		t.Fatal(err)
	}
	_ = x.Close()
}

// An index of another table, or of other columns, counts as empty, and leaves
// nothing behind.
func TestOtherStamp(t *testing.T) {
	dir := t.TempDir()
	build(t, dir, manyEntries(10))
	other := testStamp
	other.Layout = "2"
	x, err := Open(dir, other)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if x.Entries() != 0 || len(x.Files()) != 0 || x.At() != -1 {
		t.Errorf("it has %d entries of %d files", x.Entries(), len(x.Files()))
	}
}

// An update that does not come to its end changes nothing, and what it left
// goes with the next opening.
func TestUnfinishedUpdate(t *testing.T) {
	dir := t.TempDir()
	build(t, dir, manyEntries(10))
	before := files(t, dir)
	x, err := Open(dir, testStamp)
	if err != nil {
		t.Fatal(err)
	}
	b := x.NewBuilder(0)
	b.Add(manyEntries(100)...)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if len(files(t, dir)) == len(before) {
		t.Fatal("nothing was spilled")
	}
	if n, err := readWhole(dir); n != 10 || err != nil {
		t.Errorf("%d entries: %v", n, err)
	}
	if diff := cmp.Diff(before, files(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func FuzzPages(f *testing.F) {
	entries := manyEntries(3)
	slices.SortFunc(entries, func(a, b Entry) int { return Compare(&a, &b) })
	f.Add(appendLeaf(nil, entries))
	f.Add(appendNode(nil, []ref{{first: entries[0].Key, offset: 7, length: 9}}))
	f.Add(appendTrailer(nil, trailer{depth: 1, entries: 3}))
	f.Fuzz(func(_ *testing.T, page []byte) {
		// The checksum is made right, so that what is behind it is reached.
		if len(page) > crcBytes {
			page = seal(bytes.Clone(page[:len(page)-crcBytes]), 0)
		}
		var l leaf
		if parseLeaf(page, &l) == nil {
			var e Entry
			for i := range l.count {
				l.entry(i, &e)
			}
			l.search(&e.Key)
		}
		var n node
		if parseNode(page, &n) == nil {
			for i := range n.count {
				n.ref(i)
			}
			n.search(&Key{})
		}
		_, _ = parseTrailer(page)
		_, _ = decodeManifest(page)
	})
}

func BenchmarkLookup(b *testing.B) {
	dir := b.TempDir()
	entries := manyEntries(1_000_000)
	build(b, dir, entries)
	x, err := Open(dir, testStamp)
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	var keys []Key
	for i := 0; i < len(entries); i += 100 {
		keys = append(keys, entries[i].Key)
	}
	slices.SortFunc(keys, func(a, b Key) int { return compareKeys(&a, &b) })
	for b.Loop() {
		if err := x.Lookup(keys, 1, func(*Entry) {}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(keys)), "ns/key")
}
