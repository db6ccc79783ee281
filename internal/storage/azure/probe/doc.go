// Package probe looks at a storage account in steps, each of which can fail for
// reasons of its own, where a store would fail in its first request for all of
// them:
//
//	Reach         name, connection, TLS, through proxies; the service's clock
//	Token         the sign-in
//	See           the container and the right to see it
//	Hierarchical  the kind of namespace: Synapse Link exports to ADLS Gen2 alone
//	Fate          what became of a container that is not there
//
// Errors are those of the SDK: entra.Diagnose says what they mean.
package probe
