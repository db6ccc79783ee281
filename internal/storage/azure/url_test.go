package azure_test

import (
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/storage/azure"
)

func TestParseURL(t *testing.T) {
	const emulator = "http://127.0.0.1:10000/devstoreaccount1"
	tests := []struct {
		url, endpoint string
		want          string // account container root service URL, or the end of the error
	}{
		{"abfss://c@lake.dfs.core.windows.net/a/b c", "", "lake|c|a/b c|https://lake.blob.core.windows.net"},
		{"abfss://c@lake.dfs.core.windows.net", "", "lake|c||https://lake.blob.core.windows.net"},
		{"abfs://c@lake.dfs.core.windows.net/", "", "lake|c||https://lake.blob.core.windows.net"},
		{"ABFSS://c@Lake.DFS.core.windows.net/A%20b/", "", "lake|c|A%20b|https://lake.blob.core.windows.net"},
		{"wasbs://c@lake.blob.core.windows.net/a", "", "lake|c|a|https://lake.blob.core.windows.net"},
		{"abfss://c@lake.dfs.core.usgovcloudapi.net/a", "", "lake|c|a|https://lake.blob.core.usgovcloudapi.net"},
		{"https://lake.blob.core.windows.net/c/a%20b/ü", "", "lake|c|a b/ü|https://lake.blob.core.windows.net"},
		{"https://lake.dfs.core.chinacloudapi.cn/c", "", "lake|c||https://lake.blob.core.chinacloudapi.cn"},
		{"https://lake.blob.core.windows.net/c/", "", "lake|c||https://lake.blob.core.windows.net"},
		{"abfss://c@lake.dfs.core.windows.net/a", emulator, "devstoreaccount1|c|a|" + emulator},
		{"abfss://c@lake.dfs.core.windows.net/a", "https://blob.example.com/", "lake|c|a|https://blob.example.com"},
		{"abfss://c@lake.dfs.core.windows.net/a", "https://lake.dfs.core.windows.net/", "lake|c|a|https://lake.blob.core.windows.net"},
		{"abfss://c@lake.dfs.core.windows.net/a", "https://lake.z12.dfs.storage.azure.net", "lake|c|a|https://lake.z12.dfs.storage.azure.net"},
		{"lake/folder", "", "it has no scheme; write abfss://container@account.dfs.core.windows.net/path"},
		{"s3://bucket/a", "", `the scheme "s3" is none of abfss, abfs, wasbs, wasb, https and http`},
		{"abfss://lake.dfs.core.windows.net/c/a", "", "no container before an '@'; write abfss://container@account.dfs.core.windows.net/path"},
		{"abfss://c@lake", "", `account.blob.core.windows.net; another address of the service belongs into the option endpoint`},
		{"https://lake.queue.core.windows.net/c", "", `another address of the service belongs into the option endpoint`},
		{"https://lake.blob.core.windows.net", "", "it names no container"},
		{"https://lake.blob.core.windows.net/c/a//b", "", "it is empty, or has an empty part between two '/' or at an end"},
		{"https://lake.blob.core.windows.net/c/%zz", "", `invalid URL escape "%zz"`},
		{"https://user:" + secret + "@lake.blob.core.windows.net/c", "", "belongs into the option endpoint"},
		{"abfss://c@d@lake.dfs.core.windows.net/a", "", "belongs into the option endpoint"},
		{"https://lake.blob.core.windows.net/c?sv=1&sig=" + secret, "", "it has a query; a SAS token belongs into the option sas_token"},
		{"abfss://c@lake.dfs.core.windows.net/a", "127.0.0.1:10000", "the endpoint is not a URL"},
		{"abfss://c@lake.dfs.core.windows.net/a", "ftp://x", "write https://account.blob.core.windows.net"},
		{"abfss://c@lake.dfs.core.windows.net/a", emulator + "?sig=" + secret, "belongs into the option sas_token"},
	}
	for _, tt := range tests {
		account, container, root, service, err := azure.ParseURL(tt.url, tt.endpoint)
		got := strings.Join([]string{account, container, root, service}, "|")
		if err != nil {
			got = err.Error()
		}
		if got != tt.want && !(err != nil && strings.HasSuffix(got, tt.want)) {
			t.Errorf("%s at %q:\n got %s\nwant %s", tt.url, tt.endpoint, got, tt.want)
		}
		if strings.Contains(got, secret) {
			t.Errorf("%s: it shows the signature", got)
		}
	}
}

func TestURL(t *testing.T) {
	tests := []struct {
		config     azure.Config
		root, path string // what "" and "p=a%20b/ü x" are called
	}{
		{
			azure.Config{Account: "lake", Container: "c", Root: "a b"},
			"https://lake.blob.core.windows.net/c/a%20b", "https://lake.blob.core.windows.net/c/a%20b/p=a%2520b/%C3%BC%20x",
		},
		{
			azure.Config{Account: "lake", Container: "c", Root: "a b", URL: "abfss://c@lake.dfs.core.windows.net/a b/"},
			"abfss://c@lake.dfs.core.windows.net/a b", "abfss://c@lake.dfs.core.windows.net/a b/p=a%20b/ü x",
		},
		{
			azure.Config{Container: "c", Endpoint: "http://127.0.0.1:10000/devstoreaccount1/"},
			"http://127.0.0.1:10000/devstoreaccount1/c", "http://127.0.0.1:10000/devstoreaccount1/c/p=a%2520b/%C3%BC%20x",
		},
	}
	for _, tt := range tests {
		tt.config.SASToken = "sig=" + secret
		s, err := azure.New(tt.config)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "the root", s.URL(""), tt.root)
		equal(t, "a path", s.URL("p=a%20b/ü x"), tt.path)
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	good := azure.Config{Account: "lake", Container: "c", SASToken: "sig=" + secret}
	tests := []struct {
		change func(c *azure.Config)
		want   string
	}{
		{func(c *azure.Config) { c.Container = "" }, "no container is named"},
		{func(c *azure.Config) { c.Container = "a/b" }, "it is not the name of a container"},
		{func(c *azure.Config) { c.Account = "" }, "no storage account is named"},
		{func(c *azure.Config) { c.SASToken = "" }, "it needs one of a token credential, an account key and a SAS token, 0 are given"},
		{func(c *azure.Config) { c.AccountKey = "eA==" }, "2 are given"},
		{func(c *azure.Config) { c.SASToken, c.AccountKey = "", "!"+secret }, "the account key is not the base64 text of one"},
		{func(c *azure.Config) { c.SASToken = "?sv=1&sig" }, "the SAS token has no signature (sig=…)"},
		{func(c *azure.Config) { c.SASToken = "sig=" + secret + "&%zz" }, "the SAS token has no signature (sig=…)"},
		{func(c *azure.Config) { c.Root = "/a" }, "invalid path"},
		{func(c *azure.Config) { c.Requests = -1 }, "a limit is negative"},
		{func(c *azure.Config) { c.Endpoint = "lake" }, "its endpoint is not the URL of a blob service"},
		{func(c *azure.Config) { c.URL = "https://lake?sig=" + secret }, "its URL has a query"},
	}
	for _, tt := range tests {
		c := good
		tt.change(&c)
		_, err := azure.New(c)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), secret) {
			t.Errorf("got %v, want that it says %q", err, tt.want)
		}
	}
}
