package spec

// Config is a whole configuration file.
type Config struct {
	// What belongs to this file as a whole.
	Bundle Bundle `json:"bundle,omitzero"`
	// Where the Delta tables are written.
	Lake Lake `json:"lake,omitzero" jsonschema:"required"`
	// Where exports are read: a name of your choice, and what is behind it.
	Connections map[string]*Connection `json:"connections,omitempty"`
	// What Sluice keeps running: pipelines and jobs.
	Resources Resources `json:"resources,omitzero"`
	// Where run history is kept. Tables never depend on it.
	State State `json:"state,omitzero"`

	// Where the Databricks CLI deploys the bundle.
	Workspace Foreign `json:"workspace,omitempty" ignore:"it tells the Databricks CLI where to deploy; Sluice runs what is in this file"`
	// Files to deploy beside the bundle.
	Sync Foreign `json:"sync,omitempty" ignore:"Sluice deploys no files"`
	// Who may see and manage the resources.
	Permissions Foreign `json:"permissions,omitempty" ignore:"Sluice has no permissions in its configuration"`
	// Who the resources run as.
	RunAs Foreign `json:"run_as,omitempty" ignore:"Sluice runs as the user who starts it"`
	// Variants of the file for several places of deployment.
	Targets Foreign `json:"targets,omitempty" refuse:"Sluice reads one file for each environment; write a second file and name it with --config"`
	// Values to use in the rest of the file.
	Variables Foreign `json:"variables,omitempty" refuse:"Sluice knows no variables of its own; use environment variables, ${env.NAME}"`
	// Further files that belong to the bundle.
	Include Foreign `json:"include,omitempty" refuse:"Sluice reads one file; write everything into it"`

	source `json:"-"`
}

// Bundle names the file.
type Bundle struct {
	// Name of the whole; ${bundle.name} stands for it elsewhere in the file.
	Name string `json:"name,omitempty"`
}

// Lake is the place of the tables: table "account" is the Delta table
// <url>/<destination_catalog>/<destination_schema>/account.
type Lake struct {
	// Folder that holds the tables: a local folder (relative to this file), or abfss://container@account.dfs.core.windows.net/path.
	URL    string `json:"url,omitempty" jsonschema:"required"`
	Access `yaml:",inline"`
}

// State is the place of run history and caches.
type State struct {
	// A local folder (default: .sluice beside this file), or postgres://user:password@host/database.
	URL URL `json:"url,omitempty"`
}

// Resources are the things that Sluice runs.
type Resources struct {
	// Pipelines by key. Each keeps tables in step with one connection.
	Pipelines map[string]*PipelineSpec `json:"pipelines,omitempty"`
	// Jobs by key. Each runs pipelines.
	Jobs map[string]*JobSpec `json:"jobs,omitempty"`
}

// Foreign stands for a value that Databricks has and Sluice does not read. It
// is true where the key is there with something in it: an empty list, false or
// null ask for nothing.
type Foreign bool

// UnmarshalJSON keeps only whether there is a value.
func (f *Foreign) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "null", "false", `""`, "[]", "{}", "0":
		*f = false
	default:
		*f = true
	}
	return nil
}

// source is where a configuration came from; empty for one that was built in
// memory.
type source struct {
	file      string              // as it was named
	dir       string              // absolute; relative paths in the file start here
	positions map[string]Position // by path
	replaced  map[string]bool     // paths whose value holds an environment variable's
}

// Dir is the absolute folder that relative paths in the configuration start
// from.
func (c *Config) Dir() string { return c.dir }

// SetDir says where relative paths start, for a configuration that was not
// read from a file.
func (c *Config) SetDir(dir string) { c.dir = dir }
