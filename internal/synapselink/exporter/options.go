package exporter

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

var (
	// ErrOptions: the options cannot be followed.
	ErrOptions = errors.New("invalid simulator options")
	// ErrExists: Initial found an export where it was to write one.
	ErrExists = errors.New("an export is there already")
	// ErrNoExport: Resume found no state of a simulator.
	ErrNoExport = errors.New("no simulated export to continue")
	// ErrOrder: Step before Initial, or Initial twice.
	ErrOrder = errors.New("out of order")
)

// Defaults of [Options].
const (
	DefaultSeed      = 1
	DefaultInterval  = 5 * time.Minute
	DefaultSplitSize = 256 << 20
	defaultName      = "contoso"
)

// DefaultStart is the time of the first folder unless Options say otherwise.
var DefaultStart = time.Date(2024, 1, 15, 8, 0, 0, 0, time.UTC)

// Column is a column as the manifest describes it.
type Column = rows.Column

// TableNames lists the tables that can be simulated, sorted.
func TableNames() []string { return rows.TableNames() }

const (
	maxRows    = 1_000_000_000
	maxEmpty   = 10_000
	maxCell    = 1_073_741_823 // what Dataverse allows
	minPerPart = 4096          // smallest SplitSize in bytes
)

// Options say what to write. Everything but KeepHistory is stored with the
// export and cannot change afterwards.
type Options struct {
	Seed     uint64        `json:"seed"`     // 0: DefaultSeed
	Start    time.Time     `json:"start"`    // name of the first folder, whole seconds; zero: DefaultStart
	Interval time.Duration `json:"interval"` // between folders, whole seconds; 0: DefaultInterval
	Tables   []TableOption `json:"tables"`
	Faults   []Fault       `json:"faults,omitempty"`
	// Environment is part of the container's name in partition locations.
	Environment string `json:"environment"`
	// Root is a folder of the store that holds the export; empty: its root.
	Root string `json:"root,omitempty"`
	// SplitSize is the size in bytes at which a partition goes on in another
	// file (2024_001.csv). 0: DefaultSplitSize.
	SplitSize int64 `json:"splitSize"`
	// EmptyTables is a number of further tables that the manifests describe and
	// that have no rows: an environment's 300 make a manifest of 1.7 MB.
	EmptyTables int `json:"emptyTables,omitempty"`
	// LargeCell is a number of characters, about: the attachment of the first row
	// of annotation and activitymimeattachment. 0: some thousand.
	LargeCell int64 `json:"largeCell,omitempty"`
	// KeepHistory remembers every row that is written: for tests.
	KeepHistory bool `json:"-"`
}

// TableOption is one table and its number of rows in the initial copy.
type TableOption struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
}

// normal fills in defaults and checks.
func (o Options) normal() (Options, error) {
	o.Seed = cmp.Or(o.Seed, DefaultSeed)
	o.Interval = cmp.Or(o.Interval, DefaultInterval)
	o.SplitSize = cmp.Or(o.SplitSize, DefaultSplitSize)
	o.Environment = cmp.Or(o.Environment, defaultName)
	o.Root = strings.Trim(o.Root, "/")
	if o.Start.IsZero() {
		o.Start = DefaultStart
	}
	o.Start = o.Start.UTC()
	var err error
	if o.Faults, err = normalFaults(o.Faults); err != nil {
		return o, err
	}
	return o, o.check()
}

func (o Options) check() error {
	switch {
	case o.Interval < time.Second || o.Interval%time.Second != 0:
		return fmt.Errorf("%w: interval %v must be whole seconds, at least one", ErrOptions, o.Interval)
	case !o.Start.Truncate(time.Second).Equal(o.Start) || o.Start.Year() < 1980 || o.Start.Year() > 9000:
		return fmt.Errorf("%w: start %v must be whole seconds between 1980 and 9000", ErrOptions, o.Start)
	case o.SplitSize < minPerPart:
		return fmt.Errorf("%w: split size %d must be at least %d bytes", ErrOptions, o.SplitSize, minPerPart)
	case o.EmptyTables < 0 || o.EmptyTables > maxEmpty:
		return fmt.Errorf("%w: %d empty tables; 0 to %d are possible", ErrOptions, o.EmptyTables, maxEmpty)
	case o.LargeCell < 0 || o.LargeCell > maxCell:
		return fmt.Errorf("%w: a cell of %d characters; 0 to %d are possible", ErrOptions, o.LargeCell, maxCell)
	case len(o.Tables) == 0:
		return fmt.Errorf("%w: no tables; known are %s", ErrOptions, strings.Join(TableNames(), ", "))
	}
	seen := map[string]bool{}
	for _, t := range o.Tables {
		if seen[t.Name] {
			return fmt.Errorf("%w: table %q is named twice", ErrOptions, t.Name)
		}
		if t.Rows < 0 || t.Rows > maxRows {
			return fmt.Errorf("%w: table %q: %d rows; 0 to %d are possible", ErrOptions, t.Name, t.Rows, maxRows)
		}
		if !slices.Contains(TableNames(), t.Name) {
			return fmt.Errorf("%w: table %q is not known; known are %s", ErrOptions, t.Name, strings.Join(TableNames(), ", "))
		}
		seen[t.Name] = true
	}
	return nil
}

func (o *Options) has(f Fault) bool { return slices.Contains(o.Faults, f) }

// splitSize is what SplitSize comes to with the faults.
func (o *Options) splitSize() int64 {
	if o.has(SplitPartitions) {
		return minPerPart
	}
	return o.SplitSize
}

// added is how many columns every table gets in the course of the export.
func (o *Options) added() int {
	n := 0
	for _, f := range []Fault{ColumnAddedMidFile, ColumnAddedEverywhere} {
		if o.has(f) {
			n++
		}
	}
	return n
}
