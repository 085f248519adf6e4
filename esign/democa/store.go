package democa

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

// temporary is the pattern of files that are being written.
const temporary = ".new-*"

// store is the demo's folder at one moment.
type store struct {
	dir string
	now time.Time
}

// pair keeps base.pem and base.key if they belong together, are about the
// requested subject, come from the parent as it is now and are good; else it
// makes new ones. The key is written first: a certificate without its key
// would look complete.
func (s store) pair(base string, r Request, parent *Authority, good func(*x509.Certificate) bool, issue func() (*Pair, error)) (*Pair, error) {
	if p := s.load(base, parent); p != nil && r.about(p.Certificate) && good(p.Certificate) {
		return p, nil
	}
	p, err := issue()
	if err != nil {
		return nil, err
	}
	key, err := p.KeyPEM()
	if err != nil {
		return nil, err
	}
	if err := s.write(base+".key", 0o600, key); err != nil {
		return nil, err
	}
	return p, s.write(base+".pem", 0o644, certificatePEM(p.Certificate))
}

// load returns nil for whatever cannot be used.
func (s store) load(base string, parent *Authority) *Pair {
	cert := s.loadCertificate(base + ".pem")
	key := s.loadKey(base + ".key")
	if cert == nil || key == nil {
		return nil
	}
	if pub, ok := key.Public().(interface {
		Equal(other crypto.PublicKey) bool
	}); !ok || !pub.Equal(cert.PublicKey) {
		return nil
	}
	p := &Pair{Certificate: cert, Key: key}
	issuer := cert
	if parent != nil {
		issuer = parent.Certificate
		p.Chain = append([]*x509.Certificate{issuer}, parent.Chain...)
	}
	if !bytes.Equal(cert.RawIssuer, issuer.RawSubject) || cert.CheckSignatureFrom(issuer) != nil {
		return nil
	}
	return p
}

func (s store) loadCertificate(name string) *x509.Certificate {
	c, err := x509.ParseCertificate(s.loadPEM(name, "CERTIFICATE"))
	if err != nil {
		return nil
	}
	return c
}

func (s store) loadKey(name string) crypto.Signer {
	k, err := x509.ParsePKCS8PrivateKey(s.loadPEM(name, "PRIVATE KEY"))
	if err != nil {
		return nil
	}
	signer, _ := k.(crypto.Signer)
	return signer
}

func (s store) loadPEM(name, kind string) []byte {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return nil
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != kind {
		return nil
	}
	return block.Bytes
}

// holds reports whether the PKCS #12 file is this pair.
func (s store) holds(name string, p *Pair) bool {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return false
	}
	_, cert, chain, err := pkcs12.DecodeChain(b, Password)
	return err == nil && cert.Equal(p.Certificate) && len(chain) == len(p.Chain)
}

// keepFile writes a file unless it already has that content.
func (s store) keepFile(name string, content []byte) error {
	if b, err := os.ReadFile(filepath.Join(s.dir, name)); err == nil && bytes.Equal(b, content) {
		return nil
	}
	return s.write(name, 0o644, content)
}

// write replaces a file in one step.
func (s store) write(name string, mode os.FileMode, content []byte) error {
	path := filepath.Join(s.dir, name)
	f, err := os.CreateTemp(filepath.Dir(path), temporary)
	if err != nil {
		return fmt.Errorf("democa: %w", err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(mode)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("democa: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// Load reads the pair of a person whose files Create has made in dir. The chain
// is left out.
func Load(dir, name string) (*Pair, error) {
	s := store{dir: dir}
	p := &Pair{Certificate: s.loadCertificate("people/" + name + ".pem"), Key: s.loadKey("people/" + name + ".key")}
	if p.Certificate == nil || p.Key == nil {
		return nil, fmt.Errorf("democa: no person %q", name)
	}
	return p, nil
}
