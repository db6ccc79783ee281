// Package keyindex finds entries by a key of 16 bytes in sorted files on local
// disk. It holds little memory whatever the number of entries: what is looked
// up is read page by page.
//
// An index is a folder of runs, which never change, and a manifest that says
// which of them count:
//
//	<folder>/
//	├── lock                 held by the process that has the index open
//	├── manifest             replaced by a rename
//	├── 5f0c….run            sorted entries
//	└── 91ab….run
//
// An update adds a run; where it is not much smaller than the ones before it,
// these are merged into it. Several entries may have the same key. What an entry
// means is its owner's: here it is a key and seven numbers.
//
// # Run
//
// A run is a tree that is written in one go from its leaves to its root:
//
//	┌──────┬──────┬───┬──────┬──────┬───┬──────┬─────────┐
//	│ leaf │ leaf │ … │ node │ leaf │ … │ root │ trailer │
//	└──────┴──────┴───┴──────┴──────┴───┴──────┴─────────┘
//
// A leaf has up to 128 entries. Keys are sorted, and what all of them begin with
// is written once. Numbers are written column by column, as multiples of a step
// above the smallest one, with as many bits as the largest needs:
//
//	kind 1 │ count 1 │ prefix length 1 │ prefix
//	column × 7:  smallest 8 │ step 8 │ bits 1
//	rest of each key: count × (16 - prefix length)
//	column × 7:  count × bits, rounded up to bytes
//	crc 4
//
// A node has up to 128 references to leaves or nodes, all of one kind:
//
//	kind 1 │ count 1
//	count × ( first key 16 │ offset 8 │ length 4 )
//	crc 4
//
// The kind is 1 for a leaf and 2 for a node; the count is written less one. The
// trailer has 40 bytes:
//
//	"SLUICEKI" 8 │ version 2 │ depth 2 │ root offset 8 │ root length 4 │ entries 8 │ 0 4 │ crc 4
//
// The depth is the number of pages from the root to a leaf. Each crc is the
// CRC-32C of all bytes of its page before it. A run without entries is none.
// All numbers are little endian.
//
// # Manifest
//
// One line of text, and JSON behind it:
//
//	sluice-keyindex 1 <length of the JSON> <its CRC-32C, 8 hex digits>
//	{"stamp": …, "next": …, "files": [{"ordinal": …, "name": …, "rows": …, "state": …}], "runs": [{"name": …, "entries": …, "bytes": …, "crc": …}]}
//
// stamp says what the index is of. files are those that entries may point into;
// an entry that points into another one counts for nothing and goes with the
// next merge. next is the ordinal of the next file; none is used twice. The crc
// of a run is that of its trailer, so that no other run is taken for it.
//
// # Damage
//
// [ErrDamaged] tells of it, wherever it is. An index is a cache: its owner
// removes it then and makes it anew.
package keyindex
