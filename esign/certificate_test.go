package esign_test

import (
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

func clientCertificate(v *esign.Verifier, chain ...*x509.Certificate) (esign.Identity, error) {
	return v.ClientCertificate(context.Background(), chain)
}

func demoCertificate(t *testing.T, person string) *x509.Certificate {
	t.Helper()
	b, err := os.ReadFile(demoDir(t) + "/people/" + person + ".pem")
	if err != nil {
		t.Fatal(err)
	}
	return parsePEM(t, b)
}

func TestClientCertificateOfEveryPerson(t *testing.T) {
	v := demoVerifier(t)
	for _, p := range democa.People() {
		t.Run(p.Name, func(t *testing.T) {
			id, err := clientCertificate(v, demoCertificate(t, p.Name))
			wantReason(t, err, p.Expect)
			if p.Expect == "" {
				checkPerson(t, id, p.Name)
			}
		})
	}
}

func TestClientCertificateAbsent(t *testing.T) {
	_, err := clientCertificate(demoVerifier(t))
	wantReason(t, err, esign.CertificateMissing)
}

// TestWhatThePeerSendsAlongIsNotBelieved offers a chain to a root of the
// peer's own making.
func TestWhatThePeerSendsAlongIsNotBelieved(t *testing.T) {
	w, elsewhere := newWorld(t), newWorld(t)
	p := elsewhere.issue(t)
	_, err := clientCertificate(w.verifier(t, baseProfile()), append([]*x509.Certificate{p.Certificate}, p.Chain...)...)
	wantReason(t, err, esign.IssuerNotTrusted)
}

func TestCertificates(t *testing.T) {
	w := newWorld(t)
	usage := func(u x509.KeyUsage, e ...x509.ExtKeyUsage) func(*democa.Request) {
		return func(r *democa.Request) { r.KeyUsage, r.ExtKeyUsage = u, e }
	}
	edit := func(e func(*x509.Certificate)) func(*democa.Request) {
		return func(r *democa.Request) { r.Edit = e }
	}
	const sign, commit = x509.KeyUsageDigitalSignature, x509.KeyUsageContentCommitment
	const client, mail, anyUse = x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageAny
	for _, tt := range []struct {
		name string
		edit func(*democa.Request)
		want esign.Reason
	}{
		{"ordinary", func(*democa.Request) {}, ""},
		{"P-521", func(r *democa.Request) { r.Key = democa.EC(elliptic.P521()) }, ""},
		{"P-224", func(r *democa.Request) { r.Key = democa.EC(elliptic.P224()) }, esign.WeakAlgorithm},
		{"RSA 1024", func(r *democa.Request) { r.Key = democa.RSA(1024) }, esign.WeakAlgorithm},
		{"only content commitment", usage(commit, client), esign.WrongPurpose},
		{"no key usage", usage(0, client), esign.WrongPurpose},
		{"only e-mail", usage(sign, mail), esign.WrongPurpose},
		{"any purpose", usage(sign, anyUse), esign.WrongPurpose},
		{"no extended key usage", usage(sign), esign.WrongPurpose},
		{"client and server", usage(sign, x509.ExtKeyUsageServerAuth, client), ""},
		{"unknown and client", edit(func(c *x509.Certificate) { c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3}} }), ""},
		{"authority", edit(func(c *x509.Certificate) { c.BasicConstraintsValid, c.IsCA = true, true }), esign.CACertificate},
		{"may sign certificates", usage(sign|x509.KeyUsageCertSign, client), esign.CACertificate},
		{"may sign revocation lists", usage(sign|x509.KeyUsageCRLSign, client), esign.CACertificate},
		{"explicitly no authority", edit(func(c *x509.Certificate) { c.BasicConstraintsValid = true }), ""},
		{"ends this instant", func(r *democa.Request) { r.To = now.Truncate(time.Second).Add(time.Second) }, ""},
		{"ended a second ago", func(r *democa.Request) { r.To = now.Add(-time.Second) }, esign.Expired},
		{"begins in two seconds", func(r *democa.Request) { r.From = now.Add(2 * time.Second) }, esign.NotYetValid},
		{"unknown critical extension", edit(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		}), esign.CertificateMalformed},
		{"unknown extension", edit(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: []byte{5, 0}}}
		}), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := clientCertificate(w.verifier(t, baseProfile()), w.issue(t, tt.edit).Certificate)
			wantReason(t, err, tt.want)
		})
	}
}

func TestWhenIsToldForDates(t *testing.T) {
	w := newWorld(t)
	late := w.issue(t, func(r *democa.Request) { r.To = now.Add(-time.Second) }).Certificate
	early := w.issue(t, func(r *democa.Request) { r.From = now.Add(time.Hour); r.To = now.Add(2 * time.Hour) }).Certificate
	for _, tt := range []struct {
		cert *x509.Certificate
		want time.Time
	}{{late, late.NotAfter}, {early, early.NotBefore}} {
		_, err := clientCertificate(w.verifier(t, baseProfile()), tt.cert)
		var e *esign.Error
		if !errors.As(err, &e) || !e.At.Equal(tt.want) || e.Issuer != "test" || e.Serial != tt.cert.SerialNumber.Text(16) {
			t.Errorf("got %#v", e)
		}
	}
}

func TestChains(t *testing.T) {
	w := newWorld(t)
	authority := func(parent *democa.Authority, edit func(*democa.Request)) *democa.Authority {
		r := democa.Request{Subject: []democa.Value{{Type: democa.CommonName, Text: "Test issuer"}}, From: now.Add(-time.Hour), To: now.Add(time.Hour)}
		edit(&r)
		a, err := democa.NewAuthority(r, parent)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	plain := func(*democa.Request) {}
	template := func(e func(*x509.Certificate)) func(*democa.Request) {
		return func(r *democa.Request) { r.Edit = e }
	}
	for _, tt := range []struct {
		name string
		ca   *democa.Authority
		want esign.Reason
	}{
		{"sound", authority(w.root, plain), ""},
		{"issuer not from the root", authority(nil, plain), esign.IssuerNotTrusted},
		{"issuer expired", authority(w.root, func(r *democa.Request) { r.To = now.Add(-time.Minute) }), esign.IssuerNotTrusted},
		{"issuer for web servers", authority(w.root, func(r *democa.Request) { r.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), esign.WrongPurpose},
		{"issuer for clients", authority(w.root, func(r *democa.Request) { r.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), ""},
		{"issuer of RSA 2048", authority(w.root, func(r *democa.Request) { r.Key = democa.RSA(2048) }), ""},
		{"another key, the issuer's name", authority(w.root, template(func(c *x509.Certificate) { c.SubjectKeyId = nil })), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := tt.ca.Issue(request())
			if err != nil {
				t.Fatal(err)
			}
			_, err = clientCertificate(world{root: w.root, ca: tt.ca}.verifier(t, baseProfile()), p.Certificate)
			wantReason(t, err, tt.want)
			_, err = clientCertificate(w.verifier(t, baseProfile()), p.Certificate)
			wantReason(t, err, esign.IssuerNotTrusted) // its name alone is not enough
		})
	}
}

// TestPathLength has an issuer that may not have authorities below it.
func TestPathLength(t *testing.T) {
	w := newWorld(t)
	r := democa.Request{
		Subject: []democa.Value{{Type: democa.CommonName, Text: "Test middle"}}, From: now.Add(-time.Hour), To: now.Add(time.Hour),
		Edit: func(c *x509.Certificate) { c.MaxPathLenZero = true },
	}
	middle, err := democa.NewAuthority(r, w.root)
	if err != nil {
		t.Fatal(err)
	}
	r.Subject[0].Text, r.Edit = "Test below", nil
	below, err := democa.NewAuthority(r, middle)
	if err != nil {
		t.Fatal(err)
	}
	p, err := below.Issue(request())
	if err != nil {
		t.Fatal(err)
	}
	folder := world{root: w.root, ca: below}.folder(t, baseProfile().with("intermediates", []string{"middle.pem"}))
	folder["middle.pem"] = &fstest.MapFile{Data: certPEM(middle.Certificate)}
	_, err = clientCertificate(load(t, folder), p.Certificate)
	wantReason(t, err, esign.IssuerNotTrusted)
}

// TestWeakCertificateSignature uses SHA-1 in the person's certificate.
func TestWeakCertificateSignature(t *testing.T) {
	dir := demoDir(t)
	for digest, want := range map[string]esign.Reason{"sha1": esign.WeakAlgorithm, "sha224": esign.WeakAlgorithm, "sha256": ""} {
		out := openssl(t, nil, "req", "-x509", "-new", "-key", dir+"/people/aysel.key", "-out", "out", "-"+digest,
			"-subj", "/2.5.4.97=VATAZ-1499000151/serialNumber=PNOAZ-5A7KM2L/CN=Aysel", "-days", "2",
			"-CA", dir+"/authorities/business.pem", "-CAkey", dir+"/authorities/business.key",
			"-addext", "basicConstraints=CA:FALSE", "-addext", "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=clientAuth")
		_, err := clientCertificate(demoVerifierAt(t, now.Add(time.Minute)), parsePEM(t, out))
		wantReason(t, err, want)
	}
}

func TestPolicies(t *testing.T) {
	w := newWorld(t)
	p := baseProfile().with("uses", profile{"client_certificate": profile{
		"key_usage": []string{"digitalSignature"}, "ext_key_usage_optional": true,
		"ext_key_usage": []string{"1.3.6.1.5.5.7.3.2"}, "policies": []string{"2.999.7.1", "2.999.7.2"},
	}})
	issuerAllowing := func(policies ...string) *democa.Authority {
		r := democa.Request{
			Subject: []democa.Value{{Type: democa.CommonName, Text: "Test issuer"}}, From: now.Add(-time.Hour), To: now.Add(time.Hour),
			Edit: func(c *x509.Certificate) { c.Policies = oids(t, policies...) },
		}
		a, err := democa.NewAuthority(r, w.root)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, tt := range []struct {
		issuer, person string
		want           esign.Reason
	}{
		{"2.5.29.32.0", "2.999.7.1", ""},
		{"2.999.7.2", "2.999.7.2", ""},
		{"2.999.7.2", "2.999.7.1", esign.WrongPurpose},
		{"2.5.29.32.0", "2.999.7.3", esign.WrongPurpose},
		{"2.5.29.32.0", "", esign.WrongPurpose},
		{"", "2.999.7.1", esign.WrongPurpose},
	} {
		ca := issuerAllowing(strings.Fields(tt.issuer)...)
		pair, err := ca.Issue(request(func(r *democa.Request) {
			r.ExtKeyUsage = nil
			r.Edit = func(c *x509.Certificate) { c.Policies = oids(t, strings.Fields(tt.person)...) }
		}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = clientCertificate(world{root: w.root, ca: ca}.verifier(t, p), pair.Certificate)
		if esign.ReasonOf(err) != tt.want {
			t.Errorf("issuer %q, person %q: %v", tt.issuer, tt.person, err)
		}
	}
}

func oids(t *testing.T, texts ...string) []x509.OID {
	t.Helper()
	var list []x509.OID
	for _, s := range texts {
		o, err := x509.ParseOID(s)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
	}
	return list
}

func TestProfileRules(t *testing.T) {
	w := newWorld(t)
	rsaPerson := w.issue(t, func(r *democa.Request) { r.Key = democa.RSA(2048) })
	person := w.issue(t)
	bound := forgery{signer: person, content: challenge, attributes: func(a [][]byte) [][]byte {
		return append(a, certificateID(person.Certificate, true))
	}}
	v1Bound := forgery{signer: person, content: challenge, attributes: func(a [][]byte) [][]byte {
		return append(a, certificateID(person.Certificate, false))
	}}
	demand := baseProfile().with("signing_certificate_required", true)
	for _, tt := range []struct {
		name string
		p    profile
		f    forgery
		want esign.Reason
	}{
		{"RSA 2048 where 3072 is the least", baseProfile().with("min_rsa_bits", 3072), forgery{signer: rsaPerson, content: challenge}, esign.WeakAlgorithm},
		{"RSA 2048 otherwise", baseProfile(), forgery{signer: rsaPerson, content: challenge}, ""},
		{"signing certificate demanded and absent", demand, forgery{signer: person, content: challenge}, esign.SigningCertRequired},
		{"signing certificate demanded and there", demand, bound, ""},
		{"signing certificate demanded, old kind there", demand, v1Bound, esign.SigningCertRequired},
		{
			"signed files not allowed", baseProfile().with("uses", profile{"client_certificate": profile{"key_usage": []string{"digitalSignature"}}}),
			forgery{signer: person, content: challenge},
			esign.WrongPurpose,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := verify(w.verifier(t, tt.p), tt.f.make(t), challenge)
			wantReason(t, err, tt.want)
		})
	}
	if _, err := clientCertificate(w.verifier(t, demand), person.Certificate); err != nil {
		t.Errorf("a rule for files was applied to a connection: %v", err)
	}
}

// answer is a revocation checker that always says the same.
type answer struct{ err error }

func (a answer) Check(ctx context.Context, cert, issuer *x509.Certificate, rule esign.RevocationRule) error {
	if issuer.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) != nil || rule.Mode != esign.RevocationOCSP {
		return errors.New("not the certificate's issuer")
	}
	return a.err
}

func TestRevocationFailsClosed(t *testing.T) {
	w := newWorld(t)
	folder := w.folder(t, baseProfile().with("revocation", profile{"mode": "ocsp", "from_certificate": true}))
	trust, err := esign.LoadTrust(folder)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	if _, err := esign.NewVerifier(esign.Options{Trust: trust, Now: clock}); err == nil {
		t.Error("a profile that wants revocation checked was taken without a checker")
	}
	cert := w.issue(t).Certificate
	for _, tt := range []struct {
		says error
		want esign.Reason
	}{
		{nil, ""},
		{&esign.Error{Reason: esign.Revoked}, esign.Revoked},
		{fmt.Errorf("responder: %w", &esign.Error{Reason: esign.Suspended}), esign.Suspended},
		{&esign.Error{Reason: esign.RevocationUnknown}, esign.RevocationUnknown},
		{&esign.Error{Reason: esign.NoVOEN}, esign.RevocationUnknown},
		{errors.New("connection refused"), esign.RevocationUnknown},
		{context.DeadlineExceeded, esign.RevocationUnknown},
	} {
		v := newVerifier(t, esign.Options{Trust: trust, Now: clock, Revocation: answer{tt.says}})
		id, err := clientCertificate(v, cert)
		wantReason(t, err, tt.want)
		if err != nil && id.Serial != "" {
			t.Error("a refusal came with an identity")
		}
	}
}

func TestVerifierNeedsTrustAndClock(t *testing.T) {
	for _, o := range []esign.Options{{}, {Trust: demoTrust(t)}, {Now: time.Now}} {
		if _, err := esign.NewVerifier(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

func TestNobodyWaitsForAnAnswerAnyMore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := demoVerifier(t).ClientCertificate(ctx, []*x509.Certificate{demoCertificate(t, "aysel")})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNothingPersonalIsPrinted(t *testing.T) {
	id, err := clientCertificate(demoVerifier(t), demoCertificate(t, "aysel"))
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("signed in", "identity", id)
	fmt.Fprintf(&log, "%v %+v %#v %s", id, id, id, id)
	for _, person := range []string{"twice", "purpose", "expired", "stranger"} {
		_, err := clientCertificate(demoVerifier(t), demoCertificate(t, person))
		log.WriteString(err.Error())
	}
	for _, secret := range []string{"1499000151", "5A7KM2L", "Aysel", "Aqro", "MMC"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is printed: %s", secret, log.String())
		}
	}
	if !strings.Contains(log.String(), "identity.issuer=business") {
		t.Errorf("issuer is not logged: %s", log.String())
	}
}
