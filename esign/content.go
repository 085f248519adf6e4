package esign

import "bytes"

// checkAttached compares content inside the file with what should have been
// signed.
func checkAttached(s *UnverifiedSignature, content []byte) error {
	if s.attached && !bytes.Equal(s.content, content) && !bytes.Equal(s.content, withCRLF(content)) {
		return refuse(ContentMismatch, "attached content")
	}
	return nil
}

// checkDigest compares the message-digest attribute with the content.
func checkDigest(s *UnverifiedSignature, content []byte) error {
	if bytes.Equal(s.digest, sum(s.hash, content)) || bytes.Equal(s.digest, sum(s.hash, withCRLF(content))) {
		return nil
	}
	return refuse(ContentMismatch, "message digest")
}

// checkKey refuses weak keys, and keys so large that using them would be a
// burden.
func checkKey(s *UnverifiedSignature, _ []byte) error {
	if !StrongKey(s.signer.PublicKey) {
		return refuse(WeakAlgorithm, "key")
	}
	return nil
}

// checkSignatureValue verifies the signature over the signed attributes.
func checkSignatureValue(s *UnverifiedSignature, _ []byte) error {
	for _, form := range s.signed {
		if s.algorithm.verify(s.signer.PublicKey, s.hash, form, s.value) {
			return nil
		}
	}
	return refuse(SignatureBad, "signature value")
}

// withCRLF ends every line with CRLF, the canonical form of text in RFC 8551
// §3.1.1. Text that has CRLF already stays as it is.
func withCRLF(b []byte) []byte {
	lf := bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n"))
}
