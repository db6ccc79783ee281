// Package entra signs in to Microsoft Entra ID for storage accounts, and puts
// what Azure answers when something is wrong into a reason and a fix.
//
// # Signing in
//
// [New] makes the credential that a configuration means, through azidentity:
//
//	Options                            credential
//	─────────────────────────────────  ─────────────────────────────────────
//	ClientSecret                       client secret of an application
//	CertificatePath                    client certificate, PEM or PKCS#12
//	Credential managed_identity        the machine's identity (ClientID: which)
//	Credential workload_identity       the Kubernetes service account's
//	Credential azure_cli               the user who ran az login
//	Credential default                 azidentity's chain of all of these
//
// The credential asks for the configured scope whatever its caller asks for:
// azblob knows that of the public cloud alone. A failed sign-in is a
// [*SignInError]: it wraps storage.ErrDenied where Entra refused, the network's
// own error where Entra could not be reached, and its Hint says what to do.
//
// # Diagnosis
//
// [Diagnose] looks into an error of a sign-in or of the storage service for
// what the service said:
//
//	error ── sign-in ──▶ AADSTS code and first sentence of the answer  ┐
//	      ── storage ──▶ x-ms-error-code and first line of <Message>   ├─▶ row ─▶ Diagnosis
//	      ── network ──▶ name, certificate, connection                 ┘
//
// The rows are in rows_signin.go, rows_storage.go and rows_network.go. Codes
// and wording are those of Microsoft's references "Microsoft Entra
// authentication & authorization error codes" and "Status and error codes" of
// the Blob service, and of answers that users have published.
//
// No text made here holds a secret: answers are cut to their first sentence,
// the details of an answer (which may hold a signature) are looked into and
// never shown, addresses are shown without their query.
package entra
