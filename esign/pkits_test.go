package esign_test

import (
	"crypto/x509"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/revocation"
)

// pkitsMoment lies within the validity of the suite's certificates.
var pkitsMoment = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// vector is one test of the suite as vectors.json has it.
type vector struct {
	Name                        string
	CertPath                    []string
	ShouldValidate              bool
	InitialPolicySet            []string
	InitialPolicyMappingInhibit bool
	InitialExplicitPolicy       bool
	InitialAnyPolicyInhibit     bool
}

// pkits reads NIST's suite from the Go distribution.
func pkits(t *testing.T) (dir string, list []vector) {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(strings.TrimSpace(string(root)), "src/crypto/x509/testdata/nist-pkits")
	b, err := os.ReadFile(filepath.Join(dir, "vectors.json"))
	if err != nil {
		t.Fatalf("the Go distribution lacks NIST's vectors: %v", err)
	}
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	return dir, list
}

// run gives the vector's path to a profile: the trust anchor as root, the
// authorities below it as issuers. The suite's people have no taxpayer number:
// whoever is refused for that reason alone has come through every check before.
func (v vector) run(t *testing.T, dir string) esign.Reason {
	t.Helper()
	folder := fstest.MapFS{}
	var issuers []string
	var last []byte
	for i, name := range v.CertPath {
		der, err := os.ReadFile(filepath.Join(dir, "certs", name))
		if err != nil {
			t.Fatal(err)
		}
		last = der
		if i == len(v.CertPath)-1 {
			break
		}
		folder[name] = &fstest.MapFile{Data: pemOf("CERTIFICATE", der)}
		// Signers of revocation lists, and what no profile would take, stay out.
		if c, err := x509.ParseCertificate(der); i > 0 && err == nil && c.IsCA && esign.StrongKey(c.PublicKey) {
			issuers = append(issuers, name)
		}
	}
	if len(v.CertPath) == 2 {
		issuers = v.CertPath[:1]
	}
	use := profile{"key_usage": []string{"digitalSignature", "nonRepudiation"}, "policies": v.policies(t)}
	folder["test.json"] = &fstest.MapFile{Data: baseProfile().with("uses", profile{"client_certificate": use}).
		with("roots", v.CertPath[:1]).with("issuers", issuers).json(t)}
	trust, err := esign.LoadTrust(folder)
	if err != nil {
		return notLoaded
	}
	cert, err := x509.ParseCertificate(last)
	if err != nil {
		return esign.CertificateMalformed
	}
	verifier := newVerifier(t, esign.Options{Trust: trust, Now: func() time.Time { return pkitsMoment }})
	_, err = clientCertificate(verifier, cert)
	return esign.ReasonOf(err)
}

// notLoaded stands for a path of which no profile can be made.
const notLoaded = esign.Reason("profile refused")

// policies are those that the profile names. The suite's initial settings
// apply to a profile that names some: without, policies are not looked at.
func (v vector) policies(t *testing.T) []string {
	t.Helper()
	const nist = "2.16.840.1.101.3.2.1.48."
	list := []string{}
	for _, name := range v.InitialPolicySet {
		if n, ok := strings.CutPrefix(name, "NIST-test-policy-"); ok {
			list = append(list, nist+n)
		} else if name != "anyPolicy" {
			t.Fatalf("policy %q", name)
		}
	}
	if len(list) == 0 && (v.InitialExplicitPolicy || v.InitialPolicyMappingInhibit || v.InitialAnyPolicyInhibit) {
		for n := 1; n <= 6; n++ {
			list = append(list, nist+strconv.Itoa(n))
		}
	}
	return list
}

// Why a path that NIST calls valid is refused here. Each is the safe side.
const (
	oldKeys     = "DSA: not a kind of key that profiles may hold"
	exactNames  = "names are compared byte by byte: an issuer whose name was encoded anew is listed under both certificates"
	selfIssued  = "a self-issued authority counts for the path length"
	authority   = "the certificate is an authority's, and those do not sign in"
	ownPolicy   = "the policy must stand in the certificate itself; policies in place of it, by mapping or anyPolicy, do not count"
	constraint  = "a critical constraint of a kind that the path validation does not know (directory names, or names with a leading period)"
	pointByName = "a distribution point named relative to its issuer does not parse"
)

// refusedHere are the vectors that NIST calls valid and that are refused: the
// reason that is given and the reason for it.
var refusedHere = map[string]struct {
	got esign.Reason
	why string
}{
	"4.1.4 ":  {notLoaded, oldKeys},
	"4.1.5 ":  {notLoaded, oldKeys},
	"4.3.3 ":  {esign.IssuerNotTrusted, exactNames},
	"4.3.4 ":  {esign.IssuerNotTrusted, exactNames},
	"4.3.5 ":  {esign.IssuerNotTrusted, exactNames},
	"4.3.10 ": {esign.IssuerNotTrusted, exactNames},
	"4.3.11 ": {esign.IssuerNotTrusted, exactNames},
	"4.6.8 ":  {esign.CACertificate, authority},
	"4.6.14 ": {esign.CACertificate, authority},
	"4.6.15 ": {esign.IssuerNotTrusted, selfIssued},
	"4.6.17 ": {esign.IssuerNotTrusted, selfIssued},
	"4.8.6 Overlapping Policies Test6 (Subpart 1)":         {esign.CACertificate, authority},
	"4.8.6 Overlapping Policies Test6 (Subpart 2)":         {esign.CACertificate, authority},
	"4.8.11 All Certificates AnyPolicy Test11 (Subpart 2)": {esign.WrongPurpose, ownPolicy},
	"4.8.18 User Notice Qualifier Test18 (Subpart 2)":      {esign.WrongPurpose, ownPolicy},
	"4.10.1.1 ": {esign.WrongPurpose, ownPolicy},
	"4.10.3 Valid Policy Mapping Test3 (Subpart 2)": {esign.WrongPurpose, ownPolicy},
	"4.10.5 Valid Policy Mapping Test5 (Subpart 1)": {esign.WrongPurpose, ownPolicy},
	"4.10.6 Valid Policy Mapping Test6 (Subpart 1)": {esign.WrongPurpose, ownPolicy},
	"4.10.12 ": {esign.WrongPurpose, ownPolicy},
	"4.10.13 Valid Policy Mapping Test13 (Subpart 2)": {esign.WrongPurpose, ownPolicy},
	"4.13.1 ":  {esign.IssuerNotTrusted, constraint},
	"4.13.4 ":  {esign.IssuerNotTrusted, constraint},
	"4.13.5 ":  {esign.IssuerNotTrusted, constraint},
	"4.13.6 ":  {esign.IssuerNotTrusted, constraint},
	"4.13.11 ": {esign.IssuerNotTrusted, constraint},
	"4.13.14 ": {esign.IssuerNotTrusted, constraint},
	"4.13.18 ": {esign.IssuerNotTrusted, constraint},
	"4.13.19 ": {esign.IssuerNotTrusted, constraint},
	"4.13.25 ": {esign.IssuerNotTrusted, constraint},
	"4.13.27 ": {esign.IssuerNotTrusted, constraint},
	"4.13.36 ": {esign.IssuerNotTrusted, constraint},
	"4.14.4 ":  {esign.CertificateMalformed, pointByName},
	"4.14.5 ":  {esign.CertificateMalformed, pointByName},
	"4.14.13 ": {esign.CACertificate, authority},
	"4.14.29 ": {esign.CertificateMalformed, pointByName},
}

// byRevocation are the vectors whose path is sound and whose revocation lists
// make them invalid. The Go distribution leaves the lists out; without one that
// proves the certificate good it is refused.
var byRevocation = strings.Fields(`
	4.4.1 4.4.2 4.4.3 4.4.4 4.4.5 4.4.6 4.4.8 4.4.9 4.4.10 4.4.11 4.4.12 4.4.18 4.4.20 4.4.21
	4.5.2 4.5.5 4.5.7 4.7.4 4.7.5
	4.14.2 4.14.3 4.14.6 4.14.8 4.14.9 4.14.11 4.14.12 4.14.14 4.14.15 4.14.16 4.14.17 4.14.20 4.14.21 4.14.23 4.14.26 4.14.27
	4.14.31 4.14.32 4.14.34 4.14.35 4.15.1 4.15.3 4.15.4 4.15.6 4.15.9 4.15.10`)

func TestPKITS(t *testing.T) {
	dir, list := pkits(t)
	seen := map[string]bool{}
	revoked := map[string]bool{}
	for _, number := range byRevocation {
		revoked[number] = true
	}
	for _, v := range list {
		number, _, _ := strings.Cut(v.Name, " ")
		want, known := refusedHere[v.Name]
		if known {
			seen[v.Name] = true
		} else if want, known = refusedHere[number+" "]; known {
			seen[number+" "] = true
		}
		got := v.run(t, dir)
		accepted := got == esign.NoVOEN
		switch {
		case revoked[number]:
			seen[number] = true
			if v.ShouldValidate || (accepted && !v.unprovable(t, dir)) {
				t.Errorf("%s: the path gives %q, and nothing stops it", v.Name, got)
			}
		case known && v.ShouldValidate:
			if got != want.got {
				t.Errorf("%s: got %q, want %q: %s", v.Name, got, want.got, want.why)
			}
		case accepted != v.ShouldValidate:
			t.Errorf("%s: got %q, valid is %v", v.Name, got, v.ShouldValidate)
		}
	}
	if len(list) < 240 || len(seen) != len(refusedHere)+len(byRevocation) {
		t.Errorf("%d vectors; deviations that no vector shows: %d", len(list), len(refusedHere)+len(byRevocation)-len(seen))
	}
}

// unprovable reports whether revocation stops the certificate where no list
// can be had.
func (v vector) unprovable(t *testing.T, dir string) bool {
	t.Helper()
	checker, err := revocation.New(revocation.Options{Now: func() time.Time { return pkitsMoment }})
	if err != nil {
		t.Fatal(err)
	}
	var pair [2]*x509.Certificate
	for i, name := range v.CertPath[len(v.CertPath)-2:] {
		der, err := os.ReadFile(filepath.Join(dir, "certs", name))
		if err == nil {
			pair[i], err = x509.ParseCertificate(der)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	err = checker.Check(t.Context(), pair[1], pair[0], esign.RevocationRule{Mode: esign.RevocationCRL})
	return esign.ReasonOf(err) == esign.RevocationUnknown
}
