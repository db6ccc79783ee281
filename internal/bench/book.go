package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// result is one line of the report. Seconds and bytes are medians, the peak is the
// highest.
type result struct {
	Group    string  `json:"group"`    // the workload by its name on the command line
	Workload string  `json:"workload"` // what was done
	Tool     string  `json:"tool"`
	Wall     float64 `json:"wall"`  // seconds
	Apply    float64 `json:"apply"` // of them without the start of the process, where the tool says so
	CPU      float64 `json:"cpu"`
	Peak     int64   `json:"peak"`     // bytes
	Limit    string  `json:"limit"`    // --memory, of Sluice
	Read     int64   `json:"read"`     // bytes of CSV; 0 where it is next to nothing
	Written  int64   `json:"written"`  // bytes
	Rows     int64   `json:"rows"`     // of the tables afterwards, equal with all tools; 0: not compared
	Indexed  int64   `json:"indexed"`  // bytes of the key index, where they are looked at
	Requests int64   `json:"requests"` // to the blob service, where they are counted
	Runs     int     `json:"runs"`
	Note     string  `json:"note"`
	Failed   string  `json:"failed"` // why there is no figure, or why it does not count
}

func (r *result) measured(c cost) {
	r.Wall, r.Apply, r.CPU = c.Wall.Seconds(), c.Apply.Seconds(), c.CPU.Seconds()
	r.Peak, r.Written = c.Peak, c.Written
}

// counts: the figure may be compared with others.
func (r *result) counts() bool { return r != nil && r.Failed == "" && r.Runs > 0 }

// book keeps results in a file, of one size of the data.
type book struct {
	path    string
	group   string
	At      time.Time `json:"at"`
	Rows    int64     `json:"rows"`
	Slope   int64     `json:"slope"`
	Keys    int64     `json:"keys"`
	Runs    int       `json:"runs"`
	Memory  string    `json:"memory"`
	Machine []string  `json:"machine"`
	Results []result  `json:"results"`
}

// openBook reads the results of earlier runs. Those of another size of the data
// are of no use beside new ones.
func openBook(path string, o options) (*book, error) {
	fresh := &book{path: path, Rows: o.rows, Slope: o.slope, Keys: o.keys, Runs: o.runs, Memory: o.memory}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return nil, err
	}
	b := &book{path: path}
	if err := json.Unmarshal(text, b); err != nil {
		return nil, fmt.Errorf("%s: %w; remove it to measure anew", path, err)
	}
	if o.render {
		return b, nil
	}
	if b.Rows != o.rows || b.Memory != o.memory {
		return fresh, nil
	}
	b.Runs = o.runs
	if o.slope > 0 {
		b.Slope = o.slope
	}
	if o.keys > 0 {
		b.Keys = o.keys
	}
	return b, nil
}

// begin opens a workload: that it failed the last time is of no interest any more,
// nor are changes on a table of another size.
func (b *book) begin(group string) error {
	b.group = group
	b.Results = slices.DeleteFunc(b.Results, func(r result) bool {
		return r.Group == group && (r.Tool == "" || group == slopeWorkload || group == keysWorkload)
	})
	return b.save()
}

// add writes a result down, in the place of an earlier one of the same.
func (b *book) add(r result) error {
	r.Group = b.group
	at := slices.IndexFunc(b.Results, func(o result) bool { return o.Group == r.Group && o.Workload == r.Workload && o.Tool == r.Tool })
	if at < 0 {
		at = len(b.Results)
		b.Results = append(b.Results, r)
	}
	b.Results[at] = r
	slices.SortStableFunc(b.Results, func(x, y result) int {
		return slices.Index(workloadNames(), x.Group) - slices.Index(workloadNames(), y.Group)
	})
	return b.save()
}

// find gives the result of a tool in a workload, or nil.
func (b *book) find(workload, tool string) *result {
	for i := range b.Results {
		if r := &b.Results[i]; r.Workload == workload && r.Tool == tool {
			return r
		}
	}
	return nil
}

// fastest is the peer with the least wall time in a workload, or nil.
func (b *book) fastest(workload string) *result {
	var best *result
	for i := range b.Results {
		r := &b.Results[i]
		if r.Workload == workload && r.Tool != sluiceName && r.counts() && (best == nil || r.Wall < best.Wall) {
			best = r
		}
	}
	return best
}

// save replaces the file as a whole, so that a bench that is killed leaves one.
func (b *book) save() error {
	b.At = time.Now().UTC().Truncate(time.Second)
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.path), 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(b.path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(b.path+".new", b.path)
}
