package esign

import "bytes"

// Reasons are all reasons there are, in the order in which checks run.
var Reasons = []Reason{
	TooLarge, NotASignature, TrailingData, NoSigner, SeveralSigners, WeakAlgorithm, ContentUnknown, NoAttributes,
	ContentType, MessageDigest, ContentMismatch, SignatureBad,
	CertificateMissing, CertificateAmbiguous, CertificateMalformed, SigningCertificate, SigningCertRequired,
	CACertificate, IssuerNotTrusted, NotYetValid, Expired, WrongPurpose,
	Revoked, Suspended, RevocationUnknown, NoVOEN, NoPIN, AttributeTwice, IdentityMalformed,
}

// Content returns the content that the file carries, and whether it carries
// any. A clear-text part beside the signature in S/MIME is not looked at.
func (s *UnverifiedSignature) Content() (content []byte, attached bool) {
	return bytes.Clone(s.content), s.attached
}
