package spec

// Connection is a source of exports.
type Connection struct {
	// Kind of source. Sluice reads one: exports of Azure Synapse Link for Dataverse.
	ConnectionType ConnectionType `json:"connection_type,omitempty" jsonschema:"required,enum=DYNAMICS365"`
	// For people who read the configuration.
	Comment string `json:"comment,omitempty"`
	// Where the export is, and how to get at it.
	Options ConnectionOptions `json:"options,omitzero" jsonschema:"required"`
}

// ConnectionType is the kind of a connection.
type ConnectionType string

// Dynamics365 is the one kind of connection.
const Dynamics365 ConnectionType = "DYNAMICS365"

// ConnectionOptions name the container of an export: account and container,
// or a url. Two generations of option names are in use at Databricks; both are
// understood.
type ConnectionOptions struct {
	// Storage account that Synapse Link exports to.
	StorageAccountName string `json:"storage_account_name,omitempty"`
	// The same as storage_account_name.
	AzureStorageAccountName string `json:"azure_storage_account_name,omitempty"`
	// Container of the export, such as dataverse-contoso-unq1234.
	ContainerName string `json:"container_name,omitempty"`
	// The same as container_name.
	AzureContainerName string `json:"azure_container_name,omitempty"`
	// Instead of account and container: a local folder that holds an export (relative to this file), or an abfss:// or https:// address.
	URL string `json:"url,omitempty"`
	// Folder of each Dataverse environment in the container, by source_schema. Needed only when Sluice cannot tell them apart by name.
	Environments map[string]string `json:"environments,omitempty"`
	// How long a closed folder without a usable model.json holds back those after it, counted from the beginning of the next. 1h by default.
	AbandonAfter Duration `json:"abandon_after,omitempty"`
	Access       `json:",inline"`
}

// Access is how an Azure storage account is reached and opened. Give one way
// to sign in: a client secret, a client certificate, an account key, a shared
// access signature, or the name of a credential that the machine has.
type Access struct {
	// Entra tenant (directory) id of the application.
	TenantID string `json:"tenant_id,omitempty"`
	// Application (client) id.
	ClientID string `json:"client_id,omitempty"`
	// Client secret of the application. Keep it out of the file: ${env.SLUICE_CLIENT_SECRET}
	ClientSecret Secret `json:"client_secret,omitempty"`
	// PEM or PKCS#12 file with the application's certificate and key, instead of a client secret.
	ClientCertificatePath string `json:"client_certificate_path,omitempty"`
	// Password of that file.
	ClientCertificatePassword Secret `json:"client_certificate_password,omitempty"`
	// Credential that the machine has, instead of one in this file.
	Credential Credential `json:"credential,omitempty" jsonschema:"enum=managed_identity,enum=workload_identity,enum=azure_cli,enum=default"`
	// Key of the storage account.
	AccountKey Secret `json:"account_key,omitempty"`
	// Shared access signature, with or without the leading question mark.
	SASToken Secret `json:"sas_token,omitempty"`
	// OAuth scope to ask a token for.
	Scope string `json:"scope,omitempty"`
	// The same as scope.
	OAuthScope string `json:"oauth_scope,omitempty"`
	// Sign-in host of another cloud, such as https://login.microsoftonline.us
	AuthorityHost string `json:"authority_host,omitempty"`
	// Blob endpoint of another cloud or of Azurite, such as http://127.0.0.1:10000/devstoreaccount1
	Endpoint string `json:"endpoint,omitempty"`
}

// Credential names a credential that is found on the machine.
type Credential string

// The credentials.
const (
	ManagedIdentity   Credential = "managed_identity"
	WorkloadIdentity  Credential = "workload_identity"
	AzureCLI          Credential = "azure_cli"
	DefaultCredential Credential = "default"
)
