// Command sluice keeps Delta Lake tables in step with the CSV exports of Azure
// Synapse Link for Dataverse.
package main

import (
	"os"

	"github.com/sluicedata/sluice/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
