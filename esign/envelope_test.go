package esign_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"customs.gov.az/portal/esign"
)

func TestWrappings(t *testing.T) {
	w := newWorld(t)
	v := w.verifier(t, baseProfile())
	der := forgery{signer: w.issue(t), content: challenge}.make(t)
	b64 := base64.StdEncoding.EncodeToString(der)
	const opaque = "Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n"
	const both = "Content-Type: multipart/signed; boundary=\"b\"\n\npreamble\n--b\nclear text\n--b\n"
	const part = "Content-Type: application/pkcs7-signature\nContent-Transfer-Encoding: base64\n\n"
	for _, tt := range []struct {
		name, file string
		want       esign.Reason
	}{
		{"PEM of CMS", string(pemOf("CMS", der)), ""},
		{"PEM of PKCS7", string(pemOf("PKCS7", der)), ""},
		{"PEM with CRLF", strings.ReplaceAll(string(pemOf("CMS", der)), "\n", "\r\n"), ""},
		{"PEM after a byte order mark", "\ufeff" + string(pemOf("CMS", der)), ""},
		{"PEM among blank lines", "\n \n" + string(pemOf("CMS", der)) + "\n\n", ""},
		{"bare base64", b64 + "\n", ""},
		{"opaque S/MIME", opaque + b64 + "\n", ""},
		{"opaque S/MIME, old media type", strings.Replace(opaque, "pkcs7", "x-pkcs7", 1) + b64, ""},
		{"opaque S/MIME, capitals", strings.ToUpper(opaque) + b64, ""},
		{"clear-signed S/MIME", both + part + b64 + "\n--b--\n", ""},
		{"clear-signed S/MIME with CRLF", strings.ReplaceAll(both+part+b64+"\n--b--\n", "\n", "\r\n"), ""},

		{"PEM of a certificate", string(pemOf("CERTIFICATE", der)), esign.NotASignature},
		{"PEM never ended", strings.TrimSuffix(string(pemOf("CMS", der)), "-----END CMS-----\n"), esign.NotASignature},
		{"base64 with a letter too many", b64 + "A", esign.NotASignature},
		{"base64 with words after it", b64 + " hello", esign.NotASignature},
		{"S/MIME in another encoding", strings.Replace(opaque, "base64", "quoted-printable", 1) + b64, esign.NotASignature},
		{"S/MIME without encoding", "Content-Type: application/pkcs7-mime\n\n" + b64, esign.NotASignature},
		{"plain mail", "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + b64, esign.NotASignature},
		{"parts of another kind", strings.Replace(both, "signed", "mixed", 1) + part + b64 + "\n--b--\n", esign.NotASignature},
		{"second part is text", both + "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + b64 + "\n--b--\n", esign.NotASignature},
		{"three parts", both + "x\n--b\n" + part + b64 + "\n--b--\n", esign.NotASignature},
		{"one part", "Content-Type: multipart/signed; boundary=b\n\n--b\n" + part + b64 + "\n--b--\n", esign.NotASignature},
		{"parts never ended", both + part + b64 + "\n", esign.NotASignature},
		{"no boundary", strings.Replace(both, "; boundary=\"b\"", "", 1) + part + b64 + "\n--b--\n", esign.NotASignature},
		{"S/MIME in S/MIME", both + both + part + b64 + "\n--b--\n", esign.NotASignature},
		{"nothing", "", esign.NotASignature},
		{"blank", " \n", esign.NotASignature},
		{"text", "I am Aysel", esign.NotASignature},
		{"the challenge itself", string(challenge), esign.NotASignature},
		{"a picture", "\x89PNG\r\n\x1a\n", esign.NotASignature},
		{"a document", "%PDF-1.7\n", esign.NotASignature},
		{"zip archive", "PK\x03\x04", esign.NotASignature},
		{"PKCS #12 or other DER", "\x30\x82\x00\x03\x02\x01\x03", esign.NotASignature},
		{"invalid UTF-8", "\xff\xfe", esign.NotASignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := verify(v, []byte(tt.file), challenge)
			wantReason(t, err, tt.want)
		})
	}
}

// TestCutShort hands in every beginning of a signature.
func TestCutShort(t *testing.T) {
	w := newWorld(t)
	der := forgery{signer: w.issue(t), content: challenge}.make(t)
	for n := range der {
		if s, err := esign.ParseSignature(der[:n]); err == nil || s != nil {
			t.Fatalf("%d of %d bytes were taken for a signature", n, len(der))
		}
	}
}

func FuzzParseSignature(f *testing.F) {
	w := newWorld(f)
	v := w.verifier(f, baseProfile())
	person := w.issue(f)
	honest := forgery{signer: person, content: challenge}
	for _, file := range [][]byte{
		honest.make(f), pemOf("CMS", honest.make(f)), smime(honest.make(f)),
		forgery{signer: person, content: challenge, attached: challenge, order: unsortedBoth}.make(f),
		forgery{signer: person, content: challenge, keyID: []byte("k")}.make(f),
		forgery{signer: person, content: challenge, noAttributes: true}.make(f),
	} {
		f.Add(file)
	}
	for _, options := range []string{"", "-nodetach", "-binary -nodetach -stream -outform DER", "-binary -cades -outform DER"} {
		f.Add(sign(f, "aysel", challenge, strings.Fields(options)...))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := esign.ParseSignature(file)
		if err != nil {
			if esign.ReasonOf(err) == "" || s != nil {
				t.Fatalf("refused without reason: %v", err)
			}
			return
		}
		if h, digest := s.Digest(); len(digest) != h.Size() {
			t.Fatalf("digest of %d bytes by %v", len(digest), h)
		}
		id, err := v.Signature(t.Context(), s, challenge)
		if (err == nil) != (len(id.VOENs) == 1) {
			t.Fatalf("identity %v, error %v", id, err)
		}
		if err == nil && !bytes.Equal(id.Certificate, person.Certificate.Raw) {
			t.Fatal("somebody else was accepted")
		}
		if _, err := v.Signature(t.Context(), s, []byte("another challenge")); err == nil {
			t.Fatal("accepted over another challenge")
		}
	})
}
