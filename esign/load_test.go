package esign_test

import (
	"crypto/x509"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

func TestLoadTrust(t *testing.T) {
	w := newWorld(t)
	folder := w.folder(t, baseProfile())
	folder["README.txt"] = &fstest.MapFile{Data: []byte("left alone")}
	trust, err := esign.LoadTrust(folder)
	if err != nil {
		t.Fatal(err)
	}
	p := trust.Profiles()
	if len(p) != 1 || p[0].ID != "test" || p[0].Name != "Test" || p[0].MinRSABits != 2048 ||
		!p[0].Issuers[0].Equal(w.ca.Certificate) || !p[0].Roots[0].Equal(w.root.Certificate) {
		t.Errorf("got %+v", p)
	}
	if p[0].Uses[esign.UseSignedFile].KeyUsage != x509.KeyUsageContentCommitment {
		t.Errorf("uses are %+v", p[0].Uses)
	}
	want := x509.NewCertPool()
	want.AddCert(w.ca.Certificate)
	if !trust.ClientCAs().Equal(want) {
		t.Error("the issuers for connections are not the profile's")
	}
}

func TestProfilesForFilesOnlyAreNotOfferedToBrowsers(t *testing.T) {
	w := newWorld(t)
	p := baseProfile().with("uses", profile{"signed_file": profile{"key_usage": []string{"nonRepudiation"}}})
	trust, err := esign.LoadTrust(w.folder(t, p))
	if err != nil {
		t.Fatal(err)
	}
	if !trust.ClientCAs().Equal(x509.NewCertPool()) {
		t.Error("an issuer for files is offered to browsers")
	}
}

func TestMistakesInProfiles(t *testing.T) {
	w := newWorld(t)
	base := baseProfile()
	use := func(u profile) profile { return base.with("uses", profile{"signed_file": u}) }
	weak, err := democa.NewAuthority(democa.Request{Key: democa.RSA(1024), From: now, To: now.Add(time.Hour)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		p    profile
		want string
	}{
		{"no name", base.with("name", nil), "name: is missing"},
		{"no issuer", base.with("issuers", nil), "issuers: at least one"},
		{"no root", base.with("roots", nil), "roots: at least one"},
		{"missing file", base.with("roots", []string{"none.pem"}), "none.pem"},
		{"file elsewhere", base.with("roots", []string{"../root.pem"}), "no file name"},
		{"file below", base.with("roots", []string{"sub/root.pem"}), "no file name"},
		{"not PEM", base.with("roots", []string{"test.json"}), "holds no certificate"},
		{"a key", base.with("roots", []string{"key.pem"}), "only certificates belong here"},
		{"a person's certificate", base.with("issuers", []string{"person.pem"}), "no authority's"},
		{"a broken certificate", base.with("issuers", []string{"broken.pem"}), "x509"},
		{"a weak authority", base.with("issuers", []string{"weak.pem"}), "weak"},
		{"a huge file", base.with("issuers", []string{"huge.pem"}), "more than"},
		{"no uses", base.with("uses", nil), "uses: at least one"},
		{"unknown use", base.with("uses", profile{"door": profile{"key_usage": []string{"digitalSignature"}}}), "uses.door: no such use"},
		{"no key usage", use(profile{}), "key_usage: at least one"},
		{"unknown key usage", use(profile{"key_usage": []string{"keyCertSign"}}), `"keyCertSign"`},
		{"bad purpose", use(profile{"key_usage": []string{"digitalSignature"}, "ext_key_usage": []string{"clientAuth"}}), `"clientAuth" is no object identifier`},
		{"bad policy", use(profile{"key_usage": []string{"digitalSignature"}, "policies": []string{"1"}}), "policies"},
		{"huge arc", use(profile{"key_usage": []string{"digitalSignature"}, "ext_key_usage": []string{"1.3.99999999999999999999"}}), "no object identifier"},
		{"attribute rule without attributes", base.with("voen", profile{"prefixes": []string{""}}), "voen.attributes"},
		{"attribute rule without prefixes", base.with("pin", profile{"attributes": []string{"2.5.4.5"}}), "pin.prefixes"},
		{"bad organisation", base.with("organisation", []string{"O"}), "organisation"},
		{"short keys", base.with("min_rsa_bits", 1024), "min_rsa_bits"},
		{"endless keys", base.with("min_rsa_bits", 65536), "min_rsa_bits"},
		{"no word about revocation", base.with("revocation", nil), "revocation: is missing"},
		{"no revocation, no reason", base.with("revocation", profile{"mode": "none"}), "needs a reason"},
		{"no revocation, yet an address", base.with("revocation", profile{"mode": "none", "reason": "r", "crl": []string{"http://a/"}}), "no addresses"},
		{"no revocation, yet a nonce", base.with("revocation", profile{"mode": "none", "reason": "r", "nonce": true}), "no addresses"},
		{"nobody to ask", base.with("revocation", profile{"mode": "ocsp_then_crl", "crl": []string{"http://a/"}}), "needs a responder"},
		{"unknown revocation", base.with("revocation", profile{"mode": "hope"}), `mode "hope"`},
		{"reason for checking", base.with("revocation", profile{"mode": "ocsp", "reason": "r"}), "mode none only"},
		{"bad address", base.with("revocation", profile{"mode": "crl", "crl": []string{"ldap://a/"}}), "no http address"},
		{"unknown member", base.with("voen_prefix", "x"), "voen_prefix"},
		{"wrong type", base.with("issuers", "ca.pem"), "issuers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := w.folder(t, tt.p)
			folder["person.pem"] = &fstest.MapFile{Data: certPEM(w.issue(t).Certificate)}
			folder["weak.pem"] = &fstest.MapFile{Data: certPEM(weak.Certificate)}
			folder["key.pem"] = &fstest.MapFile{Data: pemOf("PRIVATE KEY", []byte("x"))}
			folder["broken.pem"] = &fstest.MapFile{Data: pemOf("CERTIFICATE", []byte("x"))}
			folder["huge.pem"] = &fstest.MapFile{Data: make([]byte, 1<<20+1)}
			_, err := esign.LoadTrust(folder)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "test.json") {
				t.Errorf("got %v, want a word about %q", err, tt.want)
			}
		})
	}
}

func TestAllMistakesInOneError(t *testing.T) {
	w := newWorld(t)
	folder := w.folder(t, baseProfile().with("name", nil).with("revocation", nil))
	folder["other.json"] = &fstest.MapFile{Data: []byte("{} {}")}
	folder["Bad Name.json"] = &fstest.MapFile{Data: baseProfile().json(t)}
	_, err := esign.LoadTrust(folder)
	if err == nil {
		t.Fatal("mistakes were taken")
	}
	for _, want := range []string{"name: is missing", "revocation: is missing", "text after", "lower-case"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not among the mistakes:\n%v", want, err)
		}
	}
}

func TestTwoProfilesWithOneIssuer(t *testing.T) {
	w := newWorld(t)
	folder := w.folder(t, baseProfile())
	folder["again.json"] = &fstest.MapFile{Data: baseProfile().json(t)}
	_, err := esign.LoadTrust(folder)
	if err == nil || !strings.Contains(err.Error(), "again and test have an issuer in common") {
		t.Errorf("got %v", err)
	}
}

func TestNoProfiles(t *testing.T) {
	if _, err := esign.LoadTrust(fstest.MapFS{"ca.pem": {}}); err == nil {
		t.Error("an empty folder was taken")
	}
	if _, err := esign.LoadTrust(os.DirFS("/nowhere")); err == nil {
		t.Error("an absent folder was taken")
	}
}

func FuzzLoadProfile(f *testing.F) {
	w := newWorld(f)
	f.Add(baseProfile().json(f), certPEM(w.ca.Certificate))
	f.Add([]byte(`{"name":"x","uses":{"sima":{"key_usage":["digitalSignature"],"policies":["2.999.1"]}}}`), []byte("-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, json, pem []byte) {
		trust, err := esign.LoadTrust(fstest.MapFS{"test.json": {Data: json}, "ca.pem": {Data: pem}, "root.pem": {Data: certPEM(w.root.Certificate)}})
		if (trust == nil) == (err == nil) {
			t.Fatalf("trust %v, error %v", trust, err)
		}
		if err != nil {
			return
		}
		for _, p := range trust.Profiles() {
			if len(p.Issuers) == 0 || len(p.Roots) == 0 || len(p.Uses) == 0 || p.Revocation.Mode == "" || p.MinRSABits < 2048 {
				t.Fatalf("an incomplete profile was loaded: %+v", p)
			}
		}
	})
}
