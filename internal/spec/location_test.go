package spec

import (
	"path/filepath"
	"testing"
)

func TestLocate(t *testing.T) {
	dir := filepath.FromSlash("/srv/sluice")
	for _, tt := range []struct{ in, path, url, refused string }{
		{in: "./lake", path: "/srv/sluice/lake"},
		{in: "lake/", path: "/srv/sluice/lake"},
		{in: "../lake", path: "/srv/lake"},
		{in: "/data//lake/", path: "/data/lake"},
		{in: "a:b/lake", path: "/srv/sluice/a:b/lake"},
		{in: "file:///data/lake/", path: "/data/lake"},
		{in: "file://localhost/data/lake", path: "/data/lake"},
		{in: "FILE:///data/my%20lake", path: "/data/my lake"},
		{in: "file:///C:/data", path: "C:/data"},
		{in: "file://server/share", refused: "is not a file URL of this machine"},
		{in: "file:lake", refused: "is not a file URL of this machine"},
		{in: "abfss://tables@acc.dfs.core.windows.net/a/b/", url: "abfss://tables@acc.dfs.core.windows.net/a/b"},
		{in: "abfs://tables@acc.dfs.core.windows.net", url: "abfs://tables@acc.dfs.core.windows.net"},
		{in: "abfss://acc.dfs.core.windows.net/a", refused: "names no container"},
		{in: "abfss://c:pw@acc.dfs.core.windows.net/a", refused: "names no container"},
		{in: "https://acc.blob.core.windows.net/tables/", url: "https://acc.blob.core.windows.net/tables"},
		{in: "http://127.0.0.1:10000/devstoreaccount1/c", url: "http://127.0.0.1:10000/devstoreaccount1/c"},
		{in: "https://acc.blob.core.windows.net/c?sig=x", refused: "has a query"},
		{in: "https://u:p@acc.blob.core.windows.net/c", refused: "holds a user name"},
		{in: "https:///c", refused: "is not a URL"},
		{in: "s3://bucket/x", refused: "s3 addresses are not supported"},
		{in: "dbfs:/x", refused: "dbfs addresses are not supported"},
		{in: "", refused: "is empty"},
		{in: "lake\n", refused: "holds a control character"},
	} {
		t.Run(tt.in, func(t *testing.T) {
			got, refused := locate(tt.in, dir)
			message := ""
			if refused != nil {
				message = refused.message
			}
			if got.Path != filepath.FromSlash(tt.path) || got.URL != tt.url || message != tt.refused {
				t.Errorf("locate(%q) = path %q, url %q, refused %q; want %q, %q, %q", tt.in, got.Path, got.URL, message, tt.path, tt.url, tt.refused)
			}
			if refused == nil && got.IsLocal() != (tt.url == "") {
				t.Errorf("locate(%q).IsLocal() = %v", tt.in, got.IsLocal())
			}
		})
	}
}

func TestLocateState(t *testing.T) {
	dir := filepath.FromSlash("/srv/sluice")
	for _, tt := range []struct {
		in             URL
		path, postgres string
		refused        bool
	}{
		{in: "", path: "/srv/sluice/.sluice"},
		{in: "state", path: "/srv/sluice/state"},
		{in: "file:///var/lib/sluice", path: "/var/lib/sluice"},
		{in: "postgres://u:p@h/d", postgres: "postgres://u:p@h/d"},
		{in: "postgresql://h/d", postgres: "postgresql://h/d"},
		{in: "postgres://u:p%@h/d", refused: true},
		{in: "postgres:d", refused: true},
		{in: "mysql://h/d", refused: true},
	} {
		got, refused := locateState(tt.in, dir)
		if got.Path != filepath.FromSlash(tt.path) || got.Postgres.Reveal() != tt.postgres || (refused != nil) != tt.refused {
			t.Errorf("locateState(%q) = %q, %q, refused %v", tt.in.Reveal(), got.Path, got.Postgres.Reveal(), refused)
		}
	}
}
