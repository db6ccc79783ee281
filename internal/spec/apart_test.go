package spec

import "testing"

func TestShareContainer(t *testing.T) {
	remote := func(url, endpoint string) Location { return Location{URL: url, Access: Access{Endpoint: endpoint}} }
	const emulator = "http://127.0.0.1:10000/devstoreaccount1"
	for _, tt := range []struct {
		name    string
		a, b    Location
		overlap bool
	}{
		{"the same container", remote("abfss://d365@lake.dfs.core.windows.net", ""), remote("abfss://d365@lake.dfs.core.windows.net/", ""), true},
		{"a folder of it", remote("abfss://d365@lake.dfs.core.windows.net/tables", ""), remote("abfss://d365@lake.dfs.core.windows.net", ""), true},
		{"in the other form", remote("https://lake.blob.core.windows.net/d365/tables", ""), remote("abfss://d365@LAKE.dfs.core.windows.net/tables/x", ""), true},
		{"by the endpoint of the account", remote("abfss://d365@lake.dfs.core.windows.net", "https://lake.blob.core.windows.net/"), remote("abfss://d365@lake.dfs.core.windows.net", ""), true},
		{"in one emulator", remote("abfss://d365@x.dfs.core.windows.net", emulator), remote("abfss://d365@y.dfs.core.windows.net/tables", emulator+"/"), true},
		{"a folder of the name's beginning", remote("abfss://d365@lake.dfs.core.windows.net/export", ""), remote("abfss://d365@lake.dfs.core.windows.net/export2", ""), false},
		{"folders side by side", remote("abfss://d365@lake.dfs.core.windows.net/export", ""), remote("abfss://d365@lake.dfs.core.windows.net/lake", ""), false},
		{"another container", remote("abfss://d365@lake.dfs.core.windows.net", ""), remote("abfss://lake@lake.dfs.core.windows.net", ""), false},
		{"another account", remote("abfss://d365@lake.dfs.core.windows.net", ""), remote("abfss://d365@other.dfs.core.windows.net", ""), false},
		{"another account of an emulator", remote("abfss://d365@x.dfs.core.windows.net", emulator), remote("abfss://d365@x.dfs.core.windows.net", "http://127.0.0.1:10000/other"), false},
		{"an emulator and the cloud", remote("abfss://d365@x.dfs.core.windows.net", emulator), remote("abfss://d365@x.dfs.core.windows.net", ""), false},
		{"a folder on disk", Location{Path: "/d365"}, remote("abfss://d365@x.dfs.core.windows.net", ""), false},
	} {
		if got := shareContainer(tt.a, tt.b); got != tt.overlap {
			t.Errorf("%s: %v", tt.name, got)
		}
		if got := shareContainer(tt.b, tt.a); got != tt.overlap {
			t.Errorf("%s, the other way round: %v", tt.name, got)
		}
	}
}
