// Package spec is the configuration file of Sluice, sluice.yaml: its types,
// its strict decoding, its checks and its JSON Schema.
//
// The file has the shape of a Databricks bundle, as far as Sluice has the same
// things, and three sections of its own (lake, connections, state):
//
//	bundle       name of the whole
//	lake         where the Delta tables are written
//	connections  where exports are read, by name
//	resources
//	  pipelines  what is kept in step: objects of one connection, by key
//	  jobs       when pipelines run, by key
//	state        where run history is kept
//
// It goes through three steps, each of which reports everything that it finds
// and not only the first thing:
//
//	sluice.yaml ──Load──▶ Config ──Lint──▶ []Finding
//	             syntax,    │      meaning: names, targets, what is not
//	             keys,      │      supported, what has no effect
//	             types,     └────Resolve──▶ Resolved
//	             references                 flat, absolute, defaults filled in
//
// The structs are the documentation: a field's json tag is its key, its
// comment is the description in the JSON Schema, its jsonschema tag names the
// legal values and whether it is required, and a refuse or ignore tag says why
// Sluice does not do what the key asks for. Decoding, checks and schema all
// read the same tags, so they cannot disagree.
//
// Errors are [Problems]; each names file, line, column and path. No error,
// finding or printed configuration shows a secret. Nothing here touches a file
// but [Load], which reads the one that it is given.
package spec
