package main

import (
	"context"
	"fmt"
	"os"

	"github.com/sluicedata/sluice/internal/storage/local"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const (
	planTables  = 300
	planFolders = 500
)

var planName = fmt.Sprintf("plan of %d tables × %d folders", planTables, planFolders)

// planning plans many tables over many folders, whose manifests describe all
// tables each.
func (b *bench) planning(ctx context.Context) error {
	store, err := local.New(b.path("export"), local.WithoutSync())
	if err != nil {
		return err
	}
	s, err := exporter.New(everyTable(planTables))
	if err != nil {
		return err
	}
	if err := s.Initial(ctx, store); err != nil {
		return err
	}
	for range planFolders - 1 {
		if _, err := s.Step(ctx, store, exporter.Changes{Mix: exporter.Mix{Updates: 1}}); err != nil {
			return err
		}
	}
	size, err := folderSize(b.path("export"))
	if err != nil {
		return err
	}
	path := b.path("sluice.yaml")
	text := configuration(place{"url": "./lake"}, place{"url": "./export"}, nil, 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	var costs []cost
	for range b.runs {
		c, err := measure(ctx, b.sluice, "plan", "-f", path, "--json")
		if err != nil {
			return err
		}
		costs = append(costs, c)
	}
	return b.noteSluice(planName, costs, 0,
		fmt.Sprintf("%.2f MB a folder, nearly all of it model.json", float64(size)/1e6/planFolders))
}

// everyTable is an export of a number of tables, of which those that the simulator
// knows have ten rows and the others none.
func everyTable(tables int) exporter.Options {
	names := exporter.TableNames()
	options := exporter.Options{EmptyTables: tables - len(names)}
	for _, name := range names {
		options.Tables = append(options.Tables, exporter.TableOption{Name: name, Rows: 10})
	}
	return options
}
