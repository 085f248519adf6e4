package revocation

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

// TestOpenSSLResponder asks OpenSSL's own responder, over its own HTTP, about
// good, revoked, suspended and unknown people, with nonce and without.
func TestOpenSSLResponder(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatalf("these tests ask the openssl program; install it: %v", err)
	}
	w := newWorld(t)
	people := map[string]*democa.Pair{"V": w.person, "R": w.other, "S": issue(t, w.ca, "Suspended"), "": issue(t, w.ca, "Unlisted")}
	dir := t.TempDir()
	put := func(name string, b []byte, err error) {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := w.responder.KeyPEM()
	put("responder.key", key, err)
	put("responder.pem", w.responder.CertificatePEM(), nil)
	put("ca.pem", w.ca.CertificatePEM(), nil)
	var index strings.Builder
	for status, p := range people {
		// The format of OpenSSL's ca: status, end, revocation and reason, serial.
		switch status {
		case "V":
			fmt.Fprintf(&index, "V\t301231235959Z\t\t%X\tunknown\t/CN=x\n", p.Certificate.SerialNumber)
		case "R":
			fmt.Fprintf(&index, "R\t301231235959Z\t260101000000Z,keyCompromise\t%X\tunknown\t/CN=x\n", p.Certificate.SerialNumber)
		case "S":
			fmt.Fprintf(&index, "R\t301231235959Z\t260101000000Z,holdInstruction,1.2.840.10040.2.1\t%X\tunknown\t/CN=x\n", p.Certificate.SerialNumber)
		}
	}
	put("index.txt", []byte(index.String()), nil)
	address := openSSLResponder(t, dir)

	want := map[string]esign.Reason{"V": "", "R": esign.Revoked, "S": esign.Suspended, "": esign.RevocationUnknown}
	for _, nonce := range []bool{false, true} {
		c := newChecker(t, func(o *Options) { o.Now = time.Now })
		rule := esign.RevocationRule{Mode: esign.RevocationOCSP, OCSP: []string{address}, Nonce: nonce}
		for status, p := range people {
			wantReason(t, c.Check(t.Context(), p.Certificate, w.ca.Certificate, rule), want[status])
		}
	}
}

// openSSLResponder starts the program on a free port and reads which.
func openSSLResponder(t *testing.T, dir string) (address string) {
	t.Helper()
	cmd := exec.Command("openssl", "ocsp", "-index", "index.txt", "-port", "0", "-rsigner", "responder.pem", "-rkey", "responder.key",
		"-CA", "ca.pem", "-rmd", "sha256", "-nmin", "10", "-ignore_err")
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if _, rest, ok := strings.Cut(lines.Text(), "ACCEPT "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			port := rest[strings.LastIndexByte(strings.Fields(rest)[0], ':')+1:]
			return "http://127.0.0.1:" + strings.Fields(port)[0]
		}
	}
	t.Fatalf("openssl ocsp does not serve:\n%s", &said)
	return ""
}
