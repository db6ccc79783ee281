package spec

import (
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// apart refuses a lake within an export, to which nothing may be written, and an
// export within a lake.
func (r *resolver) apart() {
	lake := r.out.Lake
	for _, name := range sorted(r.sources) {
		export := r.sources[name].Location
		switch {
		case lake.IsLocal() && export.IsLocal() && (within(lake.Path, export.Path) || within(export.Path, lake.Path)):
			r.errorf("lake.url", "is in the same folder as the export of connection "+name,
				"nothing is ever written to an export: choose a lake outside of it")
		case shareContainer(lake, export):
			r.errorf("lake.url", "is in the same folder of the same container as the export of connection "+name,
				"nothing is ever written to an export: choose another container for the lake")
		}
	}
}

// within reports whether a path is a folder or lies below it.
func within(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// shareContainer reports whether one of two places in Azure holds the other.
func shareContainer(a, b Location) bool {
	if a.URL == "" || b.URL == "" {
		return false
	}
	one, other := containerOf(a), containerOf(b)
	if one.service == "" || one.service != other.service || one.name != other.name {
		return false
	}
	return inFolder(one.folder, other.folder) || inFolder(other.folder, one.folder)
}

// container is a folder in a container, in a form that can be compared.
type container struct {
	service string // host of the blob service, and path of an emulator's account
	name    string
	folder  string // with '/' around it
}

// containerOf takes abfss://container@account.dfs.suffix/folder and
// https://account.blob.suffix/container/folder apart. An endpoint stands for the
// service, whatever the host says.
func containerOf(l Location) container {
	u, err := url.Parse(l.URL)
	if err != nil {
		return container{}
	}
	c := container{service: blobService(u.Host), name: u.User.Username(), folder: u.Path}
	if c.name == "" {
		c.name, c.folder, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	}
	c.folder = path.Clean("/"+c.folder+"/") + "/"
	if endpoint, err := url.Parse(l.Access.Endpoint); err == nil && endpoint.Host != "" {
		c.service = blobService(endpoint.Host) + strings.TrimRight(endpoint.Path, "/")
	}
	return c
}

// blobService is the host by which an account is known, that of either service.
func blobService(host string) string {
	return strings.Replace(strings.ToLower(host), ".dfs.", ".blob.", 1)
}

// inFolder reports whether a folder, which ends with '/', lies in another or is it.
func inFolder(folder, other string) bool {
	return strings.HasPrefix(strings.TrimRight(folder, "/")+"/", strings.TrimRight(other, "/")+"/")
}
