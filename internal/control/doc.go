// Package control is what command line, API and user interface share: it knows
// the pipelines of a configuration, opens their stores and carries out what a
// user asks for.
package control
