package esign

import (
	"crypto/x509"
	"slices"
)

// Trust is a set of issuer profiles. It does not change after loading.
type Trust struct {
	profiles []*Profile // by id
}

// Profiles lists the profiles by id. Treat them as read-only.
func (t *Trust) Profiles() []*Profile { return slices.Clone(t.profiles) }

// ClientCAs holds the issuers whose certificates may be used on a TLS
// connection, for tls.Config.ClientCAs, so that browsers offer only
// certificates that can work. The handshake must not verify with it: use
// tls.RequestClientCert and [Verifier.ClientCertificate].
func (t *Trust) ClientCAs() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, p := range t.profiles {
		if _, ok := p.Uses[UseClientCertificate]; !ok {
			continue
		}
		for _, c := range p.Issuers {
			pool.AddCert(c)
		}
	}
	return pool
}
