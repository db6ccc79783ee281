package azurite

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// installation is where the parts of a server are.
type installation struct {
	node    string // the program
	script  string // scripts/azurite/serve.js
	modules string // .tools/node/node_modules
}

// Available says whether Start finds what it needs: Node.js, and Azurite as
// `make tools` installs it.
func Available() bool {
	_, err := find()
	return err == nil
}

// Test starts a server for a test and ends it with the test. Where Azurite is
// not installed the test is skipped, or fails if SLUICE_REQUIRE_TOOLS=1, as under
// `make test`.
func Test(t testing.TB, o Options) *Server {
	t.Helper()
	if _, err := find(); err != nil {
		if os.Getenv("SLUICE_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// find looks in the folder that SLUICE_TOOLS names, or in .tools at the root of
// the repository.
func find() (installation, error) {
	root, err := repositoryRoot()
	if err != nil {
		return installation{}, err
	}
	tools := os.Getenv("SLUICE_TOOLS")
	if tools == "" {
		tools = filepath.Join(root, ".tools")
	}
	in := installation{
		script:  filepath.Join(root, "scripts", "azurite", "serve.js"),
		modules: filepath.Join(tools, "node", "node_modules"),
	}
	for _, path := range []string{
		filepath.Join(tools, "stamps", "node"), filepath.Join(in.modules, "azurite", "package.json"), in.script,
	} {
		if _, err := os.Stat(path); err != nil { //nolint:gosec // the developer says where the tools are
			return installation{}, fmt.Errorf("looking for azurite: %w; run `make tools`", err)
		}
	}
	if in.node, err = exec.LookPath("node"); err != nil {
		return installation{}, fmt.Errorf("looking for azurite: %w; it needs Node.js 20 or newer", err)
	}
	return in, nil
}

// repositoryRoot is the nearest folder above that holds go.mod. Tests run in
// the folder of their package.
func repositoryRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("looking for azurite: no go.mod in or above %s", start)
		}
	}
}
