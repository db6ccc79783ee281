// Package csvscan reads the CSV dialect of Azure Synapse Link at the speed of
// memory: a [Splitter] cuts a file into blocks of whole records, a [Scanner]
// cuts a block into cells. Nothing is copied; cells are slices of the block.
//
// The dialect (source-format.md, section 4):
//
//	file   = [BOM] *( record / blank line )
//	record = cell *( "," cell ) ( LF / CRLF / end of file )
//	cell   = bare / DQUOTE *( any byte but DQUOTE / 2DQUOTE ) DQUOTE
//	bare   = *( any byte but DQUOTE, ",", LF )
//
// There is no header. Line ends inside quotes belong to the value and are kept
// byte for byte; a CR before the end of a record does not. Records may differ
// in width: what widths are legal is for the caller to say.
//
// # Blocks
//
// In this dialect every quote, escaped or not, turns "inside quotes" on or off,
// so a newline ends a record exactly when the number of quotes before it in
// the file is even. That makes the cut cheap: count the quotes of the buffer,
// then walk back from its end until a newline has even parity. Blocks begin at
// a record, with parity zero.
//
//	file   ├──────────────── block 0 ───────────────┤├────────── block 1 ──
//	       r r r "…LF…" LF r r r r r r r "…"",… LF    "…
//	                                            ▲ last newline at even parity
//	buffer ├────────────────────────────────────────┼──────┤
//	                        emitted                  carried into the next one
//
// A file with broken quotes has no such newline any more. The splitter then
// hands out what it holds and the scanner names the first bad byte, so that
// the same error is reported whatever the size of the blocks.
package csvscan
