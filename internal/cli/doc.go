// Package cli is the command line: one file for each command, which reads its
// options, asks package control (or the simulator) and shows the answer. It
// knows how nothing works.
//
// # Streams
//
// Results go to standard output; errors, warnings and progress go to standard
// error, each problem on a line of its own that begins with "sluice: ". With
// --json, standard output is one document, whatever happens:
//
//	{"command":"run","ok":true,"summary":"…","result":{…},"error":null}
//
//	command  as typed, "config print" for nested ones; "sluice" when it is not known
//	ok       true exactly when the exit status is 0
//	summary  the last line of the text output
//	result   what the command found or did, also of one that failed in part; or null
//	error    null, or {"code":"USAGE","message":"…"}; one line for each problem
//
// # Exit status
//
//	0    done
//	1    failed
//	2    usage or configuration
//	3    environment: storage, credentials
//	4    partly done: some tables failed, or rows were quarantined
//	130  interrupted
//
// The first SIGINT or SIGTERM ends the work in an orderly way, the second one
// ends the process.
package cli
