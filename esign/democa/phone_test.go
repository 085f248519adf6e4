package democa_test

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
)

var masterKey = []byte("a master key of this test only")

// asking is a portal that asks for a signature, as much of it as a telephone
// meets.
type asking struct {
	*testing.T
	*httptest.Server
	challenge []byte
	fetch     http.HandlerFunc // nil: the challenge
	status    string           // of the answer to what is posted
	fetched   int
	answered  map[string]string
}

func newAsking(t *testing.T) *asking {
	t.Helper()
	a := &asking{T: t, challenge: []byte("32 bytes or more of a challenge…"), status: "success"}
	m := http.NewServeMux()
	m.HandleFunc("GET /sima/getfile", func(w http.ResponseWriter, r *http.Request) {
		a.fetched++
		a.signed(r, []byte(r.RequestURI))
		if a.fetch != nil {
			a.fetch(w, r)
			return
		}
		fmt.Fprintf(w, `{"filename":"challange","data":%q}`, base64.StdEncoding.EncodeToString(a.challenge))
	})
	m.HandleFunc("POST /sima/callback", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		a.signed(r, body)
		if err := json.Unmarshal(body, &a.answered); err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, `{"status":%q}`, a.status)
	})
	a.Server = httptest.NewServer(m)
	t.Cleanup(a.Close)
	return a
}

// signed demands that the three headers sign a message.
func (a *asking) signed(r *http.Request, message []byte) {
	der, err := base64.StdEncoding.DecodeString(r.Header.Get(esign.SIMACertHeader))
	if err != nil {
		a.Error(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		a.Error(err)
		return
	}
	a.verify(c, message, r.Header.Get(esign.SIMASignHeader))
	if r.Header.Get(esign.SIMAAlgHeader) != "ECDSA_SHA256" {
		a.Errorf("algorithm %q", r.Header.Get(esign.SIMAAlgHeader))
	}
}

func (a *asking) verify(c *x509.Certificate, message []byte, signature string) {
	value, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		a.Error(err)
	}
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	sum := sha256.Sum256(message)
	if !ok || !ecdsa.VerifyASN1(key, sum[:], value) {
		a.Errorf("the signature is not over %q", message)
	}
}

// code is the text of the portal's QR code; change alters the contract first.
func (a *asking) code(change ...func(*esign.SIMAContract)) string {
	a.Helper()
	now := time.Now()
	c := esign.SIMAContract{
		Version: "1.3", OperationID: "op-1", NotBefore: now.Add(-time.Minute), Expires: now.Add(time.Minute), DataURI: a.URL + "/sima/getfile", Data: a.challenge,
		Client: esign.SIMAClient{ID: 1, Name: "DGK", Callback: a.URL + "/sima/callback"},
	}
	for _, f := range change {
		f(&c)
	}
	b, err := c.Seal(masterKey)
	if err != nil {
		a.Fatal(err)
	}
	return a.URL + "/sima/getfile?tsquery=" + base64.StdEncoding.EncodeToString(b)
}

// telephones are one of a person with an ECDSA key and one with an RSA key.
func telephones(t *testing.T) (elliptic, rsaKey *democa.Phone, pin customs.PIN) {
	t.Helper()
	dir := t.TempDir()
	if err := democa.Create(dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, p := range democa.People() {
		pair, err := democa.Load(dir, p.Name)
		if err != nil {
			t.Fatal(err)
		}
		switch _, isRSA := pair.Key.Public().(*rsa.PublicKey); {
		case isRSA && rsaKey == nil:
			rsaKey = &democa.Phone{Pair: *pair, MasterKey: masterKey}
		case !isRSA && elliptic == nil:
			elliptic, pin = &democa.Phone{Pair: *pair, MasterKey: masterKey}, p.PIN
		}
	}
	if elliptic == nil || rsaKey == nil {
		t.Fatal("the demo has not both kinds of keys")
	}
	return elliptic, rsaKey, pin
}

func TestPhoneConfirms(t *testing.T) {
	a := newAsking(t)
	phone, _, pin := telephones(t)
	for _, text := range []string{
		a.code(), "http://127.0.0.1:8071/?data=" + a.code(),
		a.code(func(c *esign.SIMAContract) { c.Assignee = []customs.PIN{customs.PIN(strings.ToLower(string(pin)))} }),
	} {
		a.answered = nil
		code, err := phone.Scan(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := phone.Confirm(t.Context(), code); err != nil {
			t.Error(err)
		}
		sum := sha256.Sum256(a.challenge)
		if a.answered["Type"] != "Auth" || a.answered["OperationId"] != "op-1" || a.answered["AlgName"] != "SHA256" ||
			a.answered["SignedDataHash"] != base64.StdEncoding.EncodeToString(sum[:]) {
			t.Errorf("answered %v", a.answered)
		}
		a.verify(phone.Certificate, a.challenge, a.answered["DataSignature"])
	}
}

// What is no code of this portal is not followed, wherever it leads.
func TestPhoneScansItsOwnOnly(t *testing.T) {
	a := newAsking(t)
	phone, _, _ := telephones(t)
	good := a.code()
	base, query, _ := strings.Cut(good, "?tsquery=")
	sealed, err := base64.StdEncoding.DecodeString(query)
	if err != nil {
		t.Fatal(err)
	}
	altered := base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(sealed), "op-1", "op-2", 1)))
	other := &democa.Phone{Pair: phone.Pair, MasterKey: []byte("another master key, of another portal")}
	if _, err := other.Scan(good); !errors.Is(err, democa.ErrCode) {
		t.Errorf("another portal's code: %v", err)
	}
	for _, text := range []string{
		"", "hello", base, base + "?tsquery=", base + "?tsquery=%%%", base + "?tsquery=" + query[:len(query)/2], base + "?tsquery=" + altered,
		"?tsquery=" + query, "/sima/getfile?tsquery=" + query, "http:///x?tsquery=" + query, "http://[::1?tsquery=" + query, "?data=" + base,
		"http://127.0.0.1?tsquery=" + query, // nothing that could be signed
	} {
		if code, err := phone.Scan(text); !errors.Is(err, democa.ErrCode) {
			t.Errorf("%.60q: %+v, %v", text, code, err)
		}
	}
}

// What keeps a telephone from answering, and that nothing was asked or sent
// when it can know that beforehand.
func TestPhoneDeclines(t *testing.T) {
	a := newAsking(t)
	phone, rsaPhone, _ := telephones(t)
	early := func(c *esign.SIMAContract) { c.NotBefore = time.Now().Add(10 * time.Second) }
	late := func(c *esign.SIMAContract) { c.Expires = time.Now().Add(-time.Second) }
	somebody := func(c *esign.SIMAContract) { c.Assignee = []customs.PIN{"1111111"} }
	elsewhere := func(c *esign.SIMAContract) { c.Client.Callback = "http://127.0.0.1:1/callback" }
	nowhere := func(c *esign.SIMAContract) { c.Client.Callback = "http://[::1" }
	for what, tt := range map[string]struct {
		phone  *democa.Phone
		change func(*esign.SIMAContract)
		fetch  http.HandlerFunc
		status string
		want   error // nil: any
		asked  bool
	}{
		"too early":         {phone: phone, change: early, want: democa.ErrTime},
		"too late":          {phone: phone, change: late, want: democa.ErrTime},
		"for somebody else": {phone: phone, change: somebody, want: democa.ErrAssignee},
		"an RSA key":        {phone: rsaPhone, want: democa.ErrKey},
		"no such challenge": {phone: phone, fetch: http.NotFound, want: democa.ErrAnswered, asked: true},
		"nothing to sign":   {phone: phone, fetch: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"data":""}`) }, want: democa.ErrAnswered, asked: true},
		"no base64":         {phone: phone, fetch: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"data":"?"}`) }, want: democa.ErrAnswered, asked: true},
		"no JSON":           {phone: phone, fetch: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `<html>`) }, asked: true},
		"not accepted":      {phone: phone, status: "error", want: democa.ErrAnswered, asked: true},
		"nobody there":      {phone: phone, change: elsewhere, asked: true},
		"no address":        {phone: phone, change: nowhere, want: democa.ErrCode, asked: true},
	} {
		a.fetch, a.status, a.fetched, a.answered = tt.fetch, "success", 0, nil
		if tt.status != "" {
			a.status = tt.status
		}
		change := tt.change
		if change == nil {
			change = func(*esign.SIMAContract) {}
		}
		code, err := phone.Scan(a.code(change))
		if err != nil {
			t.Fatal(what, err)
		}
		err = tt.phone.Confirm(t.Context(), code)
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || (a.fetched > 0) != tt.asked || tt.status == "" && a.answered != nil {
			t.Errorf("%s: %v, fetched %d times, answered %v", what, err, a.fetched, a.answered)
		}
	}
}
