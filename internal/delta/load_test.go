package delta

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

const (
	protocolLine = `{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}` + "\n"
	metadataLine = `{"metaData":{"id":"x","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[],"configuration":{}}}` + "\n"
)

func addLine(path string) string {
	return `{"add":{"path":"` + path + `","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}` + "\n"
}

func TestLoadWithoutTable(t *testing.T) {
	for name, test := range map[string]struct {
		files []string
		root  string
		want  error
		text  string
	}{
		"nothing":             {nil, "t", ErrNoTable, "mem://t: no delta table"},
		"nothing in the root": {nil, "", ErrNoTable, "no delta table"},
		"only side files":     {[]string{"t/_sluice/x", "t/.hidden", "t/_delta_log/.tmp"}, "t", ErrNoTable, "no delta table"},
		"other files":         {[]string{"t/a.csv", "t/b.csv", "t/c/d.csv", "t/e"}, "t", ErrForeignFiles, "holds a.csv, b.csv, c/; choose"},
		"beside a table":      {[]string{"t2/_delta_log/" + commitName(0)}, "t", ErrNoTable, "no delta table"},
	} {
		t.Run(name, func(t *testing.T) {
			store := mem.New(testClock)
			for _, f := range test.files {
				put(t, store, f, "x")
			}
			_, err := Load(t.Context(), store, test.root)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestLoadWhileTheTableIsMade has another process make the table, and write to
// it, after its log was looked for in vain and before its folder is looked at.
func TestLoadWhileTheTableIsMade(t *testing.T) {
	store := mem.New(testClock)
	folder := 0
	made := fault.New(store, func(o fault.Operation) fault.Action {
		if o.Op != fault.List || o.Path != "t/" {
			return fault.Pass()
		}
		folder++
		return fault.Call(func() {
			put(t, store, "t/a.parquet", "x")
			newTable(t, store)
		})
	})
	s, err := Load(t.Context(), made, "t")
	if err != nil || s.Version != 1 || folder != 1 {
		t.Errorf("version of %v, error %v, after %d looks at the folder", s, err, folder)
	}
}

func TestLoadInTheRootOfTheStore(t *testing.T) {
	store := mem.New(testClock)
	want := mustCommit(t, EmptySnapshot(store, ""), creation(t))
	equalSnapshots(t, want, must(Load(t.Context(), store, ""))(t))
	if path := must(want.FilePath("mem://a%20b"))(t); path != "a b" {
		t.Errorf("absolute path: %q", path)
	}
}

func TestLoadAt(t *testing.T) {
	store := mem.New(testClock)
	s := newTable(t, store)
	for version, files := range []int{0, 2} {
		if at := must(LoadAt(t.Context(), store, "t", int64(version)))(t); at.NumFiles() != files || at.Version != int64(version) {
			t.Errorf("version %d has %d files", at.Version, at.NumFiles())
		}
	}
	for _, version := range []int64{-1, 2, 99} {
		if _, err := LoadAt(t.Context(), store, "t", version); !errors.Is(err, ErrNoVersion) {
			t.Errorf("version %d: %v", version, err)
		}
	}
	if err := WriteCheckpoint(t.Context(), s, testTime); err != nil {
		t.Fatal(err)
	}
	keepSince(t, store, "t", 1)
	if _, err := LoadAt(t.Context(), store, "t", 0); !errors.Is(err, ErrNoVersion) {
		t.Errorf("a version that was cleaned up: %v", err)
	}
	if _, err := LoadAt(t.Context(), store, "elsewhere", 0); !errors.Is(err, ErrNoTable) {
		t.Errorf("no table: %v", err)
	}
}

func TestLastCheckpointIsOnlyAHint(t *testing.T) {
	for name, content := range map[string]string{
		"empty":         "",
		"damaged":       `{"version":`,
		"too new":       `{"version":99}`,
		"negative":      `{"version":-4}`,
		"not there":     `{"version":1,"parts":3}`,
		"another shape": `["version"]`,
	} {
		t.Run(name, func(t *testing.T) {
			store := mem.New(testClock)
			want := newTable(t, store)
			put(t, store, "t/_delta_log/_last_checkpoint", content)
			equalSnapshots(t, want, must(Load(t.Context(), store, "t"))(t))
		})
	}
}

func TestCompactedFilesStandForTheirCommits(t *testing.T) {
	store := mem.New(testClock)
	put(t, store, "t/_delta_log/"+commitName(0), protocolLine+metadataLine)
	// Their commits cannot be read, so that it shows which files were used.
	for v := int64(1); v <= 4; v++ {
		put(t, store, "t/_delta_log/"+commitName(v), "not read")
	}
	put(t, store, "t/_delta_log/"+versionName(1)+"."+versionName(2)+".compacted.json", "not read")
	put(t, store, "t/_delta_log/"+versionName(1)+"."+versionName(4)+".compacted.json", addLine("a")+addLine("b"))
	put(t, store, "t/_delta_log/"+commitName(5), addLine("c"))
	put(t, store, "t/_delta_log/"+versionName(5)+"."+versionName(9)+".compacted.json", "beyond the newest commit")
	s := must(Load(t.Context(), store, "t"))(t)
	if diff := cmp.Diff([]string{"a", "b", "c"}, keysOf(s.Files())); diff != "" || s.Version != 5 {
		t.Errorf("version %d: %s", s.Version, diff)
	}
}

// What is not known is passed over; what must be known is not.
func TestUnknownFieldsAndActions(t *testing.T) {
	store := mem.New(testClock)
	put(t, store, "t/_delta_log/"+commitName(0), "\n"+
		`{"commitInfo":"anything"}`+"\n"+
		`{"commitInfo":{"timestamp":"yesterday","txnId":5,"operationParameters":{"a":null}}}`+"\n"+
		`{"cdc":{"path":"c"}}`+"\n"+
		`{"newAction":{"x":1}}`+"\r\n"+
		protocolLine+
		strings.Replace(metadataLine, `"configuration":{}`, `"configuration":{"their.key":"v"},"newField":[1]`, 1)+
		strings.TrimSpace(addLine("a")))
	s := must(Load(t.Context(), store, "t"))(t)
	if s.NumFiles() != 1 || s.Metadata.Configuration["their.key"] != "v" {
		t.Errorf("%d files, configuration %v", s.NumFiles(), s.Metadata.Configuration)
	}
}

func TestCorruptLinesAreNamed(t *testing.T) {
	for line, want := range map[string]string{
		`{"add":`:                           "line 3: damaged delta log: unreadable",
		`{"add":{"size":1}}`:                "line 3: damaged delta log: unreadable: add without a path",
		`{"remove":{}}`:                     "remove without a path",
		`{"txn":{"version":1}}`:             "txn without an appId",
		`{"domainMetadata":{}}`:             "domainMetadata without a domain",
		`{"add":{"path":"a","size":"one"}}`: "line 3",
	} {
		store := mem.New(testClock)
		put(t, store, "t/_delta_log/"+commitName(0), protocolLine+metadataLine+line)
		_, err := Load(t.Context(), store, "t")
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), commitName(0)) {
			t.Errorf("%s: got %v", line, err)
		}
	}
}

func TestUpdate(t *testing.T) {
	store := mem.New(testClock)
	old := newTable(t, store)
	if same := must(old.Update(t.Context()))(t); same != old {
		t.Error("nothing is new, but the snapshot is")
	}
	want := mustCommit(t, old, Changes{Txns: []Txn{{AppID: "x", Version: 1}}, Adds: []Add{testAdd("c")}})
	equalSnapshots(t, want, must(old.Update(t.Context()))(t))
	if old.NumFiles() != 2 || len(old.Txns) != 0 {
		t.Error("the old snapshot has changed")
	}

	t.Run("over cleaned-up versions", func(t *testing.T) {
		want := mustCommit(t, want, Changes{Adds: []Add{testAdd("d")}})
		if err := WriteCheckpoint(t.Context(), want, testTime); err != nil {
			t.Fatal(err)
		}
		keepSince(t, store, "t", want.Version)
		equalSnapshots(t, want, must(old.Update(t.Context()))(t))
	})
	t.Run("table made anew", func(t *testing.T) {
		for e, err := range store.List(t.Context(), "t/", storage.ListOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Delete(t.Context(), e.Path); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := old.Update(t.Context()); !errors.Is(err, ErrNoTable) {
			t.Errorf("deleted: %v", err)
		}
		want := mustCommit(t, EmptySnapshot(store, "t"), creation(t))
		equalSnapshots(t, want, must(old.Update(t.Context()))(t))
	})
}

func TestFilePathsStayInTheTable(t *testing.T) {
	s := newTable(t, mem.New(testClock))
	for path, want := range map[string]string{
		"part-1.parquet":         "t/part-1.parquet",
		"a%20b/c%253A.parquet":   "t/a b/c%3A.parquet",
		"mem://t/x.parquet":      "t/x.parquet",
		"mem://other/x.parquet":  "",
		"s3://bucket/x.parquet":  "",
		"/t/x.parquet":           "",
		"../x.parquet":           "",
		"a/../../x.parquet":      "",
		"%zz":                    "",
		"mem://t/../secret/file": "",
	} {
		got, err := s.FilePath(path)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: got %q, %v; want %q", path, got, err, want)
		}
	}
	for _, file := range []string{"part-1.parquet", "a b/c+d:e%/ü#?.parquet"} {
		if back := must(DecodePath(EncodePath(file)))(t); back != file {
			t.Errorf("%q became %q", file, back)
		}
	}
}

// Writers may encode one name in two ways.
func TestReplayKnowsFilesByDecodedPath(t *testing.T) {
	store := mem.New(testClock)
	put(t, store, "t/_delta_log/"+commitName(0), protocolLine+metadataLine+addLine("a=1/x%3Ay"))
	put(t, store, "t/_delta_log/"+commitName(1), `{"remove":{"path":"a%3D1/x:y","dataChange":true}}`)
	if s := must(Load(t.Context(), store, "t"))(t); s.NumFiles() != 0 {
		t.Errorf("still there: %v", keysOf(s.Files()))
	}
}

// Files are fetched several at once, but used in order, up to the first error.
func TestReadAheadStopsAtTheFirstError(t *testing.T) {
	store := mem.New(testClock)
	var paths []string
	for i := range 3 * parallelReads {
		path := commitName(int64(i))
		if paths = append(paths, path); i != 10 {
			put(t, store, path, path)
		}
	}
	var used []string
	err := readAhead(t.Context(), store, paths, func(i int, data []byte) error {
		if string(data) != paths[i] {
			t.Errorf("file %d holds %s", i, data)
		}
		used = append(used, string(data))
		return nil
	})
	if diff := cmp.Diff(paths[:10], used); diff != "" || !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("%v: %s", err, diff)
	}
}
