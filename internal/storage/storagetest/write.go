package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sluicedata/sluice/internal/storage"
)

var writeTests = []test{
	{"replaces what was there", writeReplace},
	{"is invisible until it is closed", writeInvisible},
	{"aborted", writeAborted},
	{"after its end", writeEnded},
	{"20 MB in odd pieces", writeLarge},
	{"the caller may reuse its buffer", writeReuse},
	{"side by side", writeConcurrent},
	{"a cancelled context", writeCancelled},
}

func writeReplace(f fixture) {
	f.put("a/b", "first and longer")
	before := f.stat("a/b")
	f.put("a/b", "second")
	after := f.stat("a/b")
	f.equal("content", f.get("a/b"), "second")
	f.equal("size", after.Size, int64(6))
	if before.ETag == after.ETag {
		f.Errorf("two versions have the ETag %q", after.ETag)
	}
	f.equal("files", f.list("", storage.ListOptions{}), []string{"a/b"})
}

func writeInvisible(f fixture) {
	f.put("a/old", "old")
	fresh, replacing := f.begin("a/new"), f.begin("a/old")
	alone := f.begin("folder/of/its/own")
	for _, w := range []storage.Writer{fresh, replacing, alone} {
		f.fill(w, string(pattern(100_000)))
	}
	f.equal("files", f.list("", storage.ListOptions{}), []string{"a/old"})
	f.equal("one level", f.list("a/", storage.ListOptions{Delimiter: true}), []string{"a/old"})
	f.equal("folders", f.list("", storage.ListOptions{Delimiter: true}), []string{"a/"})
	f.equal("the old version", f.get("a/old"), "old")
	_, err := f.Stat(f.Context(), "a/new")
	f.fails(err, storage.ErrNotExist, "stat", "a/new")
	for _, w := range []storage.Writer{fresh, replacing, alone} {
		f.must(w.Close(), "closing")
	}
	f.equal("files", f.list("", storage.ListOptions{}), []string{"a/new", "a/old", "folder/of/its/own"})
	f.equal("size", f.stat("a/old").Size, int64(100_000))
}

func writeAborted(f fixture) {
	f.put("a/old", "old")
	for _, path := range []string{"a/old", "a/new", "b/new"} {
		w := f.begin(path)
		f.fill(w, "partial")
		f.must(w.Abort(), "aborting %s", path)
		f.must(w.Abort(), "aborting %s again", path)
		if w.Close() == nil {
			f.Errorf("%s: closing what was aborted is no error", path)
		}
	}
	f.equal("files", f.list("", storage.ListOptions{}), []string{"a/old"})
	f.equal("content", f.get("a/old"), "old")
}

func writeEnded(f fixture) {
	w := f.begin("a")
	f.fill(w, "text")
	f.must(w.Close(), "closing")
	f.must(w.Abort(), "aborting after closing")
	f.equal("content", f.get("a"), "text")
	if _, err := w.Write([]byte("more")); err == nil {
		f.Error("writing after closing is no error")
	}
	if w.Close() == nil {
		f.Error("closing twice is no error")
	}
	f.equal("content", f.get("a"), "text")
}

func writeLarge(f fixture) {
	content := pattern(20 << 20)
	w := f.begin("large/file.parquet")
	rest := content
	for i := 0; len(rest) > 0; i++ {
		// From nothing at all to a megabyte and one, in no order.
		size := min(len(rest), []int{1, 0, 4095, 4096, 4097, 65_537, 1<<20 + 1, 333_333, 7}[i%9])
		f.fill(w, string(rest[:size]))
		rest = rest[size:]
	}
	f.must(w.Close(), "closing")
	f.equal("size", f.stat("large/file.parquet").Size, int64(len(content)))
	if f.get("large/file.parquet") != string(content) {
		f.Error("20 MB came back different")
	}
}

func writeReuse(f fixture) {
	w := f.begin("a")
	buffer := []byte("one,")
	for _, text := range []string{"one,", "two,", "six."} {
		copy(buffer, text)
		_, err := w.Write(buffer)
		f.must(err, "writing")
	}
	f.must(w.Close(), "closing")
	f.equal("written", f.get("a"), "one,two,six.")

	f.must(f.PutIfAbsent(f.Context(), "b", buffer), "putting")
	copy(buffer, "xxxx")
	f.equal("put", f.get("b"), "six.")
}

// writeConcurrent has writers in one folder, each deleting again, so that the
// folder comes and goes below them.
func writeConcurrent(f fixture) {
	const writers, rounds = 4, 10
	errs := make([]error, writers)
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			path := fmt.Sprintf("shared/folder/%d", i)
			for range rounds {
				errs[i] = errors.Join(errs[i], f.round(path))
			}
		})
	}
	group.Wait()
	f.must(errors.Join(errs...), "writing side by side")
	f.equal("files", f.list("", storage.ListOptions{}), []string{})
}

func (f fixture) round(path string) error {
	w, err := f.Write(f.Context(), path)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write([]byte(path)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	data, err := storage.ReadAll(f.Context(), f.Store, path)
	if err == nil && string(data) != path {
		err = fmt.Errorf("%s holds %q", path, data)
	}
	return errors.Join(err, f.Delete(f.Context(), path))
}

func writeCancelled(f fixture) {
	_, err := f.Write(f.cancelled(), "a")
	f.fails(err, context.Canceled, "write", "a")

	for _, during := range []string{"write", "close"} {
		ctx, cancel := context.WithCancel(f.Context())
		w, err := f.Write(ctx, "a")
		f.must(err, "writing")
		f.fill(w, "partial")
		cancel()
		if during == "write" {
			_, err = w.Write([]byte("more"))
			f.fails(err, context.Canceled, "write", "a")
		}
		f.fails(w.Close(), context.Canceled, "write", "a")
		f.must(w.Abort(), "aborting")
	}
	f.equal("files", f.list("", storage.ListOptions{}), []string{})
}

var putTests = []test{
	{"stores once", putOnce},
	{"has one winner of eight", putRace},
	{"a cancelled context", putCancelled},
}

func putOnce(f fixture) {
	const path = "t/_delta_log/00000000000000000000.json"
	f.must(f.PutIfAbsent(f.Context(), path, []byte("first")), "putting")
	before := f.stat(path)
	f.fails(f.PutIfAbsent(f.Context(), path, []byte("second")), storage.ErrExists, "put-if-absent", path)
	f.equal("content", f.get(path), "first")
	f.equal("entry", f.stat(path), before)
	f.equal("files", f.list("", storage.ListOptions{}), []string{path})

	f.put("written", "first")
	f.fails(f.PutIfAbsent(f.Context(), "written", nil), storage.ErrExists, "put-if-absent", "written")
	f.must(f.Delete(f.Context(), "written"), "deleting")
	f.must(f.PutIfAbsent(f.Context(), "written", nil), "putting where nothing is any more")
	f.equal("content", f.get("written"), "")
}

func putRace(f fixture) {
	const racers = 8
	for round := range 5 {
		path := fmt.Sprintf("race/%d.json", round)
		var won atomic.Int32
		var content [racers]string
		errs := make([]error, racers)
		start := make(chan struct{})
		var group sync.WaitGroup
		for i := range racers {
			content[i] = fmt.Sprintf("racer %d", i)
			group.Go(func() {
				<-start
				if errs[i] = f.PutIfAbsent(f.Context(), path, []byte(content[i])); errs[i] == nil {
					won.Add(1)
				}
			})
		}
		close(start)
		group.Wait()
		f.equal("winners", won.Load(), int32(1))
		winner := slices.Index(errs, nil)
		for i, err := range errs {
			if i != winner {
				f.fails(err, storage.ErrExists, "put-if-absent", path)
			}
		}
		f.equal("content", f.get(path), content[max(winner, 0)])
	}
}

func putCancelled(f fixture) {
	f.fails(f.PutIfAbsent(f.cancelled(), "a", []byte("x")), context.Canceled, "put-if-absent", "a")
	f.equal("files", f.list("", storage.ListOptions{}), []string{})
}

var deleteTests = []test{
	{"removes a file and what was its folder", deleteFile},
	{"of what is absent is no error", deleteAbsent},
	{"a cancelled context", deleteCancelled},
}

func deleteFile(f fixture) {
	f.fillTree("a/b/c", "a/d", "e")
	f.must(f.Delete(f.Context(), "a/b/c"), "deleting")
	_, err := f.Stat(f.Context(), "a/b/c")
	f.fails(err, storage.ErrNotExist, "stat", "a/b/c")
	f.equal("files", f.list("", storage.ListOptions{}), []string{"a/d", "e"})
	f.equal("one level", f.list("a/", storage.ListOptions{Delimiter: true}), []string{"a/d"})
	f.must(f.Delete(f.Context(), "a/d"), "deleting")
	f.equal("folders", f.list("", storage.ListOptions{Delimiter: true}), []string{"e"})
	f.put("a", "the name is free again")
	f.equal("content", f.get("a"), "the name is free again")
}

func deleteAbsent(f fixture) {
	f.fillTree("a/b")
	for _, path := range []string{"no", "no/such", "a", "a/c", "a/b/c"} {
		f.must(f.Delete(f.Context(), path), "deleting %s", path)
	}
	f.equal("files", f.list("", storage.ListOptions{}), []string{"a/b"})
}

func deleteCancelled(f fixture) {
	f.fillTree("a")
	f.fails(f.Delete(f.cancelled(), "a"), context.Canceled, "delete", "a")
	f.equal("content", f.get("a"), "a")
}
