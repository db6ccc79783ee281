// Package azure keeps a [storage.Store] in a container of an Azure storage
// account: the export that Synapse Link writes, or a lake. It speaks the Blob
// API, which accounts with a hierarchical namespace (ADLS Gen2) answer as well.
//
//	abfss://container@account.dfs.core.windows.net/root      as users write it
//	https://account.blob.core.windows.net/container/root     the same
//	└─────────── service URL ───────────┘ └───────┘ └──┘
//
// # Requests
//
//	store ─▶ retry ─▶ credential ─▶ attempt ─▶ transport
//	         │                      └ one of Config.Requests places, a count,
//	         │                        and a limit on silence; takes no answer
//	         │                        of a proxy for the service's
//	         └ six tries on 408, 429, 500, 502, 503, 504, silence and broken
//	           connections, three where the connection is refused or something
//	           else answers; 0.8 s doubling with jitter, or what Retry-After says
//
// A store that never had an answer is asked again for a minute at most. When the
// service falls silent, a warning is logged.
//
// No try holds its place while it waits for the next one. A response that breaks
// off is asked for again from the byte where it broke.
//
// # Reading
//
// A range is read in blocks of 4 MiB, the first by ReadRange itself, so that a
// small file or a footer is one request. What follows is asked for ahead, in
// parallel, while the caller reads: one block, then two, four, eight, as long as
// Config.ReadAhead, which all readers share, has room.
//
//	caller       ◀── block 0   block 1   block 2
//	in flight                            block 3   block 4   …
//
// A reader holds one block beyond that. All blocks must have the ETag of the
// first: a file that is replaced while it is read ends with ErrChanged.
//
// # Writing
//
// Up to one block of 8 MiB goes up as one Put Blob when the writer is closed;
// more goes up as blocks meanwhile, and Close commits their list. Blocks that are
// never committed are not seen by anyone, and the service drops them after a
// week. Ids of blocks differ between writers, since all writers of one path share
// one space of blocks; the first that commits empties it, and the others fail
// with ErrTransient.
//
// PutIfAbsent is a Put Blob with "If-None-Match: *". When an answer is lost, the
// second try finds what the first one stored. Each call therefore marks its blob
// (metadata "sluiceput", a random id), and a retried call that finds its own mark
// has succeeded.
//
// # Listing
//
// A flat namespace lists names in byte order. A hierarchical one sorts '/' below
// every other character, names its folders as blobs (ResourceType "directory"),
// and older tools leave such blobs in flat ones (metadata "hdi_isfolder"): both
// are left out, and the order is restored.
//
//	bytes           a-b  a.csv  a/x      '-' < '.' < '/'
//	hierarchical    a/x  a-b  a.csv
//
// To do so a listing holds what lies below one folder of its first level, or with
// Delimiter the one level; only in a hierarchical namespace. There an empty
// folder is listed with Delimiter although it holds no file, so Delete removes
// the folders that it leaves empty. Names that are no paths (with "//", or '/' at an end) are not seen.
//
// # Errors
//
// All are [*storage.Error]. Their text has the service's code and the first line
// of its message, never a header, a query or a key; [azcore.ResponseError] can be
// found in their chain.
//
//	404                                  ErrNotExist   also ContainerNotFound
//	409 BlobAlreadyExists, 412 on put    ErrExists
//	412 on a read                        ErrChanged
//	401, 403, immutable, no token        ErrDenied
//	a lease of another program           ErrLeased, which is an ErrDenied
//	408, 429, 5xx, silence, reset        ErrTransient
//	no such host, no trusted certificate,
//	an answer of a proxy or a portal     ErrUnreachable, which is an ErrTransient
//	507                                  ErrNoSpace
//
// [azcore.ResponseError]: https://pkg.go.dev/github.com/Azure/azure-sdk-for-go/sdk/azcore#ResponseError
package azure
