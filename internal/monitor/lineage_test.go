package monitor

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// collector is a server that keeps what it gets.
type collector struct {
	*httptest.Server

	mu     sync.Mutex
	bodies [][]byte
	heads  []http.Header
	paths  []string
}

func newCollector(t *testing.T, answer func(http.ResponseWriter, *http.Request)) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		c.bodies, c.heads, c.paths = append(c.bodies, body), append(c.heads, r.Header), append(c.paths, r.URL.Path)
		c.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

var sampleIDs = []string{"01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002", "01900000-0000-7000-8000-000000000003"}

func TestLineage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lineage.jsonl")
	c := newCollector(t, nil)
	m := Start(t.Context(), Options{LineageFile: path, Version: "v1.2.3", NewRunID: ids(sampleIDs...),
		Getenv: env(map[string]string{envLineageURL: c.URL + "/", envLineageKey: "key-1", envLineageNamespace: "contoso"})})
	tellSample(t, m.Listener())
	tellRefusal(m.Listener(), "no uuid", "NO_EXPORT")
	tellRefusal(m.Listener(), sampleUpdate, interrupted)
	if problems := m.Close(t.Context()); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if posted := string(bytes.Join(c.bodies, []byte("\n"))) + "\n"; posted != string(written) {
		t.Errorf("posted was\n%s\nwritten\n%s", posted, written)
	}
	for i, head := range c.heads {
		if c.paths[i] != "/api/v1/lineage" || head.Get("Authorization") != "Bearer key-1" || head.Get("Content-Type") != "application/json" {
			t.Errorf("request %d went to %s with %v", i, c.paths[i], head)
		}
	}
	var pretty bytes.Buffer
	for line := range bytes.Lines(written) {
		if err := json.Indent(&pretty, line, "", " "); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(pretty.String(), secret) {
		t.Error("an event tells a secret")
	}
	golden(t, "lineage.json", pretty.String())
}

func TestLineageFileIsAppendedTo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lineage.jsonl")
	for range 2 {
		m := Start(t.Context(), Options{LineageFile: path})
		tellRefusal(m.Listener(), sampleUpdate, "NO_EXPORT")
		if problems := m.Close(t.Context()); len(problems) > 0 {
			t.Error(problems)
		}
	}
	written, err := os.ReadFile(path)
	if n := bytes.Count(written, []byte("\n")); n != 4 || err != nil {
		t.Errorf("%d lines, want 4, %v", n, err)
	}
}

func TestRunIDsAreOfVersion7(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lineage.jsonl")
	m := Start(t.Context(), Options{LineageFile: path})
	tellSample(t, m.Listener())
	m.Close(t.Context())
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for line := range bytes.Lines(written) {
		var e runEvent
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(e.Job.Name, ".") {
			tables++
			if len(e.Run.RunID) != 36 || e.Run.RunID[14] != '7' {
				t.Errorf("%s has the run id %s", e.Job.Name, e.Run.RunID)
			}
		}
	}
	if tables != 6 {
		t.Errorf("%d events of tables, want 6", tables)
	}
}

// TestServerThatRefuses: after three refusals no more is asked.
func TestServerThatRefuses(t *testing.T) {
	c := newCollector(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no such tenant", http.StatusForbidden) })
	m := Start(t.Context(), Options{Getenv: env(map[string]string{envLineageURL: c.URL, envLineageEndpoint: "/events"})})
	tellSample(t, m.Listener())
	problems := m.Close(t.Context())
	want := "lineage: 8 events were not taken by " + c.URL + "/events: POST " + c.URL + "/events: 403 Forbidden: no such tenant"
	if len(problems) != 1 || problems[0].Error() != want {
		t.Errorf("problems: %v, want\n%s", problems, want)
	}
	if len(c.bodies) != postTries {
		t.Errorf("%d requests, want %d", len(c.bodies), postTries)
	}
}

// TestServerThatHangs is given up when the context of closing ends.
func TestServerThatHangs(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 1)
	c := newCollector(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	p, err := newPoster(t.Context(), c.URL, defaultEndpoint, "")
	if err != nil {
		t.Fatal(err)
	}
	p.send([]byte("{}"))
	<-arrived
	ctx, cancel := contextEnded(t)
	defer cancel()
	if err := p.close(ctx); err == nil || !strings.HasPrefix(err.Error(), "1 events were not taken") {
		t.Errorf("got %v", err)
	}
}

func TestQueueIsBounded(t *testing.T) {
	release := make(chan struct{})
	c := newCollector(t, func(http.ResponseWriter, *http.Request) { <-release })
	p, err := newPoster(t.Context(), c.URL, defaultEndpoint, "")
	if err != nil {
		t.Fatal(err)
	}
	event := bytes.Repeat([]byte("x"), postQueue/4)
	for range 10 {
		p.send(event)
	}
	close(release)
	err = p.close(t.Context())
	// The one being sent has left the queue, or not yet.
	if p.lost < 5 || p.lost > 6 || err == nil || !strings.Contains(err.Error(), "there was no room for them") {
		t.Errorf("%d lost, %v", p.lost, err)
	}
}

func TestLineageSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		env  map[string]string
		file string
		want string
	}{
		{"none", nil, "", ""},
		{"switched off", map[string]string{envLineageURL: "::", envLineageDisabled: "true"}, "", ""},
		{"no address", map[string]string{envLineageURL: "localhost:5000"}, "", "lineage: OPENLINEAGE_URL is not an http or https address; write https://host:port"},
		{"another transport", map[string]string{"OPENLINEAGE__TRANSPORT__TYPE": "kafka"}, "",
			"lineage: OPENLINEAGE__TRANSPORT__TYPE is set, and of OpenLineage's transports only HTTP is understood here; set OPENLINEAGE_URL"},
		{"no file", nil, filepath.Join(file, "x"), "lineage: open the lineage file: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := Start(t.Context(), Options{LineageFile: tt.file, Getenv: env(tt.env)})
			tellSample(t, m.Listener())
			problems := m.Close(t.Context())
			if tt.want == "" && len(problems) > 0 || tt.want != "" && (len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), tt.want)) {
				t.Errorf("problems: %v, want %q", problems, tt.want)
			}
		})
	}
}

func TestDatasetName(t *testing.T) {
	for _, tt := range []struct{ address, below, space, name string }{
		{"abfss://c@a.dfs.core.windows.net/lake/t", "", "abfss://c@a.dfs.core.windows.net", "lake/t"},
		{"abfss://c@a.dfs.core.windows.net", "account", "abfss://c@a.dfs.core.windows.net", "account"},
		{"https://a.blob.core.windows.net/c/my%20lake/t", "", "abfss://c@a.dfs.core.windows.net", "my lake/t"},
		{"https://a.dfs.core.chinacloudapi.cn/c/", "account", "abfss://c@a.dfs.core.chinacloudapi.cn", "account"},
		{"http://127.0.0.1:10000/devstoreaccount1/c/t", "", "http://127.0.0.1:10000", "devstoreaccount1/c/t"},
		{"/srv/lake/t", "", "file", "/srv/lake/t"},
		{"/srv/export", "account", "file", "/srv/export/account"},
		{"mem://lake/t", "", "mem://lake", "t"},
	} {
		if space, name := datasetName(tt.address, tt.below); space != tt.space || name != tt.name {
			t.Errorf("datasetName(%q, %q) = %q, %q, want %q, %q", tt.address, tt.below, space, name, tt.space, tt.name)
		}
	}
}
