// Package revocation asks issuers whether they have taken back a certificate:
// by OCSP (RFC 6960), by revocation list (CRL, RFC 5280 §5), or by OCSP and
// then the list. It is the [esign.Revocation] of production.
//
// Nothing that comes over the network is believed because of where it came
// from: an answer counts only if the issuer, or a responder that the issuer
// itself named, signed it for this certificate and this moment. What cannot be
// established is [esign.RevocationUnknown]; the door stays closed.
//
// A check ends within its deadline whatever the other side does. Answers are
// kept for a while, the same question is asked once at a time, and a dead
// address is left alone for some seconds.
package revocation
