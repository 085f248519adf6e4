package esign_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"testing"
	"testing/fstest"
	"time"

	"customs.gov.az/portal/esign"
)

// profile is a profile file that tests change member by member.
type profile map[string]any

func baseProfile() profile {
	return profile{
		"name": "Test", "issuers": []string{"ca.pem"}, "roots": []string{"root.pem"},
		"uses": profile{
			"signed_file":        profile{"key_usage": []string{"nonRepudiation"}, "ext_key_usage": []string{"1.3.6.1.5.5.7.3.4"}},
			"client_certificate": profile{"key_usage": []string{"digitalSignature"}, "ext_key_usage": []string{"1.3.6.1.5.5.7.3.2"}},
		},
		"voen":       profile{"attributes": []string{"2.5.4.97"}, "prefixes": []string{"VATAZ-", "TINAZ-"}},
		"pin":        profile{"attributes": []string{"2.5.4.5"}, "prefixes": []string{"PNOAZ-"}},
		"revocation": profile{"mode": "none", "reason": "test"},
	}
}

func (p profile) with(member string, value any) profile {
	q := maps.Clone(p)
	if value == nil {
		delete(q, member)
	} else {
		q[member] = value
	}
	return q
}

func (p profile) json(t testing.TB) []byte {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func certPEM(certs ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range certs {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return b.Bytes()
}

// folder is a trust folder with one profile.
func (w world) folder(t testing.TB, p profile) fstest.MapFS {
	t.Helper()
	return fstest.MapFS{
		"test.json": {Data: p.json(t)},
		"root.pem":  {Data: certPEM(w.root.Certificate)},
		"ca.pem":    {Data: certPEM(w.ca.Certificate)},
	}
}

func (w world) verifier(t testing.TB, p profile) *esign.Verifier {
	t.Helper()
	return load(t, w.folder(t, p))
}

func pemOf(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func parseCertificate(b []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

func parsePEM(t testing.TB, b []byte) *x509.Certificate {
	t.Helper()
	c, err := parseCertificate(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func load(t testing.TB, folder fstest.MapFS) *esign.Verifier {
	t.Helper()
	trust, err := esign.LoadTrust(folder)
	if err != nil {
		t.Fatal(err)
	}
	return newVerifier(t, esign.Options{Trust: trust, Now: func() time.Time { return now }})
}

func oidText(oid asn1.ObjectIdentifier) string { return oid.String() }
