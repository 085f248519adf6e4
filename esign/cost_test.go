package esign_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"runtime"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

// What one upload by an anonymous visitor may cost.
const (
	mostTime   = 50 * time.Millisecond
	mostMemory = 5 << 20
)

// fill repeats unit between head and tail up to the size limit.
func fill(head, unit, tail string) []byte {
	n := (esign.MaxSignature - len(head) - len(tail)) / len(unit)
	return []byte(head + strings.Repeat(unit, n) + tail)
}

func TestHostileFilesAreCheap(t *testing.T) {
	w := newWorld(t)
	v := w.verifier(t, baseProfile())
	der := forgery{signer: w.issue(t), content: challenge}
	manyCerts, manyAttrs, wide := der, der, der
	for range 110 {
		manyCerts.certificates = append(manyCerts.certificates, w.ca.Certificate)
	}
	manyAttrs.attributes = func(a [][]byte) [][]byte {
		for range 4000 {
			a = append(a, attr(oidSigningTime))
		}
		return a
	}
	wide.signer = wideCertificate(t, w)
	slow := der
	slow.signer = slowKey(t, w)
	slow.tamper = func([]byte) []byte { return make([]byte, 1024) }
	slow.signatureAlg = algorithm(oidRSA)
	ber := forgery{signer: w.issue(t), content: challenge}.make(t)

	for name, file := range map[string][]byte{
		"sequences of indefinite length, nested": fill("", "\x30\x80", ""),
		"sequences of definite length, nested":   nestedDefinite(),
		"sequences side by side":                 fill("\x30\x80", "\x30\x80\x00\x00", "\x00\x00"),
		"pieces side by side":                    fill("\x24\x80", "\x04\x00", "\x00\x00"),
		"nested just below the limit":            fill(strings.Repeat("\x30\x80", 31), "\x05\x00", strings.Repeat("\x00\x00", 31)),
		"never closed":                           fill("\x30\x80", "\x02\x01\x05", ""),
		"PEM beginnings":                         fill("", "-----BEGIN CMS-----\n", ""),
		"PEM headers":                            fill("-----BEGIN CMS-----\n", "a: b\n", "\n-----END CMS-----\n"),
		"MIME headers":                           fill("", "A: b\n", "\n"),
		"one MIME header continued":              fill("A: b\n", " b\n", "\n"),
		"MIME parameters":                        fill("Content-Type: multipart/signed", ";a=b", "\n\n"),
		"MIME boundaries":                        fill("Content-Type: multipart/signed; boundary=b\n\n", "--b\n", ""),
		"line breaks in base64":                  fill("Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\nMIAA", "\n", "AA=="),
		"bare base64 of nested BER":              []byte("MI" + strings.Repeat("AwgDCA", 10000)),
		"zeros":                                  make([]byte, esign.MaxSignature),
		"too large":                              make([]byte, 10*esign.MaxSignature),
		"a hundred certificates":                 manyCerts.make(t),
		"four thousand attributes":               manyAttrs.make(t),
		"a certificate with a thousand names":    wide.make(t),
		"a key that is slow to use":              slow.make(t),
		"S/MIME of an honest signature":          smime(ber),
		"an honest signature":                    ber,
	} {
		t.Run(name, func(t *testing.T) {
			took := time.Hour
			var before, after runtime.MemStats
			for range 3 { // the best of three: the machine has other work
				runtime.ReadMemStats(&before)
				start := time.Now()
				_, _ = verify(v, file, challenge)
				took = min(took, time.Since(start))
				runtime.ReadMemStats(&after)
			}
			if memory := after.TotalAlloc - before.TotalAlloc; took > mostTime || memory > mostMemory {
				t.Errorf("%d bytes cost %v and %d bytes of memory", len(file), took, memory)
			} else {
				t.Logf("%d bytes cost %v and %d bytes of memory", len(file), took, memory)
			}
		})
	}
}

func nestedDefinite() []byte {
	b := []byte{5, 0}
	for len(b)+4 < esign.MaxSignature {
		head := []byte{0x30, 0x82, byte(len(b) >> 8), byte(len(b))}
		if len(b) < 128 {
			head = []byte{0x30, byte(len(b))}
		}
		b = append(head, b...)
		if len(b) > 8000 {
			break
		}
	}
	return b
}

func smime(der []byte) []byte {
	var b bytes.Buffer
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	b.WriteString(base64.StdEncoding.EncodeToString(der))
	return b.Bytes()
}

// wideCertificate has more names and extensions than any honest one.
func wideCertificate(t *testing.T, w world) *democa.Pair {
	t.Helper()
	return w.issue(t, func(r *democa.Request) {
		for range 300 {
			r.Subject = append(r.Subject, democa.Value{Type: asn1.ObjectIdentifier{2, 5, 4, 11}, Text: strings.Repeat("x", 60)})
		}
		r.Edit = func(c *x509.Certificate) {
			c.DNSNames = strings.Split(strings.Repeat("a.b ", 3000), " ")
			c.DNSNames = c.DNSNames[:3000]
		}
	})
}

// slowKey has the largest modulus and exponent that are looked at; nobody has
// the private half.
func slowKey(t *testing.T, w world) *democa.Pair {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 8191))
	if err != nil {
		t.Fatal(err)
	}
	n.SetBit(n.SetBit(n, 8191, 1), 0, 1)
	honest := w.issue(t)
	template := *honest.Certificate
	der, err := x509.CreateCertificate(rand.Reader, &template, w.ca.Certificate, &rsa.PublicKey{N: n, E: 1<<31 - 1}, w.ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &democa.Pair{Certificate: cert, Key: honest.Key}
}

func TestSizeComesFirst(t *testing.T) {
	big := make([]byte, esign.MaxSignature+1)
	if n := testing.AllocsPerRun(10, func() { _, _ = esign.ParseSignature(big) }); n > 1 {
		t.Errorf("%v allocations before the size is looked at", n)
	}
	_, err := esign.ParseSignature(big)
	wantReason(t, err, esign.TooLarge)
}
