package azure_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/storage/azure"
)

// secret is in every URL that is sent, and may be in no text.
const secret = "c2VjcmV0"

// fake is the part of the Blob API that a store uses, in memory, with what an
// emulator does not show: a hierarchical namespace, tiny pages, and faults. It is
// a transport, so that nothing goes through a network.
type fake struct {
	hierarchical bool
	pageSize     int
	// fault may answer a request in the service's place, or change its answer.
	fault func(r *http.Request, serve func() *http.Response) (*http.Response, error)

	mu       sync.Mutex
	versions int
	blobs    map[string]stored
	folders  map[string]bool
	staged   map[string][]byte // by name and block id
	requests []string
}

type stored struct {
	data     []byte
	etag     string
	metadata http.Header
}

var epoch = time.Date(2024, 1, 31, 12, 0, 0, 0, time.UTC)

func newFake() *fake {
	return &fake{
		pageSize: 5000, blobs: map[string]stored{}, folders: map[string]bool{}, staged: map[string][]byte{},
	}
}

// open makes a store on the service, with a SAS token as its credential.
func (f *fake) open(t *testing.T, change func(*azure.Config)) *azure.Store {
	t.Helper()
	config := azure.Config{Account: "contosolake", Container: "c", SASToken: "?sv=1&sig=" + secret, Transport: f}
	if change != nil {
		change(&config)
	}
	s, err := azure.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Do serves a request as the service would, or as the fault will have it.
func (f *fake) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.URL.Query().Get("sig") != secret {
		return nil, errors.New("a request without its signature")
	}
	r = canonical(r)
	f.record(r)
	serve := func() *http.Response {
		recorder := httptest.NewRecorder()
		f.serve(recorder, r)
		response := recorder.Result()
		response.Request = r
		response.ContentLength = int64(recorder.Body.Len())
		return response
	}
	if f.fault == nil {
		return serve(), nil
	}
	return f.fault(r, serve)
}

// canonical is a request as it comes out of a network: the libraries' own spelling
// of headers is lost.
func canonical(r *http.Request) *http.Request {
	r = r.Clone(r.Context())
	for name, values := range r.Header {
		delete(r.Header, name)
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	return r
}

// record writes down the method, the name and what else tells requests apart.
func (f *fake) record(r *http.Request) {
	q := r.URL.Query()
	line := r.Method + " " + nameOf(r)
	for _, part := range []string{q.Get("comp"), r.Header.Get("X-Ms-Range"), q.Get("startFrom")} {
		if part != "" {
			line += " " + part
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, line)
}

// take returns the requests since the last call.
func (f *fake) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() { f.requests = nil }()
	return f.requests
}

func nameOf(r *http.Request) string {
	return strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/c"), "/")
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("X-Ms-Request-Id", "1")
	name, comp := nameOf(r), r.URL.Query().Get("comp")
	switch {
	case comp == "list":
		f.list(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		f.get(w, r, name)
	case r.Method == http.MethodDelete:
		f.remove(w, name)
	case comp == "block":
		data := content(r)
		f.staged[name+"\x00"+r.URL.Query().Get("blockid")] = data
		w.WriteHeader(http.StatusCreated)
	case comp == "blocklist":
		f.commit(w, r, name)
	default:
		data := content(r)
		f.put(w, r, name, data)
	}
}

// content is the body of a request, which has none when nothing is stored.
func content(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	return data
}

// refuse answers as the service does: the code in a header and, where a response
// may have a body, a message of several lines.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Ms-Error-Code", code)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>%s</Code><Message>%s\nRequestId:1\nTime:2</Message></Error>", code, message)
}

// refusal is such an answer as a response.
func refusal(r *http.Request, status int, code, message string) *http.Response {
	recorder := httptest.NewRecorder()
	refuse(recorder, status, code, message)
	response := recorder.Result()
	response.Request = r
	if r.Method == http.MethodHead {
		response.Body = http.NoBody
	}
	return response
}

func (f *fake) get(w http.ResponseWriter, r *http.Request, name string) {
	b, found := f.blobs[name]
	if f.isFolder(name) {
		b = stored{etag: "0xF", metadata: http.Header{"X-Ms-Meta-Hdi_isfolder": {"true"}}}
	} else if !found {
		refuse(w, http.StatusNotFound, "BlobNotFound", "The specified blob does not exist.")
		return
	}
	if match := r.Header.Get("If-Match"); match != "" && match != `"`+b.etag+`"` {
		refuse(w, http.StatusPreconditionFailed, "ConditionNotMet", "The condition is not met.")
		return
	}
	maps.Copy(w.Header(), b.metadata)
	w.Header().Set("ETag", `"`+b.etag+`"`)
	w.Header().Set("Last-Modified", epoch.Format(http.TimeFormat))
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Length", strconv.Itoa(len(b.data)))
		w.WriteHeader(http.StatusOK)
		return
	}
	var from, to int
	if _, err := fmt.Sscanf(r.Header.Get("X-Ms-Range"), "bytes=%d-%d", &from, &to); err != nil {
		refuse(w, http.StatusBadRequest, "InvalidHeaderValue", "A store reads ranges with an end.")
		return
	}
	if from >= len(b.data) {
		refuse(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The range is invalid.")
		return
	}
	to = min(to, len(b.data)-1)
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(b.data)))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(b.data[from : to+1])
}

func (f *fake) put(w http.ResponseWriter, r *http.Request, name string, data []byte) {
	_, exists := f.blobs[name]
	switch {
	case r.Header.Get("If-None-Match") == "*" && (exists || f.isFolder(name)):
		refuse(w, http.StatusConflict, "BlobAlreadyExists", "The specified blob already exists.")
		return
	case f.isFolder(name):
		refuse(w, http.StatusConflict, "ResourceTypeMismatch", "A folder stands there.")
		return
	}
	f.versions++
	metadata := http.Header{}
	for key, values := range r.Header {
		if strings.HasPrefix(strings.ToLower(key), "x-ms-meta-") {
			metadata[key] = values
		}
	}
	f.blobs[name] = stored{data: data, etag: fmt.Sprintf("0x%X", f.versions), metadata: metadata}
	for folder := parent(name); f.hierarchical && folder != ""; folder = parent(folder) {
		f.folders[folder] = true
	}
	w.WriteHeader(http.StatusCreated)
}

func (f *fake) commit(w http.ResponseWriter, r *http.Request, name string) {
	var list struct {
		Latest []string `xml:"Latest"`
	}
	if err := xml.NewDecoder(r.Body).Decode(&list); err != nil {
		refuse(w, http.StatusBadRequest, "InvalidXmlDocument", err.Error())
		return
	}
	var data []byte
	for _, id := range list.Latest {
		block, found := f.staged[name+"\x00"+id]
		if !found {
			refuse(w, http.StatusBadRequest, "InvalidBlockList", "The specified block list is invalid.")
			return
		}
		data = append(data, block...)
	}
	for key := range f.staged {
		if strings.HasPrefix(key, name+"\x00") {
			delete(f.staged, key)
		}
	}
	f.put(w, r, name, data)
}

func (f *fake) remove(w http.ResponseWriter, name string) {
	if _, found := f.blobs[name]; !found && !f.isFolder(name) {
		refuse(w, http.StatusNotFound, "BlobNotFound", "The specified blob does not exist.")
		return
	}
	for _, other := range f.names() {
		if f.isFolder(name) && strings.HasPrefix(other, name+"/") {
			refuse(w, http.StatusConflict, "DirectoryIsNotEmpty", "This operation is not permitted on a non-empty directory.")
			return
		}
	}
	delete(f.blobs, name)
	delete(f.folders, name)
	w.WriteHeader(http.StatusAccepted)
}

func (f *fake) isFolder(name string) bool { return f.folders[name] }

func parent(name string) string { return name[:max(0, strings.LastIndexByte(name, '/'))] }

// names are all blobs and folders, in the order of the namespace.
func (f *fake) names() []string {
	var names []string
	for name := range f.blobs {
		names = append(names, name)
	}
	for name := range f.folders {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(f.rank(a), f.rank(b)) })
	return names
}

// rank makes '/' the lowest character where the namespace does.
func (f *fake) rank(name string) string {
	if f.hierarchical {
		return strings.ReplaceAll(name, "/", "\x01")
	}
	return name
}
