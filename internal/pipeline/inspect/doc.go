// Package inspect looks at what was done: where the tables of a pipeline stand, their
// commits, where the rows of a key come from, which rows were set aside, and what a
// container holds. It changes nothing.
package inspect
