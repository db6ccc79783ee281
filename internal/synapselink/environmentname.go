package synapselink

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// environmentName is what a source_schema says of an environment, from the most
// to the least that a folder's name may say of it, in lower case:
//
//	https://prod.crm4.dynamics.com    prod.crm4.dynamics.com, prod.crm4, prod
//	orgf89b314a                       orgf89b314a
//
// None for no name.
type environmentName []string

func nameOf(sourceSchema string) environmentName {
	name := strings.ToLower(strings.TrimSpace(sourceSchema))
	if u, err := url.Parse(name); err == nil && u.Host != "" {
		name = u.Hostname()
	}
	name = strings.Trim(name, "/")
	var names environmentName
	for _, labels := range []int{-1, 2, 1} {
		if said := firstLabels(name, labels); said != "" && !slices.Contains(names, said) {
			names = append(names, said)
		}
	}
	return names
}

// firstLabels of a host, all for -1.
func firstLabels(host string, n int) string {
	labels := strings.SplitN(host, ".", n+1)
	if n < 0 || len(labels) <= n {
		return host
	}
	return strings.Join(labels[:n], ".")
}

// label is the shortest form of the name, "" for none.
func (n environmentName) label() string {
	if len(n) == 0 {
		return ""
	}
	return n[len(n)-1]
}

// isHost: the name says in which region the environment is.
func (n environmentName) isHost() bool { return len(n) > 1 }

// apart reports whether two names mean two environments whatever the folders are
// called: hosts of one label in two regions. A label alone may mean either.
func (n environmentName) apart(o environmentName) bool {
	return n.isHost() && o.isHost() && n[0] != o[0]
}

// matching folders are those whose name says the environment's, by the most
// telling form that any of them bears. A name in full goes before one of parts:
// beside dataverse-prod-unq1 and prod, prod-copy is another one.
func (f Environments) matching(name environmentName) (folders []string, by string) {
	all := slices.Concat(f.Whole, f.Broken)
	for _, said := range name {
		for _, says := range []func(folder, said string) bool{saysInFull, saysInPart} {
			for _, folder := range all {
				if says(strings.ToLower(folder), said) {
					folders = append(folders, folder)
				}
			}
			if len(folders) > 0 {
				return folders, said
			}
		}
	}
	return nil, ""
}

// serviceForm is the name that Synapse Link gives a container:
// dataverse-<environment>-<organisation>. The organisation's has no hyphen.
var serviceForm = regexp.MustCompile(`^dataverse-(.+)-([^-]+)$`)

// saysInFull reports whether the folder bears the name, or is the container of
// the environment or organisation of that name.
func saysInFull(folder, said string) bool {
	if folder == said {
		return true
	}
	parts := serviceForm.FindStringSubmatch(folder)
	return parts != nil && (parts[1] == said || parts[2] == said || parts[1]+"-"+parts[2] == said)
}

// saysInPart reports whether whole parts of the folder's name are the name: prod
// is one of contoso-prod, and neither of preprod nor of prod.crm4. Of the
// service's own names all parts are known: dataverse-pre-prod-unq1 is pre-prod.
func saysInPart(folder, said string) bool {
	if serviceForm.MatchString(folder) {
		return false
	}
	for rest, from := folder, 0; ; {
		i := strings.Index(rest, said)
		if i < 0 {
			return false
		}
		begin, end := from+i, from+i+len(said)
		if (begin == 0 || partsNames(folder[begin-1])) && (end == len(folder) || partsNames(folder[end])) {
			return true
		}
		from = begin + 1
		rest = folder[from:]
	}
}

// partsNames reports whether a character stands between the parts of a name.
func partsNames(c byte) bool { return c == '-' || c == '_' || c == ' ' }

// rival is another name that means the root, too: it is mapped to it, or
// nothing else is left for it.
func (w Wanted) rival(found Environments, name environmentName) (string, bool) {
	var rivals []string
	for other, folder := range w.Explicit {
		if strings.Trim(folder, "/") == "" {
			rivals = append(rivals, other)
		}
	}
	for _, other := range w.unmapped() {
		if matching, _ := found.matching(nameOf(other)); len(matching) == 0 && len(nameOf(other)) > 0 {
			rivals = append(rivals, other)
		}
	}
	rivals = slices.DeleteFunc(rivals, func(other string) bool {
		o := nameOf(other)
		return o.label() == name.label() && !o.apart(name)
	})
	if len(rivals) == 0 {
		return "", false
	}
	return slices.Min(rivals), true
}

// twin is another name, of another region, that finds the same folder by the
// label that both share, or that the folder is given for.
func (w Wanted) twin(found Environments, name environmentName, folder, by string) (string, bool) {
	var twins []string
	for other, given := range w.Explicit {
		if o := nameOf(other); strings.Trim(given, "/") == folder && o.label() == name.label() && o.apart(name) {
			twins = append(twins, other)
		}
	}
	for _, other := range w.unmapped() {
		o := nameOf(other)
		if _, itsBy := found.matching(o); itsBy == by && by == o.label() && o.apart(name) {
			twins = append(twins, other)
		}
	}
	if len(twins) == 0 {
		return "", false
	}
	return slices.Min(twins), true
}

// unmapped are the other names that no folder is given for.
func (w Wanted) unmapped() []string {
	return slices.DeleteFunc(slices.Clone(w.Others), func(name string) bool {
		_, known := w.mapped(name)
		return known
	})
}

func sameEnvironment(a, b string) bool {
	normal := func(s string) string { return strings.TrimRight(strings.TrimSpace(s), "/") }
	return strings.EqualFold(normal(a), normal(b))
}
