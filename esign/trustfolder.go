package esign

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io/fs"
	"path"
	"time"
)

// TrustFolder follows a folder of issuer profiles while a portal runs. It is
// for one goroutine.
type TrustFolder struct {
	folder      fs.FS
	seen, tried [sha256.Size]byte
}

// OpenTrust loads a folder as [LoadTrust] does, to be followed by Poll.
func OpenTrust(folder fs.FS) (*TrustFolder, *Trust, error) {
	f := &TrustFolder{folder: folder}
	f.tried = f.fingerprint()
	f.seen = f.tried
	t, err := LoadTrust(folder)
	return f, t, err
}

// Poll returns a new set of profiles when the folder holds something else than
// before, nil when it does not. Content counts once two calls have found it
// the same, so that files are not read while somebody is still copying them.
// What is wrong is reported once: all mistakes, as LoadTrust has them.
func (f *TrustFolder) Poll() (*Trust, error) {
	now := f.fingerprint()
	settled := now == f.seen
	f.seen = now
	if !settled || now == f.tried {
		return nil, nil
	}
	f.tried = now
	return LoadTrust(f.folder)
}

// fingerprint names the content of all profiles and certificates. A file that
// cannot be read is part of it: loading will say so.
func (f *TrustFolder) fingerprint() (sum [sha256.Size]byte) {
	h := sha256.New()
	entries, err := fs.ReadDir(f.folder, ".")
	fmt.Fprintln(h, err)
	for _, e := range entries {
		switch path.Ext(e.Name()) {
		case ".json", ".pem", ".crt", ".cer":
			b, err := readTrustFile(f.folder, e.Name())
			fmt.Fprintf(h, "%q %d %v\n", e.Name(), len(b), err)
			h.Write(b)
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// Authority is one certificate that a profile trusts.
type Authority struct {
	Profile     string // id of the profile
	Role        string // "issuer", "intermediate" or "root"
	Certificate *x509.Certificate
}

// Authorities lists every certificate of every profile: issuers, those between,
// roots.
func (t *Trust) Authorities() []Authority {
	var list []Authority
	for _, p := range t.profiles {
		for _, part := range []struct {
			role  string
			certs []*x509.Certificate
		}{{"issuer", p.Issuers}, {"intermediate", p.Intermediates}, {"root", p.Roots}} {
			for _, c := range part.certs {
				list = append(list, Authority{Profile: p.ID, Role: part.role, Certificate: c})
			}
		}
	}
	return list
}

// Fingerprint is the beginning of the SHA-256 of the certificate, enough to
// tell two authorities apart in logs and figures.
func (a Authority) Fingerprint() string {
	sum := sha256.Sum256(a.Certificate.Raw)
	return fmt.Sprintf("%x", sum[:8])
}

// Days is how many days are left at now until the certificate ends, with its
// fraction; negative when it has ended.
func (a Authority) Days(now time.Time) float64 { return a.Certificate.NotAfter.Sub(now).Hours() / 24 }
