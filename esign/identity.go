package esign

import (
	"log/slog"
	"time"

	"customs.gov.az/portal/customs"
)

// Identity is who signed, after every check has passed. It prints and logs as
// issuer and serial number only.
type Identity struct {
	VOENs        []customs.VOEN // none twice, in the certificate's order; at least one unless Verifier.Persons let a PIN stand for it
	PIN          customs.PIN    // "" when the certificate holds none and the profile does not demand it
	Name         string         // the person: given name and surname, else common name
	Organisation string         // "" for a private person
	Use          Use            // how the certificate was used
	Issuer       string         // profile id
	Serial       string         // certificate serial number in hexadecimal
	Fingerprint  [32]byte       // SHA-256 of the certificate's DER
	NotAfter     time.Time      // end of the certificate's validity
	Certificate  []byte         // the certificate's DER, for evidence; never log it
}

// LogValue keeps the person out of logs.
func (id Identity) LogValue() slog.Value {
	return slog.GroupValue(slog.String("issuer", id.Issuer), slog.String("serial", id.Serial))
}

// String keeps the person out of formatted text.
func (id Identity) String() string { return "identity(" + id.Issuer + " " + id.Serial + ")" }

// GoString keeps the person out of %#v too.
func (id Identity) GoString() string { return id.String() }
