package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// progressEvery is how often the line on the terminal is drawn anew.
const progressEvery = 100 * time.Millisecond

// showsProgress: somebody watches, and reads no JSON.
func (g *globals) showsProgress() bool { return !g.noProgress && !g.json && isTerminal(g.err) }

// progress shows bytes, rate and tables done of an update on a terminal. The
// second value removes the line.
func (g *globals) progress() (report.Listener, func()) {
	if !g.showsProgress() {
		return report.Listener{}, func() {}
	}
	p := &updateProgress{out: g.err}
	return report.Listener{Planned: p.planned, Read: p.read, Table: p.table}, p.clear
}

// updateProgress is the progress of the updates of one or more pipelines.
type updateProgress struct {
	out io.Writer

	mu           sync.Mutex
	bar          *progressbar.ProgressBar // nil while there is nothing to read
	tables, done int
	bytes        int64
}

func (p *updateProgress) planned(tables int, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tables += tables
	p.bytes += bytes
	switch {
	case p.bytes == 0:
		return
	case p.bar == nil:
		p.bar = newBar(p.out, p.bytes)
	default:
		p.bar.ChangeMax64(p.bytes)
	}
	p.bar.Describe(p.label())
}

func (p *updateProgress) read(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Add64(bytes) // more than planned is no harm
	}
}

func (p *updateProgress) table(report.TableInfo, report.TableResult) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if p.bar != nil {
		p.bar.Describe(p.label())
	}
}

func (p *updateProgress) label() string { return fmt.Sprintf("%d/%d tables", p.done, p.tables) }

func (p *updateProgress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}

func newBar(out io.Writer, bytes int64) *progressbar.ProgressBar {
	return progressbar.NewOptions64(bytes,
		progressbar.OptionSetWriter(out),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(progressEvery),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionUseANSICodes(true),
	)
}

// watch shows how many bytes have been written until stop is called, which
// removes the line. written is asked from another goroutine.
func (g *globals) watch(what string, written func() int64) (stop func()) {
	if !g.showsProgress() {
		return func() {}
	}
	began, end, ended := g.now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		for {
			select {
			case <-end:
				fmt.Fprint(g.err, clearLine)
				return
			case <-ticker.C:
				n := written()
				fmt.Fprintf(g.err, "%s%s: %s, %s", clearLine, what, text.Size(n), text.Rate(n, g.now().Sub(began)))
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

const clearLine = "\r\x1b[K"
