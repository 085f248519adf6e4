package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rsc.io/qr"

	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
	"customs.gov.az/portal/handlers"
)

var simaKey = []byte("the master key of these tests")

// simaSite is a site that offers SİMA İmza.
func simaSite(t *testing.T, edit ...func(*handlers.Options)) *site {
	t.Helper()
	return newSite(t, append([]func(*handlers.Options){withSIMA}, edit...)...)
}

func withSIMA(o *handlers.Options) {
	o.SIMA = &handlers.SIMA{
		MasterKey: simaKey, Client: esign.SIMAClient{ID: 7, Name: "DGK", IconURI: "https://portal.example/icon.svg"},
		Version: "1.3", Path: "/sima", Link: "sima://web-to-app?data=", Life: 3 * time.Minute,
		DataSignature: esign.DataSignatureRequired,
	}
}

func (s *site) phone(name string) *democa.Phone {
	s.Helper()
	pair, err := democa.Load(s.demo, name)
	s.must(err)
	return &democa.Phone{Pair: *pair, MasterKey: simaKey}
}

// askCode asks for a code, for somebody or for anyone, and reads its text as
// the link for the same device carries it.
func (b *browser) askCode(pin string) string {
	b.Helper()
	b.want(b.post("/sign-in/sima", "pin", pin), http.StatusSeeOther)
	page := b.want(b.get("/sign-in/sima"), http.StatusOK).body
	for _, a := range elements(page, "a") {
		for _, at := range a.Attr {
			if text, ok := strings.CutPrefix(at.Val, "sima://web-to-app?data="); ok && at.Key == "href" {
				return text
			}
		}
	}
	b.Fatalf("no link for the same device\n%s", words(page))
	return ""
}

func (s *site) scan(p *democa.Phone, text string) democa.Code {
	s.Helper()
	code, err := p.Scan(text)
	s.must(err)
	return code
}

// The text to sign comes under the name that AzInTelecom's own service gives it.
func TestSIMATextHasItsName(t *testing.T) {
	s := simaSite(t)
	phone := s.phone("aysel")
	address := s.scan(phone, s.browser().askCode("")).Address
	a := s.phoneRequest(http.MethodGet, address, nil, func(r *http.Request) { s.must(phone.Sign(r, target(address))) })
	var file struct{ Filename, Data string }
	s.must(json.Unmarshal([]byte(a.body), &file))
	if a.StatusCode != http.StatusOK || file.Filename != "challange" || file.Data == "" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestSIMASignIn(t *testing.T) {
	s := simaSite(t)
	for _, name := range []string{"aysel", "leyla"} { // P-256 and P-384
		b, phone := s.browser(), s.phone(name)
		text := b.askCode("")
		s.must(phone.Confirm(t.Context(), s.scan(phone, text)))
		if to := b.want(b.get("/sign-in/sima"), http.StatusSeeOther).to(); to != "/goods" {
			t.Errorf("%s: to %q", name, to)
		}
		page := words(b.want(b.get("/goods"), http.StatusOK).body)
		if !strings.Contains(page, string(person(t, name).VOENs[0])) || !strings.Contains(page, "ilk dəfə") {
			t.Errorf("%s: %s", name, page)
		}
		if b.want(b.get("/sign-in/sima"), http.StatusOK); look[int](s, `select count(*) from sima_operation where finished_at is not null`) == 0 {
			t.Error("the operation is not finished")
		}
	}
	if got := look[int](s, `select count(*) from sign_in_attempt where method = 'sima' and outcome = 'signed_in' and serial <> ''`); got != 2 {
		t.Errorf("%d attempts are recorded", got)
	}
}

// TestSIMACode is what a telephone sees: the whole contract, ours, in the QR
// code as in the link.
func TestSIMACode(t *testing.T) {
	s := simaSite(t)
	b, phone := s.browser(), s.phone("aysel")
	text := b.askCode("5a7km2l")
	code := s.scan(phone, text)
	c := code.Contract
	life := c.Expires.Sub(c.NotBefore)
	if len(c.Assignee) != 1 || c.Assignee[0] != "5A7KM2L" || life != 3*time.Minute || c.Client.Name != "DGK" ||
		c.Client.Callback != b.base+"/sima/Home/Callback" || !strings.HasPrefix(c.DataURI, b.base+"/sima/Home/GetFileByOperationId/?operationId=") {
		t.Errorf("%+v", c)
	}
	page := b.get("/sign-in/sima").body
	drawn, err := png.Decode(strings.NewReader(b.want(b.get(attribute(page, "img", "width", "src")), http.StatusOK).body))
	s.must(err)
	want, err := qr.Encode(text, qr.Q)
	s.must(err)
	scale := drawn.Bounds().Dx() / (want.Size + 8)
	for y := range want.Size {
		for x := range want.Size {
			gray, _, _, _ := drawn.At((x+4)*scale+scale/2, (y+4)*scale+scale/2).RGBA()
			if (gray == 0) != want.Black(x, y) {
				t.Fatalf("the code differs at %d, %d", x, y)
			}
		}
	}
	for _, want := range []string{"başqasının göndərdiyi", "5A7KM2L"} {
		if !strings.Contains(strings.ToLower(words(page)), strings.ToLower(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if !strings.Contains(page, `<noscript><meta http-equiv="refresh" content="5"></noscript>`) || strings.Contains(page, "<script>") {
		t.Error("without JavaScript the page must ask again by itself")
	}
}

// TestSIMAByDataURI goes the way of protocols that name the data's address.
func TestSIMAByDataURI(t *testing.T) {
	s := simaSite(t)
	b, phone := s.browser(), s.phone("aysel")
	c := s.scan(phone, b.askCode(""))
	first, err := phone.Fetch(t.Context(), c.Contract.DataURI)
	s.must(err)
	again, err := phone.Fetch(t.Context(), c.Address)
	s.must(err)
	if !bytes.Equal(first, again) || len(first) != 32 {
		t.Error("the challenge changed between two requests")
	}
}

// TestSIMAProblems: what the browser says when the person cannot sign in. The
// telephone only learns that it failed.
func TestSIMAProblems(t *testing.T) {
	s := simaSite(t)
	for name, want := range map[string]string{
		"expired": "etibarlılıq müddəti bitib", "notyet": "hələ başlamayıb", "stranger": "mərkəz tanınmadı",
		"purpose": "nəzərdə tutulmayıb", "twice": "bir neçə dəfə yazılıb", "novoen": "VÖEN göstərilməyib",
	} {
		t.Run(name, func(t *testing.T) {
			b, phone := s.browser(), s.phone(name)
			err := phone.Confirm(t.Context(), s.scan(phone, b.askCode("")))
			if (err == nil) != (name == "novoen") { // whom a citizen represents is asked afterwards
				t.Errorf("the telephone: %v", err)
			}
			if page := words(b.want(b.get("/sign-in/sima"), http.StatusUnprocessableEntity).body); !strings.Contains(page, want) {
				t.Errorf("the page does not say %q: %s", want, page)
			}
			if b.want(b.get("/goods"), http.StatusSeeOther).to() == "" {
				t.Error("signed in")
			}
		})
	}
}

func TestSIMAWrongPerson(t *testing.T) {
	s := simaSite(t)
	b := s.browser()
	if page := words(b.want(b.post("/sign-in/sima", "pin", "<b>"), http.StatusUnprocessableEntity).body); !strings.Contains(page, "FİN oxunmadı") {
		t.Error(page)
	}
	phone := s.phone("leyla")
	c := s.scan(phone, b.askCode("5A7KM2L"))
	if err := phone.Confirm(t.Context(), c); !errors.Is(err, democa.ErrAssignee) {
		t.Errorf("an honest telephone: %v", err)
	}
	c.Contract.Assignee = nil // a telephone that does not look
	if err := phone.Confirm(t.Context(), c); !errors.Is(err, democa.ErrAnswered) {
		t.Errorf("a careless telephone: %v", err)
	}
	if page := words(b.want(b.get("/sign-in/sima"), http.StatusUnprocessableEntity).body); !strings.Contains(page, "başqa şəxs") {
		t.Error(page)
	}
}

// TestSIMAStaysWithItsBrowser: nobody else sees, draws, cancels or finishes.
func TestSIMAStaysWithItsBrowser(t *testing.T) {
	s := simaSite(t)
	b, other, phone := s.browser(), s.browser(), s.phone("aysel")
	text := b.askCode("")
	image := attribute(b.get("/sign-in/sima").body, "img", "width", "src")
	other.want(other.get(image), http.StatusNotFound)
	other.want(other.get("/sign-in/sima/events"), http.StatusNoContent)
	other.want(other.post("/sign-in/sima", "cancel", "1"), http.StatusSeeOther)
	s.must(phone.Confirm(t.Context(), s.scan(phone, text)))
	if other.want(other.get("/sign-in/sima"), http.StatusOK); other.want(other.get("/goods"), http.StatusSeeOther).to() == "/goods" {
		t.Error("another browser is signed in")
	}
	// A cookie that was read before the code was asked for is worth nothing
	// either: asking gives the browser a new secret.
	planted := s.browser()
	planted.get("/sign-in/file")
	victim := s.browser().withCookie(planted.cookies()["portal"])
	text = victim.askCode("")
	s.must(phone.Confirm(t.Context(), s.scan(phone, text)))
	planted.want(planted.get("/sign-in/sima"), http.StatusOK)
	victim.want(victim.get("/sign-in/sima"), http.StatusSeeOther)
}

func TestSIMACancel(t *testing.T) {
	s := simaSite(t)
	b, phone := s.browser(), s.phone("aysel")
	c := s.scan(phone, b.askCode(""))
	b.want(b.post("/sign-in/sima", "cancel", "1"), http.StatusSeeOther)
	if err := phone.Confirm(t.Context(), c); !errors.Is(err, democa.ErrAnswered) {
		t.Errorf("after the end: %v", err)
	}
	if page := words(b.want(b.get("/sign-in/sima"), http.StatusUnprocessableEntity).body); !strings.Contains(page, "ləğv edilib") {
		t.Error(page)
	}
	b.want(b.get("/sign-in/sima"), http.StatusOK) // said once, then a new one may be asked for
}

func TestSIMAExpires(t *testing.T) {
	s := simaSite(t)
	b, phone := s.browser(), s.phone("aysel")
	c := s.scan(phone, b.askCode(""))
	challenge, err := phone.Fetch(t.Context(), c.Address)
	s.must(err)
	s.sql(`update sima_operation set created_at = now() - interval '4 minutes', expires_at = now() - interval '1 second'`)
	body, err := phone.Answer(c.Contract.OperationID, challenge)
	s.must(err)
	if err := phone.Post(t.Context(), c.Contract.Client.Callback, body); !errors.Is(err, democa.ErrAnswered) {
		t.Errorf("too late: %v", err)
	}
	if _, err := phone.Fetch(t.Context(), c.Address); !errors.Is(err, democa.ErrAnswered) {
		t.Errorf("too late: %v", err)
	}
	if page := words(b.want(b.get("/sign-in/sima"), http.StatusUnprocessableEntity).body); !strings.Contains(page, "müddəti bitib") {
		t.Error(page)
	}
}

// TestSIMAEvents: the page hears that its code was read and then confirmed,
// and nothing more.
func TestSIMAEvents(t *testing.T) {
	s := simaSite(t)
	s.listenToChanges()
	b, phone := s.browser(), s.phone("aysel")
	c := s.scan(phone, b.askCode(""))
	hear := func() <-chan string {
		text := make(chan string, 1)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/sign-in/sima/events", nil)
		s.must(err)
		response, err := b.client.Do(r)
		s.must(err)
		go func() {
			defer response.Body.Close()
			all, _ := io.ReadAll(response.Body) // ends with the event
			text <- string(all)
		}()
		return text
	}
	read := hear()
	challenge, err := phone.Fetch(t.Context(), c.Address)
	s.must(err)
	wait(t, read, "event: look\n")
	confirmed := hear()
	body, err := phone.Answer(c.Contract.OperationID, challenge)
	s.must(err)
	s.must(phone.Post(t.Context(), c.Contract.Client.Callback, body))
	wait(t, confirmed, "event: look\n")
}

func wait(t *testing.T, text <-chan string, want string) {
	t.Helper()
	select {
	case got := <-text:
		if !strings.Contains(got, want) || strings.Contains(got, "1499000151") {
			t.Errorf("heard %q", got)
		}
	case <-time.After(patience):
		t.Fatal("nothing was heard")
	}
}

// TestSIMARace: two answers at once end in one session and two good answers.
func TestSIMARace(t *testing.T) {
	s := simaSite(t)
	b, phone := s.browser(), s.phone("aysel")
	c := s.scan(phone, b.askCode(""))
	challenge, err := phone.Fetch(t.Context(), c.Address)
	s.must(err)
	var g sync.WaitGroup
	problems := make(chan error, 8)
	for range cap(problems) {
		body, err := phone.Answer(c.Contract.OperationID, challenge)
		s.must(err)
		g.Go(func() { problems <- phone.Post(context.WithoutCancel(t.Context()), c.Contract.Client.Callback, body) })
	}
	g.Wait()
	close(problems)
	for err := range problems {
		s.must(err)
	}
	statuses := make(chan int, 4)
	for range cap(statuses) {
		g.Go(func() { statuses <- b.get("/sign-in/sima").StatusCode })
	}
	g.Wait()
	if got := look[int](s, `select count(*) from session where ended_at is null`); got != 1 {
		t.Errorf("%d sessions", got)
	}
}

func TestSIMAOff(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	for _, path := range []string{"/sign-in/sima", "/sign-in/sima/qr.png", "/sima/Home/GetFile/?tsquery=e30="} {
		b.want(b.get(path), http.StatusNotFound)
	}
	b.want(b.post("/sign-in/sima"), http.StatusNotFound)
	if strings.Contains(b.get("/").body, "/sign-in/sima") {
		t.Error("it is offered")
	}
}

// phoneRequest is a request of a telephone that a test has the last word on.
func (s *site) phoneRequest(method, address string, body []byte, signed func(*http.Request)) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, address, bytes.NewReader(body))
	s.must(err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	signed(r)
	b := s.browser()
	response, err := b.client.Do(r)
	s.must(err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	s.must(err)
	return answer{response, string(content)}
}

// failed fails unless the telephone was told that it failed, and nothing else.
func (s *site) failed(a answer) {
	s.Helper()
	if a.StatusCode < 400 || strings.TrimSpace(a.body) != `{"status":"failed"}` {
		s.Errorf("status %d: %s", a.StatusCode, a.body)
	}
}

func target(address string) []byte {
	u, err := url.Parse(address)
	if err != nil {
		panic(err) // made by the test
	}
	return []byte(u.EscapedPath() + "?" + u.RawQuery)
}
