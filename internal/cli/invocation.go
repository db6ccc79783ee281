package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// invocation is how a user calls this program again.
func (p *program) invocation() string {
	exe := filepath.ToSlash(p.executable)
	if cache := filepath.ToSlash(os.Getenv("GOCACHE")); isGoRun(exe, cache) {
		return "go run ./cmd/sluice"
	}
	if !strings.ContainsAny(filepath.ToSlash(p.name), "/") {
		return strings.TrimSuffix(p.name, ".exe") // found on the PATH
	}
	return shellWord(p.name)
}

// isGoRun: go run leaves the program in a folder go-build… of the temporary
// files, or in the build cache, and removes or replaces it as it likes.
func isGoRun(exe, cache string) bool {
	if cache != "" && cache != "off" && strings.HasPrefix(exe, strings.TrimSuffix(cache, "/")+"/") {
		return true
	}
	for element := range strings.SplitSeq(exe, "/") {
		if strings.HasPrefix(element, "go-build") {
			return true
		}
	}
	return false
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:\\=,+@%-]+$`)

// shellWord quotes an argument where a shell would not take it as it is.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return shellText(s)
}

// shellText is a text in double quotes, which all shells know.
func shellText(s string) string {
	if runtime.GOOS == "windows" {
		return `"` + s + `"`
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(s) + `"`
}

// pythonText is a text in single quotes as Python reads it.
func pythonText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// python is the name of the interpreter.
func python() string {
	if runtime.GOOS == "windows" {
		return "python"
	}
	return "python3"
}
