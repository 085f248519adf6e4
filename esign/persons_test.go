package esign_test

import (
	"slices"
	"testing"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

func TestPersonsWithoutTaxpayerNumber(t *testing.T) {
	w := newWorld(t)
	subject := func(values ...democa.Value) func(*democa.Request) {
		return func(r *democa.Request) {
			r.Subject = append(slices.Clone(values), democa.Value{Type: democa.CommonName, Text: "Test Person"})
		}
	}
	voen := democa.Value{Type: democa.OrganisationID, Text: "VATAZ-1499000151"}
	pin := democa.Value{Type: democa.SerialNumber, Text: "PNOAZ-5A7KM2L"}
	citizens := baseProfile().with("voen", nil)
	for _, tt := range []struct {
		name           string
		p              profile
		edit           func(*democa.Request)
		trader, person esign.Reason
		voens          int
	}{
		{"both", baseProfile(), subject(voen, pin), "", "", 1},
		{"personal number only", baseProfile(), subject(pin), esign.NoVOEN, "", 0},
		{"citizens' issuer", citizens, subject(pin), esign.NoVOEN, "", 0},
		{"citizens' issuer writes a taxpayer number", citizens, subject(voen, pin), esign.NoVOEN, "", 0},
		{"taxpayer number only", baseProfile(), subject(voen), "", "", 1},
		{"neither", baseProfile(), subject(), esign.NoVOEN, esign.NoVOEN, 0},
		{"broken taxpayer number", baseProfile(), subject(democa.Value{Type: democa.OrganisationID, Text: "VATAZ-1"}, pin), esign.IdentityMalformed, esign.IdentityMalformed, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, cert := w.verifier(t, tt.p), w.issue(t, tt.edit).Certificate
			_, err := clientCertificate(v, cert)
			wantReason(t, err, tt.trader)
			id, err := clientCertificate(v.Persons(), cert)
			wantReason(t, err, tt.person)
			if len(id.VOENs) != tt.voens || (err == nil && tt.voens == 0 && id.PIN == "") {
				t.Errorf("identity has %d taxpayer numbers and PIN %q", len(id.VOENs), id.PIN)
			}
		})
	}
}

// TestTrustIsReplaced takes an issuer away and brings it back, also for a
// verifier derived before.
func TestTrustIsReplaced(t *testing.T) {
	w, elsewhere := newWorld(t), newWorld(t)
	cert := w.issue(t).Certificate
	trustOf := func(w world, p profile) *esign.Trust {
		trust, err := esign.LoadTrust(w.folder(t, p))
		if err != nil {
			t.Fatal(err)
		}
		return trust
	}
	first := trustOf(w, baseProfile())
	v := w.verifier(t, baseProfile())
	persons := v.Persons()
	for _, tt := range []struct {
		trust *esign.Trust
		want  esign.Reason
	}{{first, ""}, {trustOf(elsewhere, baseProfile()), esign.IssuerNotTrusted}, {first, ""}} {
		if err := v.SetTrust(tt.trust); err != nil {
			t.Fatal(err)
		}
		for _, each := range []*esign.Verifier{v, persons} {
			if each.Trust() != tt.trust {
				t.Error("the trust is not the one that was set")
			}
			_, err := clientCertificate(each, cert)
			wantReason(t, err, tt.want)
		}
	}
	wanting := trustOf(w, baseProfile().with("revocation", profile{"mode": "crl"}))
	if err := v.SetTrust(wanting); err == nil || v.Trust() != first {
		t.Error("a profile that wants a checker was taken without one, or the old one was lost")
	}
}
