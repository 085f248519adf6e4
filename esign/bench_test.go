package esign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"testing"
	"time"
)

// The people whose signatures are measured: ECDSA P-256, RSA 2048, ECDSA P-384
// and RSA 3072, all from an issuer and a root with P-384.
var measured = []string{"aysel", "rashad", "leyla", "kamran"}

// BenchmarkSignedFile is the whole way from an uploaded file to an identity;
// that the certificate is not revoked is known from a moment ago.
func BenchmarkSignedFile(b *testing.B) {
	v := demoVerifier(b)
	for _, person := range measured {
		file := sign(b, person, challenge, "-binary", "-outform", "DER")
		b.Run(person, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := verify(v, file, challenge); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBare is the arithmetic that such a file cannot do without: the
// signature, the certificate's and its issuer's, with their hashes.
func BenchmarkBare(b *testing.B) {
	for _, person := range measured {
		bare := bareWork(b, person)
		b.Run(person, func(b *testing.B) {
			for b.Loop() {
				bare()
			}
		})
	}
}

// BenchmarkShareOfBare does both in turns and compares the quickest of each, so
// that other work on the machine does not count: of-bare is how many files are
// verified in the time of one bare verification.
func BenchmarkShareOfBare(b *testing.B) {
	v := demoVerifier(b)
	for _, person := range measured {
		file := sign(b, person, challenge, "-binary", "-outform", "DER")
		bare := bareWork(b, person)
		b.Run(person, func(b *testing.B) {
			whole, least := time.Hour, time.Hour
			for b.Loop() {
				began := time.Now()
				if _, err := verify(v, file, challenge); err != nil {
					b.Fatal(err)
				}
				between := time.Now()
				bare()
				whole, least = min(whole, between.Sub(began)), min(least, time.Since(between))
			}
			b.ReportMetric(float64(least)/float64(whole), "of-bare")
			b.ReportMetric(float64(time.Second)/float64(whole), "files/s")
		})
	}
}

// bareWork prepares the arithmetic of one person's file.
func bareWork(b *testing.B, person string) func() {
	b.Helper()
	dir := demoDir(b)
	read := func(name string) *x509.Certificate {
		file, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			b.Fatal(err)
		}
		return parsePEM(b, file)
	}
	root, issuer, cert := read("trust/root.pem"), read("trust/business.pem"), read("people/"+person+".pem")
	value, err := personKey(b, dir, person).Sign(rand.Reader, hashOf(crypto.SHA256, challenge), crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		if !verifyBare(cert.PublicKey, hashOf(crypto.SHA256, challenge), value) ||
			!verifyBare(issuer.PublicKey, hashOf(hashFor(cert), cert.RawTBSCertificate), cert.Signature) ||
			!verifyBare(root.PublicKey, hashOf(hashFor(issuer), issuer.RawTBSCertificate), issuer.Signature) {
			b.Fatal("a signature is wrong")
		}
	}
}

func hashFor(c *x509.Certificate) crypto.Hash {
	if c.SignatureAlgorithm == x509.ECDSAWithSHA384 {
		return crypto.SHA384
	}
	return crypto.SHA256
}

func verifyBare(key any, digest, value []byte) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, digest, value)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, digest, value) == nil
	}
	return false
}

func personKey(b *testing.B, dir, person string) crypto.Signer {
	b.Helper()
	file, err := os.ReadFile(dir + "/people/" + person + ".key")
	if err != nil {
		b.Fatal(err)
	}
	block, _ := pem.Decode(file)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		b.Fatal(err)
	}
	return key.(crypto.Signer)
}
