// Package work finds out what there is to do for the tables of a pipeline. Making a
// survey changes nothing.
//
//	Pipeline      a pipeline of the configuration, its stores, and the means: memory,
//	   │          processors, clock, listeners
//	   ▼
//	Survey        one look at it: for which tables, from where on
//	   ├────▶ Environment    an export: its closed folders, what they hold; one
//	   │                     listing and one manifest of each folder serve all tables
//	   └────▶ Target         a table of the lake: its snapshot tells the cursor
//	             └─▶ Part    what one folder behind the cursor has for it
//
// A table's log says in the same commits as its data where the table stands, see
// [Target.Cursor], [Target.Skipped] and [Target.Gap]; package pipeline writes it.
//
// An error of a survey is one of the request or the container. What keeps a single
// table from being read or written is in [Target.Err], what keeps an environment
// from it in [Environment.Err], where the pipeline reads several.
package work
