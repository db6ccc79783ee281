package entra

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"software.sslmate.com/src/go-pkcs12"
)

// parseCertificate reads PEM or PKCS#12. azidentity reads the PKCS#12 files of
// before 2021 only: what openssl 3 and Windows Server 2022 write is protected
// with SHA-256 and AES.
func parseCertificate(data []byte, password string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	if bytes.Contains(data, []byte("-----BEGIN")) {
		return parsePEM(data)
	}
	key, leaf, chain, err := pkcs12.DecodeChain(data, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, errors.New("the password does not open the PKCS#12 file; check client_certificate_password")
	case err != nil:
		return nil, nil, fmt.Errorf("it is neither PEM nor PKCS#12 with a certificate and its key: %w", err)
	}
	return append([]*x509.Certificate{leaf}, chain...), key, nil
}

func parsePEM(data []byte) ([]*x509.Certificate, crypto.PrivateKey, error) {
	if bytes.Contains(data, []byte("ENCRYPTED")) {
		return nil, nil, errors.New("the key in the PEM file is encrypted, which is not supported; " +
			"make a PKCS#12 file of it: openssl pkcs12 -export -in FILE -out FILE.pfx")
	}
	certs, key, err := azidentity.ParseCertificates(data, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("the PEM file must hold the certificate and its private key: %w", err)
	}
	return certs, key, nil
}
