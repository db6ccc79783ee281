package azure_test

import (
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/storage/azure"
)

// Whatever a user writes as a URL is refused, or names a store that can be made
// and that gives its root the name that was written.
func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{
		"abfss://c@lake.dfs.core.windows.net/a/b c", "https://lake.blob.core.windows.net/c/a%20b", "wasb://@.blob./",
		"abfs://c@a@lake.dfs.x/..", "https://lake.dfs.x/c//", "http://[::1]/c", "://", "https://lake.blob.%/c/%2e%2e",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		account, container, root, service, err := azure.ParseURL(address, "")
		if err != nil {
			return
		}
		s, err := azure.New(azure.Config{
			Endpoint: service, Account: account, Container: container, Root: root, URL: address, SASToken: "sig=" + secret,
		})
		if err != nil {
			return // its host, or its container, is none
		}
		if got, want := s.URL(""), strings.TrimRight(address, "/"); got != want {
			t.Errorf("the root of %q is called %q", address, got)
		}
		if !strings.HasPrefix(s.URL("a"), s.URL("")) || strings.Contains(s.URL("a"), secret) {
			t.Errorf("a path in %q is called %q", address, s.URL("a"))
		}
	})
}
