package revocation

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

// TestOCSPAnswers goes through answers whose signature is right and whose
// meaning is wrong in one way; common libraries take most of them.
func TestOCSPAnswers(t *testing.T) {
	w := newWorld(t)
	by := func(p *democa.Pair) func(*answer) {
		return func(a *answer) { a.signer, a.embed = p, p.Certificate }
	}
	someone := func(edit ...func(*democa.Request)) func(*answer) { return by(issue(t, w.ca, "Responder", edit...)) }
	asked := []byte("0123456789abcdef0123456789abcdef")
	unknown := asn1.ObjectIdentifier{1, 2, 3, 4}
	below := authority(t, "Below", w.ca)

	for _, tt := range []struct {
		name  string
		edit  func(*answer)
		nonce []byte
		want  error
		says  esign.Reason
	}{
		{"good", func(*answer) {}, nil, nil, ""},
		{"revoked", func(a *answer) { a.status = statusRevoked(1) }, nil, nil, esign.Revoked},
		{"revoked without a reason", func(a *answer) { a.status = statusRevoked(-1) }, nil, nil, esign.Revoked},
		{"on hold", func(a *answer) { a.status = statusRevoked(6) }, nil, nil, esign.Suspended},
		{"unknown", func(a *answer) { a.status = statusUnknown }, nil, nil, esign.RevocationUnknown},
		{"by the issuer itself", by(&w.ca.Pair), nil, nil, ""},
		{"by the issuer, no certificate along", func(a *answer) { a.signer, a.embed = &w.ca.Pair, nil }, nil, nil, ""},
		{"responder named by key", func(a *answer) { a.byKey = true }, nil, nil, ""},
		{"issuer named by SHA-256", func(a *answer) { a.hash = crypto.SHA256 }, nil, nil, ""},
		{"issuer named by SHA-512", func(a *answer) { a.hash = crypto.SHA512 }, nil, nil, ""},
		{"RSA responder", someone(signsOCSP, func(r *democa.Request) { r.Key = democa.RSA(2048) }), nil, nil, ""},
		{"nonce repeated", func(a *answer) { a.nonce = asked }, asked, nil, ""},
		{"an extension nobody knows", func(a *answer) { a.extensions = extension(unknown, false, nil) }, nil, nil, ""},
		{"made in advance, still valid", func(a *answer) { a.produced, a.this = now.Add(-48*time.Hour), now.Add(-48*time.Hour) }, nil, nil, ""},
		{"clock a minute ahead", func(a *answer) { a.this, a.produced = now.Add(time.Minute), now.Add(time.Minute) }, nil, nil, ""},
		{"no next one, new", func(a *answer) { a.next = time.Time{} }, nil, nil, ""},

		{"by an ordinary person of the issuer", by(w.other), nil, errOCSPResponder, ""},
		{"by the person in question", by(w.person), nil, errOCSPResponder, ""},
		{"by the person in question, who may sign answers", func(a *answer) {
			p := issue(t, w.ca, "Both", signsOCSP)
			by(p)(a)
			a.about = []subject{{cert: p.Certificate, issuer: w.ca.Certificate}}
		}, nil, errOCSPOther, ""},
		{"responder expired", someone(signsOCSP, func(r *democa.Request) { r.To = now.Add(-time.Minute) }), nil, errOCSPResponder, ""},
		{"responder not yet valid", someone(signsOCSP, func(r *democa.Request) { r.From = now.Add(time.Minute) }), nil, errOCSPResponder, ""},
		{"responder with a weak key", someone(signsOCSP, func(r *democa.Request) { r.Key = democa.EC(elliptic.P224()) }), nil, errOCSPResponder, ""},
		{"responder that may not sign", someone(signsOCSP, func(r *democa.Request) { r.KeyUsage = x509.KeyUsageKeyEncipherment }), nil, errOCSPResponder, ""},
		{"responder of an issuer with that name", by(issue(t, w.elsewhere, "Responder", signsOCSP)), nil, errOCSPResponder, ""},
		{"responder of the root", by(issue(t, w.root, "Responder", signsOCSP)), nil, errOCSPResponder, ""},
		{"responder of an issuer below", by(issue(t, below, "Responder", signsOCSP)), nil, errOCSPResponder, ""},
		{"by the root", by(&w.root.Pair), nil, errOCSPResponder, ""},
		{"by an issuer with that name", by(&w.elsewhere.Pair), nil, errOCSPResponder, ""},
		{"by an issuer with that name, no certificate", func(a *answer) { a.signer, a.embed = &w.elsewhere.Pair, nil }, nil, errOCSPResponder, ""},
		{"responder named is another", func(a *answer) { a.namesOther = w.ca.Certificate }, nil, errOCSPResponder, ""},
		{"key named is another", func(a *answer) { a.namesOther, a.byKey = w.ca.Certificate, true }, nil, errOCSPResponder, ""},
		{"signature changed", func(a *answer) { a.tamper = true }, nil, errOCSPForm, ""},
		{"signature changed, by the issuer", func(a *answer) { a.signer, a.embed, a.tamper = &w.ca.Pair, nil, true }, nil, errOCSPResponder, ""},
		{"SHA-1", func(a *answer) { a.signer, a.embed, a.algorithm = &w.ca.Pair, nil, x509.ECDSAWithSHA1 }, nil, errOCSPWeak, ""},
		{"about another person", func(a *answer) { a.about = []subject{{w.other.Certificate, w.ca.Certificate}} }, nil, errOCSPOther, ""},
		{"issuer's name another", func(a *answer) { a.wrongName = true }, nil, errOCSPOther, ""},
		{"issuer's key another", func(a *answer) { a.wrongKey = true }, nil, errOCSPOther, ""},
		{"about two", func(a *answer) { a.about = append(a.about, subject{w.other.Certificate, w.ca.Certificate}) }, nil, errOCSPForm, ""},
		{"about the person twice", func(a *answer) { a.about = append(a.about, w.subject()) }, nil, errOCSPForm, ""},
		{"about nobody", func(a *answer) { a.about = nil }, nil, errOCSPForm, ""},
		{"good and revoked at once", func(a *answer) { a.status = append(bytes.Clone(statusGood), statusRevoked(1)...) }, nil, errOCSPForm, ""},
		{"outdated by a year", func(a *answer) {
			a.this, a.produced, a.next = now.AddDate(-2, 0, 0), now.AddDate(-2, 0, 0), now.AddDate(-1, 0, 0)
		}, nil, errOCSPTime, ""},
		{"outdated by five minutes", func(a *answer) { a.next = now.Add(-5 * time.Minute) }, nil, errOCSPTime, ""},
		{"from the future", func(a *answer) { a.this = now.Add(5 * time.Minute) }, nil, errOCSPTime, ""},
		{"produced in the future", func(a *answer) { a.produced = now.Add(5 * time.Minute) }, nil, errOCSPTime, ""},
		{"produced before what it says", func(a *answer) { a.produced = now.Add(-time.Hour) }, nil, errOCSPTime, ""},
		{"valid for ever", func(a *answer) {
			a.this, a.produced, a.next = now.AddDate(0, -1, 0), now.AddDate(0, -1, 0), now.AddDate(10, 0, 0)
		}, nil, errOCSPTime, ""},
		{"ends before it begins", func(a *answer) { a.this, a.next = now.Add(90*time.Second), now.Add(-90*time.Second) }, nil, errOCSPTime, ""},
		{"no next one, an hour old", func(a *answer) { a.next, a.this = time.Time{}, now.Add(-time.Hour) }, nil, errOCSPTime, ""},
		{"nonce absent", func(*answer) {}, asked, errOCSPNonce, ""},
		{"nonce another", func(a *answer) { a.nonce = []byte("another nonce of an older answer") }, asked, errOCSPNonce, ""},
		{"nonce nobody asked for", func(a *answer) { a.nonce = asked }, nil, errOCSPNonce, ""},
		{"nonce twice", func(a *answer) {
			a.nonce, a.extensions = asked, extension(oidNonce, false, append([]byte{4, 32}, asked...))
		}, asked, errOCSPForm, ""},
		{"critical extension", func(a *answer) { a.extensions = extension(unknown, true, nil) }, nil, errOCSPForm, ""},
		{"critical extension of the one answer", func(a *answer) { a.single = extension(unknown, true, nil) }, nil, errOCSPForm, ""},
		{"another version", func(a *answer) { a.version = 1 }, nil, errOCSPForm, ""},
		{"bytes after the end", func(a *answer) { a.trailing = []byte{5, 0} }, nil, errOCSPForm, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.answer()
			tt.edit(&a)
			v, err := evaluateOCSP(a.make(t), w.subject(), tt.nonce, now)
			if !errors.Is(err, tt.want) || v.reason != tt.says {
				t.Errorf("got %q, %v; want %q, %v", v.reason, err, tt.says, tt.want)
			}
			if err != nil && !v.until.IsZero() {
				t.Error("an answer that does not count is kept")
			}
		})
	}
}

func TestResponderBeingTheSubject(t *testing.T) {
	w := newWorld(t)
	both := issue(t, w.ca, "Both", signsOCSP)
	s := subject{both.Certificate, w.ca.Certificate}
	a := w.answer()
	a.signer, a.embed, a.about = both, both.Certificate, []subject{s}
	if _, err := evaluateOCSP(a.make(t), s, nil, now); !errors.Is(err, errOCSPResponder) {
		t.Errorf("a certificate vouches for itself: %v", err)
	}
}

func TestOCSPErrorsAndNoise(t *testing.T) {
	w := newWorld(t)
	for name, b := range map[string][]byte{
		"nothing": nil, "zeros": make([]byte, 100), "malformed": ocsp.MalformedRequestErrorResponse,
		"internal": ocsp.InternalErrorErrorResponse, "later": ocsp.TryLaterErrorResponse, "unauthorised": ocsp.UnauthorizedErrorResponse,
	} {
		if v, err := evaluateOCSP(b, w.subject(), nil, now); err == nil {
			t.Errorf("%s says %q", name, v.reason)
		}
	}
}

// TestEveryBitOfAnAnswerCounts changes each byte in turn. Only the envelope's
// own lengths, which nothing relies on, may differ.
func TestEveryBitOfAnAnswerCounts(t *testing.T) {
	w := newWorld(t)
	a := w.answer()
	a.status = statusRevoked(1)
	der, accepted := a.make(t), 0
	for i := range der {
		bad := bytes.Clone(der)
		bad[i] ^= 1
		v, err := evaluateOCSP(bad, w.subject(), nil, now)
		if err != nil {
			continue
		}
		if accepted++; v.reason != esign.Revoked || accepted > 4 {
			t.Errorf("byte %d of %d changed and %q believed", i, len(der), v.reason)
		}
	}
}

// TestRequestIsReadByOthers has the library read what is sent.
func TestRequestIsReadByOthers(t *testing.T) {
	w := newWorld(t)
	for _, nonce := range [][]byte{nil, []byte("0123456789abcdef")} {
		der, err := marshalRequest(w.subject(), nonce)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ocsp.ParseRequest(der)
		if err != nil {
			t.Fatal(err)
		}
		want, err := newCertID(w.subject(), crypto.SHA1)
		if err != nil {
			t.Fatal(err)
		}
		if got.SerialNumber.Cmp(w.person.Certificate.SerialNumber) != 0 || !bytes.Equal(got.IssuerKeyHash, want.key) ||
			!bytes.Equal(got.IssuerNameHash, want.issuer) || got.HashAlgorithm != crypto.SHA1 || bytes.Contains(der, nonce) != true {
			t.Errorf("request reads %+v", got)
		}
	}
}

func TestHowLongAnAnswerIsKept(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		next, want time.Duration
	}{{time.Hour, keepAnswer}, {time.Minute, time.Minute}, {-time.Minute, -time.Minute}} {
		a := w.answer()
		a.next = now.Add(tt.next)
		v, err := evaluateOCSP(a.make(t), w.subject(), nil, now)
		if err != nil || !v.until.Equal(now.Add(tt.want)) {
			t.Errorf("next in %v: kept until %v, %v", tt.next, v.until, err)
		}
	}
	a := w.answer()
	a.next = time.Time{}
	if v, err := evaluateOCSP(a.make(t), w.subject(), nil, now); err != nil || v.until.After(now) {
		t.Errorf("an answer without a next one is kept until %v, %v", v.until, err)
	}
}

func FuzzOCSPAnswer(f *testing.F) {
	w := newWorld(f)
	f.Add(w.answer().make(f))
	revoked := w.answer()
	revoked.status, revoked.byKey, revoked.nonce, revoked.hash = statusRevoked(6), true, []byte("n"), crypto.SHA256
	f.Add(revoked.make(f))
	f.Add(ocsp.TryLaterErrorResponse)
	honest := w.answer()
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := evaluateOCSP(b, w.subject(), nil, now)
		if err == nil && v.reason == "" && !bytes.Contains(b, honest.about[0].cert.SerialNumber.Bytes()) {
			t.Fatal("good without naming the certificate")
		}
		readResponseData(b)
	})
}
