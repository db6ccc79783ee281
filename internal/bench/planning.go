package main

import (
	"context"
	"fmt"

	"github.com/sluicedata/sluice/internal/storage/local"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const (
	planTables  = 300
	planFolders = 500
)

// planning plans many tables over many folders, whose manifests describe all
// tables each.
func (b *bench) planning(ctx context.Context) error {
	fmt.Printf("simulating %d tables in %d folders\n", planTables, planFolders)
	store, err := local.New(b.path("many"), local.WithoutSync())
	if err != nil {
		return err
	}
	names := exporter.TableNames()
	options := exporter.Options{EmptyTables: planTables - len(names)}
	for _, name := range names {
		options.Tables = append(options.Tables, exporter.TableOption{Name: name, Rows: 10})
	}
	s, err := exporter.New(options)
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
	size, err := folderSize(b.path("many"))
	if err != nil {
		return err
	}
	path, err := b.config("many", b.place("many"), b.place("manylake"), nil)
	if err != nil {
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
	b.add("planning", fmt.Sprintf("Sluice, %d tables × %d folders", planTables, planFolders), median(costs), 0,
		fmt.Sprintf("%.2f MB a folder, nearly all of it model.json", float64(size)/1e6/planFolders))
	return nil
}
