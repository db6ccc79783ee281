package storagetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluicedata/sluice/internal/storage"
)

var listTests = []test{
	{"an empty store lists nothing", listEmpty},
	{"prefix, StartAfter and Delimiter", listTable},
	{"byte order of paths", listOrder},
	{"every StartAfter agrees with the whole listing", listEveryStart},
	{"entries are those of Stat", listEntries},
	{"a consumer may stop", listStop},
	{"more entries than one page", listMany},
	{"a listing can be walked twice", listTwice},
	{"a cancelled context ends it", listCancelled},
}

func listEmpty(f fixture) {
	f.equal("whole", f.list("", storage.ListOptions{}), []string{})
	f.equal("one level", f.list("", storage.ListOptions{Delimiter: true}), []string{})
	f.equal("below a folder", f.list("no/such/folder/", storage.ListOptions{}), []string{})
	f.equal("one level of a folder", f.list("no/", storage.ListOptions{Delimiter: true}), []string{})
}

// tree has two folders of an export and names that begin alike.
var tree = []string{
	"2024-01-01T00.00.00Z/account/1.csv",
	"2024-01-01T00.00.00Z/model.json",
	"2024-01-01T00.05.00Z/account/1.csv",
	"2024-01-01T00.05.00Z/contact/1.csv",
	"2024-01-01T00.05.00Z/contact/2.csv",
	"2024-01-01T00.05.00Z/contacts.csv",
	"Changelog/changelog.info",
	"model.json",
}

func listTable(f fixture) {
	f.fillTree(tree...)
	const second = "2024-01-01T00.05.00Z/"
	tests := []struct {
		prefix, after string
		level         bool
		want          []string
	}{
		{want: tree},
		{prefix: second, want: tree[2:6]},
		{prefix: second + "contact", want: tree[3:6]},
		{prefix: second + "contact/", want: tree[3:5]},
		{prefix: second + "contact/1.csv", want: tree[3:4]},
		{prefix: second + "contact/1.csv/", want: []string{}},
		{prefix: "2024", want: tree[:6]},
		{prefix: "3", want: []string{}},
		{after: tree[0], want: tree[1:]},
		{after: "2024-01-01T00.00.00Z", want: tree},
		{after: "2024-01-01T00.00.00Z0", want: tree[2:]},
		{after: "2024-01-01T00.03", want: tree[2:]},
		{after: "model.json", want: []string{}},
		{after: "model.jso", want: tree[7:]},
		{prefix: second, after: tree[3], want: tree[4:6]},
		{prefix: second, after: tree[7], want: []string{}},
		{prefix: second, after: "1", want: tree[2:6]},
		{level: true, want: []string{"2024-01-01T00.00.00Z/", second, "Changelog/", "model.json"}},
		{level: true, prefix: second, want: []string{second + "account/", second + "contact/", second + "contacts.csv"}},
		{level: true, prefix: second + "contact/", want: tree[3:5]},
		{level: true, prefix: "2024-", want: []string{"2024-01-01T00.00.00Z/", second}},
		{level: true, prefix: "2024-", after: "2024-01-01T00.01", want: []string{second}},
		{level: true, prefix: strings.TrimSuffix(second, "/"), want: []string{second}},
		{level: true, prefix: second + "contact", want: []string{second + "contact/", second + "contacts.csv"}},
		{level: true, prefix: "m", want: []string{"model.json"}},
		{level: true, prefix: "3", want: []string{}},
		// A folder compares as "name/": its bare name lies before it, what is
		// in it behind it.
		{level: true, after: "2024-01-01T00.05.00Z", want: []string{second, "Changelog/", "model.json"}},
		{level: true, after: second, want: []string{"Changelog/", "model.json"}},
		{level: true, after: second + "contact/1.csv", want: []string{"Changelog/", "model.json"}},
		{level: true, after: "D", want: []string{"model.json"}},
		{level: true, prefix: second, after: second + "contact/1.csv", want: []string{second + "contacts.csv"}},
		{level: true, prefix: second, after: second + "contact", want: []string{second + "contact/", second + "contacts.csv"}},
		{level: true, prefix: second, after: "z", want: []string{}},
	}
	for _, tt := range tests {
		f.Run(fmt.Sprintf("prefix=%s,after=%s,level=%v", tt.prefix, tt.after, tt.level), func(t *testing.T) {
			f := fixture{T: t, Store: f.Store}
			f.equal("paths", f.list(tt.prefix, storage.ListOptions{StartAfter: tt.after, Delimiter: tt.level}), tt.want)
		})
	}
}

// unsorted has the characters around '/' in byte order, which a walk in order
// of names gets wrong: ' ' < '-' < '.' < '/' < '0' < 'A' < '_' < 'a' < 'é'.
var unsorted = []string{
	"a/b", "a-b", "a.b", "a b", "a0", "aB", "a_b", "aé", "a!", "a#b/c", "a+b",
	"a/b-c", "a-b-/d", "a-/x", "a.x/y", "B/b", "Z", "0", "00", "1/0", "10", "9",
	" leading/x", " leading space", "é", "ü/b", "ü-b", "日本/語", "日本語",
	"_delta_log/00000000000000000009.json", "_delta_log/00000000000000000010.json",
	"_delta_log/00000000000000000010.checkpoint.parquet", "~",
}

func listOrder(f fixture) {
	f.fillTree(unsorted...)
	want := slices.Sorted(slices.Values(unsorted))
	f.equal("whole", f.list("", storage.ListOptions{}), want)
	f.equal("one level", f.list("", storage.ListOptions{Delimiter: true}), level(want, "", ""))
}

// level works out one level of a whole listing.
func level(paths []string, prefix, after string) []string {
	found := []string{}
	for _, path := range paths {
		if !strings.HasPrefix(path, prefix) {
			continue
		}
		if cut := strings.IndexByte(path[len(prefix):], '/'); cut >= 0 {
			path = path[:len(prefix)+cut+1]
		}
		if path > after && !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	return found
}

// listEveryStart starts at, just before and just behind every path and folder.
func listEveryStart(f fixture) {
	paths := slices.Sorted(slices.Values(unsorted))
	f.fillTree(paths...)
	for _, path := range slices.Concat(paths, level(paths, "", "")) {
		bare := strings.TrimSuffix(path, "/")
		_, last := utf8.DecodeLastRuneInString(bare)
		for _, after := range []string{path, bare, bare[:len(bare)-last], path + "/", path + "!"} {
			rest := slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return p <= after })
			f.equal("after "+after, f.list("", storage.ListOptions{StartAfter: after}), rest)
			f.equal("one level after "+after,
				f.list("", storage.ListOptions{StartAfter: after, Delimiter: true}), level(paths, "", after))
		}
	}
}

func listEntries(f fixture) {
	f.fillTree("a/one", "a/two/three", "b")
	seen := 0
	for e, err := range f.List(f.Context(), "", storage.ListOptions{}) {
		f.must(err, "listing")
		f.equal("entry", e, f.stat(e.Path))
		f.equal("size", e.Size, int64(len(e.Path)))
		if e.ETag == "" || e.ModTime.IsZero() || e.IsDir {
			f.Errorf("entry of a file lacks its version or time: %+v", e)
		}
		seen++
	}
	f.equal("files", seen, 3)
	for e, err := range f.List(f.Context(), "a/", storage.ListOptions{Delimiter: true, StartAfter: "a/one"}) {
		f.must(err, "listing")
		f.equal("folder", e, storage.Entry{Path: "a/two", IsDir: true})
	}
}

func listStop(f fixture) {
	f.fillTree("a/1", "a/2", "b/1", "c")
	for stop := 1; stop <= 4; stop++ {
		seen := 0
		for _, err := range f.List(f.Context(), "", storage.ListOptions{}) {
			f.must(err, "listing")
			if seen++; seen == stop {
				break
			}
		}
		f.equal("entries before the stop", seen, stop)
	}
}

func listMany(f fixture) {
	const files = 300
	want := make([]string, files)
	for i := range want {
		want[i] = fmt.Sprintf("many/%03d/%03d", i/50, i)
		f.put(want[i], "")
	}
	f.equal("whole", f.list("many/", storage.ListOptions{}), want)
	f.equal("rest", f.list("many/", storage.ListOptions{StartAfter: want[151]}), want[152:])
	f.equal("one level", f.list("many/", storage.ListOptions{Delimiter: true}), level(want, "many/", ""))
}

func listTwice(f fixture) {
	f.fillTree("a", "b")
	listing := f.List(f.Context(), "", storage.ListOptions{})
	for range 2 {
		var paths []string
		for e, err := range listing {
			f.must(err, "listing")
			paths = append(paths, e.Path)
		}
		f.equal("paths", paths, []string{"a", "b"})
	}
}

func listCancelled(f fixture) {
	f.fillTree("a/1", "a/2")
	errs := 0
	for _, err := range f.List(f.cancelled(), "a/", storage.ListOptions{}) {
		f.fails(err, context.Canceled, "list", "a/")
		errs++
	}
	f.equal("errors", errs, 1)
}
