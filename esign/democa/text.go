package democa

import (
	"fmt"
	"strings"
)

const businessProfile = `{
  "name": "Demo: legal persons and entrepreneurs",
  "issuers": ["business.pem"],
  "roots": ["root.pem"],
  "uses": {
    "client_certificate": {
      "key_usage": ["digitalSignature"],
      "ext_key_usage": ["1.3.6.1.5.5.7.3.2"]
    },
    "signed_file": {
      "key_usage": ["nonRepudiation", "digitalSignature"],
      "ext_key_usage": ["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36"]
    },
    "sima": {
      "key_usage": ["nonRepudiation", "digitalSignature"],
      "ext_key_usage": ["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36"]
    }
  },
  "voen": {"attributes": ["2.5.4.97"], "prefixes": ["VATAZ-", "TINAZ-"], "several": true},
  "pin": {"attributes": ["2.5.4.5"], "prefixes": ["PNOAZ-"], "required": true},
  "organisation": ["2.5.4.10"],
  "revocation": %s
}
`

const citizensProfile = `{
  "name": "Demo: citizens, who have no taxpayer number",
  "issuers": ["citizens.pem"],
  "roots": ["root.pem"],
  "uses": {
    "client_certificate": {
      "key_usage": ["digitalSignature"],
      "ext_key_usage": ["1.3.6.1.5.5.7.3.2"]
    },
    "signed_file": {
      "key_usage": ["nonRepudiation", "digitalSignature"],
      "ext_key_usage": ["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36"]
    },
    "sima": {
      "key_usage": ["nonRepudiation", "digitalSignature"],
      "ext_key_usage": ["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36"]
    }
  },
  "pin": {"attributes": ["2.5.4.5"], "prefixes": ["PNOAZ-"], "required": true},
  "revocation": %s
}
`

// unpublished is the revocation part until somebody answers for the issuers.
const unpublished = `{"mode": "none", "reason": "nobody answers for the demo's issuers here"}`

// published names the addresses at which a [Responder] answers.
func published(base, issuer string) string {
	return fmt.Sprintf(`{"mode": "ocsp_then_crl", "ocsp": [%q], "crl": [%q]}`, base+"/ocsp/"+issuer, base+"/crl/"+issuer+".crl")
}

// readme tells a newcomer who the people are and how to sign in as one.
func readme() string {
	var b strings.Builder
	fmt.Fprintf(&b, `The people of the demo. None of them exists; their keys were made on this machine
and are worth nothing elsewhere.

NAME.p12  certificate, key and issuers, for a browser or a signing program; password: %s
NAME.pem  the certificate
NAME.key  the key, not encrypted

To sign in with a file as aysel: download the challenge from the sign-in page, sign it, upload the result.

  openssl cms -sign -binary -in CHALLENGE -signer aysel.pem -inkey aysel.key -outform DER -out signed.p7s

To sign in with a certificate: import aysel.p12 into the browser, and ../tls/ca.pem as an authority
that it may trust for websites.

`, Password)
	for _, p := range People() {
		fmt.Fprintf(&b, "%-14s %s, PIN %s", p.Name, p.FullName(), p.PIN)
		if p.Organisation != "" {
			fmt.Fprintf(&b, ", %s", p.Organisation)
		}
		for _, v := range p.VOENs {
			fmt.Fprintf(&b, ", VÖEN %s", v)
		}
		outcome := "signs in"
		switch {
		case len(p.Represents) > 0:
			outcome = "signs in as a representative"
		case p.Staff != "":
			outcome = "signs in as staff (" + string(p.Staff) + "; as a trader " + string(p.Expect) + ")"
		case p.Expect != "":
			outcome = "does not sign in (" + string(p.Expect) + ")"
		}
		fmt.Fprintf(&b, "\n               %s: %s\n", outcome, p.Note)
	}
	return b.String()
}
