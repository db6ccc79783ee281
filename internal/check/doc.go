// Package check proves that a configuration can work, one step after the other,
// with the functions that a run uses:
//
//	source   network ▶ token or signature ▶ container ▶ list ▶ environment ▶ changelog.info ▶ model.json ▶ freshness ▶ schema
//	lake     network ▶ token or signature ▶ container ▶ list ▶ write ( ▶ clock ▶ conditional put ) ▶ tables
//	tables   for each: snapshot ▶ data files ▶ deletion vectors; index ▶ of all
//	machine  memory ▶ disk ▶ version
//
// The steps network to container are those of a storage account; a folder on
// disk begins with list. A step that fails ends its row: the ones behind it are
// skipped, and say after which. What stands in brackets, and the last two rows,
// belong to the command doctor. The lake's step tables, whether pipelines may go on
// with what is there, is package control's, which knows all pipelines.
//
// Reasons are in the words of the service or of package synapselink; a fix says
// what to do. The source is read only; in the lake a file
// _sluice_check_… is written and removed.
package check
