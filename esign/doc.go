// Package esign decides who signed: bytes, a trust store, a clock and a way to
// ask about revocation go in, an [Identity] or a typed [Error] comes out.
//
// Two kinds of proof are understood: a signed file (CMS SignedData, RFC 5652,
// as any signing program makes it) and the client certificate of a TLS
// connection. Both end in the same ordered list of small checks on the
// signer's certificate, and every check fails closed. Until the last check has
// passed the types are called unverified and give away nothing about a person.
//
// What a certificate must look like, and where the taxpayer number stands in
// it, is never guessed: each issuer has a [Profile], loaded by [LoadTrust].
// Only certificates from those profiles take part in building a chain; what
// the visitor sends along is looked at for the signer's own certificate alone.
//
// The package opens no connection and no database, and its errors carry no
// personal data: words for people are made elsewhere from the [Reason].
package esign
