package spec

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"reflect"
	"strings"
)

// connections resolves every connection, used or not.
func (r *resolver) connections() {
	used := map[string]bool{}
	for _, p := range r.cfg.Resources.Pipelines {
		used[p.IngestionDefinition.ConnectionName] = true
	}
	for _, name := range sorted(r.cfg.Connections) {
		at := join("connections", name)
		r.sources[name] = r.source(name, join(at, "options"), r.cfg.Connections[name].Options)
		if !used[name] {
			r.warnf(at, "no pipeline uses this connection", "")
		}
	}
}

func (r *resolver) source(name, at string, o ConnectionOptions) Source {
	s := Source{Connection: name, Environments: r.environments(join(at, "environments"), o.Environments)}
	account := r.either(at, "storage_account_name", o.StorageAccountName, "azure_storage_account_name", o.AzureStorageAccountName)
	container := r.either(at, "container_name", o.ContainerName, "azure_container_name", o.AzureContainerName)
	switch {
	case o.URL != "" && (account != "" || container != ""):
		r.errorf(join(at, "url"), "stands beside an account or container", "name the place once: url, or storage_account_name and container_name")
	case o.URL != "":
		location, refused := locate(o.URL, r.cfg.dir)
		if refused != nil {
			r.errorf(join(at, "url"), refused.message, refused.hint)
		}
		s.Location = location
	case account != "" && container != "":
		s.Location = r.container(at, account, container)
	case !reflect.ValueOf(o).IsZero(): // reported as missing
		r.errorf(at, "does not say where the export is", "give storage_account_name and container_name, or url")
	}
	s.Location.Access = r.access(at, o.Access, s.Location)
	s.AbandonAfter = cmp.Or(r.duration(join(at, "abandon_after"), o.AbandonAfter), DefaultAbandonAfter)
	return s
}

// container is the root of a container in the public cloud; an endpoint in
// Access, where there is one, takes the place of the host.
func (r *resolver) container(at, account, container string) Location {
	for _, name := range []string{account, container} {
		if strings.ContainsAny(name, "/\\:@?#% ") || strings.ContainsFunc(name, isControl) {
			r.errorf(at, "account or container is not a plain name", "write names such as contosolake and dataverse-contoso-unq1234, not addresses")
			return Location{}
		}
	}
	return Location{URL: fmt.Sprintf("abfss://%s@%s.%s", container, account, DefaultDFSSuffix)}
}

// either is the value of an option that has two names.
func (r *resolver) either(at, nameA, a, nameB, b string) string {
	if a != "" && b != "" && a != b {
		r.errorf(join(at, nameB), fmt.Sprintf("says another thing than %s", nameA), "they mean the same; keep one")
	}
	return cmp.Or(a, b)
}

// access checks that there is one way to sign in and that it is complete.
func (r *resolver) access(at string, a Access, l Location) Access {
	a.Scope = r.either(at, "scope", a.Scope, "oauth_scope", a.OAuthScope)
	a.OAuthScope = ""
	if l.IsLocal() {
		if a != (Access{}) {
			r.warnf(at, "credentials and endpoint have no effect: the url is a local folder", "remove them")
		}
		return Access{}
	}
	r.literals(at, a)
	if ways := a.ways(); len(ways) > 1 {
		r.errorf(at, "has more than one way to sign in: "+strings.Join(ways, ", "), "keep one")
	}
	if a.ClientSecret != "" || a.ClientCertificatePath != "" {
		r.application(at, a)
	}
	if a.ClientCertificatePassword != "" && a.ClientCertificatePath == "" {
		r.errorf(join(at, "client_certificate_password"), "has no certificate", "give client_certificate_path")
	}
	if a.ClientCertificatePath != "" {
		a.ClientCertificatePath = absolute(a.ClientCertificatePath, r.cfg.dir)
	}
	a.Scope = cmp.Or(a.Scope, DefaultScope)
	return a
}

// ways lists the keys that each sign in on their own.
func (a Access) ways() []string {
	var ways []string
	for _, way := range []struct {
		key string
		set bool
	}{
		{"client_secret", a.ClientSecret != ""},
		{"client_certificate_path", a.ClientCertificatePath != ""},
		{"account_key", a.AccountKey != ""},
		{"sas_token", a.SASToken != ""},
		{"credential", a.Credential != ""},
	} {
		if way.set {
			ways = append(ways, way.key)
		}
	}
	return ways
}

// literals reports secrets that stand in the file: it is kept with other sources
// and read by more people than may know them.
func (r *resolver) literals(at string, a Access) {
	for _, s := range []struct {
		key   string
		value Secret
	}{
		{"client_secret", a.ClientSecret},
		{"client_certificate_password", a.ClientCertificatePassword},
		{"account_key", a.AccountKey},
		{"sas_token", a.SASToken},
	} {
		if path := join(at, s.key); s.value != "" && !r.cfg.replaced[path] {
			r.warnf(path, "a secret stands in the file", fmt.Sprintf("keep it in an environment variable: %s: ${env.NAME}", s.key))
		}
	}
}

func (r *resolver) application(at string, a Access) {
	if a.TenantID == "" {
		r.errorf(join(at, "tenant_id"), "is missing", "an application signs in with tenant_id, client_id and its secret or certificate")
	}
	if a.ClientID == "" {
		r.errorf(join(at, "client_id"), "is missing", "an application signs in with tenant_id, client_id and its secret or certificate")
	}
}

// environments are folders without slashes at their ends.
func (r *resolver) environments(at string, folders map[string]string) map[string]string {
	out := maps.Clone(folders)
	for name, folder := range folders {
		clean := path.Clean("/" + strings.ReplaceAll(folder, `\`, "/"))
		if strings.Contains("/"+folder+"/", "/../") {
			r.errorf(join(at, name), "leads out of the container", "name a folder in it, such as prod/")
		}
		out[name] = strings.Trim(clean, "/")
	}
	return out
}

// Folder is the folder that the configuration gives for an environment. Case
// and a slash at the end do not matter.
func (s Source) Folder(sourceSchema string) (string, bool) {
	for name, folder := range s.Environments {
		if sameEnvironment(name, sourceSchema) {
			return folder, true
		}
	}
	return "", false
}

func sameEnvironment(a, b string) bool {
	return strings.EqualFold(strings.TrimRight(a, "/"), strings.TrimRight(b, "/"))
}
