package entra

import (
	"fmt"
	"strings"
)

// signInRows are about answers of Entra, and about credentials that the machine
// does not have.
var signInRows = []row{
	{code: "AADSTS7000215", fix: func(f *facts) string {
		return "put the secret's Value, not its Secret ID, into client_secret; Azure shows it only once, so make a new one if it is lost: " + f.newSecret()
	}},
	{code: "AADSTS7000222", fix: func(f *facts) string {
		return "the secret has expired: make a new one and put it into client_secret: " + f.newSecret()
	}},
	{code: "AADSTS700016", fix: func(f *facts) string {
		return fmt.Sprintf("check client_id (%s), the Application (client) ID of the registration, not its Object ID, and that tenant_id (%s) is the tenant that it is registered in",
			f.ClientID, f.TenantID)
	}},
	{code: "AADSTS7000229", fix: func(f *facts) string {
		return fmt.Sprintf("make the application known in tenant %s: az ad sp create --id %s", f.TenantID, f.ClientID)
	}},
	{code: "AADSTS7000112", fix: func(f *facts) string {
		return fmt.Sprintf("enable the application: Microsoft Entra admin center, Enterprise applications, %s, Properties, Enabled for users to sign-in", f.ClientID)
	}},
	{code: "AADSTS90002", fix: unknownTenant},
	{code: "AADSTS900023", fix: unknownTenant},
	{code: "AADSTS700027", fix: func(f *facts) string {
		return fmt.Sprintf("register the certificate of client_certificate_path with the application: "+
			"az ad app credential reset --id %s --append --cert @certificate.pem; or use the certificate that is registered", f.ClientID)
	}},
	{code: "AADSTS700024", fix: func(f *facts) string {
		return "set this machine's clock (" + f.clocks() + "); if it is right, renew the certificate"
	}},
	{code: "AADSTS70021", fix: federated},
	{code: "AADSTS700211", fix: federated},
	{code: "AADSTS700213", fix: federated},
	{code: "AADSTS500011", fix: wrongScope},
	{code: "AADSTS70011", fix: wrongScope},
	{code: "AADSTS1002012", fix: wrongScope},
	{code: "AADSTS53003", fix: func(*facts) string {
		return "a Conditional Access policy blocks this sign-in: have this machine's address allowed in the policy for workload identities"
	}},
	{when: func(f *facts) bool { return strings.HasPrefix(f.code, "AADSTS") }, fix: func(f *facts) string {
		return "see https://login.microsoftonline.com/error?code=" + strings.TrimPrefix(f.code, "AADSTS")
	}},
	{code: "NO_MANAGED_IDENTITY", fix: func(f *facts) string {
		if f.ClientID != "" {
			return fmt.Sprintf("assign the user-assigned identity %s to this machine, or take client_id out to use the machine's own; outside of Azure use client_secret", f.ClientID)
		}
		return "turn on the system-assigned identity of this machine (Azure portal, Identity), or name a user-assigned one by client_id; outside of Azure use client_secret"
	}},
	{code: "NO_WORKLOAD_IDENTITY", fix: func(*facts) string {
		return "label the pod azure.workload.identity/use: \"true\" and annotate its service account with azure.workload.identity/client-id"
	}},
	{code: "NO_AZURE_CLI", fix: func(f *facts) string {
		if f.TenantID != "" {
			return "sign in as the user who runs sluice: az login --tenant " + f.TenantID
		}
		return "sign in as the user who runs sluice: az login"
	}},
	{code: "NO_DEFAULT", fix: func(*facts) string {
		return "give one of these what it needs, or say which one is meant: credential: managed_identity, workload_identity or azure_cli, or client_secret"
	}},
	{code: "SIGN_IN_FAILED", fix: func(f *facts) string {
		return "check authority_host (" + f.authority + ") and that proxies and firewalls let this machine reach it"
	}},
}

func (f *facts) newSecret() string {
	return "az ad app credential reset --id " + orWord(f.ClientID, "<client_id>") + " --append"
}

func unknownTenant(f *facts) string {
	return fmt.Sprintf("put the Directory (tenant) ID from the application's overview, or a domain of the tenant, into tenant_id (it is %s)", orWord(f.TenantID, "empty"))
}

func federated(f *facts) string {
	return fmt.Sprintf("give application %s a federated credential with the issuer and subject of this workload: az ad app federated-credential create --id %s",
		f.ClientID, orWord(f.ClientID, "<client_id>"))
}

func wrongScope(*facts) string {
	return "take scope out of the configuration, or set it to " + DefaultScope
}

func orWord(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
