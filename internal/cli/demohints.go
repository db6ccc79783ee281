package cli

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Hint is a command to go on with.
type Hint struct {
	Title string `json:"title"`
	// Install is what to install first, if anything.
	Install string `json:"install,omitempty"`
	Command string `json:"command"`
}

// hints are the ways to look at the demo's tables. The key is one of table
// account, empty for none.
func (d demoFolder) hints(sluice, key string) []Hint {
	config := " -f " + shellWord(d.config())
	var hints []Hint
	if key != "" {
		hints = append(hints, Hint{Title: "What happened to one account", Command: sluice + " explain" + config + " account " + key})
	}
	hints = append(hints,
		Hint{Title: "Where the tables stand", Command: sluice + " status" + config},
		Hint{Title: "The commits of a table", Command: sluice + " history" + config + " account"},
	)
	hints = append(hints, d.engines(key)...)
	again := sluice + " demo --keep-going"
	if string(d) != defaultDemoDir {
		again += " --dir " + shellWord(string(d))
	}
	return append(hints, Hint{Title: "Two more folders of changes", Command: again})
}

// engines are other programs that read the tables. Their versions are those
// that Sluice is tested with; DuckDB and its extension belong together.
func (d demoFolder) engines(key string) []Hint {
	account := pythonText(filepath.ToSlash(d.table("account")))
	contact := pythonText(filepath.ToSlash(d.table("contact")))
	where, params := "", account
	if key != "" {
		where, params = "WHERE Id = ? ", account+", "+pythonText(key)
	}
	return []Hint{
		{
			Title:   "DuckDB, the versions of that account",
			Install: "pip install duckdb==1.5.5 duckdb-extension-delta==1.5.5",
			Command: pythonLine(
				"import duckdb, duckdb_extension_delta as d",
				"duckdb.load_extension(d.__path__[0] + '/extensions/v' + duckdb.__version__ + '/delta.duckdb_extension')",
				fmt.Sprintf("print(duckdb.sql('SELECT name, telephone1, __START_AT, __END_AT FROM delta_scan(?) %sORDER BY __START_AT LIMIT 10', params=[%s]))", where, params)),
		},
		{
			Title:   "polars, some contacts",
			Install: "pip install polars==2.1.0 deltalake==1.6.6",
			Command: pythonLine(
				"import polars as pl",
				fmt.Sprintf("print(pl.scan_delta(%s).select('fullname', 'emailaddress1', 'versionnumber').head(5).collect())", contact)),
		},
		{
			Title:   "Spark, the same; it needs Java 17",
			Install: "pip install pyspark==4.2.0",
			Command: pythonLine(
				"from pyspark.sql import SparkSession",
				"spark = SparkSession.builder.config('spark.jars.packages', 'io.delta:delta-spark_4.2_2.13:4.4.0')"+
					".config('spark.sql.extensions', 'io.delta.sql.DeltaSparkSessionExtension')"+
					".config('spark.sql.catalog.spark_catalog', 'org.apache.spark.sql.delta.catalog.DeltaCatalog')"+
					".config('spark.databricks.delta.snapshotPartitions', '2').getOrCreate()",
				fmt.Sprintf("spark.read.format('delta').load(%s).select('fullname', 'emailaddress1', 'versionnumber').show(5)", contact)),
		},
	}
}

// pythonLine is a program of statements without double quotes.
func pythonLine(statements ...string) string {
	return python() + " -c " + shellText(strings.Join(statements, "; "))
}

func (p *page) hints(hints []Hint) {
	p.linef("%s", p.Bold("Look at the tables"))
	for _, h := range hints {
		p.linef("\n  %s", h.Title)
		if h.Install != "" {
			p.linef("    %s", h.Install)
		}
		p.linef("    %s", h.Command)
	}
	p.linef("")
}
