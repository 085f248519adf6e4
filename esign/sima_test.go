package esign_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/c2sp/wycheproof"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

const simaTarget = "/sima/Home/GetFile/?tsquery=eyJh+/8="

func simaProfile() profile {
	p := baseProfile()
	return p.with("uses", profile{"sima": profile{"key_usage": []string{"digitalSignature", "nonRepudiation"}}})
}

func phoneOf(t testing.TB, person string) *democa.Phone {
	t.Helper()
	demoDir(t)
	pair, err := democa.Load(demoDir(t), person)
	if err != nil {
		t.Fatal(err)
	}
	return &democa.Phone{Pair: *pair}
}

// headers are those that the phone sets for a request signed over message.
func headers(t testing.TB, p *democa.Phone, message string) http.Header {
	t.Helper()
	r := &http.Request{Header: http.Header{}}
	if err := p.Sign(r, []byte(message)); err != nil {
		t.Fatal(err)
	}
	return r.Header
}

func askSIMA(v *esign.Verifier, h http.Header, message string) (esign.Identity, error) {
	proof, err := esign.ParseSIMA(h.Values)
	if err != nil {
		return esign.Identity{}, err
	}
	return v.SIMARequest(context.Background(), proof, []byte(message))
}

func TestSIMARequestOfEveryPerson(t *testing.T) {
	v := demoVerifier(t)
	for _, p := range democa.People() {
		t.Run(p.Name, func(t *testing.T) {
			phone := phoneOf(t, p.Name)
			id, err := askSIMA(v, headers(t, phone, simaTarget), simaTarget)
			want := p.Expect
			if phone.Certificate.PublicKeyAlgorithm == x509.RSA { // the protocol knows ECDSA only
				want = esign.WeakAlgorithm
			}
			if want == esign.Revoked || want == esign.Suspended { // the issuer answers in the running demo only
				want = esign.ReasonOf(err)
			}
			wantReason(t, err, want)
			if want == "" && (id.Use != esign.UseSIMA || id.PIN != p.PIN) {
				t.Errorf("%v used as %s", id, id.Use)
			}
		})
	}
}

// TestSIMAHeaders changes one thing at a time in a good request.
func TestSIMAHeaders(t *testing.T) {
	v, phone := demoVerifier(t), phoneOf(t, "aysel")
	other := phoneOf(t, "leyla")
	set := func(name string, values ...string) func(http.Header) {
		return func(h http.Header) { h[http.CanonicalHeaderKey(name)] = values }
	}
	edit := func(name string, f func(string) string) func(http.Header) {
		return func(h http.Header) { h.Set(name, f(h.Get(name))) }
	}
	twice := func(name string) func(http.Header) { return func(h http.Header) { h.Add(name, h.Get(name)) } }
	cert, sig, alg := esign.SIMACertHeader, esign.SIMASignHeader, esign.SIMAAlgHeader
	for name, c := range map[string]struct {
		edit func(http.Header)
		want esign.Reason
	}{
		"as sent":                      {func(http.Header) {}, ""},
		"certificate absent":           {set(cert), esign.NotASignature},
		"signature absent":             {set(sig), esign.NotASignature},
		"algorithm absent":             {set(alg), esign.NotASignature},
		"certificate twice":            {twice(cert), esign.NotASignature},
		"signature twice":              {twice(sig), esign.NotASignature},
		"algorithm twice":              {twice(alg), esign.NotASignature},
		"algorithm empty":              {set(alg, ""), esign.WeakAlgorithm},
		"algorithm in lower case":      {set(alg, "ecdsa_sha256"), esign.WeakAlgorithm},
		"SHA-1":                        {set(alg, "ECDSA_SHA1"), esign.WeakAlgorithm},
		"none":                         {set(alg, "none"), esign.WeakAlgorithm},
		"signature empty":              {set(sig, ""), esign.NotASignature},
		"base64 without padding":       {edit(cert, func(s string) string { return strings.TrimRight(s, "=") + "\x00" }), esign.CertificateMalformed},
		"base64 of URLs":               {edit(sig, func(s string) string { return strings.ReplaceAll(s, s[:2], "-_") }), esign.NotASignature},
		"base64 with a line break":     {edit(sig, func(s string) string { return s[:40] + "\n" + s[40:] }), esign.NotASignature},
		"base64 with a space":          {edit(cert, func(s string) string { return s[:40] + " " + s[40:] }), esign.CertificateMalformed},
		"certificate cut":              {edit(cert, func(s string) string { return s[:400] }), esign.CertificateMalformed},
		"certificate of enormous size": {set(cert, strings.Repeat("A", 20000)), esign.CertificateMalformed},
		"signature of enormous size":   {set(sig, strings.Repeat("A", 4000)), esign.NotASignature},
		"another's certificate":        {set(cert, base64.StdEncoding.EncodeToString(other.Certificate.Raw)), esign.SignatureBad},
		"signature with a byte more": {edit(sig, func(s string) string {
			b, _ := base64.StdEncoding.DecodeString(s)
			return base64.StdEncoding.EncodeToString(append(b, 0))
		}), esign.SignatureBad},
	} {
		t.Run(name, func(t *testing.T) {
			h := headers(t, phone, simaTarget)
			c.edit(h)
			_, err := askSIMA(v, h, simaTarget)
			wantReason(t, err, c.want)
		})
	}
}

// TestSIMATargetIsExact proves that the same address in another spelling is not
// what was signed.
func TestSIMATargetIsExact(t *testing.T) {
	v, h := demoVerifier(t), headers(t, phoneOf(t, "aysel"), simaTarget)
	for _, other := range []string{
		"/sima/Home/GetFile/?tsquery=eyJh%2B/8=", "/sima/Home/GetFile/?tsquery=eyJh /8=", "/sima/Home/GetFile?tsquery=eyJh+/8=",
		"/sima/Home%2FGetFile/?tsquery=eyJh+/8=", "http://portal.example" + simaTarget, simaTarget + "&x=1", "",
	} {
		_, err := askSIMA(v, h, other)
		wantReason(t, err, esign.SignatureBad)
		if !esign.Unsigned(err) {
			t.Errorf("%q: not told as unsigned", other)
		}
	}
}

func TestSIMACurves(t *testing.T) {
	w := newWorld(t)
	v := w.verifier(t, simaProfile())
	for name, c := range map[string]struct {
		key  democa.KeyMaker
		want esign.Reason
	}{
		"P-256": {democa.EC(elliptic.P256()), ""}, "P-384": {democa.EC(elliptic.P384()), ""},
		"P-521": {democa.EC(elliptic.P521()), esign.WeakAlgorithm}, "P-224": {democa.EC(elliptic.P224()), esign.WeakAlgorithm},
		"RSA": {democa.RSA(2048), esign.WeakAlgorithm},
	} {
		t.Run(name, func(t *testing.T) {
			pair := w.issue(t, func(r *democa.Request) { r.Key = c.key })
			phone := &democa.Phone{Pair: *pair}
			_, err := askSIMA(v, headers(t, phone, simaTarget), simaTarget)
			wantReason(t, err, c.want)
		})
	}
}

func TestSIMANeedsItsUse(t *testing.T) {
	w := newWorld(t)
	phone := &democa.Phone{Pair: *w.issue(t)}
	_, err := askSIMA(w.verifier(t, baseProfile()), headers(t, phone, simaTarget), simaTarget)
	wantReason(t, err, esign.WrongPurpose)
}

// TestSIMAAnswer changes one thing at a time in a good answer.
func TestSIMAAnswer(t *testing.T) {
	v, phone, other := demoVerifier(t), phoneOf(t, "aysel"), phoneOf(t, "leyla")
	challenge := []byte("0123456789abcdef0123456789abcdef")
	good, err := phone.Answer("op", challenge)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := phone.Answer("op", []byte("another challenge, of another sign-in"))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Answer("op", challenge)
	if err != nil {
		t.Fatal(err)
	}
	without := []byte(`{"Type":"Auth","OperationId":"op"}`)
	for name, c := range map[string]struct {
		body      []byte
		challenge []byte
		rule      esign.DataSignature
		want      esign.Reason
	}{
		"as sent":                  {good, challenge, esign.DataSignatureRequired, ""},
		"rule not set":             {good, challenge, "", ""},
		"over another challenge":   {elsewhere, challenge, esign.DataSignatureRequired, esign.SignatureBad},
		"by another key":           {foreign, challenge, esign.DataSignatureRequired, esign.SignatureBad},
		"absent":                   {without, challenge, esign.DataSignatureRequired, esign.SignatureBad},
		"absent, rule not set":     {without, challenge, "", esign.SignatureBad},
		"absent, rule nonsense":    {without, challenge, "off", esign.SignatureBad},
		"absent and not asked for": {without, challenge, esign.DataSignatureUnverified, ""},
		"no challenge was stored":  {good, nil, esign.DataSignatureRequired, esign.SignatureBad},
		"with members not known":   {append(bytes.TrimSuffix(bytes.Clone(good), []byte("}")), `,"version":"1.3","KeyId":[1,{"a":null}]}`...), challenge, "", ""},
		"with white space":         {append([]byte(" \n"), good...), challenge, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			callback, err := esign.ParseCallback(c.body)
			if err != nil {
				t.Fatal(err)
			}
			proof, err := esign.ParseSIMA(headers(t, phone, string(c.body)).Values)
			if err != nil {
				t.Fatal(err)
			}
			_, err = v.SIMAAnswer(t.Context(), proof, callback, c.challenge, c.rule)
			wantReason(t, err, c.want)
			own := proof.Fingerprint()
			if esign.Unsigned(err) || !proof.Repeats(callback, own[:]) || proof.Repeats(callback, nil) {
				t.Error("the request itself is signed, by this certificate and no other")
			}
		})
	}
}

// TestSIMAAnswerIsOverTheBytes proves that a body which says the same in other
// bytes is not what was signed.
func TestSIMAAnswerIsOverTheBytes(t *testing.T) {
	v, phone := demoVerifier(t), phoneOf(t, "aysel")
	body, err := phone.Answer("op", challenge)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := esign.ParseSIMA(headers(t, phone, string(body)).Values)
	if err != nil {
		t.Fatal(err)
	}
	callback, err := esign.ParseCallback(append(body, '\n'))
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.SIMAAnswer(t.Context(), proof, callback, challenge, esign.DataSignatureRequired)
	if own := proof.Fingerprint(); !esign.Unsigned(err) || proof.Repeats(callback, own[:]) {
		t.Errorf("accepted: %v", err)
	}
}

func TestParseCallback(t *testing.T) {
	for body, want := range map[string]esign.Reason{
		`{"Type":"Auth","OperationId":"a"}`:                                  "",
		`{"Type":"Auth","OperationId":"a","x":{"Type":"Sign","y":[]},"z":1}`: "",
		`{"Type":"Auth","OperationId":"a","operationid":"b"}`:                "",
		`{"type":"Auth","OperationId":"a"}`:                                  esign.NotASignature,
		`{"Type":"Auth","OperationId":"a","OperationId":"b"}`:                esign.NotASignature,
		`{"Type":"Auth","Type":"Auth","OperationId":"a"}`:                    esign.NotASignature,
		`{"Type":"Auth","OperationId":1}`:                                    esign.NotASignature,
		`{"Type":"Auth","OperationId":null}`:                                 esign.NotASignature,
		`{"Type":"Auth","OperationId":["a"]}`:                                esign.NotASignature,
		`{"Type":"Auth","OperationId":""}`:                                   esign.NotASignature,
		`{"OperationId":"a"}`:                                                esign.NotASignature,
		`{"Type":"Auth","OperationId":"a"} {}`:                               esign.NotASignature,
		`[{"Type":"Auth","OperationId":"a"}]`:                                esign.NotASignature,
		`{"Type":"Auth","OperationId":"a"`:                                   esign.NotASignature,
		`"Auth"`:                                                             esign.NotASignature, ``: esign.NotASignature, `null`: esign.NotASignature, "\xef\xbb\xbf{}": esign.NotASignature,
		`{"Type":"Auth","OperationId":"` + strings.Repeat("a", esign.MaxCallback) + `"}`: esign.TooLarge,
	} {
		c, err := esign.ParseCallback([]byte(body))
		if esign.ReasonOf(err) != want {
			t.Errorf("%.80s: %v, want %q", body, err, want)
		}
		if err == nil && (c.Type != "Auth" || c.OperationID != "a") {
			t.Errorf("%s: read as %q %q", body, c.Type, c.OperationID)
		}
	}
}

// vectors is a file of Wycheproof.
type vectors struct {
	TestGroups []struct {
		PublicKeyDer string
		Tests        []struct {
			TcID             int
			Msg, Sig, Result string
			Comment          string
		}
	}
}

// bareKey is a public key whose private half nobody needs.
type bareKey struct{ key any }

func (b bareKey) Public() crypto.PublicKey { return b.key }

func (bareKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errNoKey }

var errNoKey = &esign.Error{Check: "no private key"}

// TestWycheproof runs the vectors through the whole of a request: each key gets
// a certificate, so what is accepted here would be accepted by the portal.
func TestWycheproof(t *testing.T) {
	w := newWorld(t)
	v := w.verifier(t, simaProfile())
	for _, name := range []string{"ecdsa_secp256r1_sha256_test.json", "ecdsa_secp384r1_sha256_test.json"} {
		t.Run(name, func(t *testing.T) {
			b, err := fs.ReadFile(wycheproof.TestVectors, name)
			if err != nil {
				t.Fatal(err)
			}
			var file vectors
			if err := json.Unmarshal(b, &file); err != nil {
				t.Fatal(err)
			}
			valid, invalid := 0, 0
			for _, g := range file.TestGroups {
				key, err := x509.ParsePKIXPublicKey(unhex(t, g.PublicKeyDer))
				if err != nil {
					t.Fatal(err)
				}
				pair := w.issue(t, func(r *democa.Request) {
					r.Key = func() (crypto.Signer, error) { return bareKey{key}, nil }
				})
				for _, c := range g.Tests {
					h := http.Header{}
					h.Set(esign.SIMACertHeader, base64.StdEncoding.EncodeToString(pair.Certificate.Raw))
					h.Set(esign.SIMASignHeader, base64.StdEncoding.EncodeToString(unhex(t, c.Sig)))
					h.Set(esign.SIMAAlgHeader, "ECDSA_SHA256")
					_, err := askSIMA(v, h, string(unhex(t, c.Msg)))
					if got := err == nil; got != (c.Result == "valid") {
						t.Errorf("%d (%s): %s, but %v", c.TcID, c.Comment, c.Result, err)
					}
					if c.Result == "valid" {
						valid++
					} else {
						invalid++
					}
				}
			}
			if valid == 0 || invalid == 0 {
				t.Errorf("%d valid and %d invalid vectors", valid, invalid)
			}
			t.Logf("%d valid, %d invalid", valid, invalid)
		})
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
