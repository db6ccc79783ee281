package entra

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Roles that are enough, and no more.
const (
	readerRole      = "Storage Blob Data Reader"
	contributorRole = "Storage Blob Data Contributor"
)

// storageRows are about answers of the blob service.
var storageRows = []row{
	// What a signature says of itself is surer than what a refusal says of it:
	// that of an expired one has the words of a wrong one.
	{when: (*facts).sasExpired, fix: func(f *facts) string { return f.SAS.ExpiredFix(f.time()) }},
	{when: (*facts).sasEarly, fix: func(f *facts) string { return f.SAS.EarlyFix(f.time()) }},
	{when: func(f *facts) bool { return f.dfs && f.status == http.StatusBadRequest }, fix: func(f *facts) string {
		return fmt.Sprintf("endpoint leads to the Data Lake (dfs) service of the account, and Sluice speaks with its blob service: "+
			"take endpoint out, or set it to https://%s.blob.core.windows.net or what that is called there", f.account())
	}},
	{code: "AuthorizationPermissionMismatch", when: (*facts).sasLacks, fix: func(f *facts) string { return f.SAS.LacksFix(f.Write) }},
	{code: "AuthorizationPermissionMismatch", when: signedBy(SASToken), fix: sasPermissions},
	{code: "AuthorizationPermissionMismatch", fix: role},
	{code: "InsufficientAccountPermissions", fix: role},
	{code: "AuthorizationServiceMismatch", fix: sasPermissions},
	{code: "AuthorizationResourceTypeMismatch", fix: sasPermissions},
	{code: "AuthorizationProtocolMismatch", fix: func(*facts) string {
		return "the shared access signature allows https alone: use an https address"
	}},
	{code: "AuthorizationSourceIPMismatch", fix: func(*facts) string {
		return "make a shared access signature whose IP range has this machine's public address, or none"
	}},
	// Azurite says so of a wrong key or signature, in the words of Azure's
	// AuthenticationFailed.
	{code: "AuthorizationFailure", when: unauthenticated(AccountKey), fix: wrongKey},
	{code: "AuthorizationFailure", when: unauthenticated(SASToken), fix: sasBroken},
	{code: "AuthorizationFailure", fix: firewall},
	{code: "IpAuthorizationError", fix: firewall},
	{code: "PublicAccessNotPermitted", fix: unsigned},
	{code: "NoAuthenticationInformation", fix: unsigned},
	{code: "KeyBasedAuthenticationNotPermitted", fix: func(f *facts) string {
		return fmt.Sprintf("account %s refuses %s: sign in with client_secret or credential instead, or allow keys: "+
			"az storage account update --name %s --allow-shared-key-access true", f.account(), orWord(string(f.Way), "account_key"), f.account())
	}},
	{code: "AuthenticationFailed", when: detail("Signature not valid in the specified time frame"), fix: sasTime},
	{code: "AuthenticationFailed", when: detail("Signature fields not well formed", "Signature did not match", "se is mandatory", "sv is mandatory", "sp is mandatory"), fix: sasBroken},
	{code: "AuthenticationFailed", when: detail("Request date header too old", "date header"), fix: wrongClock},
	{code: "AuthenticationFailed", when: (*facts).clockWrong, fix: wrongClock},
	{code: "AuthenticationFailed", when: detail("Issuer validation failed", "token issuer"), fix: wrongTenant},
	{code: "AuthenticationFailed", when: detail("Audience validation failed", "token audience"), fix: wrongAudience},
	{code: "AuthenticationFailed", when: signedBy(SASToken), fix: sasBroken},
	{code: "AuthenticationFailed", when: signedBy(AccountKey), fix: wrongKey},
	{code: "AuthenticationFailed", when: detail("MAC signature"), fix: wrongKey},
	{code: "AuthenticationFailed", fix: wrongTenant},
	{code: "InvalidAuthenticationInfo", when: signedBy(AccountKey), fix: wrongKey},
	{code: "InvalidAuthenticationInfo", when: detail("Audience validation failed", "token audience"), fix: wrongAudience},
	{code: "InvalidAuthenticationInfo", when: detail("Lifetime validation failed"), fix: wrongClock},
	{code: "InvalidAuthenticationInfo", fix: wrongTenant},
	{code: "AccountIsDisabled", fix: func(f *facts) string {
		return fmt.Sprintf("enable storage account %s; accounts are disabled with their subscription, so look whether that one is active and paid for", f.account())
	}},
	{code: "ContainerNotFound", when: func(f *facts) bool { return f.Write }, fix: func(f *facts) string {
		return fmt.Sprintf("create it: az storage container create --account-name %s --name %s --auth-mode login; or correct its name", f.account(), f.container())
	}},
	{code: "ContainerNotFound", fix: func(f *facts) string {
		return fmt.Sprintf("check the container's name: az storage container list --account-name %s --auth-mode login --query [].name; "+
			"Synapse Link's are called dataverse-<environment>-<organization>", f.account())
	}},
	{code: "FilesystemNotFound", fix: func(f *facts) string {
		return "check the container's name, and that endpoint is the blob service, not the dfs one, of account " + f.account()
	}},
	{code: "ContainerBeingDeleted", fix: func(f *facts) string {
		return "the container is being deleted, which takes some 30 seconds or, with soft delete, lasts until it is restored: " + f.restore("")
	}},
	{code: "ContainerDisabled", fix: func(f *facts) string {
		return "an administrator has disabled the container; have container " + f.container() + " enabled"
	}},
	{code: "InvalidResourceName", fix: func(*facts) string {
		return "container names are 3 to 63 lower-case letters, digits and single hyphens"
	}},
	{code: "InvalidUri", fix: wrongEndpoint},
	{code: "InvalidQueryParameterValue", fix: wrongEndpoint},
	{code: "ResourceNotFound", fix: wrongEndpoint},
	{when: func(f *facts) bool { return f.status == http.StatusForbidden }, fix: role},
	{when: func(f *facts) bool { return f.status == http.StatusProxyAuthRequired }, fix: signInToProxy},
	{when: func(f *facts) bool {
		return f.status == http.StatusTooManyRequests || f.status >= http.StatusInternalServerError
	}, fix: func(*facts) string {
		return "the service is busy or out of order: try again; see https://azure.status.microsoft if it stays so"
	}},
}

func signedBy(way Way) func(*facts) bool {
	return func(f *facts) bool { return f.Way == way }
}

// refusedSAS: a request that a shared access signature signs was not let in.
func (f *facts) refusedSAS() bool {
	return f.Way == SASToken && (f.status == http.StatusForbidden || f.status == http.StatusUnauthorized)
}

func (f *facts) sasExpired() bool { return f.refusedSAS() && f.SAS.Expired(f.time()) }
func (f *facts) sasEarly() bool   { return f.refusedSAS() && f.SAS.Early(f.time()) }
func (f *facts) sasLacks() bool   { return f.refusedSAS() && len(f.SAS.Lacks(f.Write)) > 0 }

// time is the service's, by which it judges, or else this machine's.
func (f *facts) time() time.Time {
	if f.clock.IsZero() {
		return f.Now
	}
	return f.clock
}

func unauthenticated(way Way) func(*facts) bool {
	return func(f *facts) bool {
		return f.Way == way && strings.HasPrefix(f.message, "Server failed to authenticate")
	}
}

// detail finds words of Azure, and of Azurite where it has others.
func detail(parts ...string) func(*facts) bool {
	return func(f *facts) bool {
		for _, part := range parts {
			if strings.Contains(f.detail, part) {
				return true
			}
		}
		return false
	}
}

func (f *facts) account() string   { return orWord(f.Account, "<account>") }
func (f *facts) container() string { return orWord(f.Container, "<container>") }

// role names the least role on the smallest scope. Owner and Contributor of the
// account do not include it, which surprises everybody once.
func role(f *facts) string {
	name := readerRole
	if f.Write {
		name = contributorRole
	}
	scope := fmt.Sprintf(`"$(az storage account show --name %s --query id --output tsv)/blobServices/default/containers/%s"`,
		f.account(), f.container())
	return fmt.Sprintf(`give %s the role %s on container %s of account %s (Owner and Contributor do not include it), and wait up to 10 minutes: `+
		`az role assignment create --assignee %s --role "%s" --scope %s`,
		f.principal(), name, f.container(), f.account(), f.assignee(), name, scope)
}

func (f *facts) principal() string {
	switch {
	case f.ClientID != "" && f.Way == ManagedIdentity:
		return "managed identity " + f.ClientID
	case f.ClientID != "":
		return "application " + f.ClientID
	case f.Way == AzureCLI:
		return "the user of az login"
	case f.Way == ManagedIdentity:
		return "the machine's managed identity"
	}
	return "the identity that signs in"
}

func (f *facts) assignee() string {
	switch {
	case f.ClientID != "":
		return f.ClientID
	case f.Way == AzureCLI:
		return `"$(az ad signed-in-user show --query id --output tsv)"`
	}
	return "<object id>"
}

func firewall(f *facts) string {
	return fmt.Sprintf("the account's network rules do not let this machine in: az storage account network-rule add --account-name %s --ip-address <public address>; "+
		"a machine in Azure in the same region comes by its virtual network, which has to be allowed instead, or by a private endpoint", f.account())
}

func unsigned(*facts) string {
	return "the request was not signed: give client_secret, client_certificate_path, credential, account_key or sas_token"
}

func sasPermissions(f *facts) string {
	letters := "rl (read, list)"
	if f.Write {
		letters = "racwdl (read, add, create, write, delete, list)"
	}
	return fmt.Sprintf("make a shared access signature for the blob service, its container and objects, with the permissions %s", letters)
}

func sasTime(f *facts) string {
	return "sas_token has expired or is not valid yet (" + f.clocks() + "): make a new one, or set this machine's clock if it was made here"
}

func sasBroken(*facts) string {
	return "sas_token is not what Azure gave, or was made for another container: copy it whole, with all its & and % signs and in quotes; it is no longer valid once the account's key is rotated"
}

func wrongKey(f *facts) string {
	return fmt.Sprintf("account_key is not a key of account %s: az storage account keys list --account-name %s", f.account(), f.account())
}

// wrongTenant: the token is good, but not for this account.
func wrongTenant(f *facts) string {
	if f.home != "" && f.TenantID != "" && f.home != f.TenantID {
		return fmt.Sprintf("account %s belongs to tenant %s: sign in there, with an application of that tenant (tenant_id is %s)", f.account(), f.home, f.TenantID)
	}
	return fmt.Sprintf("tenant_id (%s) must be the tenant of account %s's subscription: az account show --query tenantId", orWord(f.TenantID, "not set"), f.account())
}

func wrongAudience(*facts) string {
	return "the token is for something else than storage: take scope out of the configuration, or set it to " + DefaultScope
}

func wrongClock(f *facts) string {
	return "set this machine's clock, with a time service such as NTP: " + f.clocks()
}

func wrongEndpoint(f *facts) string {
	return fmt.Sprintf("check the address: the blob service of the account, https://%s.blob.core.windows.net in the public cloud", f.account())
}

// skewAllowed is what the service takes: requests signed with a key carry their
// time and are refused when it is more than 15 minutes away.
const skewAllowed = 15 * time.Minute

func (f *facts) clockWrong() bool {
	return !f.clock.IsZero() && !f.Now.IsZero() && f.Now.Sub(f.clock).Abs() > skewAllowed
}

// clocks compares this machine's clock with the service's.
func (f *facts) clocks() string {
	if f.clock.IsZero() {
		return "the service does not tell its time"
	}
	service := "the service's says " + f.clock.UTC().Format(time.RFC3339)
	if f.Now.IsZero() {
		return service
	}
	return service + ", this machine's " + f.Now.UTC().Format(time.RFC3339)
}

// restore is the command that brings a deleted container back.
func (f *facts) restore(version string) string {
	return fmt.Sprintf("az storage container restore --account-name %s --name %s --deleted-version %s --auth-mode login",
		f.account(), f.container(), orWord(version, "<version>"))
}

// Restore is the command that brings a soft-deleted container back.
func (a About) Restore(version string) string {
	return (&facts{About: a}).restore(version)
}
