package esign_test

import (
	"context"
	"crypto"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
	"customs.gov.az/portal/esign/revocation"
)

var (
	now       = time.Now()
	challenge = []byte("portal sign-in\r\nchallenge 5f2c\r\n")
)

// demo fills a folder with demo certificates, once for all tests, and answers
// for its issuers.
var demo = sync.OnceValues(func() (string, error) {
	if err := democa.Create(demoFolder, now); err != nil {
		return "", err
	}
	r, err := democa.NewResponder(demoFolder, func() time.Time { return now })
	if err != nil {
		return "", err
	}
	return demoFolder, democa.Publish(demoFolder, httptest.NewServer(r).URL)
})

var demoFolder string

func TestMain(m *testing.M) {
	var err error
	if demoFolder, err = os.MkdirTemp("", "esign"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(demoFolder)
	os.Exit(code)
}

func demoDir(t testing.TB) string {
	t.Helper()
	dir, err := demo()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func demoTrust(t testing.TB) *esign.Trust {
	t.Helper()
	trust, err := esign.LoadTrust(os.DirFS(filepath.Join(demoDir(t), "trust")))
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func demoVerifier(t testing.TB) *esign.Verifier {
	t.Helper()
	return demoVerifierAt(t, now)
}

func demoVerifierAt(t testing.TB, at time.Time) *esign.Verifier {
	t.Helper()
	clock := func() time.Time { return at }
	c, err := revocation.New(revocation.Options{Now: clock, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return newVerifier(t, esign.Options{Trust: demoTrust(t), Now: clock, Revocation: c})
}

func newVerifier(t testing.TB, o esign.Options) *esign.Verifier {
	t.Helper()
	v, err := esign.NewVerifier(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// verify reads and verifies a file over content. A refusal on reading must
// leave nothing to work with.
func verify(v *esign.Verifier, file, content []byte) (esign.Identity, error) {
	s, err := esign.ParseSignature(file)
	if err != nil {
		if s != nil {
			panic("a refused file was returned")
		}
		return esign.Identity{}, err
	}
	return v.Signature(context.Background(), s, content)
}

// openssl runs the program in an empty folder and returns what it wrote to the
// file "out".
func openssl(t testing.TB, input []byte, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatalf("these tests sign with the openssl program; install it: %v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in"), input, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sign has openssl sign content as one of the demo's people.
func sign(t testing.TB, person string, content []byte, more ...string) []byte {
	t.Helper()
	base := filepath.Join(demoDir(t), "people", person)
	args := []string{"cms", "-sign", "-in", "in", "-out", "out", "-signer", base + ".pem", "-inkey", base + ".key"}
	return openssl(t, content, append(args, more...)...)
}

func wantReason(t *testing.T, err error, want esign.Reason) {
	t.Helper()
	if got := esign.ReasonOf(err); got != want || (want == "" && err != nil) {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func hashOf(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}
