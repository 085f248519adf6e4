package revocation

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"log/slog"
	"math/big"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// world is an issuer with a person and responders good and bad.
type world struct {
	ca, root, elsewhere *democa.Authority
	person, other       *democa.Pair
	responder           *democa.Pair
}

func (w world) subject() subject {
	return subject{cert: w.person.Certificate, issuer: w.ca.Certificate}
}

func newWorld(t testing.TB) world {
	t.Helper()
	var w world
	w.root = authority(t, "Root", nil)
	w.ca = authority(t, "Issuer", w.root)
	w.elsewhere = authority(t, "Issuer", nil) // the same name, another key
	w.person, w.other = issue(t, w.ca, "Person"), issue(t, w.ca, "Other")
	w.responder = issue(t, w.ca, "Responder", signsOCSP)
	return w
}

func authority(t testing.TB, name string, parent *democa.Authority, edit ...func(*democa.Request)) *democa.Authority {
	t.Helper()
	a, err := democa.NewAuthority(request(name, edit...), parent)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func issue(t testing.TB, ca *democa.Authority, name string, edit ...func(*democa.Request)) *democa.Pair {
	t.Helper()
	p, err := ca.Issue(request(name, edit...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func request(name string, edit ...func(*democa.Request)) democa.Request {
	r := democa.Request{
		Subject: []democa.Value{{Type: democa.CommonName, Text: name}}, From: now.AddDate(-1, 0, 0), To: now.AddDate(20, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, e := range edit {
		e(&r)
	}
	return r
}

func signsOCSP(r *democa.Request) { r.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} }

// answer is an OCSP answer to be made: right in every respect until a test
// changes it.
type answer struct {
	signer     *democa.Pair
	embed      *x509.Certificate // nil: none
	byKey      bool
	namesOther *x509.Certificate // responderID names this one instead
	about      []subject
	hash       crypto.Hash
	wrongName  bool
	wrongKey   bool
	status     []byte // whole CertStatus
	produced   time.Time
	this, next time.Time // next zero: absent
	nonce      []byte
	extensions []byte // more responseExtensions
	single     []byte // contents of singleExtensions
	algorithm  x509.SignatureAlgorithm
	tamper     bool
	trailing   []byte
	version    int
}

func (w world) answer() answer {
	return answer{
		signer: w.responder, embed: w.responder.Certificate, about: []subject{w.subject()}, hash: crypto.SHA1,
		status: statusGood, produced: now, this: now.Add(-time.Minute), next: now.Add(time.Hour), algorithm: x509.ECDSAWithSHA256,
	}
}

var (
	statusGood    = []byte{0x80, 0}
	statusUnknown = []byte{0x82, 0}
)

func statusRevoked(reason int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
		b.AddASN1GeneralizedTime(now.Add(-time.Hour))
		if reason >= 0 {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(reason)) })
		}
	})
	return b.BytesOrPanic()
}

func extension(oid asn1.ObjectIdentifier, critical bool, value []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		if critical {
			b.AddASN1Boolean(true)
		}
		b.AddASN1OctetString(value)
	})
	return b.BytesOrPanic()
}

func sequence(b *cryptobyte.Builder, f cryptobyte.BuilderContinuation) {
	b.AddASN1(cbasn1.SEQUENCE, f)
}

func (a answer) data(t testing.TB) []byte {
	t.Helper()
	named := a.signer.Certificate
	if a.namesOther != nil {
		named = a.namesOther
	}
	var b cryptobyte.Builder
	sequence(&b, func(b *cryptobyte.Builder) {
		if a.version != 0 {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(a.version)) })
		}
		if a.byKey {
			id, err := newCertID(subject{cert: named, issuer: named}, crypto.SHA1)
			if err != nil {
				t.Fatal(err)
			}
			b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { b.AddASN1OctetString(id.key) })
		} else {
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { b.AddBytes(named.RawSubject) })
		}
		b.AddASN1GeneralizedTime(a.produced)
		sequence(b, func(b *cryptobyte.Builder) {
			for _, s := range a.about {
				a.single1(t, b, s)
			}
		})
		if a.nonce == nil && a.extensions == nil {
			return
		}
		b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
			sequence(b, func(b *cryptobyte.Builder) {
				if a.nonce != nil {
					sequence(b, func(b *cryptobyte.Builder) { addNonce(b, a.nonce) })
				}
				b.AddBytes(a.extensions)
			})
		})
	})
	return b.BytesOrPanic()
}

func (a answer) single1(t testing.TB, b *cryptobyte.Builder, s subject) {
	id, err := newCertID(s, a.hash)
	if err != nil {
		t.Fatal(err)
	}
	if a.wrongName {
		id.issuer[0] ^= 1
	}
	if a.wrongKey {
		id.key[0] ^= 1
	}
	oids := map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA1: oidSHA1, crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
	}
	sequence(b, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			sequence(b, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oids[a.hash]); b.AddASN1NULL() })
			b.AddASN1OctetString(id.issuer)
			b.AddASN1OctetString(id.key)
			b.AddASN1BigInt(id.serial)
		})
		b.AddBytes(a.status)
		b.AddASN1GeneralizedTime(a.this)
		if !a.next.IsZero() {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(a.next) })
		}
		if a.single != nil {
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { sequence(b, func(b *cryptobyte.Builder) { b.AddBytes(a.single) }) })
		}
	})
}

func (a answer) make(t testing.TB) []byte {
	t.Helper()
	data := a.data(t)
	h, oid := crypto.SHA256, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	if a.algorithm == x509.ECDSAWithSHA1 {
		h, oid = crypto.SHA1, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}
	}
	if _, ok := a.signer.Key.(*rsa.PrivateKey); ok {
		oid = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	}
	value, err := a.signer.Key.Sign(rand.Reader, digest(h, data), h)
	if err != nil {
		t.Fatal(err)
	}
	if a.tamper {
		value[len(value)-1] ^= 1
	}
	var basic cryptobyte.Builder
	sequence(&basic, func(b *cryptobyte.Builder) {
		b.AddBytes(data)
		sequence(b, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
		b.AddASN1BitString(value)
		if a.embed != nil {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { sequence(b, func(b *cryptobyte.Builder) { b.AddBytes(a.embed.Raw) }) })
		}
	})
	var out cryptobyte.Builder
	sequence(&out, func(b *cryptobyte.Builder) {
		b.AddASN1Enum(0)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			sequence(b, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1})
				b.AddASN1OctetString(basic.BytesOrPanic())
			})
		})
	})
	return append(out.BytesOrPanic(), a.trailing...)
}

// crl makes a revocation list of an issuer; edit has the last word.
func crl(t testing.TB, ca *democa.Authority, edit ...func(*x509.RevocationList)) []byte {
	t.Helper()
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(time.Hour)}
	for _, e := range edit {
		e(l)
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, ca.Certificate, ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func entry(c *x509.Certificate, reason int, extensions ...pkix.Extension) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: c.SerialNumber, RevocationTime: now.Add(-time.Hour), ReasonCode: reason, ExtraExtensions: extensions,
		})
	}
}

func keyOf(c *x509.Certificate) [32]byte { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

func wantReason(t *testing.T, err error, want esign.Reason) {
	t.Helper()
	if got := esign.ReasonOf(err); got != want || (want == "" && err != nil) {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

// trust is a set of one profile, test, with the world's issuer.
func (w world) trust(t testing.TB, rule string) *esign.Trust {
	t.Helper()
	trust, err := esign.LoadTrust(fstest.MapFS{
		"ca.pem":   {Data: w.ca.CertificatePEM()},
		"root.pem": {Data: w.root.CertificatePEM()},
		"test.json": {Data: []byte(`{"name":"Test","issuers":["ca.pem"],"roots":["root.pem"],
			"uses":{"signed_file":{"key_usage":["digitalSignature"]}},"revocation":` + rule + `}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func textLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
