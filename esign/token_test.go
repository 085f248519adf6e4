package esign_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"customs.gov.az/portal/esign"
)

// runIn runs a program in a folder with extra environment.
func runIn(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// TestPKCS11Token signs on a token in software, the way a signing program does
// with a card: the key is never outside of it.
func TestPKCS11Token(t *testing.T) {
	engines, _ := filepath.Glob("/usr/lib/*/engines-3/pkcs11.so")
	modules, _ := filepath.Glob("/usr/lib/*/softhsm/libsofthsm2.so")
	if _, err := exec.LookPath("softhsm2-util"); err != nil || len(engines) == 0 || len(modules) == 0 {
		t.Log("softhsm2 or OpenSSL's pkcs11 engine is not installed (make test installs them): tokens were not looked at")
		return
	}
	v := demoVerifier(t)
	for _, person := range []string{"aysel", "rashad", "leyla"} {
		dir := t.TempDir()
		config := "directories.tokendir = " + dir + "\nobjectstore.backend = file\nlog.level = ERROR\n"
		for name, content := range map[string]string{"softhsm2.conf": config, "in": string(challenge)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		env := []string{"SOFTHSM2_CONF=" + filepath.Join(dir, "softhsm2.conf"), "PKCS11_MODULE_PATH=" + modules[0]}
		base := filepath.Join(demoDir(t), "people", person)
		runIn(t, dir, env, "softhsm2-util", "--init-token", "--free", "--label", "card", "--pin", "1234", "--so-pin", "1234")
		runIn(t, dir, env, "softhsm2-util", "--import", base+".key", "--token", "card", "--label", "signing", "--id", "01", "--pin", "1234")
		for _, options := range []string{"-binary", "-binary -cades", "-binary -md sha384", "-binary -keyid -nodetach"} {
			args := append([]string{
				"cms", "-sign", "-engine", "pkcs11", "-keyform", "engine", "-inkey", "pkcs11:token=card;object=signing;type=private;pin-value=1234",
				"-signer", base + ".pem", "-in", "in", "-out", "out", "-outform", "DER",
			}, strings.Fields(options)...)
			runIn(t, dir, env, "openssl", args...)
			file, err := os.ReadFile(filepath.Join(dir, "out"))
			if err != nil {
				t.Fatal(err)
			}
			id, err := verify(v, file, challenge)
			if err != nil {
				t.Errorf("%s %s: %v", person, options, err)
				continue
			}
			checkPerson(t, id, person)
		}
	}
}

// TestKeysOfTypePSS are keys that may do nothing but RSA-PSS (RFC 4055 §1.2).
// Tokens hold plain RSA keys and choose the padding when signing; that is
// accepted. A certificate with a key of the other type has no key that could be
// verified with, and its holder is told so.
func TestKeysOfTypePSS(t *testing.T) {
	dir, folder := demoDir(t), t.TempDir()
	key := filepath.Join(folder, "pss.key")
	runIn(t, folder, nil, "openssl", "genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
	runIn(t, folder, nil, "openssl", "req", "-x509", "-new", "-key", key, "-out", "pss.pem", "-sha256", "-days", "2",
		"-subj", "/2.5.4.97=VATAZ-1499000151/serialNumber=PNOAZ-5A7KM2L/CN=Aysel",
		"-CA", dir+"/authorities/business.pem", "-CAkey", dir+"/authorities/business.key",
		"-addext", "basicConstraints=CA:FALSE", "-addext", "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=clientAuth,emailProtection")
	file := openssl(t, challenge, "cms", "-sign", "-binary", "-in", "in", "-out", "out", "-outform", "DER",
		"-signer", filepath.Join(folder, "pss.pem"), "-inkey", key)
	_, err := verify(demoVerifier(t), file, challenge)
	wantReason(t, err, esign.WeakAlgorithm)
}
