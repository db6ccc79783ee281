package exporter_test

import (
	"context"
	"testing"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// drain takes what is written and keeps only its size.
type drain struct {
	storage.Store
	size int64
}

type drainWriter struct{ to *drain }

func (d *drain) Write(context.Context, string) (storage.Writer, error) { return drainWriter{d}, nil }

func (w drainWriter) Write(p []byte) (int, error) {
	w.to.size += int64(len(p))
	return len(p), nil
}
func (drainWriter) Close() error { return nil }
func (drainWriter) Abort() error { return nil }

// BenchmarkInitial measures formatting alone: bytes of CSV a second.
func BenchmarkInitial(b *testing.B) {
	for _, table := range []string{"bench", "account", "contact", "custtable", "inventtrans", "annotation", "wide"} {
		b.Run(table, func(b *testing.B) {
			const rows = 50_000
			for b.Loop() {
				sim, err := exporter.New(exporter.Options{Tables: []exporter.TableOption{{Name: table, Rows: rows}}})
				if err != nil {
					b.Fatal(err)
				}
				d := &drain{Store: newStore()}
				if err := sim.Initial(b.Context(), d); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(d.size)
				b.ReportMetric(float64(d.size)/rows, "B/row")
			}
		})
	}
}

// TestBenchRowsAreAbout400Bytes: 5 million of them make 2.0 GB.
func TestBenchRowsAreAbout400Bytes(t *testing.T) {
	sim, store := begin(t, only("bench", 5000))
	size := 0
	for _, p := range paths(t, store, firstFolder+"/bench/") {
		size += len(read(t, store, p))
	}
	if perRow := size / int(sim.Counts("bench").Rows); perRow < 390 || perRow > 412 {
		t.Errorf("%d bytes a row", perRow)
	}
}
