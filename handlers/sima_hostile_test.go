package handlers_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/handlers"
)

// open says that the operation of this test is still as it was issued.
func (s *site) untouched() {
	s.Helper()
	if n := look[int](s, `select count(*) from sima_operation where fetched_at is not null or answered_at is not null`); n != 0 {
		s.Errorf("%d operations have moved on", n)
	}
}

// TestSIMAFileHostile changes one thing at a time in the request for the
// challenge. The telephone learns nothing and the operation stays as it was.
func TestSIMAFileHostile(t *testing.T) {
	s := simaSite(t)
	b, phone := s.browser(), s.phone("aysel")
	good := s.scan(phone, b.askCode("")).Address
	query := good[strings.Index(good, "tsquery=")+8:]
	signed := func(address string) func(*http.Request) {
		return func(r *http.Request) { s.must(phone.Sign(r, target(address))) }
	}
	tampered := func(f func(string) string) string {
		json, err := base64.StdEncoding.DecodeString(query)
		s.must(err)
		return strings.Replace(good, query, base64.StdEncoding.EncodeToString([]byte(f(string(json)))), 1)
	}
	for name, address := range map[string]string{
		"another callback":   tampered(func(j string) string { return strings.Replace(j, "/Home/Callback", "/Home/Callbacc", 1) }),
		"a longer life":      tampered(func(j string) string { return strings.Replace(j, `"ExpUTC":`, `"ExpUTC":1`, 1) }),
		"white space":        tampered(func(j string) string { return j + " " }),
		"padding left out":   strings.TrimRight(good, "=") + "A",
		"escaped":            strings.Replace(good, query, strings.NewReplacer("e", "%65").Replace(query), 1),
		"one more parameter": good + "&x=1",
		"before it":          strings.Replace(good, "?tsquery=", "?x=1&tsquery=", 1),
		"twice":              good + "&tsquery=" + query,
		"in capitals":        strings.Replace(good, "tsquery", "TsQuery", 1),
		"no query":           before(good, "?"),
		"empty":              before(good, "=") + "=",
		"unknown operation":  b.base + "/sima/Home/GetFileByOperationId/?operationId=0d4f5c1e-6b1c-4b52-9e31-0a6a6f3f2b11",
		"no operation":       b.base + "/sima/Home/GetFileByOperationId/?operationId=%27",
	} {
		t.Run(name, func(t *testing.T) {
			(&site{TB: t, options: s.options, demo: s.demo}).failed(s.phoneRequest(http.MethodGet, address, nil, signed(address)))
		})
	}
	for _, path := range []string{"/sima/Home%2FGetFile/?tsquery=", "/sima//Home/GetFile/?tsquery=", "/sima/Home/GetFile?tsquery=", "/sima/HOME/GetFile/?tsquery="} {
		if a := s.phoneRequest(http.MethodGet, b.base+path+query, nil, signed(b.base+path+query)); a.StatusCode == http.StatusOK {
			t.Errorf("%s: accepted", path)
		}
	}
	s.untouched()
}

// TestSIMAHeadersHostile goes through the wire: what a server makes of headers
// is part of the check.
func TestSIMAHeadersHostile(t *testing.T) {
	s := simaSite(t)
	b, phone, other := s.browser(), s.phone("aysel"), s.phone("leyla")
	address := s.scan(phone, b.askCode("")).Address
	for name, edit := range map[string]func(*http.Request){
		"unsigned":          func(*http.Request) {},
		"certificate twice": func(r *http.Request) { r.Header.Add(esign.SIMACertHeader, r.Header.Get(esign.SIMACertHeader)) },
		"another's, twice": func(r *http.Request) {
			r.Header.Add(esign.SIMACertHeader, base64.StdEncoding.EncodeToString(other.Certificate.Raw))
		},
		"signature twice": func(r *http.Request) { r.Header.Add(esign.SIMASignHeader, r.Header.Get(esign.SIMASignHeader)) },
		"another's": func(r *http.Request) {
			r.Header.Set(esign.SIMACertHeader, base64.StdEncoding.EncodeToString(other.Certificate.Raw))
		},
		"no algorithm":       func(r *http.Request) { r.Header.Del(esign.SIMAAlgHeader) },
		"signed for another": func(r *http.Request) { s.must(phone.Sign(r, []byte("/sima/Home/GetFile/?tsquery="))) },
		"base64 for URLs": func(r *http.Request) {
			// Not every signature holds + or /: one letter of the other alphabet is made sure of.
			r.Header.Set(esign.SIMASignHeader, "-"+r.Header.Get(esign.SIMASignHeader)[1:])
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.failed(s.phoneRequest(http.MethodGet, address, nil, func(r *http.Request) {
				if name != "unsigned" {
					s.must(phone.Sign(r, target(address)))
				}
				edit(r)
			}))
		})
	}
	s.untouched()
}

// TestSIMACallbackHostile changes one thing at a time in the answer.
func TestSIMACallbackHostile(t *testing.T) {
	s := simaSite(t)
	b, phone, other := s.browser(), s.phone("aysel"), s.phone("leyla")
	c := s.scan(phone, b.askCode(""))
	challenge, err := phone.Fetch(t.Context(), c.Address)
	s.must(err)
	body, err := phone.Answer(c.Contract.OperationID, challenge)
	s.must(err)
	done := c.Contract.Client.Callback
	replace := func(old, other string) []byte { return bytes.Replace(body, []byte(old), []byte(other), 1) }
	second := s.scan(phone, s.browser().askCode("")).Contract.OperationID // never fetched
	for name, hostile := range map[string][]byte{
		"another type":      replace(`"Auth"`, `"Sign"`),
		"another operation": replace(c.Contract.OperationID, second),
		"unknown operation": replace(c.Contract.OperationID, "0d4f5c1e-6b1c-4b52-9e31-0a6a6f3f2b11"),
		"in capitals":       replace(c.Contract.OperationID, strings.ToUpper(c.Contract.OperationID)),
		"in braces":         replace(c.Contract.OperationID, "{"+c.Contract.OperationID+"}"),
		"type twice":        replace(`{`, `{"Type":"Auth",`),
		"an array":          append([]byte("["), append(bytes.Clone(body), ']')...),
		"nothing":           nil,
		"too long":          append(bytes.Repeat([]byte(" "), esign.MaxCallback), body...),
	} {
		t.Run(name, func(t *testing.T) {
			s.failed(s.phoneRequest(http.MethodPost, done, hostile, func(r *http.Request) { s.must(phone.Sign(r, hostile)) }))
		})
	}
	for name, edit := range map[string]func(*http.Request){
		"a body changed afterwards": func(r *http.Request) { s.must(phone.Sign(r, append(bytes.Clone(body), ' '))) },
		"another certificate":       func(r *http.Request) { s.must(other.Sign(r, body)) },
		"a form": func(r *http.Request) {
			s.must(phone.Sign(r, body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		},
		"no type of content": func(r *http.Request) { s.must(phone.Sign(r, body)); r.Header.Del("Content-Type") },
	} {
		t.Run(name, func(t *testing.T) { s.failed(s.phoneRequest(http.MethodPost, done, body, edit)) })
	}
	if n := look[int](s, `select count(*) from sima_operation where answered_at is not null`); n != 0 {
		t.Fatalf("%d operations are answered", n)
	}
	// Members that we do not know are part of what is signed and nothing else.
	more := append(bytes.TrimSuffix(bytes.Clone(body), []byte("}")), `,"version":"1.3","Extra":{"Type":"Sign"}}`...)
	s.must(phone.Post(t.Context(), done, more))
	// Said again, by the same certificate: the same answer. By another: nothing.
	s.must(phone.Post(t.Context(), done, body))
	foreign, err := other.Answer(c.Contract.OperationID, challenge)
	s.must(err)
	s.failed(s.phoneRequest(http.MethodPost, done, foreign, func(r *http.Request) { s.must(other.Sign(r, foreign)) }))
	if !strings.Contains(s.log.String(), "another certificate") {
		t.Error("the attempt with another certificate is not in the log")
	}
	b.want(b.get("/sign-in/sima"), http.StatusSeeOther)
	s.must(phone.Post(t.Context(), done, body)) // still the same answer, and no second session
	if n := look[int](s, `select count(*) from session`); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// TestSIMADataSignature: a challenge that is not signed ends the operation.
func TestSIMADataSignature(t *testing.T) {
	s := simaSite(t)
	b, phone := s.browser(), s.phone("aysel")
	c := s.scan(phone, b.askCode(""))
	_, err := phone.Fetch(t.Context(), c.Address)
	s.must(err)
	body, err := phone.Answer(c.Contract.OperationID, []byte("something else altogether, 32 bytes"))
	s.must(err)
	s.failed(s.phoneRequest(http.MethodPost, c.Contract.Client.Callback, body, func(r *http.Request) { s.must(phone.Sign(r, body)) }))
	if page := words(b.want(b.get("/sign-in/sima"), http.StatusUnprocessableEntity).body); !strings.Contains(page, "İmza yoxlamadan keçmədi") {
		t.Error(page)
	}
}

// TestSIMASecondPhone: the first certificate that reads a code is the only one
// that can go on.
func TestSIMASecondPhone(t *testing.T) {
	s := simaSite(t)
	b, first, second := s.browser(), s.phone("aysel"), s.phone("leyla")
	c := s.scan(first, b.askCode(""))
	_, err := first.Fetch(t.Context(), c.Address)
	s.must(err)
	s.failed(s.phoneRequest(http.MethodGet, c.Address, nil, func(r *http.Request) { s.must(second.Sign(r, target(c.Address))) }))
	s.must(first.Confirm(t.Context(), c))
	b.want(b.get("/sign-in/sima"), http.StatusSeeOther)
	if page := words(b.get("/goods").body); !strings.Contains(page, "1499000151") {
		t.Error("not the first one's goods")
	}
}

// TestSIMARates: requests about one operation are counted by operation, whoever
// sends them.
func TestSIMARates(t *testing.T) {
	s := simaSite(t, func(o *handlers.Options) { o.Rates.Operation = db.Rate{Every: time.Hour, Burst: 3} })
	b, phone := s.browser(), s.phone("aysel")
	c := s.scan(phone, b.askCode(""))
	for range 3 {
		_, err := phone.Fetch(t.Context(), c.Address)
		s.must(err)
	}
	if _, err := phone.Fetch(t.Context(), c.Address); err == nil {
		t.Error("a fourth request is answered")
	}
}

func TestPhoneStatusHoldsNoDetail(t *testing.T) {
	s := simaSite(t)
	phone := s.phone("expired")
	c := s.scan(phone, s.browser().askCode(""))
	a := s.phoneRequest(http.MethodGet, c.Address, nil, func(r *http.Request) { s.must(phone.Sign(r, target(c.Address))) })
	s.failed(a)
	for _, secret := range []string{"Babayev", "2V3BJ8F", "1499000151"} {
		if strings.Contains(s.log.String(), secret) || strings.Contains(a.body, secret) {
			t.Errorf("%s is told", secret)
		}
	}
	if n := look[int](s, `select count(*) from sign_in_attempt where method = 'sima' and outcome = 'expired' and issuer = 'business' and serial <> ''`); n != 1 {
		t.Errorf("%d attempts are recorded", n)
	}
}

// before is the part of a text before a mark that it holds.
func before(text, mark string) string {
	head, _, _ := strings.Cut(text, mark)
	return head
}
