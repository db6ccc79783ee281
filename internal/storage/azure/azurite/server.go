package azurite

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// startLimit allows for a machine that also runs other tests; alone it
	// takes 1.2 s.
	startLimit = time.Minute
	// stderrKept is how much of the end of its standard error an error quotes.
	stderrKept = 2000
	// ready is what Azurite prints before its address.
	ready = "successfully listens on "
)

// Server is a running Azurite. It needs no goroutine of this process.
type Server struct {
	// Endpoint is the blob service URL of the first account:
	// "http://127.0.0.1:34567/devstoreaccount1".
	Endpoint string
	// Account and Key are the first account and its key (base64).
	Account, Key string
	// CertPEM is the certificate of a server with HTTPS, nil without.
	CertPEM []byte

	base    string // the address without an account
	command *exec.Cmd
	stdin   *os.File
	stdout  *os.File
	stderr  *os.File
	scratch string
	close   sync.Once
	closed  error
}

// Start runs a server and returns when it answers. It is ended by Close.
func Start(o Options) (*Server, error) {
	if o.OAuth && !o.HTTPS {
		return nil, errors.New("starting azurite: it takes bearer tokens over https only; set HTTPS with OAuth")
	}
	in, err := find()
	if err != nil {
		return nil, err
	}
	account := o.accounts()[0]
	s := &Server{Account: account, Key: KeyOf(account)}
	if err := s.launch(o, in); err != nil {
		return nil, fmt.Errorf("starting azurite: %w", err)
	}
	if s.base, err = s.awaitAddress(); err != nil {
		return nil, fmt.Errorf("starting azurite: %w", errors.Join(err, s.Close()))
	}
	s.Endpoint = s.EndpointOf(account)
	return s, nil
}

// EndpointOf is the blob service URL of one of the accounts.
func (s *Server) EndpointOf(account string) string { return s.base + "/" + account }

// Transport is for clients of the server: it trusts its certificate, and no
// other. Its idle connections are the caller's to close.
func (s *Server) Transport() *http.Transport {
	t := &http.Transport{ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64}
	if s.CertPEM != nil {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(s.CertPEM)
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return t
}

// Close ends the process and removes its files; what was stored in memory is
// gone. Closing again does nothing.
func (s *Server) Close() error {
	s.close.Do(func() {
		err := s.stdin.Close()
		killGroup(s.command.Process)
		werr := s.command.Wait()
		if _, killed := errors.AsType[*exec.ExitError](werr); !killed {
			err = errors.Join(err, werr)
		}
		s.closed = errors.Join(err, s.release())
	})
	return s.closed
}

func (s *Server) launch(o Options, in installation) (err error) {
	if s.scratch, err = os.MkdirTemp("", "sluice-azurite-*"); err != nil {
		return err
	}
	if s.stderr, err = os.Create(filepath.Join(s.scratch, "stderr")); err != nil {
		return errors.Join(err, s.release())
	}
	var cert certificate
	if o.HTTPS {
		if cert, err = newCertificate(time.Now()); err == nil {
			err = cert.save(s.scratch)
		}
		if err != nil {
			return errors.Join(err, s.release())
		}
		s.CertPEM = cert.cert
	}
	args := append([]string{in.script, in.modules}, o.arguments(s.scratch, cert)...)
	c := exec.Command(in.node, args...) //nolint:gosec,noctx // a test's own server, which ends by Close or its standard input
	c.Dir = s.scratch
	c.Env = append(os.Environ(), o.environment())
	c.Stderr = s.stderr
	c.SysProcAttr = ownGroup()
	if err := s.run(c); err != nil {
		return errors.Join(err, s.release())
	}
	return nil
}

// run starts the command with pipes: its standard input says that this process
// lives, its standard output says where it listens.
func (s *Server) run(c *exec.Cmd) error {
	childIn, stdin, err := os.Pipe()
	if err != nil {
		return err
	}
	defer childIn.Close()
	s.stdin = stdin
	stdout, childOut, err := os.Pipe()
	if err != nil {
		return errors.Join(err, stdin.Close())
	}
	defer childOut.Close()
	s.stdout = stdout
	c.Stdin, c.Stdout = childIn, childOut
	if err := c.Start(); err != nil {
		return errors.Join(err, stdin.Close())
	}
	s.command = c
	return nil
}

// awaitAddress reads what the server prints until it says where it listens.
func (s *Server) awaitAddress() (string, error) {
	if err := s.stdout.SetReadDeadline(time.Now().Add(startLimit)); err != nil && !errors.Is(err, os.ErrNoDeadline) {
		return "", err
	}
	lines := bufio.NewScanner(s.stdout)
	for lines.Scan() {
		_, address, found := strings.Cut(lines.Text(), ready)
		if !found {
			continue
		}
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil {
			return "", fmt.Errorf("it says that it listens on %q: %w", address, err)
		}
		return u.Scheme + "://" + u.Host, nil
	}
	return "", fmt.Errorf("it did not say where it listens: %w; its standard error ends with:\n%s",
		errors.Join(lines.Err(), io.ErrUnexpectedEOF), s.lastWords())
}

func (s *Server) lastWords() string {
	info, err := s.stderr.Stat()
	if err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(io.NewSectionReader(s.stderr, max(0, info.Size()-stderrKept), stderrKept))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// release lets go of what is left when no process runs.
func (s *Server) release() error {
	var errs []error
	for _, f := range []*os.File{s.stdout, s.stderr} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(append(errs, os.RemoveAll(s.scratch))...)
}
