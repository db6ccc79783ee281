package azurite

import (
	"crypto/sha512"
	"encoding/base64"
	"strconv"
	"strings"
)

// DefaultAccount is the account that every program which knows Azurite knows.
const DefaultAccount = "devstoreaccount1"

// defaultKey is published in Azurite's documentation: it protects nothing.
const defaultKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

// Options say what kind of server is started. The zero value is one with the
// default account, over http, on a free port, in memory.
type Options struct {
	// HTTPS serves with a certificate that is made for this server.
	HTTPS bool
	// OAuth takes bearer tokens beside shared keys. It needs HTTPS.
	OAuth bool
	// Accounts are the names of the accounts; none means [DefaultAccount].
	// Their keys come from [KeyOf].
	Accounts []string
	// Port is the TCP port on 127.0.0.1; 0 takes a free one.
	Port int
	// Folder keeps the blobs there instead of in memory: for more data than
	// half of the machine's memory.
	Folder string
}

// KeyOf is the account key that servers of this package give an account: always
// the same one for a name.
func KeyOf(account string) string {
	if account == DefaultAccount {
		return defaultKey
	}
	sum := sha512.Sum512([]byte(account))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (o Options) accounts() []string {
	if len(o.Accounts) == 0 {
		return []string{DefaultAccount}
	}
	return o.Accounts
}

// environment is how Azurite learns accounts and keys.
func (o Options) environment() string {
	pairs := make([]string, 0, len(o.Accounts)+1)
	for _, account := range o.accounts() {
		pairs = append(pairs, account+":"+KeyOf(account))
	}
	return "AZURITE_ACCOUNTS=" + strings.Join(pairs, ";")
}

// arguments are Azurite's command line. azblob speaks newer versions of the
// protocol than Azurite knows: without skipApiVersionCheck every call fails.
func (o Options) arguments(scratch string, cert certificate) []string {
	args := []string{
		"--blobHost", "127.0.0.1", "--blobPort", strconv.Itoa(o.Port),
		"--skipApiVersionCheck", "--loose", "--silent", "--disableTelemetry",
	}
	if o.Folder == "" {
		args = append(args, "--inMemoryPersistence")
	} else {
		args = append(args, "--location", o.Folder)
	}
	if o.HTTPS {
		args = append(args, "--cert", cert.certFile(scratch), "--key", cert.keyFile(scratch))
	}
	if o.OAuth {
		args = append(args, "--oauth", "basic")
	}
	return args
}
