package spec

import (
	"reflect"
	"time"
)

// Resolved is a configuration that can be run: checked, flat, paths absolute,
// defaults filled in.
type Resolved struct {
	Bundle    string
	Lake      Location
	State     StateStore
	Pipelines []Pipeline // by key
}

// Pipeline is one pipeline, ready to run.
type Pipeline struct {
	Key, Name       string
	Catalog, Schema string
	Development     bool
	Tags            map[string]string
	Source          Source
	Tables          []Table       // named one by one, in the order of the file
	Environments    []Environment // of which every other table is read
	ChoiceLabels    bool          // the labels of choice columns are read too
	Settings        Settings      // of tables that the configuration has no object for: those of labels
	Position        Position
}

// Source is the connection of a pipeline.
type Source struct {
	Connection string // its name
	Location   Location
	// Environments are folders in Location ("" is its root) by source_schema,
	// where the configuration says so. Look up with [Source.Folder].
	Environments map[string]string
	// Twins are environments of other pipelines that this one's could be taken for:
	// a folder that bears a host's first label alone may be that of either.
	Twins []string
	// AbandonAfter is how long a folder without a usable model.json holds back
	// those after it.
	AbandonAfter time.Duration
}

// Table is one table to keep in step.
type Table struct {
	SourceSchema string // environment; may be empty where there is only one
	SourceTable  string // as written; compare with strings.EqualFold
	Destination  Destination
	Settings     Settings
	Path         string // in the configuration
	Position     Position
}

// Environment is every table of a Dataverse environment that the pipeline does
// not name itself. See [Pipeline.Expand].
type Environment struct {
	SourceSchema string
	Catalog      string
	Schema       string
	Exclude      []string // tables to leave out; * stands for any letters
	Settings     Settings
	Path         string
	Position     Position
}

// Settings are how a table is kept in step, taken from table, schema object,
// pipeline and defaults.
type Settings struct {
	SCDType         SCDType
	IncludeColumns  []string // at most one of the two is set
	ExcludeColumns  []string
	TableProperties map[string]string
	SchemaChanges   SchemaChanges
	OnGap           OnGap
	MaxBadRows      int64         // that are set aside; -1: any number
	MaxCellBytes    *int64        // of a text; nil: as long as it is
	FreshnessLimit  time.Duration // 0: none
}

// Resolve gives what can be run, or [Problems] with every error that [Lint]
// finds.
func (c *Config) Resolve() (*Resolved, error) {
	r := resolve(c)
	var problems Problems
	for _, f := range r.findings {
		if f.Level == LevelError {
			problems = append(problems, f.Problem)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return &r.out, nil
}

// Lint says what is wrong with a configuration and what has no effect, in the
// order of the file. It looks at nothing but the configuration.
func Lint(c *Config) []Finding { return resolve(c).findings }

// resolver builds a Resolved and collects what is wrong on the way; what it
// has built means something only when nothing is.
type resolver struct {
	cfg      *Config
	findings []Finding
	out      Resolved
	sources  map[string]Source // by connection name
}

func resolve(c *Config) *resolver {
	r := &resolver{cfg: c, sources: map[string]Source{}}
	r.out.Bundle = c.Bundle.Name
	r.structure()
	r.lake()
	r.state()
	r.connections()
	r.pipelines()
	r.twins()
	r.targets()
	r.apart()
	r.jobs()
	sortFindings(r.findings)
	return r
}

func (r *resolver) errorf(path, message, hint string) { r.find(LevelError, path, message, hint) }
func (r *resolver) warnf(path, message, hint string)  { r.find(LevelWarning, path, message, hint) }

func (r *resolver) find(level Level, path, message, hint string) {
	r.findings = append(r.findings, Finding{level, Problem{r.cfg.position(path), path, message, hint}})
}

// position is where a path stands, or else the nearest thing around it.
func (c *Config) position(path string) Position {
	for ; path != ""; path = parent(path) {
		if p, ok := c.positions[path]; ok {
			return p
		}
	}
	return Position{File: c.file}
}

func (r *resolver) lake() {
	lake := r.cfg.Lake
	if lake.URL == "" {
		return // reported as missing
	}
	location, refused := locate(lake.URL, r.cfg.dir)
	if refused != nil {
		r.errorf("lake.url", refused.message, refused.hint)
	}
	location.Access = r.access("lake", lake.Access, location)
	r.out.Lake = location
}

func (r *resolver) state() {
	state, refused := locateState(r.cfg.State.URL, r.cfg.dir)
	if refused != nil {
		r.errorf("state.url", refused.message, refused.hint)
	}
	r.out.State = state
}

// structure checks what the tags of the structs say.
func (r *resolver) structure() {
	visitor{object: r.required, value: r.tagged}.visit("", reflect.ValueOf(r.cfg))
}
