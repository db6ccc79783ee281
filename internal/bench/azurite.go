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
	"sync/atomic"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/azure/azurite"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// azuriteRows are the most that are loaded over Azurite, 1.5 GB.
const azuriteRows = 3_750_000

// idleTables are the tables of a run with nothing new.
const idleTables = 300

const (
	diskToDisk = ", disk to disk"
	overBlobs  = ", Azurite to Azurite"
)

var idleOverBlobs = fmt.Sprintf("nothing new, %d tables, Azurite", idleTables)

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
	rows := min(b.rows, azuriteRows)
	disk, err := b.simulate(ctx, exporter.Options{Tables: []exporter.TableOption{{Name: tallTable, Rows: rows}}})
	if err != nil {
		return err
	}
	blobs, err := e.container(ctx, "export")
	if err != nil {
		return err
	}
	if err := copyAll(ctx, disk.store, blobs); err != nil {
		return err
	}
	var here, there []cost
	for i := range b.runs {
		if i > 0 && there[0].Wall > b.long {
			break
		}
		lake := fmt.Sprintf("lake%d", i)
		if err := e.server.CreateContainer(ctx, lake); err != nil {
			return err
		}
		c, err := b.runBetween(ctx, "disk"+lake, place{"url": disk.dir}, place{"url": "./lake"}, disk.tables)
		if err != nil {
			return err
		}
		here = append(here, c)
		c, err = b.runBetween(ctx, "azurite"+lake, e.place(e.server.Endpoint, "export"), e.place(e.server.Endpoint, lake), disk.tables)
		if err != nil {
			return err
		}
		there = append(there, c)
	}
	name := firstLoad + onRows(rows)
	if err := b.noteSluice(name+diskToDisk, here, 0, ""); err != nil {
		return err
	}
	return b.noteSluice(name+overBlobs, there, 0, "Azurite takes the same processors")
}

// idleOverAzurite counts the requests of a run with nothing new.
func (b *bench) idleOverAzurite(ctx context.Context, e *emulator) error {
	export, err := e.container(ctx, "idle")
	if err != nil {
		return err
	}
	s, err := exporter.New(everyTable(idleTables))
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
	if _, err := b.runBetween(ctx, "idle", from, to, nil); err != nil {
		return err
	}
	var costs []cost
	var sent int64
	for range b.runs {
		before := e.requests.Load()
		c, err := b.runBetween(ctx, "idle", from, to, nil)
		if err != nil {
			return err
		}
		sent = e.requests.Load() - before
		costs = append(costs, c)
	}
	return b.noteSluice(idleOverBlobs, costs, sent, fmt.Sprintf("%d requests", sent))
}

// noteSluice writes figures of Sluice alone down, with the requests of a run where
// they were counted.
func (b *bench) noteSluice(workload string, costs []cost, requests int64, note string) error {
	r := result{Workload: workload, Tool: sluiceName, Runs: len(costs), Limit: b.memory, Requests: requests, Note: note}
	r.measured(median(costs))
	return b.book.add(r)
}

func (e *emulator) place(endpoint, container string) place {
	return place{
		"url":      "https://" + e.server.Account + ".blob.core.windows.net/" + container,
		"endpoint": endpoint, "account_key": e.server.Key,
	}
}

// runBetween writes a configuration into a folder of its own and runs it; without
// names it keeps all tables of the export.
func (b *bench) runBetween(ctx context.Context, folder string, from, to place, tables []string) (cost, error) {
	path := b.path(folder, "sluice.yaml")
	if err := os.MkdirAll(b.path(folder), 0o750); err != nil {
		return cost{}, err
	}
	if err := os.WriteFile(path, []byte(configuration(to, from, tables, 1)), 0o600); err != nil {
		return cost{}, err
	}
	return measure(ctx, b.sluice, "run", "-f", path, "--memory", b.memory, "--json")
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
