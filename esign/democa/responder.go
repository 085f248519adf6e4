package democa

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"golang.org/x/crypto/ocsp"

	"customs.gov.az/portal/esign"
)

// Reason codes of RFC 5280 §5.3.1.
const (
	keyCompromise   = 1
	certificateHold = 6
)

// answerLife is how long an answer and a list hold.
const answerLife = time.Hour

// Responder answers for the demo's issuers the way real ones do: OCSP (RFC
// 6960) at POST /ocsp/ISSUER, signed by a responder that each issuer has
// named, and revocation lists (RFC 5280 §5) at GET /crl/ISSUER.crl. The people
// revoked and suspended are; whoever else has a certificate is good.
type Responder struct {
	http.ServeMux
	now     func() time.Time
	issuers map[string]answering
}

// answering is an issuer with what it needs to answer.
type answering struct {
	ca      *Authority
	signer  *Pair
	entries []x509.RevocationListEntry
}

// NewResponder loads the issuers and people that [Create] has put into dir.
func NewResponder(dir string, now func() time.Time) (*Responder, error) {
	s := store{dir: dir, now: now()}
	r := &Responder{now: now, issuers: map[string]answering{}}
	a, err := s.authorities()
	if err != nil {
		return nil, err
	}
	for name := range profiles() {
		signer, err := responderOf(a[name], s.now)
		if err != nil {
			return nil, err
		}
		r.issuers[name] = answering{ca: a[name], signer: signer}
	}
	for _, p := range People() {
		code := map[esign.Reason]int{esign.Revoked: keyCompromise, esign.Suspended: certificateHold}[p.Expect]
		if code == 0 {
			continue
		}
		cert := s.loadCertificate("people/" + p.Name + ".pem")
		if cert == nil {
			return nil, fmt.Errorf("democa: %s has no certificate", p.Name)
		}
		i := r.issuers[p.issuer]
		i.entries = append(i.entries, x509.RevocationListEntry{
			SerialNumber: cert.SerialNumber, RevocationTime: cert.NotBefore.UTC(), ReasonCode: code,
		})
		r.issuers[p.issuer] = i
	}
	r.HandleFunc("POST /ocsp/{issuer}", r.ocsp)
	r.HandleFunc("GET /crl/{file}", r.crl)
	return r, nil
}

// responderOf makes a certificate for signing OCSP answers (RFC 6960
// §4.2.2.2) that need not be checked itself (§4.2.2.2.1).
func responderOf(ca *Authority, now time.Time) (*Pair, error) {
	return ca.Issue(Request{
		Subject: []Value{{Country, "AZ"}, {Organisation, "Demo"}, {CommonName, "Demo OCSP"}},
		From:    now.Add(-time.Hour), To: now.Add(year),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
		Edit: func(t *x509.Certificate) {
			noCheck := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
			t.ExtraExtensions = []pkix.Extension{{Id: noCheck, Value: asn1.NullBytes}}
		},
	})
}

func (r *Responder) ocsp(w http.ResponseWriter, req *http.Request) {
	i, ok := r.issuers[req.PathValue("issuer")]
	if !ok {
		http.NotFound(w, req)
		return
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 16<<10))
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	question, err := ocsp.ParseRequest(b)
	if err != nil {
		write(w, ocsp.MalformedRequestErrorResponse, nil)
		return
	}
	answer, err := i.answer(question, r.now())
	if errors.Is(err, errOther) {
		answer, err = ocsp.UnauthorizedErrorResponse, nil
	}
	write(w, answer, err)
}

var errOther = errors.New("democa: asked about another issuer's certificate")

func (i answering) answer(q *ocsp.Request, now time.Time) ([]byte, error) {
	if !q.HashAlgorithm.Available() || string(q.IssuerNameHash) != string(hashed(q.HashAlgorithm, i.ca.Certificate.RawSubject)) {
		return nil, errOther
	}
	t := ocsp.Response{
		Status: ocsp.Good, SerialNumber: q.SerialNumber, IssuerHash: q.HashAlgorithm, Certificate: i.signer.Certificate,
		ThisUpdate: now.Truncate(time.Second).UTC(), NextUpdate: now.Add(answerLife).UTC(),
	}
	for _, e := range i.entries {
		if e.SerialNumber.Cmp(q.SerialNumber) == 0 {
			t.Status, t.RevokedAt, t.RevocationReason = ocsp.Revoked, e.RevocationTime, e.ReasonCode
		}
	}
	return ocsp.CreateResponse(i.ca.Certificate, i.signer.Certificate, t, i.signer.Key)
}

func hashed(h crypto.Hash, b []byte) []byte {
	w := h.New()
	w.Write(b)
	return w.Sum(nil)
}

func (r *Responder) crl(w http.ResponseWriter, req *http.Request) {
	for name, i := range r.issuers {
		if req.PathValue("file") == name+".crl" {
			now := r.now().UTC()
			der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
				Number: big.NewInt(now.Unix()), ThisUpdate: now, NextUpdate: now.Add(answerLife), RevokedCertificateEntries: i.entries,
			}, i.ca.Certificate, i.ca.Key)
			w.Header().Set("Content-Type", "application/pkix-crl")
			write(w, der, err)
			return
		}
	}
	http.NotFound(w, req)
}

func write(w http.ResponseWriter, b []byte, err error) {
	if err != nil {
		http.Error(w, "no answer", http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(b) // whoever asked and left needs no answer
}
