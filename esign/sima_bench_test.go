package esign_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

func phoneIn(w world, b *testing.B) *democa.Phone {
	b.Helper()
	return &democa.Phone{Pair: *w.issue(b)}
}

func answerOf(b *testing.B, phone *democa.Phone) ([]byte, http.Header) {
	b.Helper()
	body, err := phone.Answer("op", challenge)
	if err != nil {
		b.Fatal(err)
	}
	return body, headers(b, phone, string(body))
}

func BenchmarkSIMABare(b *testing.B) {
	w := newWorld(b)
	phone := phoneIn(w, b)
	body, h := answerOf(b, phone)
	var c struct{ DataSignature []byte }
	if err := json.Unmarshal(body, &c); err != nil {
		b.Fatal(err)
	}
	value, err := base64.StdEncoding.DecodeString(h.Get(esign.SIMASignHeader))
	if err != nil {
		b.Fatal(err)
	}
	key, ok := phone.Certificate.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		b.Fatal("no ECDSA key")
	}
	ca, ok := w.ca.Certificate.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		b.Fatal("no ECDSA key")
	}
	root, ok := w.root.Certificate.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		b.Fatal("no ECDSA key")
	}
	b.ReportAllocs()
	for b.Loop() {
		ok := bare(key, body, value) && bare(key, challenge, c.DataSignature) &&
			bare(ca, phone.Certificate.RawTBSCertificate, phone.Certificate.Signature) &&
			bare(root, w.ca.Certificate.RawTBSCertificate, w.ca.Certificate.Signature)
		if !ok {
			b.Fatal("a signature does not verify")
		}
	}
}

func bare(key *ecdsa.PublicKey, message, value []byte) bool {
	sum := sha256.Sum256(message)
	return ecdsa.VerifyASN1(key, sum[:], value)
}
