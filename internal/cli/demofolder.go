package cli

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

//go:embed demo.yaml
var demoConfig []byte

// demoMarker is the file that tells a demo's folder from any other.
const demoMarker = ".sluice-demo"

// demoFolder is where a demo lives:
//
//	.sluice-demo  says that it is one
//	sluice.yaml   the configuration
//	export/       what the simulator writes
//	lake/         the tables
type demoFolder string

func (d demoFolder) path(name string) string { return filepath.Join(string(d), name) }
func (d demoFolder) config() string          { return d.path("sluice.yaml") }
func (d demoFolder) export() string          { return d.path("export") }
func (d demoFolder) table(name string) string {
	return d.path(filepath.Join("lake", "main", "crm", name))
}

// open reports whether the folder holds a demo to go on with. Any folder but an
// empty one or a demo's is left alone.
func (d demoFolder) open(keepGoing bool) (exists bool, err error) {
	entries, err := os.ReadDir(string(d))
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return false, nil
	case err != nil:
		if info, statErr := os.Stat(string(d)); statErr == nil && !info.IsDir() {
			return false, usage(fmt.Sprintf("%s is a file, and the demo needs a folder; --dir names another", d))
		}
		return false, fmt.Errorf("open the folder of the demo: %w", err)
	}
	if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == demoMarker }) {
		return false, usage(fmt.Sprintf("%s was not made by a demo (it holds %s) and is left alone", d, entries[0].Name()),
			"--dir names another folder for the demo")
	}
	if !keepGoing {
		return true, usage(fmt.Sprintf("%s holds a demo already", d),
			"--keep-going adds two more folders to it and runs again", "to begin anew, remove it, or name another with --dir")
	}
	return true, nil
}

// begin makes the folder.
func (d demoFolder) begin() error {
	err := os.MkdirAll(string(d), 0o755)
	if err == nil {
		err = writeFile(d.path(demoMarker), []byte("The folder was made by 'sluice demo' and can be removed.\n"), os.O_CREATE|os.O_WRONLY)
	}
	if err == nil {
		err = writeFile(d.config(), demoConfig, os.O_CREATE|os.O_WRONLY|os.O_TRUNC)
	}
	if err != nil {
		return fmt.Errorf("make the folder of the demo: %w", err)
	}
	return nil
}
