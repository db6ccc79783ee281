package azure

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/sluicedata/sluice/internal/storage"
)

// A namespace is how the names of an account are kept. Only listings show it.
const (
	unknownNamespace int32 = iota
	flatNamespace
	hierarchicalNamespace
)

// List yields what the service lists, in byte order.
//
// In a flat namespace the service is asked to start at StartAfter. What
// "startFrom" means in a hierarchical one, whose order differs, is not
// documented, so there, and until a listing has shown which of the two it is,
// the beginning is fetched and left out.
func (s *Store) List(ctx context.Context, prefix string, opts storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		l := &listing{ctx: ctx, store: s, prefix: prefix, opts: opts, yield: yield}
		err := storage.CheckPrefix(prefix)
		if err == nil {
			err = l.run()
		}
		if err != nil {
			yield(storage.Entry{}, s.fail(opList, prefix, err))
		}
	}
}

// listing is one walk over the pages of a listing.
type listing struct {
	ctx    context.Context
	store  *Store
	prefix string
	opts   storage.ListOptions
	yield  func(storage.Entry, error) bool

	order order
}

// page is what both kinds of listings have in common.
type page struct {
	items    []*container.BlobItem
	prefixes []*container.BlobPrefix
}

// run yields until the end, or the consumer's.
func (l *listing) run() error {
	l.order = order{level: l.opts.Delimiter, prefix: len(l.prefix)}
	started := l.opts.StartAfter != "" && l.store.namespace.Load() == flatNamespace
	next := l.pages(started)
	for {
		p, more, err := next(l.ctx)
		if noSuchFolder(err) {
			break
		}
		if err != nil {
			return err
		}
		l.learn(p)
		entries := l.entries(p)
		if !l.deliver(l.order.take(entries)) {
			return nil
		}
		if !more {
			break
		}
		// Once only: a folder that holds StartAfter comes before it ever after.
		if !started && l.before(p) {
			started, next = true, l.pages(true)
		}
	}
	l.deliver(l.order.rest())
	return nil
}

// noSuchFolder: a hierarchical namespace refuses a prefix that leads through a
// file or a folder that is not there; below it there is nothing.
func noSuchFolder(err error) bool {
	return bloberror.HasCode(err, "PathNotFound", bloberror.BlobNotFound, bloberror.ResourceTypeMismatch)
}

// deliver yields entries; false ends the listing.
func (l *listing) deliver(entries []storage.Entry) bool {
	for _, e := range entries {
		if !l.yield(e, nil) {
			return false
		}
	}
	return true
}

// learn sees by the names of a page which namespace this is.
func (l *listing) learn(p page) {
	l.store.learn(p)
	l.order.hierarchical = l.store.namespace.Load() == hierarchicalNamespace
}

// learn takes only a blob without a type for a sign of a flat namespace: a prefix
// need not have properties, and where nothing is listed nothing is learned.
func (s *Store) learn(p page) {
	switch {
	case len(p.items) > 0 && hasType(p.items[0].Properties), len(p.prefixes) > 0 && hasType(p.prefixes[0].Properties):
		s.namespace.Store(hierarchicalNamespace)
	case len(p.items) > 0:
		s.namespace.Store(flatNamespace)
	}
}

// isHierarchical says which namespace this is. Where no listing has shown it yet,
// it lists a folder, which is there also when it is empty if there are folders.
func (s *Store) isHierarchical(ctx context.Context, folder string) bool {
	if s.namespace.Load() == unknownNamespace {
		prefix, one := s.root+folder, int32(1)
		response, err := s.container.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{
			Prefix: &prefix, MaxResults: &one,
		}).NextPage(ctx)
		if err != nil || response.Segment == nil {
			return false
		}
		s.learn(page{items: response.Segment.BlobItems})
	}
	return s.namespace.Load() == hierarchicalNamespace
}

// hasType: only in a hierarchical namespace names have a ResourceType.
func hasType(properties *container.BlobProperties) bool {
	return properties != nil && properties.ResourceType != nil
}

// before says whether a whole page lies before StartAfter, so that asking anew
// spares the pages between.
func (l *listing) before(p page) bool {
	if l.opts.StartAfter == "" || l.store.namespace.Load() != flatNamespace || len(p.items)+len(p.prefixes) == 0 {
		return false
	}
	last := ""
	if n := len(p.items); n > 0 {
		last = *p.items[n-1].Name
	}
	if n := len(p.prefixes); n > 0 {
		last = max(last, *p.prefixes[n-1].Name)
	}
	return last < l.store.root+l.opts.StartAfter
}

// pages makes a function that fetches one page after another.
func (l *listing) pages(start bool) func(context.Context) (page, bool, error) {
	prefix := l.store.root + l.prefix
	var from *string
	if start {
		name := l.store.root + l.opts.StartAfter
		from = &name
	}
	include := container.ListBlobsInclude{Metadata: true}
	if !l.opts.Delimiter {
		pager := l.store.container.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{
			Prefix: &prefix, StartFrom: from, Include: include,
		})
		return func(ctx context.Context) (page, bool, error) {
			response, err := nextPage(ctx, pager)
			if err != nil || response.Segment == nil {
				return page{}, false, err
			}
			return page{items: response.Segment.BlobItems}, pager.More(), nil
		}
	}
	pager := l.store.container.NewListBlobsHierarchyPager("/", &container.ListBlobsHierarchyOptions{
		Prefix: &prefix, StartFrom: from, Include: include,
	})
	return func(ctx context.Context) (page, bool, error) {
		response, err := nextPage(ctx, pager)
		if err != nil || response.Segment == nil {
			return page{}, false, err
		}
		return page{items: response.Segment.BlobItems, prefixes: response.Segment.BlobPrefixes}, pager.More(), nil
	}
}

// nextPage does not ask when the context has ended.
func nextPage[T any](ctx context.Context, pager *runtime.Pager[T]) (none T, err error) {
	if err := ctx.Err(); err != nil {
		return none, err
	}
	return pager.NextPage(ctx)
}

// entries are the files and folders of a page that the listing wants, in order.
func (l *listing) entries(p page) []storage.Entry {
	entries := make([]storage.Entry, 0, len(p.items)+len(p.prefixes))
	for _, item := range p.items {
		if e, ok := l.file(item); ok {
			entries = append(entries, e)
		}
	}
	for _, prefix := range p.prefixes {
		path := strings.TrimPrefix(*prefix.Name, l.store.root)
		if l.wants(path) && storage.CheckPath(strings.TrimSuffix(path, "/")) == nil {
			entries = append(entries, storage.Entry{Path: strings.TrimSuffix(path, "/"), IsDir: true})
		}
	}
	if len(p.prefixes) > 0 {
		slices.SortFunc(entries, byPath)
	}
	return entries
}

func (l *listing) file(item *container.BlobItem) (storage.Entry, bool) {
	path := strings.TrimPrefix(*item.Name, l.store.root)
	p := item.Properties
	switch {
	case p == nil || !l.wants(path) || isFolder(item.Metadata):
		return storage.Entry{}, false
	case p.ResourceType != nil && strings.EqualFold(*p.ResourceType, "directory"):
		return storage.Entry{}, false
	case storage.CheckPath(path) != nil:
		return storage.Entry{}, false
	}
	return entry(path, p.ContentLength, p.LastModified, p.ETag), true
}

func (l *listing) wants(path string) bool { return path > l.opts.StartAfter }
