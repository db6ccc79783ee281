// Package obs is how Sluice says what it does: the logger, the names of the
// attributes that log lines carry, and the rule that no secret gets into them.
//
// A line for terminals and one for machines, of the same event:
//
//	time=2024-09-11T16:29:10.000Z level=INFO msg="table done" pipeline=prod table=main/d365/account rows_read=120
//	{"time":"2024-09-11T16:29:10Z","level":"INFO","msg":"table done","pipeline":"prod","table":"main/d365/account","rows_read":120}
//
// Attributes are looked at on their way out, groups and values that render
// themselves included: what has the name of a secret is shown as [Redacted],
// and signatures and passwords are cut out of addresses wherever they stand.
// That is the second line of defence; the first is that secrets are of a type
// that does not show itself.
package obs
