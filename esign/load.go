package esign

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
)

// maxTrustFile bounds one file of the trust folder.
const maxTrustFile = 1 << 20

// LoadTrust reads a folder of issuer profiles: each NAME.json is a [Profile]
// with the id NAME, and names PEM files beside it. Files of other kinds are
// left alone. All mistakes come in one error, one a line; a folder without a
// profile is a mistake too.
func LoadTrust(folder fs.FS) (*Trust, error) {
	entries, err := fs.ReadDir(folder, ".") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("esign: trust folder: %w", err)
	}
	var t Trust
	var errs []error
	for _, e := range entries {
		id, isProfile := strings.CutSuffix(e.Name(), ".json")
		if !isProfile || e.IsDir() {
			continue
		}
		p, err := loadProfile(folder, id)
		if err != nil {
			errs = append(errs, fmt.Errorf("esign: profile %s: %w", e.Name(), err))
			continue
		}
		t.profiles = append(t.profiles, p)
	}
	if len(t.profiles) == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("esign: trust folder holds no profile"))
	}
	errs = append(errs, t.overlaps()...)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &t, nil
}

// overlaps finds issuers that two profiles claim: which rules would apply to
// their certificates would be chance.
func (t *Trust) overlaps() []error {
	owner := map[string]string{}
	var errs []error
	for _, p := range t.profiles {
		for _, c := range p.Issuers {
			key := string(c.RawSubject) + string(c.RawSubjectPublicKeyInfo)
			if other, taken := owner[key]; taken && other != p.ID {
				errs = append(errs, fmt.Errorf("esign: profiles %s and %s have an issuer in common", other, p.ID))
			}
			owner[key] = p.ID
		}
	}
	return errs
}

func loadProfile(folder fs.FS, id string) (*Profile, error) {
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`).MatchString(id) {
		return nil, errors.New("an id has lower-case letters, digits and hyphens, at most 40")
	}
	b, err := readTrustFile(folder, id+".json")
	if err != nil {
		return nil, err
	}
	f, err := decodeProfile(b)
	if err != nil {
		return nil, err
	}
	m := mistakes{}
	p := f.profile(&m)
	p.ID = id
	p.Issuers = m.certificates(folder, "issuers", f.Issuers, true)
	p.Intermediates = m.certificates(folder, "intermediates", f.Intermediates, false)
	p.Roots = m.certificates(folder, "roots", f.Roots, true)
	if len(m.list) > 0 {
		return nil, errors.New(strings.Join(m.list, "; "))
	}
	p.roots, p.intermediates = pool(p.Roots), pool(p.Issuers, p.Intermediates)
	return p, nil
}

// decodeProfile reads one JSON object and refuses unknown members and anything
// after it.
func decodeProfile(b []byte) (*profileFile, error) {
	var f profileFile
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("text after the JSON object")
	}
	return &f, nil
}

func pool(lists ...[]*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, list := range lists {
		for _, c := range list {
			p.AddCert(c)
		}
	}
	return p
}

// readTrustFile reads a file of the folder itself, so that a profile cannot
// point elsewhere.
func readTrustFile(folder fs.FS, name string) ([]byte, error) {
	if !fs.ValidPath(name) || strings.Contains(name, "/") {
		return nil, fmt.Errorf("%q is no file name", name)
	}
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxTrustFile+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(b) > maxTrustFile {
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxTrustFile)
	}
	return b, nil
}

// mistakes gathers what is wrong with a profile.
type mistakes struct{ list []string }

func (m *mistakes) addf(format string, args ...any) {
	m.list = append(m.list, fmt.Sprintf(format, args...))
}

// certificates reads the authorities' certificates from PEM files.
func (m *mistakes) certificates(folder fs.FS, member string, names []string, required bool) []*x509.Certificate {
	var list []*x509.Certificate
	for _, name := range names {
		b, err := readTrustFile(folder, name)
		if err != nil {
			m.addf("%s: %v", member, err)
			continue
		}
		found, err := parseAuthorities(b)
		if err != nil {
			m.addf("%s: %s: %v", member, name, err)
		}
		list = append(list, found...)
	}
	if required && len(names) == 0 {
		m.addf("%s: at least one file is needed", member)
	}
	return list
}

func parseAuthorities(b []byte) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for {
		block, rest := pem.Decode(b)
		if block == nil {
			break
		}
		b = rest
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("holds a %s, only certificates belong here", strings.ToLower(block.Type))
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		switch {
		case !c.BasicConstraintsValid || !c.IsCA:
			return nil, errors.New("holds a certificate that is no authority's")
		case !StrongKey(c.PublicKey):
			return nil, errors.New("holds a certificate with a weak or unknown kind of key")
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, errors.New("holds no certificate in PEM")
	}
	return list, nil
}
