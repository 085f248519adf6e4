package esign_test

import (
	"crypto/x509"
	"testing"

	"customs.gov.az/portal/esign"
)

// FuzzClientChain offers whatever parses as certificates on a connection: the
// only one who may pass is the person whose certificate the issuer signed.
func FuzzClientChain(f *testing.F) {
	w, elsewhere := newWorld(f), newWorld(f)
	v := w.verifier(f, baseProfile())
	person, stranger := w.issue(f), elsewhere.issue(f)
	for _, chain := range [][]*x509.Certificate{
		{person.Certificate},
		append([]*x509.Certificate{person.Certificate}, person.Chain...),
		{stranger.Certificate, person.Certificate},
		person.Chain,
	} {
		var der []byte
		for _, c := range chain {
			der = append(der, c.Raw...)
		}
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		chain, err := x509.ParseCertificates(der)
		if err != nil {
			return
		}
		id, err := clientCertificate(v, chain...)
		switch {
		case err == nil && !chain[0].Equal(person.Certificate):
			t.Fatal("somebody else passes")
		case err != nil && (id.Serial != "" || esign.ReasonOf(err) == ""):
			t.Fatalf("refused with %+v and %v", id, err)
		}
	})
}
