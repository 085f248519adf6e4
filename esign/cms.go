package esign

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxCertificates bounds how many certificates a signature may bring.
const maxCertificates = 16

var (
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}

	tag0 = cbasn1.Tag(0).ContextSpecific().Constructed()
	tag1 = cbasn1.Tag(1).ContextSpecific().Constructed()
)

// signedData is SignedData of RFC 5652 §5.1 as far as it matters here.
type signedData struct {
	contentType  asn1.ObjectIdentifier
	content      []byte
	attached     bool
	certificates [][]byte
	signer       signerInfo
}

// signerInfo is SignerInfo of RFC 5652 §5.3.
type signerInfo struct {
	issuer    []byte   // DER of the issuer's name, nil when identified by key
	serial    *big.Int // with issuer
	keyID     []byte   // subject key identifier, when not by issuer and serial
	digest    algorithmIdentifier
	attrs     []byte // contents of signedAttrs [0], nil if absent
	algorithm algorithmIdentifier
	value     []byte
}

// parseSignedData reads ContentInfo and applies every rule that needs nothing
// but the file itself.
func parseSignedData(der []byte) (*UnverifiedSignature, error) {
	sd, err := readContentInfo(der)
	if err != nil {
		return nil, err
	}
	if !sd.contentType.Equal(oidData) {
		return nil, refuse(ContentUnknown, "eContentType")
	}
	s := &UnverifiedSignature{content: sd.content, attached: sd.attached, value: sd.signer.value}
	if s.hash, err = digestAlgorithm(sd.signer.digest); err != nil {
		return nil, err
	}
	if s.algorithm, err = readSignatureAlgorithm(sd.signer.algorithm, s.hash); err != nil {
		return nil, err
	}
	attrs, err := readAttributes(sd.signer.attrs)
	if err != nil {
		return nil, err
	}
	if s.digest, err = attrs.messageDigest(sd.contentType, s.hash); err != nil {
		return nil, err
	}
	s.signed = attrs.signedForms()
	if s.signer, err = findSigner(sd.certificates, &sd.signer); err != nil {
		return nil, err
	}
	if s.boundV2, err = attrs.bindsCertificate(s.signer); err != nil {
		return nil, err
	}
	return s, nil
}

func readContentInfo(der []byte) (*signedData, error) {
	broken := refuse(NotASignature, "ContentInfo")
	in := cryptobyte.String(der)
	var info, explicit, body cryptobyte.String
	var kind asn1.ObjectIdentifier
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&kind) {
		return nil, broken
	}
	if !in.Empty() {
		return nil, refuse(TrailingData, "ContentInfo")
	}
	if !kind.Equal(oidSignedData) || !info.ReadASN1(&explicit, tag0) || !info.Empty() ||
		!explicit.ReadASN1(&body, cbasn1.SEQUENCE) || !explicit.Empty() {
		return nil, broken
	}
	return readSignedData(body)
}

func readSignedData(body cryptobyte.String) (*signedData, error) {
	broken := refuse(NotASignature, "SignedData")
	var sd signedData
	var version int64
	var digests, signers, certs cryptobyte.String
	var hasCerts bool
	if !body.ReadASN1Integer(&version) || !body.ReadASN1(&digests, cbasn1.SET) ||
		!sd.readEncapContent(&body) || !body.ReadOptionalASN1(&certs, &hasCerts, tag0) ||
		!body.SkipOptionalASN1(tag1) || !body.ReadASN1(&signers, cbasn1.SET) || !body.Empty() ||
		!sd.readCertificates(certs) {
		return nil, broken
	}
	if signers.Empty() {
		return nil, refuse(NoSigner, "signerInfos")
	}
	var one cryptobyte.String
	if !signers.ReadASN1(&one, cbasn1.SEQUENCE) {
		return nil, broken
	}
	if !signers.Empty() {
		return nil, refuse(SeveralSigners, "signerInfos")
	}
	if !sd.signer.read(one) {
		return nil, refuse(NotASignature, "SignerInfo")
	}
	return &sd, nil
}

func (sd *signedData) readEncapContent(body *cryptobyte.String) bool {
	var encap, explicit, octets cryptobyte.String
	if !body.ReadASN1(&encap, cbasn1.SEQUENCE) || !encap.ReadASN1ObjectIdentifier(&sd.contentType) ||
		!encap.ReadOptionalASN1(&explicit, &sd.attached, tag0) || !encap.Empty() {
		return false
	}
	if !sd.attached {
		return true
	}
	sd.content = []byte{}
	if !sd.contentType.Equal(oidData) { // of another type: refused by its own reason
		return true
	}
	if !explicit.ReadASN1(&octets, cbasn1.OCTET_STRING) || !explicit.Empty() {
		return false
	}
	sd.content = append(sd.content, octets...)
	return true
}

// readCertificates keeps the X.509 ones; attribute certificates and other
// kinds identify nobody here.
func (sd *signedData) readCertificates(certs cryptobyte.String) bool {
	for n := 0; !certs.Empty(); n++ {
		var c cryptobyte.String
		var tag cbasn1.Tag
		if n == maxCertificates || !certs.ReadAnyASN1Element(&c, &tag) {
			return false
		}
		if tag == cbasn1.SEQUENCE {
			sd.certificates = append(sd.certificates, c)
		}
	}
	return true
}

func (si *signerInfo) read(in cryptobyte.String) bool {
	var version int64
	var attrs cryptobyte.String
	var hasAttrs bool
	if !in.ReadASN1Integer(&version) || !si.readIdentifier(&in) || !si.digest.read(&in) ||
		!in.ReadOptionalASN1(&attrs, &hasAttrs, tag0) || !si.algorithm.read(&in) {
		return false
	}
	if hasAttrs {
		si.attrs = append([]byte{}, attrs...)
	}
	var value cryptobyte.String
	if !in.ReadASN1(&value, cbasn1.OCTET_STRING) || !in.SkipOptionalASN1(tag1) || !in.Empty() {
		return false
	}
	si.value = value
	return true
}

func (si *signerInfo) readIdentifier(in *cryptobyte.String) bool {
	keyTag := cbasn1.Tag(0).ContextSpecific()
	if in.PeekASN1Tag(keyTag) {
		var id cryptobyte.String
		ok := in.ReadASN1(&id, keyTag)
		si.keyID = id
		return ok && len(id) > 0
	}
	var both, name cryptobyte.String
	si.serial = new(big.Int)
	ok := in.ReadASN1(&both, cbasn1.SEQUENCE) && both.ReadASN1Element(&name, cbasn1.SEQUENCE) &&
		both.ReadASN1Integer(si.serial) && both.Empty()
	si.issuer = name
	return ok
}

// findSigner returns the one certificate that the signer's identifier means.
func findSigner(certs [][]byte, si *signerInfo) (*x509.Certificate, error) {
	var found *x509.Certificate
	malformed := false
	for _, der := range certs {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			malformed = true
			continue
		}
		if !si.means(c) || (found != nil && found.Equal(c)) {
			continue
		}
		if found != nil {
			return nil, refuse(CertificateAmbiguous, "signer identifier")
		}
		found = c
	}
	switch {
	case found != nil:
		return found, nil
	case malformed:
		return nil, refuse(CertificateMalformed, "signer identifier")
	}
	return nil, refuse(CertificateMissing, "signer identifier")
}

func (si *signerInfo) means(c *x509.Certificate) bool {
	if si.keyID != nil {
		return bytes.Equal(si.keyID, c.SubjectKeyId)
	}
	return bytes.Equal(si.issuer, c.RawIssuer) && si.serial.Cmp(c.SerialNumber) == 0
}
