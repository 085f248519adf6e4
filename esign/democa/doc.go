// Package democa is a small certification authority for the demo and the
// tests: issuers, people with keys and certificates, and the server's TLS
// certificate, all made on the machine when first needed.
//
// [Create] fills a folder that the demo works from; [NewAuthority] and
// [Authority.Issue] make single certificates, right or wrong, for tests. None
// of it is a secret worth keeping and none of it may be trusted elsewhere.
package democa
