package revocation

import (
	"bytes"
	"crypto/x509"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"customs.gov.az/portal/esign"
)

// authorised reports whether the signer may speak for the issuer (RFC 6960
// §4.2.2.2): it is the issuer itself, or a responder whose certificate the
// issuer signed directly and for this purpose, and the signature is its own.
func authorised(envelope *ocsp.Response, d *responseData, s subject, now time.Time) bool {
	signer := envelope.Certificate // its signature over the answer has been verified by the library
	if signer == nil || sameKey(signer, s.issuer) {
		return d.isResponder(s.issuer) && envelope.CheckSignatureFrom(s.issuer) == nil
	}
	return d.isResponder(signer) && !signer.Equal(s.cert) && delegated(signer, s.issuer, now)
}

func sameKey(a, b *x509.Certificate) bool {
	return bytes.Equal(a.RawSubject, b.RawSubject) && bytes.Equal(a.RawSubjectPublicKeyInfo, b.RawSubjectPublicKeyInfo)
}

// delegated looks at a responder's certificate as closely as at a person's. Its
// own revocation is not asked for: issuers mark such certificates as not to be
// checked (id-pkix-ocsp-nocheck) and keep their lives short instead.
func delegated(c, issuer *x509.Certificate, now time.Time) bool {
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) &&
		!now.Before(c.NotBefore) && !now.After(c.NotAfter) &&
		c.Version == 3 && len(c.UnhandledCriticalExtensions) == 0 &&
		(c.KeyUsage == 0 || c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) != 0) &&
		esign.StrongKey(c.PublicKey) && esign.StrongSignature(c.SignatureAlgorithm) &&
		bytes.Equal(c.RawIssuer, issuer.RawSubject) && c.CheckSignatureFrom(issuer) == nil
}
