package esign

import (
	"errors"
	"time"
)

// Reason says why a signature or certificate was not accepted. The list is
// closed: see [Reasons]. The texts are codes for programs, not words for
// people.
type Reason string

// About the file as such.
const (
	TooLarge       Reason = "too_large"       // more than MaxSignature bytes
	NotASignature  Reason = "not_a_signature" // no CMS SignedData in any known wrapping, or a broken one
	TrailingData   Reason = "trailing_data"   // bytes after the end of the signature
	NoSigner       Reason = "no_signer"       // SignedData without SignerInfo
	SeveralSigners Reason = "several_signers" // more than one SignerInfo
	WeakAlgorithm  Reason = "weak_algorithm"  // digest, signature algorithm or key below the allowed list
	ContentUnknown Reason = "content_unknown" // eContentType is not id-data (RFC 5652 §4)
	NoAttributes   Reason = "no_signed_attributes"
)

// About what was signed.
const (
	ContentType     Reason = "content_type"     // content-type attribute absent, repeated or of another type (RFC 5652 §11.1)
	MessageDigest   Reason = "message_digest"   // message-digest attribute absent or repeated (RFC 5652 §11.2)
	ContentMismatch Reason = "content_mismatch" // the signature is over something else
	SignatureBad    Reason = "signature_invalid"
)

// About the signer's certificate.
const (
	CertificateMissing   Reason = "certificate_missing"          // the signer's certificate is not in the file or connection
	CertificateAmbiguous Reason = "certificate_ambiguous"        // two certificates answer to the signer's identifier
	CertificateMalformed Reason = "certificate_malformed"        // not X.509 as RFC 5280 has it
	SigningCertificate   Reason = "signing_certificate_mismatch" // signing-certificate(-v2) names another one (RFC 5035)
	SigningCertRequired  Reason = "signing_certificate_required" // the profile demands signing-certificate-v2 and it is absent
	CACertificate        Reason = "ca_certificate"               // an authority's certificate, not a person's
	IssuerNotTrusted     Reason = "issuer_not_trusted"           // no profile has this issuer, or its chain fails
	NotYetValid          Reason = "not_yet_valid"                // before notBefore
	Expired              Reason = "expired"                      // after notAfter
	WrongPurpose         Reason = "wrong_purpose"                // use, key usage, extended key usage or policy
	Revoked              Reason = "revoked"                      // withdrawn by the issuer
	Suspended            Reason = "suspended"                    // certificateHold
	RevocationUnknown    Reason = "revocation_unavailable"       // nobody could say whether it is revoked
	NoVOEN               Reason = "no_voen"                      // no taxpayer number, or the issuer may not assert one
	NoPIN                Reason = "no_pin"                       // the profile demands a personal number and it is absent
	AttributeTwice       Reason = "attribute_twice"              // an identifying attribute occurs more than once
	IdentityMalformed    Reason = "malformed_identity"           // an identifying attribute has an impossible value
)

// Error is a refusal. It holds nothing about the person: the issuer is the id
// of a profile and the serial number means something to that issuer only.
type Error struct {
	Reason Reason
	Check  string    // which check said so, for logs: constant text
	Issuer string    // profile id, once the issuer is known
	Serial string    // certificate serial number in hexadecimal, once the issuer is known
	At     time.Time // for Expired the end, for NotYetValid the beginning; else zero
}

// Error names the reason and the check.
func (e *Error) Error() string { return "esign: " + string(e.Reason) + ": " + e.Check }

// ReasonOf returns the reason in err's chain, or "" when there is none.
func ReasonOf(err error) Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

func refuse(r Reason, check string) error { return &Error{Reason: r, Check: check} }
