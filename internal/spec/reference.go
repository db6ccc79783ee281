package spec

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// A reference is ${…} inside a value:
//
//	${env.NAME}                      the environment variable, replaced
//	${bundle.name}                   the bundle's name, replaced
//	${resources.pipelines.KEY.id}    kept, in pipeline_id only
var (
	referencePattern = regexp.MustCompile(`\$\{([^{}]*)\}`)
	envName          = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	pipelineID       = regexp.MustCompile(`^\$\{resources\.pipelines\.([^{}]+)\.id\}$`)
)

const knownReferences = "Sluice knows ${env.NAME}, ${bundle.name} and, in pipeline_id, ${resources.pipelines.KEY.id}"

// replace puts values in the place of references. What an environment variable
// holds is taken as it is, even if it looks like a reference again.
func (d *decoder) replace(text string, tk *token.Token, path, allowed string) (string, bool) {
	before := len(d.problems)
	out := referencePattern.ReplaceAllStringFunc(text, func(ref string) string {
		return d.resolveReference(ref, tk, path, allowed)
	})
	if strings.Contains(referencePattern.ReplaceAllString(text, ""), "${") {
		d.problem(tk, path, "a reference is not closed", "write ${env.NAME} with both braces; a value that has ${ in itself can come from an environment variable")
	}
	return out, len(d.problems) == before
}

func (d *decoder) resolveReference(ref string, tk *token.Token, path, allowed string) string {
	inner := ref[2 : len(ref)-1]
	name, isEnv := strings.CutPrefix(inner, "env.")
	switch {
	case isEnv && envName.MatchString(name):
		return d.lookup(name, tk, path)
	case inner == "bundle.name" && d.bundle != "":
		return d.bundle
	case inner == "bundle.name":
		d.problem(tk, path, "${bundle.name} stands for nothing", "write bundle: {name: …} with a plain text")
	case pipelineID.MatchString(ref) && allowed == "pipeline":
		return ref
	case pipelineID.MatchString(ref):
		d.problem(tk, path, fmt.Sprintf("%s can be used in pipeline_id only", ref), "")
	default:
		d.problem(tk, path, fmt.Sprintf("unknown reference %s", ref), knownReferences)
	}
	return ""
}

func (d *decoder) lookup(name string, tk *token.Token, path string) string {
	if d.env != nil {
		if value, ok := d.env(name); ok {
			d.replaced[path] = true
			return value
		}
	}
	d.problem(tk, path, fmt.Sprintf("environment variable %s is not set", name), fmt.Sprintf("set it: export %s=…", name))
	return ""
}
