package storagetest

import (
	"slices"

	"github.com/sluicedata/sluice/internal/storage"
)

var pathTests = []test{
	{"odd names", pathsOdd},
	{"no paths at all", pathsRefused},
	{"no prefixes at all", prefixesRefused},
}

// odd are names that an encoding, a URL, a shell or a pattern could take for
// something else. Delta writes partition folders like the first.
var odd = []string{
	"p=a%20b%2Fc/part 1.parquet",
	"%41", "%", "%%", "%2F", "100%25",
	"a+b", "a b", "a#b", "a&b=c;d,e", "a@b!$^`~", "[a]{b}(c)", "it's",
	" leading", "..a", "a..b", "...x/y", ".hidden", "-", "--flag", "=", "+", "#", "&",
	"Ünïcødé/naïve", "日本語", "\u00e9", "\u00a0nbsp", "UPPER",
}

func pathsOdd(f fixture) {
	f.fillTree(odd...)
	want := slices.Sorted(slices.Values(odd))
	f.equal("files", f.list("", storage.ListOptions{}), want)
	for _, path := range odd {
		f.equal("content of "+path, f.get(path), path)
		f.equal("path of "+path, f.stat(path).Path, path)
		f.equal("listing of "+path, slices.Contains(f.list(path, storage.ListOptions{}), path), true)
		f.fails(f.PutIfAbsent(f.Context(), path, nil), storage.ErrExists, "put-if-absent", path)
	}
	f.equal("below an odd prefix", f.list("p=a%20b%2Fc/", storage.ListOptions{}), odd[:1])
	for _, path := range odd {
		f.must(f.Delete(f.Context(), path), "deleting %s", path)
	}
	f.equal("files", f.list("", storage.ListOptions{}), []string{})
}

func pathsRefused(f fixture) {
	for _, path := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", "./a", "a/.", "a\x00b", "a\xffb",
	} {
		_, err := f.Stat(f.Context(), path)
		f.fails(err, storage.ErrInvalidPath, "stat", path)
		_, err = f.ReadRange(f.Context(), path, storage.All)
		f.fails(err, storage.ErrInvalidPath, "read", path)
		_, err = f.Write(f.Context(), path)
		f.fails(err, storage.ErrInvalidPath, "write", path)
		f.fails(f.PutIfAbsent(f.Context(), path, nil), storage.ErrInvalidPath, "put-if-absent", path)
		f.fails(f.Delete(f.Context(), path), storage.ErrInvalidPath, "delete", path)
	}
}

func prefixesRefused(f fixture) {
	f.fillTree("a/b")
	for _, prefix := range []string{"/", "../", "a/../", "a//", "/a", "./a"} {
		for _, level := range []bool{false, true} {
			errs := 0
			for _, err := range f.List(f.Context(), prefix, storage.ListOptions{Delimiter: level}) {
				f.fails(err, storage.ErrInvalidPath, "list", prefix)
				errs++
			}
			f.equal("errors of "+prefix, errs, 1)
		}
	}
}
