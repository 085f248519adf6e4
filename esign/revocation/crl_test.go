package revocation

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

// scope is an IssuingDistributionPoint: addresses of the point, then flags as
// whole elements.
func scope(points []string, flags ...[]byte) pkix.Extension {
	var b cryptobyte.Builder
	sequence(&b, func(b *cryptobyte.Builder) {
		if points != nil {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
				b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
					for _, p := range points {
						b.AddASN1(cbasn1.Tag(6).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes([]byte(p)) })
					}
				})
			})
		}
		for _, f := range flags {
			b.AddBytes(f)
		}
	})
	return pkix.Extension{Id: oidIssuingPoint, Critical: true, Value: b.BytesOrPanic()}
}

func flag(n byte) []byte { return []byte{0x80 | n, 1, 0xff} }

func with(e ...pkix.Extension) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) { l.ExtraExtensions = append(l.ExtraExtensions, e...) }
}

func TestRevocationLists(t *testing.T) {
	w := newWorld(t)
	const point, elsewhere = "http://crl.example/1.crl", "http://crl.example/2.crl"
	w.person = issue(t, w.ca, "Person", func(r *democa.Request) {
		r.Edit = func(c *x509.Certificate) { c.CRLDistributionPoints = []string{point} }
	})
	person := w.person.Certificate
	sameName := authority(t, "Issuer", w.root)
	other := asn1.ObjectIdentifier{1, 2, 3, 4}
	at := func(from, to time.Duration) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) { l.ThisUpdate, l.NextUpdate = now.Add(from), now.Add(to) }
	}
	const useless = esign.Reason("useless")
	for _, tt := range []struct {
		name string
		ca   *democa.Authority
		edit []func(*x509.RevocationList)
		want esign.Reason
	}{
		{"empty", w.ca, nil, ""},
		{"about somebody else", w.ca, []func(*x509.RevocationList){entry(w.other.Certificate, 1)}, ""},
		{"revoked", w.ca, []func(*x509.RevocationList){entry(w.other.Certificate, 0), entry(person, 1)}, esign.Revoked},
		{"revoked without a reason", w.ca, []func(*x509.RevocationList){entry(person, 0)}, esign.Revoked},
		{"on hold", w.ca, []func(*x509.RevocationList){entry(person, 6)}, esign.Suspended},
		{"taken off the hold", w.ca, []func(*x509.RevocationList){entry(person, 8)}, ""},
		{"on hold, then revoked", w.ca, []func(*x509.RevocationList){entry(person, 6), entry(person, 1)}, esign.Revoked},
		{"revoked, then on hold", w.ca, []func(*x509.RevocationList){entry(person, 1), entry(person, 6)}, esign.Revoked},
		{"revoked, then taken off", w.ca, []func(*x509.RevocationList){entry(person, 1), entry(person, 8)}, esign.Revoked},
		{"clock a minute ahead", w.ca, []func(*x509.RevocationList){at(time.Minute, time.Hour)}, ""},
		{"its own point", w.ca, []func(*x509.RevocationList){with(scope([]string{elsewhere, point}))}, ""},
		{"users only", w.ca, []func(*x509.RevocationList){with(scope(nil, flag(1)))}, ""},
		{"its own point, users only, revoked", w.ca, []func(*x509.RevocationList){with(scope([]string{point}, flag(1))), entry(person, 1)}, esign.Revoked},
		{"extension nobody knows", w.ca, []func(*x509.RevocationList){with(pkix.Extension{Id: other, Value: []byte{5, 0}})}, ""},

		{"of an issuer with that name", w.elsewhere, nil, useless},
		{"of the root", w.root, nil, useless},
		{"of another with that name from the root", sameName, nil, useless},
		{"outdated", w.ca, []func(*x509.RevocationList){at(-time.Hour, -5*time.Minute)}, useless},
		{"from the future", w.ca, []func(*x509.RevocationList){at(5*time.Minute, time.Hour)}, useless},
		{"another point", w.ca, []func(*x509.RevocationList){with(scope([]string{elsewhere}))}, useless},
		{"a point without address", w.ca, []func(*x509.RevocationList){with(scope([]string{}))}, useless},
		{"authorities only", w.ca, []func(*x509.RevocationList){with(scope(nil, flag(2)))}, useless},
		{"some reasons only", w.ca, []func(*x509.RevocationList){with(scope(nil, []byte{0x83, 2, 5, 0x60}))}, useless},
		{"indirect", w.ca, []func(*x509.RevocationList){with(scope(nil, flag(4)))}, useless},
		{"attribute certificates only", w.ca, []func(*x509.RevocationList){with(scope(nil, flag(5)))}, useless},
		{"two scopes", w.ca, []func(*x509.RevocationList){with(scope([]string{point}), scope([]string{point}))}, useless},
		{"delta", w.ca, []func(*x509.RevocationList){with(pkix.Extension{Id: oidDeltaCRL, Critical: true, Value: []byte{2, 1, 1}})}, useless},
		{"critical extension", w.ca, []func(*x509.RevocationList){with(pkix.Extension{Id: other, Critical: true, Value: []byte{5, 0}})}, useless},
		{"critical extension of an entry", w.ca, []func(*x509.RevocationList){entry(w.other.Certificate, 0, pkix.Extension{Id: other, Critical: true, Value: []byte{5, 0}})}, useless},
		{"entry of another issuer", w.ca, []func(*x509.RevocationList){entry(w.other.Certificate, 0, pkix.Extension{Id: oidCertificateIssuer, Critical: true, Value: []byte{0x30, 0}})}, useless},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := useless
			if l, err := parseList(crl(t, tt.ca, tt.edit...)); err == nil && l.usable(w.subject(), now) {
				v := l.says(person, now)
				got = v.reason
				if !v.until.After(now) {
					t.Error("the verdict is not kept")
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestIssuersThatMayNotSignLists is RFC 5280 §6.3.3 f: the bit cRLSign.
func TestIssuersThatMayNotSignLists(t *testing.T) {
	w := newWorld(t)
	l, err := parseList(crl(t, w.ca))
	if err != nil {
		t.Fatal(err)
	}
	for usage, want := range map[x509.KeyUsage]bool{
		0: true, x509.KeyUsageCRLSign: true, x509.KeyUsageCertSign | x509.KeyUsageCRLSign: true, x509.KeyUsageCertSign: false,
	} {
		issuer := *w.ca.Certificate
		issuer.KeyUsage = usage
		if got := l.usable(subject{w.person.Certificate, &issuer}, now); got != want {
			t.Errorf("key usage %b: %v", usage, got)
		}
	}
}

func TestListsAsFiles(t *testing.T) {
	w := newWorld(t)
	der := crl(t, w.ca, entry(w.person.Certificate, 1))
	text := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
	for name, tt := range map[string]struct {
		file []byte
		ok   bool
	}{
		"DER":             {der, true},
		"PEM":             {text, true},
		"DER and more":    {append(bytes.Clone(der), 0), false},
		"PEM and more":    {append(bytes.Clone(text), 'x'), false},
		"a certificate":   {w.ca.Certificate.Raw, false},
		"PEM of another":  {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), false},
		"nothing":         {nil, false},
		"too large":       {make([]byte, maxCRL+1), false},
		"without an end":  {withoutNext(t, der), false},
		"half of the DER": {der[:len(der)/2], false},
	} {
		if l, err := parseList(tt.file); (err == nil) != tt.ok || (l != nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// withoutNext takes nextUpdate out of a list; the signature no longer matters.
func withoutNext(t *testing.T, der []byte) []byte {
	t.Helper()
	in := cryptobyte.String(der)
	var outer, tbs, version, alg, issuer, this, next cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !outer.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&version, cbasn1.INTEGER) || !tbs.ReadASN1Element(&alg, cbasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&this, cbasn1.UTCTime) || !tbs.ReadASN1Element(&next, cbasn1.UTCTime) {
		t.Fatal("not a list")
	}
	var b cryptobyte.Builder
	sequence(&b, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			for _, part := range [][]byte{version, alg, issuer, this, tbs} {
				b.AddBytes(part)
			}
		})
		b.AddBytes(outer)
	})
	return b.BytesOrPanic()
}

func TestSignatureOfAListIsCheckedOnce(t *testing.T) {
	w := newWorld(t)
	l, err := parseList(crl(t, w.ca))
	if err != nil {
		t.Fatal(err)
	}
	if l.usable(subject{w.person.Certificate, w.elsewhere.Certificate}, now) {
		t.Error("a list of another key is usable")
	}
	if !l.usable(w.subject(), now) || *l.signedBy != keyOf(w.ca.Certificate) || l.tbs != nil {
		t.Error("the right issuer is not remembered")
	}
	if l.usable(subject{w.person.Certificate, w.elsewhere.Certificate}, now) || !l.usable(w.subject(), now) {
		t.Error("what is remembered is not whose key it was")
	}
}

func TestEveryBitOfAListCounts(t *testing.T) {
	w := newWorld(t)
	der := crl(t, w.ca, entry(w.person.Certificate, 1), func(l *x509.RevocationList) { l.Number = big.NewInt(7) })
	for i := range der {
		bad := bytes.Clone(der)
		bad[i] ^= 1
		if l, err := parseList(bad); err == nil && l.usable(w.subject(), now) {
			t.Errorf("byte %d changed and the list is usable", i)
		}
	}
}

func FuzzRevocationList(f *testing.F) {
	w := newWorld(f)
	f.Add(crl(f, w.ca, entry(w.person.Certificate, 6), with(scope([]string{"http://a/"}, flag(1)))))
	f.Add(crl(f, w.ca))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: crl(f, w.ca)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := parseList(b)
		if (l == nil) == (err == nil) {
			t.Fatalf("list %v, error %v", l, err)
		}
		if err == nil && l.usable(subject{w.person.Certificate, w.elsewhere.Certificate}, now) {
			t.Fatal("a list nobody signed is usable")
		}
	})
}
