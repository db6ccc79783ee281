package spec

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Print is the configuration as it takes effect, as YAML: references replaced,
// places absolute, defaults filled in, every table with the settings that it
// ends up with, nothing that is ignored. Secrets are shown as [Redacted].
// It can be read again with [Parse], and then means the same.
func Print(c *Config) ([]byte, error) {
	shown, err := withoutSecrets(c)
	if err != nil {
		return nil, err
	}
	shown.fillIn()
	text, err := yaml.MarshalWithOptions(shown, yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	return text, nil
}

// withoutSecrets copies a configuration by way of JSON, which no secret
// passes: what is done with the copy cannot show one.
func withoutSecrets(c *Config) (*Config, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	shown := &Config{}
	if err := json.Unmarshal(data, shown); err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	shown.source = source{file: c.file, dir: c.dir}
	return shown, nil
}

// fillIn writes into the configuration what it does not say.
func (c *Config) fillIn() {
	dropForeign(reflect.ValueOf(c).Elem())
	c.Lake.URL = shownPlace(c.Lake.URL, c.dir)
	c.Lake.Access.fillIn(c.dir)
	if schemeOf(c.State.URL.Reveal()) == "" {
		c.State.URL = URL(absolute(cmp.Or(c.State.URL.Reveal(), DefaultStateDir), c.dir))
	}
	for _, conn := range c.Connections {
		o := &conn.Options
		o.URL = shownPlace(o.URL, c.dir)
		o.StorageAccountName, o.AzureStorageAccountName = cmp.Or(o.StorageAccountName, o.AzureStorageAccountName), ""
		o.ContainerName, o.AzureContainerName = cmp.Or(o.ContainerName, o.AzureContainerName), ""
		if o.AbandonAfter == "" {
			o.AbandonAfter = shownSpan(DefaultAbandonAfter)
		}
		o.Access.fillIn(c.dir)
	}
	for key, p := range c.Resources.Pipelines {
		p.fillIn(key)
	}
	for key, job := range c.Resources.Jobs {
		job.Name = cmp.Or(job.Name, key)
	}
}

func shownPlace(raw, dir string) string {
	if l, refused := locate(raw, dir); refused == nil {
		return l.String()
	}
	return URL(raw).String()
}

func (a *Access) fillIn(dir string) {
	a.Scope, a.OAuthScope = cmp.Or(a.Scope, a.OAuthScope), ""
	if a.ClientCertificatePath != "" {
		a.ClientCertificatePath = absolute(a.ClientCertificatePath, dir)
	}
}

func (p *PipelineSpec) fillIn(key string) {
	p.Name = cmp.Or(p.Name, key)
	def := &p.IngestionDefinition
	// Settings of tables are worked out from those of the schema objects, so
	// these come last.
	for _, o := range def.Objects {
		if t := o.Table; t != nil {
			t.DestinationCatalog = cmp.Or(t.DestinationCatalog, p.Catalog)
			t.DestinationSchema = cmp.Or(t.DestinationSchema, p.Schema)
			t.TableConfiguration = effective(t.TableConfiguration, schemaSettings(def, t.SourceSchema), def.TableConfiguration)
		}
	}
	for _, o := range def.Objects {
		if s := o.Schema; s != nil {
			s.DestinationCatalog = cmp.Or(s.DestinationCatalog, p.Catalog)
			s.DestinationSchema = cmp.Or(s.DestinationSchema, p.Schema)
			s.TableConfiguration = effective(s.TableConfiguration, def.TableConfiguration)
		}
	}
}

// effective is what merge says, as a table_configuration.
func effective(levels ...*TableSpecificConfig) *TableSpecificConfig {
	s := merge(levels...)
	return &TableSpecificConfig{
		SCDType: s.SCDType, SchemaChanges: s.SchemaChanges,
		IncludeColumns: s.IncludeColumns, ExcludeColumns: s.ExcludeColumns,
		TableProperties: s.TableProperties, OnGap: s.OnGap, MaxBadRows: &s.MaxBadRows,
		MaxCellBytes: s.MaxCellBytes, FreshnessLimit: shownSpan(s.FreshnessLimit),
	}
}

func shownSpan(d time.Duration) Duration {
	if d == 0 {
		return ""
	}
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return Duration(text)
}

// dropForeign removes what has no effect.
func dropForeign(v reflect.Value) {
	visitor{
		object: func(string, []field, reflect.Value) {},
		value: func(_ string, f field, fv reflect.Value) {
			if f.ignore != "" {
				fv.SetZero()
			}
		},
	}.visit("", v)
}
