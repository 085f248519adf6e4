package esign_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

// Every form in which openssl's users may hand in a signature.
var accepted = []struct{ name, options string }{
	{"DER detached", "-binary -outform DER"},
	{"DER attached", "-binary -nodetach -outform DER"},
	{"DER text mode", "-outform DER"},
	{"PEM detached", "-binary -outform PEM"},
	{"PEM attached", "-binary -nodetach -outform PEM"},
	{"S/MIME multipart", ""},
	{"S/MIME multipart binary", "-binary"},
	{"S/MIME multipart CRLF", "-crlfeol"},
	{"S/MIME opaque", "-nodetach"},
	{"BER attached", "-binary -nodetach -stream -outform DER"},
	{"BER detached", "-binary -stream -outform DER"},
	{"BER in PEM", "-binary -nodetach -stream -outform PEM"},
	{"BER in S/MIME", "-nodetach -stream"},
	{"key identifier", "-binary -keyid -outform DER"},
	{"CAdES", "-binary -cades -outform DER"},
	{"CAdES attached", "-binary -cades -nodetach -outform DER"},
	{"SHA-384", "-binary -md sha384 -outform DER"},
	{"SHA-512", "-binary -md sha512 -outform DER"},
	{"CAdES SHA-512", "-binary -cades -md sha512 -outform DER"},
	{"no S/MIME capabilities", "-binary -nosmimecap -outform DER"},
}

var acceptedPSS = []struct{ name, options string }{
	{"PSS", "-binary -keyopt rsa_padding_mode:pss -outform DER"},
	{"PSS salt as digest", "-binary -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:-1 -outform DER"},
	{"PSS salt 20", "-binary -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:20 -outform DER"},
	{"PSS SHA-384 CAdES", "-binary -cades -md sha384 -keyopt rsa_padding_mode:pss -outform DER"},
}

func TestOpenSSLSignaturesAreAccepted(t *testing.T) {
	v := demoVerifier(t)
	for _, person := range []string{"aysel", "rashad", "leyla", "kamran"} {
		cases := accepted
		if person == "rashad" || person == "kamran" {
			cases = append(slices.Clip(cases), acceptedPSS...)
		}
		for _, tt := range cases {
			t.Run(person+" "+tt.name, func(t *testing.T) {
				file := sign(t, person, challenge, strings.Fields(tt.options)...)
				id, err := verify(v, file, challenge)
				if err != nil {
					t.Fatalf("%v\n%.300q", err, file)
				}
				checkPerson(t, id, person)
			})
		}
	}
}

func checkPerson(t *testing.T, id esign.Identity, name string) {
	t.Helper()
	for _, p := range democa.People() {
		if p.Name != name {
			continue
		}
		if len(id.VOENs) != len(p.VOENs) || id.VOENs[0] != p.VOENs[0] || id.PIN != p.PIN ||
			id.Name != p.FullName() || id.Organisation != p.Organisation || id.Issuer != "business" ||
			id.Serial == "" || id.Fingerprint == [32]byte{} || !id.NotAfter.After(now) || len(id.Certificate) == 0 {
			t.Errorf("identity is not %s's: %#v", name, id)
		}
		return
	}
	t.Errorf("nobody is called %s", name)
}

func TestTextWithBareLineFeeds(t *testing.T) {
	v := demoVerifier(t)
	text := []byte("one\ntwo\n")
	for _, options := range []string{"-outform DER", "-binary -outform DER", "-nodetach -outform DER", ""} {
		_, err := verify(v, sign(t, "aysel", text, strings.Fields(options)...), text)
		wantReason(t, err, "")
	}
}

func TestWhatElseOpenSSLCanMake(t *testing.T) {
	v := demoVerifier(t)
	for _, tt := range []struct {
		name, person, options string
		want                  esign.Reason
	}{
		{"no attributes", "aysel", "-binary -noattr -outform DER", esign.NoAttributes},
		{"no certificate", "aysel", "-binary -nocerts -outform DER", esign.CertificateMissing},
		{"SHA-1", "rashad", "-binary -md sha1 -outform DER", esign.WeakAlgorithm},
		{"SHA-224", "rashad", "-binary -md sha224 -outform DER", esign.WeakAlgorithm},
		{"MD5", "rashad", "-binary -md md5 -outform DER", esign.WeakAlgorithm},
		{"SHA-1 with PSS", "rashad", "-binary -md sha1 -keyopt rsa_padding_mode:pss -outform DER", esign.WeakAlgorithm},
		{"other content type", "aysel", "-binary -nodetach -econtent_type 1.2.3.4 -outform DER", esign.ContentUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := verify(v, sign(t, tt.person, challenge, strings.Fields(tt.options)...), challenge)
			wantReason(t, err, tt.want)
		})
	}
}

func TestNotEvenSignedData(t *testing.T) {
	enveloped := openssl(t, challenge, "cms", "-encrypt", "-in", "in", "-out", "out", "-outform", "DER", "-aes256",
		demoDir(t)+"/people/rashad.pem")
	digested := openssl(t, challenge, "cms", "-digest_create", "-in", "in", "-out", "out", "-outform", "DER")
	for _, file := range [][]byte{enveloped, digested} {
		_, err := esign.ParseSignature(file)
		wantReason(t, err, esign.NotASignature)
	}
}

func TestTwoSigners(t *testing.T) {
	dir := demoDir(t) + "/people/"
	for _, second := range []string{"stranger", "leyla"} {
		both := sign(t, "aysel", challenge, "-binary", "-outform", "DER",
			"-signer", dir+second+".pem", "-inkey", dir+second+".key")
		_, err := verify(demoVerifier(t), both, challenge)
		wantReason(t, err, esign.SeveralSigners)
	}
}

func TestEveryPersonDoesAsPromised(t *testing.T) {
	v := demoVerifier(t)
	for _, p := range democa.People() {
		t.Run(p.Name, func(t *testing.T) {
			id, err := verify(v, sign(t, p.Name, challenge, "-binary", "-outform", "DER"), challenge)
			wantReason(t, err, p.Expect)
			if p.Expect == "" {
				checkPerson(t, id, p.Name)
			} else if len(id.VOENs) > 0 || id.Certificate != nil {
				t.Error("a refusal came with an identity")
			}
		})
	}
}

func TestContentAndDigest(t *testing.T) {
	for _, tt := range []struct {
		options  string
		attached bool
	}{{"-binary -outform DER", false}, {"-binary -nodetach -outform DER", true}, {"-binary -nodetach -stream -outform DER", true}} {
		s, err := esign.ParseSignature(sign(t, "aysel", challenge, strings.Fields(tt.options)...))
		if err != nil {
			t.Fatal(err)
		}
		content, attached := s.Content()
		if attached != tt.attached || attached && !bytes.Equal(content, challenge) {
			t.Errorf("%s: content %q, attached %v", tt.options, content, attached)
		}
		if h, digest := s.Digest(); !bytes.Equal(digest, hashOf(h, challenge)) {
			t.Errorf("%s: digest %x by %v is not the content's", tt.options, digest, h)
		}
	}
}

func TestOverSomethingElse(t *testing.T) {
	v := demoVerifier(t)
	for _, options := range []string{"-binary -outform DER", "-binary -nodetach -outform DER", "-nodetach", ""} {
		_, err := verify(v, sign(t, "aysel", []byte("another challenge"), strings.Fields(options)...), challenge)
		wantReason(t, err, esign.ContentMismatch)
	}
}

func TestLongContentInPieces(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 2500)
	file := sign(t, "aysel", content, "-binary", "-nodetach", "-stream", "-outform", "DER")
	_, err := verify(demoVerifier(t), file, content)
	wantReason(t, err, "")
}
