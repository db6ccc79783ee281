package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/change"
)

func drawFact(t *rapid.T) change.Fact {
	number := rapid.Int64()
	var key change.Key
	key[0], key[15] = rapid.Byte().Draw(t, "first"), byte(rapid.IntRange(0, 2).Draw(t, "last"))
	return change.Fact{
		Change: change.Change{
			Key: key, Version: number.Draw(t, "version"), Modified: number.Draw(t, "modified"),
			Folder: number.Draw(t, "folder"), Offset: number.Draw(t, "offset"), File: rapid.Int32().Draw(t, "file"),
			Delete: rapid.Bool().Draw(t, "delete"), Unversioned: rapid.Bool().Draw(t, "unversioned"),
		},
		First: number.Draw(t, "first"), End: number.Draw(t, "end"), InTable: rapid.Bool().Draw(t, "in table"),
		Ref: rapid.Uint64().Draw(t, "ref"),
	}
}

// TestFactLog: whatever the memory, the facts come back, key by key, and nothing
// is left on disk.
func TestFactLog(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		log := newFactLog(dir, rapid.Int64Range(0, 20_000).Draw(t, "memory"))
		want := map[change.Key]map[change.Fact]int{}
		n := 0
		for range rapid.IntRange(0, 300).Draw(t, "facts") {
			f := drawFact(t)
			if want[f.Key] == nil {
				want[f.Key] = map[change.Fact]int{}
			}
			want[f.Key][f]++
			n++
			if err := log.add(f); err != nil {
				t.Fatal(err)
			}
		}
		got := map[change.Key]map[change.Fact]int{}
		err := log.eachKey(func(facts []change.Fact) error {
			if got[facts[0].Key] != nil {
				t.Fatalf("key %s comes twice", facts[0].Key)
			}
			got[facts[0].Key] = map[change.Fact]int{}
			for _, f := range facts {
				got[f.Key][f]++
				n--
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || n != 0 {
			t.Fatalf("%d facts missing (-want +got):\n%s", n, diff)
		}
		if err := log.close(); err != nil {
			t.Fatal(err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Fatalf("%d files left", len(left))
		}
	})
}

func TestFactLogWithoutRoom(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	log := newFactLog(filepath.Join(blocked, "temp"), 0)
	var err error
	for i := 0; err == nil && i < 100; i++ {
		err = log.add(change.Fact{})
	}
	if _, ok := errors.AsType[*os.PathError](err); !ok {
		t.Fatalf("%v, want the error of the folder", err)
	}
}

func TestKeyFilterNeverMisses(t *testing.T) {
	for _, keys := range []int64{1, 100, 5000} {
		filter := newKeyFilter(keys, 1<<20)
		wrong := 0
		for i := range keys {
			k := change.Key{15: byte(i), 14: byte(i >> 8), 0: 0x10, 1: 0xb5}
			if filter.add(keyHash(&k)) {
				wrong++
			}
		}
		if wrong > int(keys)/20 {
			t.Errorf("%d of %d new keys were taken for known", wrong, keys)
		}
		for i := range keys {
			k := change.Key{15: byte(i), 14: byte(i >> 8), 0: 0x10, 1: 0xb5}
			if !filter.has(keyHash(&k)) {
				t.Fatalf("key %d is missed", i)
			}
		}
	}
}

func TestFindRepeats(t *testing.T) {
	for _, room := range []int{0, 4} {
		a := &attempt{joint: newKeyFilter(1000, 1<<16), repeats: newRepeats(1000, 1<<16, 2)}
		a.repeats.room = room
		for i := range uint64(2000) {
			hash := spreadOut(i % 1999) // 0 comes twice, on two workers
			a.repeats.note(int(i/1000), hash, i == 1999 || i%100 == 50)
		}
		a.findRepeats()
		if room == 0 {
			if !a.joined.Load() {
				t.Error("without room what was perhaps seen before has to be looked at")
			}
			continue
		}
		if !a.joint.has(0) {
			t.Error("the repeated key is missed")
		}
		if a.joint.has(spreadOut(51)) {
			t.Error("a key that came once is looked at again")
		}
	}
}

func spreadOut(i uint64) uint64 { return i * 0x9E3779B97F4A7C15 }
