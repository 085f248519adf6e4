package esign_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

// TestForgeriesAreRefused goes through signatures whose mathematics is right
// and which common verifiers accept.
func TestForgeriesAreRefused(t *testing.T) {
	w, elsewhere := newWorld(t), newWorld(t)
	v := w.verifier(t, baseProfile())
	person, other := w.issue(t), w.issue(t)
	server := w.issue(t, func(r *democa.Request) {
		r.KeyUsage, r.ExtKeyUsage = x509.KeyUsageKeyEncipherment, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	expired := w.issue(t, func(r *democa.Request) { r.From, r.To = now.Add(-3*time.Hour), now.Add(-2*time.Hour) })
	rsaPerson := w.issue(t, func(r *democa.Request) { r.Key = democa.RSA(2048) })
	weakKey := w.issue(t, func(r *democa.Request) { r.Key = democa.RSA(1024) })
	honest := forgery{signer: person, content: challenge}
	add := func(more ...[]byte) func([][]byte) [][]byte {
		return func(a [][]byte) [][]byte { return append(a, more...) }
	}
	digest := hashOf(crypto.SHA256, challenge)
	replayed := set([][]byte{attr(oidContentType, oidValue(oidData)), attr(oidMessageDigest, octets(digest))})

	for _, tt := range []struct {
		name string
		edit func(*forgery)
		want esign.Reason
	}{
		{"honest", func(*forgery) {}, ""},
		{"honest attached", func(f *forgery) { f.attached = challenge }, ""},
		{"honest with unsigned attributes", func(f *forgery) { f.unsigned = attr(oidSigningTime, octets(nil)) }, ""},
		{"honest with the issuers along", func(f *forgery) {
			f.certificates = []*x509.Certificate{w.root.Certificate, w.ca.Certificate, person.Certificate}
		}, ""},
		{"honest, certificate twice", func(f *forgery) { f.certificates = []*x509.Certificate{person.Certificate, person.Certificate} }, ""},
		{"honest by key identifier", func(f *forgery) { f.keyID, f.version = person.Certificate.SubjectKeyId, 3 }, ""},
		{"honest with both signing certificates", func(f *forgery) {
			f.attributes = add(certificateID(person.Certificate, true), certificateID(person.Certificate, false))
		}, ""},
		{"unsorted, signed as written", func(f *forgery) { f.order = unsortedBoth }, ""},
		{"unsorted, signed as DER", func(f *forgery) { f.order = unsortedFile }, ""},
		{"sorted, signed in another order", func(f *forgery) { f.order = reversedSigned }, esign.SignatureBad},

		{"content tampered", func(f *forgery) { f.content = []byte("something else") }, esign.ContentMismatch},
		{"attached content differs", func(f *forgery) { f.attached = []byte("something else") }, esign.ContentMismatch},
		{"attached content empty", func(f *forgery) { f.attached = []byte{} }, esign.ContentMismatch},
		{"untrusted root", func(f *forgery) { f.signer = elsewhere.issue(t) }, esign.IssuerNotTrusted},
		{"no signer", func(f *forgery) { f.noSigners = true }, esign.NoSigner},
		{"no message digest", func(f *forgery) { f.attributes = func(a [][]byte) [][]byte { return a[:1] } }, esign.MessageDigest},
		{"no content type", func(f *forgery) { f.attributes = func(a [][]byte) [][]byte { return a[1:] } }, esign.ContentType},
		{"expired, signing time back-dated", func(f *forgery) {
			f.signer, f.attributes = expired, add(signingTime(now.Add(-150*time.Minute)))
		}, esign.Expired},
		{"content type of another kind", func(f *forgery) {
			f.attributes = func(a [][]byte) [][]byte { return [][]byte{attr(oidContentType, oidValue(oidTSTInfo)), a[1]} }
		}, esign.ContentType},
		{"content type twice", func(f *forgery) { f.attributes = add(attr(oidContentType, oidValue(oidTSTInfo))) }, esign.ContentType},
		{"content type with two values", func(f *forgery) {
			f.attributes = func(a [][]byte) [][]byte {
				return [][]byte{attr(oidContentType, oidValue(oidData), oidValue(oidTSTInfo)), a[1]}
			}
		}, esign.ContentType},
		{"content type without value", func(f *forgery) {
			f.attributes = func(a [][]byte) [][]byte { return [][]byte{attr(oidContentType), a[1]} }
		}, esign.ContentType},
		{"time-stamp token", func(f *forgery) { f.eContentType, f.attached = oidTSTInfo, challenge }, esign.ContentUnknown},
		{"signed attributes replayed as content", func(f *forgery) { f.noAttributes, f.content = true, replayed }, esign.NoAttributes},
		{"no attributes", func(f *forgery) { f.noAttributes = true }, esign.NoAttributes},
		{"empty attributes", func(f *forgery) { f.attributes = func([][]byte) [][]byte { return nil } }, esign.NoAttributes},
		{"two message digests", func(f *forgery) { f.attributes = add(attr(oidMessageDigest, octets(make([]byte, 32)))) }, esign.MessageDigest},
		{"message digest with two values", func(f *forgery) {
			f.attributes = func(a [][]byte) [][]byte {
				return [][]byte{a[0], attr(oidMessageDigest, octets(digest), octets(make([]byte, 32)))}
			}
		}, esign.MessageDigest},
		{"message digest cut", func(f *forgery) {
			f.attributes = func(a [][]byte) [][]byte { return [][]byte{a[0], attr(oidMessageDigest, octets(digest[:20]))} }
		}, esign.MessageDigest},
		{"web server's certificate", func(f *forgery) { f.signer = server }, esign.WrongPurpose},
		{"the issuer itself", func(f *forgery) { f.signer = &w.ca.Pair }, esign.CACertificate},
		{"the root itself", func(f *forgery) { f.signer = &w.root.Pair }, esign.CACertificate},
		{"signing certificate names another", func(f *forgery) { f.attributes = add(certificateID(other.Certificate, true)) }, esign.SigningCertificate},
		{"old signing certificate names another", func(f *forgery) { f.attributes = add(certificateID(other.Certificate, false)) }, esign.SigningCertificate},
		{"two signing certificates", func(f *forgery) {
			f.attributes = add(certificateID(person.Certificate, true), certificateID(other.Certificate, true))
		}, esign.SigningCertificate},
		{"signing certificate is no structure", func(f *forgery) { f.attributes = add(attr(oidSigningCertV2, octets(nil))) }, esign.SigningCertificate},
		{"signer untrusted, second trusted", func(f *forgery) {
			f.others = [][]byte{forgery{signer: elsewhere.issue(t), content: challenge, hash: crypto.SHA256, version: 1}.signerInfo(t)}
		}, esign.SeveralSigners},
		{"SHA-1 throughout", func(f *forgery) { f.hash = crypto.SHA1 }, esign.WeakAlgorithm},
		{"digest named by the signature's hash", func(f *forgery) { f.digestOID = digestOIDs[crypto.SHA512] }, esign.WeakAlgorithm},
		{"RSA key of 1024 bits", func(f *forgery) { f.signer = weakKey }, esign.WeakAlgorithm},
		{"signature changed", func(f *forgery) { f.tamper = func(s []byte) []byte { s[len(s)-1] ^= 1; return s } }, esign.SignatureBad},
		{"signature empty", func(f *forgery) { f.tamper = func([]byte) []byte { return nil } }, esign.SignatureBad},
		{"RSA algorithm with an ECDSA key", func(f *forgery) { f.signatureAlg = algorithm(oidRSA) }, esign.SignatureBad},
		{"ECDSA algorithm with an RSA key", func(f *forgery) {
			f.signer, f.signatureAlg = rsaPerson, algorithm(append(slices.Clone(oidECDSA), 2))
		}, esign.SignatureBad},
		{"PSS announced without parameters", func(f *forgery) {
			f.signer, f.signatureAlg = rsaPerson, algorithm([]int{1, 2, 840, 113549, 1, 1, 10})
		}, esign.WeakAlgorithm},
		{"somebody else's certificate", func(f *forgery) { f.certificates = []*x509.Certificate{other.Certificate} }, esign.CertificateMissing},
		{"key identifier of nobody", func(f *forgery) { f.keyID = []byte("nobody") }, esign.CertificateMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := honest
			tt.edit(&f)
			_, err := verify(v, f.make(t), challenge)
			wantReason(t, err, tt.want)
		})
	}
}

func TestKeyIdentifierOfTwo(t *testing.T) {
	w := newWorld(t)
	person := w.issue(t)
	twin := w.issue(t, func(r *democa.Request) {
		r.Edit = func(c *x509.Certificate) { c.SubjectKeyId = person.Certificate.SubjectKeyId }
	})
	f := forgery{
		signer: person, content: challenge, keyID: person.Certificate.SubjectKeyId,
		certificates: []*x509.Certificate{twin.Certificate, person.Certificate},
	}
	_, err := verify(w.verifier(t, baseProfile()), f.make(t), challenge)
	wantReason(t, err, esign.CertificateAmbiguous)
}

func TestTrailingBytes(t *testing.T) {
	w := newWorld(t)
	der := forgery{signer: w.issue(t), content: challenge}.make(t)
	for name, file := range map[string][]byte{
		"DER":        append(bytes.Clone(der), 0),
		"DER twice":  append(bytes.Clone(der), der...),
		"PEM":        append(pemOf("CMS", der), []byte("and more")...),
		"PEM twice":  append(pemOf("CMS", der), pemOf("CMS", der)...),
		"PEM inside": pemOf("PKCS7", append(bytes.Clone(der), 5, 0)),
	} {
		_, err := esign.ParseSignature(file)
		if esign.ReasonOf(err) != esign.TrailingData {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEveryBitCounts changes each byte of an honest signature in turn: none of
// the results may be accepted unless the change is outside of what is signed
// and leads to the same person.
func TestEveryBitCounts(t *testing.T) {
	w := newWorld(t)
	v := w.verifier(t, baseProfile())
	der := forgery{signer: w.issue(t), content: challenge}.make(t)
	honest, err := verify(v, der, challenge)
	if err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for i := range der {
		bad := bytes.Clone(der)
		bad[i] ^= 1
		id, err := verify(v, bad, challenge)
		if err != nil {
			continue
		}
		accepted++
		if id.Fingerprint != honest.Fingerprint {
			t.Errorf("byte %d: another identity", i)
		}
	}
	// Versions and the list of digest algorithms say nothing that is relied on.
	if accepted > 16 {
		t.Errorf("%d changed files were accepted", accepted)
	}
}
