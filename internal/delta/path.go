package delta

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/sluicedata/sluice/internal/storage"
)

const logFolder = "_delta_log"

// join puts a name below a folder of the store; the folder may be the root "".
func join(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}

func logPath(root, name string) string { return join(root, logFolder+"/"+name) }

// EncodePath makes the path of an action from a file's name relative to the
// table. A ':' is encoded too: "a:b" would read as a URL with the scheme a.
func EncodePath(file string) string {
	parts := strings.Split(file, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(p), ":", "%3A")
	}
	return strings.Join(parts, "/")
}

// DecodePath is the file's name, relative to the table, or an absolute URL as
// other writers may have it. See [Snapshot.FilePath] for a path in the store.
func DecodePath(path string) (string, error) {
	file, err := url.PathUnescape(path)
	if err != nil {
		return "", fmt.Errorf("%w: path %q: %w", ErrCorrupt, path, err)
	}
	return file, nil
}

var urlScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:/`)

func isAbsolute(file string) bool {
	return strings.HasPrefix(file, "/") || urlScheme.MatchString(file)
}

// resolve finds the path in the store of a file that an action names. Absolute
// names are understood when they lead into the table's own folder (a table that
// was not copied from elsewhere).
func resolve(store storage.Store, root, path string) (string, error) {
	file, err := DecodePath(path)
	if err != nil {
		return "", err
	}
	if isAbsolute(file) {
		base := trimFileScheme(store.URL(root))
		if !strings.HasSuffix(base, "/") {
			base += "/"
		}
		rest, inside := strings.CutPrefix(trimFileScheme(file), base)
		if !inside {
			return "", fmt.Errorf("%w: path %q leads out of the table %s", ErrUnsupported, path, store.URL(root))
		}
		file = rest
	}
	if err := storage.CheckPath(file); err != nil {
		return "", fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return join(root, file), nil
}

// trimFileScheme makes file:/x, file:///x and /x the same.
func trimFileScheme(name string) string {
	if rest, ok := strings.CutPrefix(name, "file:"); ok {
		return "/" + strings.TrimLeft(rest, "/")
	}
	return name
}
