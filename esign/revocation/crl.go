package revocation

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"customs.gov.az/portal/esign"
)

// maxCRL bounds a list: about 400,000 entries.
const maxCRL = 16 << 20

// Reason codes of RFC 5280 §5.3.1 that change the answer.
const (
	reasonHold          = 6 // certificateHold
	reasonRemoveFromCRL = 8
)

var (
	oidDeltaCRL          = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidIssuingPoint      = asn1.ObjectIdentifier{2, 5, 29, 28}
	oidReasonCode        = asn1.ObjectIdentifier{2, 5, 29, 21}
	oidInvalidityDate    = asn1.ObjectIdentifier{2, 5, 29, 24}
	oidCertificateIssuer = asn1.ObjectIdentifier{2, 5, 29, 29}
)

// Why a list is not kept.
var (
	errListForm   = errors.New("revocation: not a revocation list that can be used")
	errListIssuer = errors.New("revocation: list of another issuer, or not of this moment")
)

// list is a revocation list. It proves nothing until usable says so.
type list struct {
	issuer                 []byte // DER of the issuer's name
	thisUpdate, nextUpdate time.Time
	points                 []string                // addresses of its issuing distribution point; nil: covers everything
	entries                map[string]esign.Reason // serial number's bytes → Revoked, Suspended, or "" for removed
	algorithm              x509.SignatureAlgorithm
	signature              []byte
	fetched                time.Time // when it came from the network or the folder
	scoped                 bool      // has an issuing distribution point with a name

	mu       sync.Mutex
	tbs      []byte    // dropped once the signature is verified
	signedBy *[32]byte // SHA-256 of the key that verified it
}

// parseList reads a list in DER or PEM. Delta and indirect lists, lists for
// some reasons or for authorities only, and lists with anything critical that
// is not understood are refused whole: they cannot say that a certificate is
// good.
func parseList(b []byte) (*list, error) {
	if len(b) > maxCRL {
		return nil, errTooLarge
	}
	if block, rest := pem.Decode(b); block != nil {
		if block.Type != "X509 CRL" || len(bytes.TrimSpace(rest)) > 0 {
			return nil, errListForm
		}
		b = block.Bytes
	}
	rl, err := x509.ParseRevocationList(b)
	if err != nil || len(rl.Raw) != len(b) || rl.NextUpdate.IsZero() {
		return nil, errListForm
	}
	l := &list{
		issuer: bytes.Clone(rl.RawIssuer), thisUpdate: rl.ThisUpdate, nextUpdate: rl.NextUpdate,
		entries: make(map[string]esign.Reason, len(rl.RevokedCertificateEntries)), algorithm: rl.SignatureAlgorithm,
		signature: bytes.Clone(rl.Signature), tbs: bytes.Clone(rl.RawTBSRevocationList),
	}
	for _, e := range rl.Extensions {
		switch {
		case e.Id.Equal(oidDeltaCRL):
			return nil, errListForm
		case e.Id.Equal(oidIssuingPoint):
			if l.scoped || !l.readScope(e.Value) {
				return nil, errListForm
			}
		case e.Critical:
			return nil, errListForm
		}
	}
	for _, e := range rl.RevokedCertificateEntries {
		if !l.add(e) {
			return nil, errListForm
		}
	}
	return l, nil
}

// add takes an entry over. Of two about one certificate the worse counts.
func (l *list) add(e x509.RevocationListEntry) bool {
	for _, x := range e.Extensions {
		if x.Id.Equal(oidCertificateIssuer) ||
			(x.Critical && !x.Id.Equal(oidReasonCode) && !x.Id.Equal(oidInvalidityDate)) {
			return false
		}
	}
	reason := esign.Revoked
	switch e.ReasonCode {
	case reasonHold:
		reason = esign.Suspended
	case reasonRemoveFromCRL:
		reason = ""
	}
	key := string(e.SerialNumber.Bytes())
	if old, twice := l.entries[key]; twice && (old == esign.Revoked || reason == "") {
		return true
	}
	l.entries[key] = reason
	return true
}

// readScope reads IssuingDistributionPoint (RFC 5280 §5.2.5) and accepts a
// list about all users' certificates, or about those of one point.
func (l *list) readScope(der []byte) bool {
	in := cryptobyte.String(der)
	var seq, point, names cryptobyte.String
	var hasPoint bool
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadOptionalASN1(&point, &hasPoint, explicit(0)) {
		return false
	}
	if hasPoint {
		if !point.ReadASN1(&names, explicit(0)) || !point.Empty() { // fullName
			return false
		}
		for !names.Empty() {
			var name cryptobyte.String
			var tag cbasn1.Tag
			if !names.ReadAnyASN1(&name, &tag) {
				return false
			}
			if tag == cbasn1.Tag(6).ContextSpecific() { // uniformResourceIdentifier
				l.points = append(l.points, string(name))
			}
		}
	}
	l.scoped = hasPoint
	users := cbasn1.Tag(1).ContextSpecific() // onlyContainsUserCerts: persons are users
	return seq.SkipOptionalASN1(users) && seq.Empty()
}

// usable reports whether the list may speak about the certificate now: the
// issuer signed it and may sign lists, it is of this moment, and it covers the
// certificate.
func (l *list) usable(s subject, now time.Time) bool {
	return l.current(now) && l.covers(s.cert) && l.from(s.issuer)
}

// from reports whether the issuer signed the list and may sign lists.
func (l *list) from(issuer *x509.Certificate) bool {
	return bytes.Equal(l.issuer, issuer.RawSubject) &&
		(issuer.KeyUsage == 0 || issuer.KeyUsage&x509.KeyUsageCRLSign != 0) && l.signed(issuer)
}

func (l *list) current(now time.Time) bool {
	return !l.thisUpdate.After(now.Add(clockSkew)) && !now.After(l.nextUpdate.Add(clockSkew)) && !l.nextUpdate.Before(l.thisUpdate)
}

// covers wants the list's point among those of the certificate, if the list
// is about one point (RFC 5280 §6.3.3 b 2).
func (l *list) covers(c *x509.Certificate) bool {
	return !l.scoped || slices.ContainsFunc(c.CRLDistributionPoints, func(p string) bool { return slices.Contains(l.points, p) })
}

func (l *list) signed(issuer *x509.Certificate) bool {
	key := sha256.Sum256(issuer.RawSubjectPublicKeyInfo)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.signedBy != nil {
		return *l.signedBy == key
	}
	if !esign.StrongSignature(l.algorithm) || issuer.CheckSignature(l.algorithm, l.tbs, l.signature) != nil {
		return false
	}
	l.signedBy, l.tbs = &key, nil
	return true
}

// says is the list's verdict about a certificate that it covers.
func (l *list) says(c *x509.Certificate, now time.Time) verdict {
	until := now.Add(keepAnswer)
	if l.nextUpdate.Before(until) {
		until = l.nextUpdate
	}
	return verdict{reason: l.entries[string(c.SerialNumber.Bytes())], until: until}
}
