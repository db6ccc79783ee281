package azure_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"syscall"
)

// answer is what a fault makes of a request.
type answer func(r *http.Request, serve func() *http.Response) (*http.Response, error)

// served is the service's own answer.
func served(_ *http.Request, serve func() *http.Response) (*http.Response, error) {
	return serve(), nil
}

// refused answers with an error of the service, and headers in pairs.
func refused(status int, code string, headers ...string) answer {
	return func(r *http.Request, _ func() *http.Response) (*http.Response, error) {
		response := refusal(r, status, code, "The text of "+code+".")
		for i := 0; i < len(headers); i += 2 {
			response.Header.Set(headers[i], headers[i+1])
		}
		return response, nil
	}
}

// broken is a connection that breaks before there is an answer, in the words of
// the client of net/http, which name the whole URL.
func broken(cause error) answer {
	return func(r *http.Request, _ func() *http.Response) (*http.Response, error) {
		return nil, &url.Error{Op: "Put", URL: r.URL.String(), Err: cause}
	}
}

var reset = broken(syscall.ECONNRESET)

// nobody listens at the port.
var nobody = broken(&net.OpError{
	Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 10000}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
})

// lost does what is asked for, and then breaks the connection.
func lost(r *http.Request, serve func() *http.Response) (*http.Response, error) {
	serve()
	return reset(r, serve)
}

// silent answers nothing until the request is given up.
func silent(r *http.Request, _ func() *http.Response) (*http.Response, error) {
	<-r.Context().Done()
	return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: r.Context().Err()}
}

// cut ends the body of an answer after n bytes with an error.
func cut(n int64, cause error) answer {
	return func(_ *http.Request, serve func() *http.Response) (*http.Response, error) {
		response := serve()
		response.Body = &cutBody{Reader: io.LimitReader(response.Body, n), cause: cause}
		return response, nil
	}
}

type cutBody struct {
	io.Reader
	cause error
}

func (b *cutBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = b.cause
	}
	return n, err
}

func (b *cutBody) Close() error { return nil }

// inOrder gives one answer to each request; later ones are served.
func inOrder(answers ...answer) answer {
	var mu sync.Mutex
	next := 0
	return func(r *http.Request, serve func() *http.Response) (*http.Response, error) {
		mu.Lock()
		give := answer(served)
		if next < len(answers) {
			give = answers[next]
			next++
		}
		mu.Unlock()
		return give(r, serve)
	}
}

// only gives an answer to the requests that a function picks.
func only(picks func(r *http.Request) bool, give answer) answer {
	return func(r *http.Request, serve func() *http.Response) (*http.Response, error) {
		if picks(r) {
			return give(r, serve)
		}
		return serve(), nil
	}
}
