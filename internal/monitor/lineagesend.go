package monitor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// lines appends events to a file.
type lines struct {
	path string

	mu   sync.Mutex
	file *os.File
	err  error // of the first write that did not work
}

func openLines(path string) (*lines, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the lineage file: %w", err)
	}
	return &lines{path: path, file: f}, nil
}

// send writes a line at once, so that lines of two processes do not mix.
func (l *lines) send(event []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		_, l.err = l.file.Write(append(slices.Clip(event), '\n'))
	}
}

func (l *lines) close(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.err, l.file.Close()); err != nil {
		return fmt.Errorf("write the lineage file: %w", err)
	}
	return nil
}

const (
	// postLimit is what a server gets for one event.
	postLimit = 5 * time.Second
	// postTries without success in a row are enough: the server does not work, and
	// the rest of the run's events is not sent.
	postTries = 3
	// postQueue is how many bytes wait for a slow server; an event of a table of
	// hundreds of columns has 60 kB.
	postQueue = 16 << 20
	// postAnswer is how much of a refusal is read for the error.
	postAnswer = 512
)

// poster sends events to a server, one after the other, in a goroutine of its
// own.
type poster struct {
	url, key string
	client   *http.Client
	stop     context.CancelFunc
	done     chan struct{}

	mu     sync.Mutex
	more   *sync.Cond
	queue  [][]byte
	bytes  int // in the queue
	closed bool
	lost   int
	err    error // why the last event was not taken
}

func newPoster(ctx context.Context, address, endpoint, key string) (*poster, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("%s is not an http or https address; write https://host:port", envLineageURL)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx)) // an interrupted run is told, too
	p := &poster{
		url: strings.TrimRight(base.String(), "/") + "/" + strings.TrimLeft(endpoint, "/"), key: key,
		client: &http.Client{Timeout: postLimit, Transport: http.DefaultTransport.(*http.Transport).Clone()},
		stop:   stop, done: make(chan struct{}),
	}
	p.more = sync.NewCond(&p.mu)
	go p.run(ctx)
	return p, nil
}

// send queues an event; one for which there is no room is lost and counted.
func (p *poster) send(event []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bytes+len(event) > postQueue {
		p.lost++
		return
	}
	p.queue, p.bytes = append(p.queue, event), p.bytes+len(event)
	p.more.Signal()
}

// next waits for an event; nil is the end.
func (p *poster) next() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) == 0 && !p.closed {
		p.more.Wait()
	}
	if len(p.queue) == 0 {
		return nil
	}
	event := p.queue[0]
	p.queue, p.bytes = p.queue[1:], p.bytes-len(event)
	return event
}

func (p *poster) run(ctx context.Context) {
	defer close(p.done)
	defer p.client.CloseIdleConnections()
	failures := 0
	for event := p.next(); event != nil; event = p.next() {
		if failures == postTries || ctx.Err() != nil {
			p.lose(nil)
			continue
		}
		if err := p.post(ctx, event); err != nil {
			failures++
			p.lose(err)
			continue
		}
		failures = 0
	}
}

// lose counts an event that the server did not get.
func (p *poster) lose(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost++
	if err != nil {
		p.err = err
	}
}

func (p *poster) post(ctx context.Context, event []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(event))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if p.key != "" {
		request.Header.Set("Authorization", "Bearer "+p.key)
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, postAnswer)) // it only explains
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("POST %s: %s: %s", p.url, answer.Status, strings.TrimSpace(string(text)))
	}
	return nil
}

// close waits until the queue is empty, or the context has ended.
func (p *poster) close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	p.more.Signal()
	p.mu.Unlock()
	select {
	case <-p.done:
	case <-ctx.Done():
		p.stop()
		<-p.done
	}
	p.stop()
	if p.lost == 0 {
		return nil
	}
	return fmt.Errorf("%d events were not taken by %s: %w", p.lost, p.url, errOr(p.err, "there was no room for them, or no time"))
}

func errOr(err error, text string) error {
	if err != nil {
		return err
	}
	return errors.New(text)
}
