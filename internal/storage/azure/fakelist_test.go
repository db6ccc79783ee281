package azure_test

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
)

// listResponse is the XML of List Blobs.
type listResponse struct {
	XMLName    xml.Name     `xml:"EnumerationResults"`
	Blobs      []listBlob   `xml:"Blobs>Blob"`
	Prefixes   []listPrefix `xml:"Blobs>BlobPrefix"`
	NextMarker string       `xml:"NextMarker"`
}

type listBlob struct {
	Name       string         `xml:"Name"`
	Properties listProperties `xml:"Properties"`
	Metadata   *listMetadata  `xml:"Metadata,omitempty"`
}

type listPrefix struct {
	Name       string          `xml:"Name"`
	Properties *listProperties `xml:"Properties,omitempty"`
}

type listProperties struct {
	ResourceType string `xml:"ResourceType,omitempty"`
	LastModified string `xml:"Last-Modified,omitempty"`
	Length       string `xml:"Content-Length,omitempty"`
	ETag         string `xml:"Etag,omitempty"`
}

type listMetadata struct {
	IsFolder string `xml:"hdi_isfolder,omitempty"`
}

// list answers with one page, whose marker is the number of the next item.
func (f *fake) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if f.hierarchical && q.Get("startFrom") != "" {
		refuse(w, http.StatusBadRequest, "InvalidQueryParameterValue", "Nobody knows what startFrom means here.")
		return
	}
	var items []string // a prefix ends with '/'
	for _, name := range f.names() {
		if name >= q.Get("startFrom") && strings.HasPrefix(name, q.Get("prefix")) {
			items = appendItem(items, f.item(name, q.Get("prefix"), q.Get("delimiter")))
		}
	}
	begin, _ := strconv.Atoi(q.Get("marker"))
	end := min(len(items), begin+f.pageSize)
	response := listResponse{}
	if end < len(items) {
		response.NextMarker = strconv.Itoa(end)
	}
	for _, item := range items[begin:end] {
		f.describe(&response, item, q.Get("delimiter") != "")
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(response)
}

// appendItem leaves out what is there already: a prefix comes once.
func appendItem(items []string, item string) []string {
	if n := len(items); n > 0 && items[n-1] == item {
		return items
	}
	return append(items, item)
}

// item is what a name shows as: itself, or the prefix that it lies in.
func (f *fake) item(name, prefix, delimiter string) string {
	if delimiter == "" {
		return name
	}
	if cut := strings.Index(name[len(prefix):], delimiter); cut >= 0 {
		return name[:len(prefix)+cut+1]
	}
	if f.isFolder(name) {
		return name + "/"
	}
	return name
}

func (f *fake) describe(response *listResponse, item string, delimited bool) {
	kind := func(word string) string {
		if f.hierarchical {
			return word
		}
		return ""
	}
	switch {
	case delimited && strings.HasSuffix(item, "/"):
		prefix := listPrefix{Name: item}
		if f.hierarchical {
			prefix.Properties = &listProperties{ResourceType: "directory"}
		}
		response.Prefixes = append(response.Prefixes, prefix)
	case f.isFolder(item):
		response.Blobs = append(response.Blobs, listBlob{
			Name: item, Properties: listProperties{ResourceType: "directory", ETag: "0xF"},
			Metadata: &listMetadata{IsFolder: "true"},
		})
	default:
		b := f.blobs[item]
		blob := listBlob{Name: item, Properties: listProperties{
			ResourceType: kind("file"), LastModified: epoch.Format(http.TimeFormat),
			Length: strconv.Itoa(len(b.data)), ETag: b.etag,
		}}
		if mark := b.metadata.Get("X-Ms-Meta-Hdi_isfolder"); mark != "" {
			blob.Metadata = &listMetadata{IsFolder: mark}
		}
		response.Blobs = append(response.Blobs, blob)
	}
}
