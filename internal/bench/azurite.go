package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/azurite"
	"github.com/sluicedata/sluice/internal/storage/local"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// azuriteBytes is about the size of the export that is loaded over Azurite.
const azuriteBytes = 1_500_000_000

// emulator is an Azurite with a proxy before it that counts requests.
type emulator struct {
	server   *azurite.Server
	proxy    *httptest.Server
	requests atomic.Int64
}

func startEmulator(folder string) (*emulator, error) {
	server, err := azurite.Start(azurite.Options{Folder: folder})
	if err != nil {
		return nil, err
	}
	e := &emulator{server: server}
	target, err := url.Parse(server.Endpoint)
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	target.Path = ""
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is part of what is signed
	}}
	e.proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.requests.Add(1)
		pass.ServeHTTP(w, r)
	}))
	return e, nil
}

func (e *emulator) close() error {
	e.proxy.Close()
	return e.server.Close()
}

// counted is the blob endpoint through the proxy.
func (e *emulator) counted() string { return e.proxy.URL + "/" + e.server.Account }

// container makes one and gives its store.
func (e *emulator) container(ctx context.Context, name string) (*azure.Store, error) {
	if err := e.server.CreateContainer(ctx, name); err != nil {
		return nil, err
	}
	return azure.New(azure.Config{Endpoint: e.server.Endpoint, Account: e.server.Account, AccountKey: e.server.Key, Container: name})
}

// overAzurite loads an export from Azurite into a lake there, beside the same
// from disk to disk.
func (b *bench) overAzurite(ctx context.Context) error {
	e, err := startEmulator(b.path("azurite"))
	if err != nil {
		return err
	}
	err = b.loadOverAzurite(ctx, e)
	if err == nil {
		err = b.idleOverAzurite(ctx, e)
	}
	return errors.Join(err, e.close())
}

func (b *bench) loadOverAzurite(ctx context.Context, e *emulator) error {
	rows := min(b.rows, azuriteBytes/(b.csvBytes/b.rows))
	disk, err := local.New(b.path("remote"), local.WithoutSync())
	if err != nil {
		return err
	}
	fmt.Printf("simulating %d rows, on disk and in Azurite\n", rows)
	if err := simulate(ctx, disk, rows); err != nil {
		return err
	}
	blobs, err := e.container(ctx, "export")
	if err != nil {
		return err
	}
	if err := copyAll(ctx, disk, blobs); err != nil {
		return err
	}
	var here, there []cost
	for i := range b.runs {
		fmt.Printf("first load over Azurite, run %d of %d\n", i+1, b.runs)
		lake := fmt.Sprintf("lake%d", i)
		if err := e.server.CreateContainer(ctx, lake); err != nil {
			return err
		}
		c, err := b.runConfig(ctx, "disk", b.place("remote"), b.place("remotelake"+fmt.Sprint(i)), []string{table})
		if err != nil {
			return err
		}
		here = append(here, c)
		c, err = b.runConfig(ctx, "azurite", e.place(e.server.Endpoint, "export"), e.place(e.server.Endpoint, lake), []string{table})
		if err != nil {
			return err
		}
		there = append(there, c)
	}
	b.add("first load, Azurite", fmt.Sprintf("Sluice, %d rows, disk → disk", rows), median(here), 0, "")
	b.add("first load, Azurite", "Sluice, the same, Azurite → Azurite", median(there), 0, ratio(median(there), median(here), "disk → disk")+"; Azurite takes the same processors")
	return nil
}

func simulate(ctx context.Context, store storage.Store, rows int64) error {
	s, err := exporter.New(exporter.Options{Tables: []exporter.TableOption{{Name: table, Rows: rows}}})
	if err != nil {
		return err
	}
	return s.Initial(ctx, store)
}

// idleTables are the tables of a run with nothing new.
const idleTables = 300

// idleOverAzurite counts the requests of a run with nothing new.
func (b *bench) idleOverAzurite(ctx context.Context, e *emulator) error {
	export, err := e.container(ctx, "idle")
	if err != nil {
		return err
	}
	names := exporter.TableNames()
	options := exporter.Options{EmptyTables: idleTables - len(names)}
	for _, name := range names {
		options.Tables = append(options.Tables, exporter.TableOption{Name: name, Rows: 10})
	}
	s, err := exporter.New(options)
	if err != nil {
		return err
	}
	if err := s.Initial(ctx, export); err != nil {
		return err
	}
	for range 20 {
		if _, err := s.Step(ctx, export, exporter.Changes{Mix: exporter.Mix{Updates: 2}}); err != nil {
			return err
		}
	}
	if err := e.server.CreateContainer(ctx, "idlelake"); err != nil {
		return err
	}
	from, to := e.place(e.counted(), "idle"), e.place(e.counted(), "idlelake")
	if _, err := b.runConfig(ctx, "idle", from, to, nil); err != nil {
		return err
	}
	var costs []cost
	var sent int64
	for range b.runs {
		before := e.requests.Load()
		c, err := b.runConfig(ctx, "idle", from, to, nil)
		if err != nil {
			return err
		}
		sent = e.requests.Load() - before
		costs = append(costs, c)
	}
	b.add("nothing new, Azurite", fmt.Sprintf("Sluice, %d tables", idleTables), median(costs), 0, fmt.Sprintf("%d requests", sent))
	return nil
}

// place is a location of a configuration.
type place map[string]string

func (b *bench) place(name string) place { return place{"url": "./" + name} }

func (e *emulator) place(endpoint, container string) place {
	return place{
		"url":      "https://" + e.server.Account + ".blob.core.windows.net/" + container,
		"endpoint": endpoint, "account_key": e.server.Key,
	}
}

func (p place) yaml() string {
	var keys []string
	for key, value := range p {
		keys = append(keys, fmt.Sprintf("%s: %q", key, value))
	}
	return "{" + strings.Join(keys, ", ") + "}"
}

// runConfig writes a configuration and runs it; without names it keeps all
// tables of the export.
func (b *bench) runConfig(ctx context.Context, name string, from, to place, tables []string) (cost, error) {
	path, err := b.config(name, from, to, tables)
	if err != nil {
		return cost{}, err
	}
	return measure(ctx, b.sluice, "run", "-f", path, "--memory", b.memory, "--json")
}

func (b *bench) config(name string, from, to place, tables []string) (string, error) {
	objects := "          - schema: {source_schema: contoso}\n"
	if tables != nil {
		objects = ""
		for _, t := range tables {
			objects += fmt.Sprintf("          - table: {source_schema: contoso, source_table: %s}\n", t)
		}
	}
	text := fmt.Sprintf(`bundle: {name: bench}
lake: %s
state: {url: ./state-%s}
connections:
  export: {connection_type: DYNAMICS365, options: %s}
resources:
  pipelines:
    bench:
      catalog: main
      schema: bench
      ingestion_definition:
        connection_name: export
        objects:
%s`, to.yaml(), name, from.yaml(), objects)
	path := b.path(name + ".yaml")
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// copyAll copies every file of a store to another.
func copyAll(ctx context.Context, from, to storage.Store) error {
	for entry, err := range from.List(ctx, "", storage.ListOptions{}) {
		if err != nil {
			return err
		}
		if err := copyOne(ctx, from, to, entry.Path); err != nil {
			return err
		}
	}
	return nil
}

func copyOne(ctx context.Context, from, to storage.Store, path string) error {
	body, err := from.ReadRange(ctx, path, storage.All)
	if err != nil {
		return err
	}
	defer body.Close()
	w, err := to.Write(ctx, path)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := io.Copy(w, body); err != nil {
		return err
	}
	return w.Close()
}
