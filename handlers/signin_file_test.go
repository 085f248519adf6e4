package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

// Every person with a certificate that works, in every form in which signing
// programs hand in.
func TestSignInByFile(t *testing.T) {
	s := newSite(t)
	for _, tt := range []struct{ name, person, options string }{
		{"ECDSA P-256, DER detached", "aysel", "-binary -outform DER"},
		{"ECDSA P-256, DER attached", "aysel", "-binary -nodetach -outform DER"},
		{"ECDSA P-256, CAdES", "aysel", "-binary -cades -outform DER"},
		{"ECDSA P-256, S/MIME", "aysel", ""},
		{"RSA 2048, PEM detached", "rashad", "-binary -outform PEM"},
		{"RSA 2048, PEM attached", "rashad", "-binary -nodetach -outform PEM"},
		{"RSA 2048, PSS", "rashad", "-binary -keyopt rsa_padding_mode:pss -outform DER"},
		{"RSA 3072, S/MIME opaque", "kamran", "-nodetach"},
		{"RSA 3072, CAdES attached", "kamran", "-binary -cades -nodetach -md sha512 -outform DER"},
		{"ECDSA P-384, text mode", "leyla", "-outform DER"},
		{"ECDSA P-384, SHA-384", "leyla", "-binary -md sha384 -outform DER"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := s.browser()
			file := b.sign(tt.person, b.challenge("/sign-in/file"), append(strings.Fields(tt.options), "-in", "-")...)
			a := b.want(b.upload(file), http.StatusSeeOther)
			if a.to() != "/goods" {
				t.Errorf("to %q", a.to())
			}
			goods := b.want(b.get("/goods"), http.StatusOK)
			p := person(t, tt.person)
			if !strings.Contains(words(goods.body), p.Organisation) || !strings.Contains(words(goods.body), string(p.VOENs[0])) {
				t.Error("the page does not say whose goods these are")
			}
		})
	}
}
