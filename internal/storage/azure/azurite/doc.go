// Package azurite runs Azurite, Microsoft's emulator of Azure's blob service,
// for tests and the bench:
//
//	Start(Options{}) ──▶ node scripts/azurite/serve.js ──▶ http://127.0.0.1:PORT/ACCOUNT
//	                     (from .tools/node, `make tools`)
//
// One server holds one or more accounts, in memory or below a folder. With
// HTTPS it has a certificate of its own, signed by nobody, which
// [Server.CertPEM] shows and [Server.Transport] trusts; with OAuth it also takes
// bearer tokens, whose signature it does not check, but whose issuer, audience
// and times it does.
//
// It is a process that ends with [Server.Close], and by itself when the process
// that started it dies. It has no Data Lake (DFS) endpoint and no hierarchical
// namespace.
package azurite
