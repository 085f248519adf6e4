package esign_test

import (
	"slices"
	"strings"
	"testing"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

func TestWhereIdentityStands(t *testing.T) {
	w := newWorld(t)
	const org, serial, cn, o = "2.5.4.97", "2.5.4.5", "2.5.4.3", "2.5.4.10"
	voen := func(attributes, prefixes string, several bool) profile {
		return profile{"attributes": strings.Fields(attributes), "prefixes": strings.Split(prefixes, ","), "several": several}
	}
	etsi := baseProfile().with("organisation", []string{o, "2.5.4.11"})
	bare := etsi.with("voen", voen(org+" "+serial, "TINAZ-,", false)).with("pin", nil)
	several := etsi.with("voen", voen(org, "VATAZ-,TINAZ-", true))
	wantsPIN := etsi.with("pin", profile{"attributes": []string{serial}, "prefixes": []string{"PNOAZ-"}, "required": true})
	for _, tt := range []struct {
		name    string
		p       profile
		subject string // attribute=text, separated by |
		want    esign.Reason
		voens   string
		pin     customs.PIN
	}{
		{"as ETSI has it", etsi, org + "=VATAZ-1499000151|" + serial + "=PNOAZ-5A7KM2L", "", "1499000151", "5A7KM2L"},
		{"other prefix", etsi, org + "=TINAZ-1499000151", "", "1499000151", ""},
		{"lower-case personal number", etsi, org + "=VATAZ-1499000151|" + serial + "=PNOAZ-5a7km2l", "", "1499000151", "5A7KM2L"},
		{"wrong check digit", etsi, org + "=VATAZ-1499000101", "", "1499000101", ""},
		{"trade register beside it", several, org + "=NTRAZ-77|" + org + "=VATAZ-1499000151", "", "1499000151", ""},
		{"two companies", several, org + "=VATAZ-1499000151|" + org + "=VATAZ-1599000161", "", "1499000151 1599000161", ""},
		{"one company twice", several, org + "=VATAZ-1499000151|" + org + "=TINAZ-1499000151", "", "1499000151", ""},
		{"bare", bare, serial + "=1499000151", "", "1499000151", ""},
		{"bare in two places", bare, serial + "=1499000151|" + org + "=1499000151", "", "1499000151", ""},
		{"a personal number beside a bare one", bare, serial + "=PNOAZ-5A7KM2L|" + org + "=1499000151", "", "1499000151", ""},

		{"two different in two places", bare, serial + "=1499000151|" + org + "=1599000161", esign.AttributeTwice, "", ""},
		{"two where one is allowed", etsi, org + "=VATAZ-1499000151|" + org + "=VATAZ-1599000161", esign.AttributeTwice, "", ""},
		{"the same twice where one is allowed", etsi, org + "=VATAZ-1499000151|" + org + "=VATAZ-1499000151", esign.AttributeTwice, "", ""},
		{"one of another kind beside it", etsi, org + "=VATAZ-1499000151|" + org + "=NTRAZ-77", esign.AttributeTwice, "", ""},
		{"two personal numbers", etsi, org + "=VATAZ-1499000151|" + serial + "=PNOAZ-5A7KM2L|" + serial + "=PNOAZ-6R2QX9D", esign.AttributeTwice, "", ""},
		{"two organisations", etsi, org + "=VATAZ-1499000151|" + o + "=A|" + o + "=B", esign.AttributeTwice, "", ""},
		{"two common names", etsi, org + "=VATAZ-1499000151|" + cn + "=A", esign.AttributeTwice, "", ""},
		{"no taxpayer number", etsi, serial + "=PNOAZ-5A7KM2L", esign.NoVOEN, "", ""},
		{"bare where a prefix is needed", etsi, org + "=1499000151", esign.NoVOEN, "", ""},
		{"another country's", etsi, org + "=VATGE-1499000151", esign.NoVOEN, "", ""},
		{"in the name only", etsi, o + "=X, 2.5.4.97=VATAZ-1499000151", esign.NoVOEN, "", ""},
		{"issuer may not assert it", etsi.with("voen", nil), org + "=VATAZ-1499000151", esign.NoVOEN, "", ""},
		{"no personal number where needed", wantsPIN, org + "=VATAZ-1499000151", esign.NoPIN, "", ""},
		{"nine digits", etsi, org + "=VATAZ-149900015", esign.IdentityMalformed, "", ""},
		{"eleven digits", etsi, org + "=VATAZ-14990001511", esign.IdentityMalformed, "", ""},
		{"a space", etsi, org + "=VATAZ- 1499000151", esign.IdentityMalformed, "", ""},
		{"other scripts' digits", etsi, org + "=VATAZ-١٤٩٩٠٠٠١٥١", esign.IdentityMalformed, "", ""},
		{"prefix twice", etsi, org + "=VATAZ-VATAZ-1499000151", esign.IdentityMalformed, "", ""},
		{"nothing after the prefix", etsi, org + "=VATAZ-", esign.IdentityMalformed, "", ""},
		{"a bare text that is no number", bare, org + "=something", esign.IdentityMalformed, "", ""},
		{"personal number with punctuation", etsi, org + "=VATAZ-1499000151|" + serial + "=PNOAZ-5A7-KM2L", esign.IdentityMalformed, "", ""},
		{"zero byte", etsi, org + "=VATAZ-1499000151\x00", esign.IdentityMalformed, "", ""},
		{"line break in organisation", etsi, org + "=VATAZ-1499000151|" + o + "=A\nB", esign.IdentityMalformed, "", ""},
		{"text direction in organisation", etsi, org + "=VATAZ-1499000151|" + o + "=A\u202eB", esign.IdentityMalformed, "", ""},
		{"endless organisation", etsi, org + "=VATAZ-1499000151|" + o + "=" + strings.Repeat("ə", 257), esign.IdentityMalformed, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := w.issue(t, func(r *democa.Request) { r.Subject = subject(t, tt.subject+"|"+cn+"=Test Person") })
			id, err := clientCertificate(w.verifier(t, tt.p), p.Certificate)
			wantReason(t, err, tt.want)
			var got []string
			for _, v := range id.VOENs {
				got = append(got, string(v))
			}
			if strings.Join(got, " ") != tt.voens || id.PIN != tt.pin {
				t.Errorf("taxpayer numbers %q, personal number %q", got, string(id.PIN))
			}
		})
	}
}

// subject reads "oid=text|oid=text".
func subject(t *testing.T, text string) []democa.Value {
	t.Helper()
	var list []democa.Value
	for pair := range strings.SplitSeq(text, "|") {
		kind, value, _ := strings.Cut(pair, "=")
		var oid []int
		for _, known := range [][]int{
			democa.OrganisationID, democa.SerialNumber, democa.CommonName, democa.Organisation,
			democa.GivenName, democa.Surname,
			{2, 5, 4, 11},
		} {
			if oidText(known) == kind {
				oid = known
			}
		}
		if oid == nil {
			t.Fatalf("unknown attribute %q", kind)
		}
		list = append(list, democa.Value{Type: slices.Clone(oid), Text: value})
	}
	return list
}

func TestNames(t *testing.T) {
	w := newWorld(t)
	v := w.verifier(t, baseProfile().with("organisation", []string{"2.5.4.10", "2.5.4.11"}))
	for _, tt := range []struct{ subject, name, organisation string }{
		{"2.5.4.42=Aysel|2.5.4.4=Məmmədova|2.5.4.3=x", "Aysel Məmmədova", ""},
		{"2.5.4.3=Şəki İpək", "Şəki İpək", ""},
		{"2.5.4.42=Aysel|2.5.4.3=A. Məmmədova|2.5.4.10=ABCDE-Holding", "A. Məmmədova", "ABCDE-Holding"},
		{"2.5.4.11=Filial", "", "Filial"},
		{"2.5.4.10=Baş ofis|2.5.4.11=Filial", "", "Baş ofis"},
	} {
		p := w.issue(t, func(r *democa.Request) { r.Subject = subject(t, "2.5.4.97=VATAZ-1499000151|"+tt.subject) })
		id, err := clientCertificate(v, p.Certificate)
		if err != nil || id.Name != tt.name || id.Organisation != tt.organisation {
			t.Errorf("%s: name %q, organisation %q, %v", tt.subject, id.Name, id.Organisation, err)
		}
	}
}

func TestReasonsAreDistinct(t *testing.T) {
	seen := map[esign.Reason]bool{}
	for _, r := range esign.Reasons {
		if r == "" || seen[r] {
			t.Errorf("reason %q is empty or occurs twice", r)
		}
		seen[r] = true
	}
	if esign.ReasonOf(nil) != "" {
		t.Error("no error has a reason")
	}
}
