package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// part is what is measured of one workload at a time.
type part struct {
	name   string
	source *source
	runs   int
	// long: who took longer than that in the first run is not run again.
	long time.Duration
	// before is called at the beginning of each run, to bring the changes.
	before func(ctx context.Context) error
	// anew: tables are made anew in each run.
	anew bool
	// unread: the tables are not compared after it, but after a later part.
	unread bool
	// within says which of the entrants take part; nil: all.
	within func(*entrant) bool
}

// contest runs the entrants in turn, as often as the part says, compares their
// tables, and writes the figures down.
func (b *bench) contest(ctx context.Context, p part, entrants []*entrant) error {
	var in []*entrant
	for _, e := range entrants {
		if p.within == nil || p.within(e) {
			in = append(in, e)
		}
	}
	if p.before != nil {
		for _, e := range in {
			if err := b.catchUp(ctx, p, e); err != nil {
				return err
			}
		}
	}
	for range p.runs {
		if p.before != nil {
			if err := p.before(ctx); err != nil {
				return err
			}
			for _, e := range entrants {
				e.behind = append(e.behind, p.source.newest())
			}
		}
		for _, e := range in {
			if err := b.turn(ctx, p, e); err != nil {
				return err
			}
		}
	}
	return b.settle(ctx, p, in)
}

// turn is one run of one entrant. Only an error of the bench itself is returned.
func (b *bench) turn(ctx context.Context, p part, e *entrant) error {
	done := e.costs[p.name]
	if e.isOut() || len(done) > 0 && done[0].Wall > p.long {
		return nil
	}
	if p.anew {
		if err := os.RemoveAll(e.dir); err != nil {
			return err
		}
		e.behind = slices.Clone(p.source.folders)
	}
	c, err := b.apply(ctx, e, p.source)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	fmt.Printf("   %s, run %d: %s: %.3f s\n", ofType(p.name, e.scd), len(done)+1, e.name, c.Wall.Seconds())
	if e.broken = err; !e.isOut() {
		e.costs[p.name] = append(done, c)
	}
	r := b.resultOf(p, e, 0)
	r.Note = "not compared: the bench was stopped" // until it goes on
	return b.book.add(r)
}

// catchUp gives an entrant what the others had while it was not measured, so that
// the next figure is of one folder.
func (b *bench) catchUp(ctx context.Context, p part, e *entrant) error {
	if e.isOut() || len(e.behind) == 0 {
		return nil
	}
	_, err := b.apply(ctx, e, p.source)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e.broken = err
	return nil
}

// settle compares and writes down.
func (b *bench) settle(ctx context.Context, p part, entrants []*entrant) error {
	for scd := 1; scd <= 2; scd++ {
		var sides []*entrant
		for _, e := range entrants {
			if e.scd == scd {
				sides = append(sides, e)
			}
		}
		rows := map[*entrant]int64{}
		if !p.unread {
			var err error
			if rows, err = b.compare(ctx, p.source, scd, sides); err != nil {
				return err
			}
		}
		for _, e := range sides {
			if err := b.book.add(b.resultOf(p, e, rows[e])); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) resultOf(p part, e *entrant, rows int64) result {
	r := result{Workload: ofType(p.name, e.scd), Tool: e.name, Rows: rows, Runs: len(e.costs[p.name])}
	if r.Runs > 0 {
		r.measured(median(e.costs[p.name]))
	}
	if e.broken != nil {
		r.Failed = firstLine(e.broken.Error())
	}
	if p.anew {
		r.Read = p.source.bytes
	}
	if e.ours() {
		r.Limit = e.memory
	}
	return r
}

// digest of an entrant's tables, as same_rows.py prints it.
type digest struct {
	Rows     int64
	Checksum string
	Trouble  string
}

// UnmarshalJSON takes [rows, checksum], or a text for what went wrong.
func (d *digest) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, &d.Trouble)
	}
	return json.Unmarshal(text, &[]any{&d.Rows, &d.Checksum})
}

// compare lets DuckDB read all tables. Who has other rows than the simulator
// wrote, or another checksum than the first of the entrants, is broken.
func (b *bench) compare(ctx context.Context, s *source, scd int, entrants []*entrant) (map[*entrant]int64, error) {
	rows := map[*entrant]int64{}
	sides := []string{filepath.Join("scripts", "bench", "same_rows.py"), s.newest(), fmt.Sprint(scd)}
	sides = append(append(sides, s.tables...), "--")
	var first *entrant
	for _, e := range entrants {
		if e.broken == nil {
			sides = append(sides, e.flag+"="+e.form+":"+filepath.Join(e.dir, e.table))
			if first == nil {
				first = e
			}
		}
	}
	if first == nil {
		return rows, nil
	}
	cmd := exec.CommandContext(ctx, filepath.Join(b.home, "venv", "bin", "python"), sides...) //nolint:gosec // own tool
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, lastLine(string(exit.Stderr)))
		}
		return rows, fmt.Errorf("comparing the tables: %w", err)
	}
	found := map[string]digest{}
	if err := json.Unmarshal(out, &found); err != nil {
		return rows, fmt.Errorf("comparing the tables: %w", err)
	}
	for _, e := range entrants {
		if e.broken == nil {
			rows[e] = found[e.flag].Rows
			e.broken = found[e.flag].judge(s.expected(scd), found[first.flag], first.name)
		}
	}
	return rows, nil
}

func (d digest) judge(expected int64, first digest, name string) error {
	switch {
	case d.Trouble != "":
		return fmt.Errorf("DuckDB cannot read the result: %s", firstLine(d.Trouble))
	case d.Rows != expected:
		return fmt.Errorf("the result has %d rows, the export %d", d.Rows, expected)
	case d.Checksum != first.Checksum && first.Trouble == "":
		return fmt.Errorf("the result is not that of %s: %d rows, other values", name, d.Rows)
	}
	return nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
