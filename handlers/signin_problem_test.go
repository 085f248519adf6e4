package handlers_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"strings"
	"testing"

	"customs.gov.az/portal/esign"
)

// failure is one way in which signing in by file does not work.
type failure struct {
	problem string // whose words the page shows
	status  int
	try     func(b *browser) answer
}

// signedBy fails because of whose signature it is.
func signedBy(name string) func(*browser) answer {
	return func(b *browser) answer { return b.upload(b.sign(name, b.challenge("/sign-in/file"))) }
}

// sent fails because of what stands in the request, whatever it is.
func sent(contentType, body string) func(*browser) answer {
	return func(b *browser) answer {
		return b.do(http.MethodPost, "/sign-in/file", strings.NewReader(body), "Content-Type", contentType)
	}
}

func failures() map[string]failure {
	return map[string]failure{
		"expired":            {"expired", 422, signedBy("expired")},
		"not yet valid":      {"not_yet_valid", 422, signedBy("notyet")},
		"unknown issuer":     {"issuer_not_trusted", 422, signedBy("stranger")},
		"wrong purpose":      {"wrong_purpose", 422, signedBy("purpose")},
		"no VÖEN":            {"no_voen", 422, signedBy("novoen")},
		"two PINs":           {"attribute_twice", 422, signedBy("twice")},
		"used":               {"challenge_used", 422, uploadTwice},
		"tried too often":    {"challenge_spent", 422, uploadSpent},
		"expired challenge":  {"challenge_expired", 422, uploadLate},
		"another browser's":  {"challenge_other_browser", 422, uploadAnothers},
		"no cookie at all":   {"challenge_other_browser", 422, uploadWithoutCookie},
		"something else":     {"challenge_unknown", 422, uploadSomethingElse},
		"changed text":       {"challenge_unknown", 422, uploadChanged},
		"two signers":        {"several_signers", 422, uploadTwoSigners},
		"the text itself":    {"not_a_signature", 422, func(b *browser) answer { return b.upload(b.challenge("/sign-in/file")) }},
		"random bytes":       {"not_a_signature", 422, func(b *browser) answer { return b.upload(random(1000)) }},
		"largest size":       {"not_a_signature", 422, func(b *browser) answer { return b.upload(random(esign.MaxSignature)) }},
		"one byte too large": {"too_large", 413, func(b *browser) answer { return b.upload(random(esign.MaxSignature + 1)) }},
		"10 MB":              {"too_large", 413, func(b *browser) answer { return b.upload(random(10 << 20)) }},
		"no file":            {"file_missing", 422, func(b *browser) answer { return b.upload(nil) }},
		"empty file":         {"file_missing", 422, func(b *browser) answer { return b.upload([]byte{}) }},
		"two files":          {"several_files", 422, uploadTwoFiles},
		"ordinary form":      {"file_missing", 422, sent("application/x-www-form-urlencoded", "signature=x")},
		"plain text":         {"file_missing", 422, sent("text/plain", "x")},
		"no boundary":        {"file_missing", 422, sent("multipart/form-data", "x")},
		"no such boundary":   {"file_missing", 422, sent("multipart/form-data; boundary=a", "--b\r\n\r\nx\r\n--b--")},
		"cut off": {"file_missing", 422, sent("multipart/form-data; boundary=a",
			"--a\r\nContent-Disposition: form-data; name=\"signature\"; filename=\"x\"\r\n\r\nhal")},
	}
}

func uploadTwice(b *browser) answer {
	file := b.sign("aysel", b.challenge("/sign-in/file"))
	b.want(b.upload(file), http.StatusSeeOther)
	b.want(b.post("/sign-out"), http.StatusSeeOther)
	return b.upload(file)
}

func uploadSpent(b *browser) answer {
	file := b.sign("expired", b.challenge("/sign-in/file"))
	for range 5 { // signatures that do not hold use a text up
		if a := b.want(b.upload(file), http.StatusUnprocessableEntity); strings.Contains(words(a.body), b.options.Catalogue.For("az").T("signin.problem.challenge_spent.title")) {
			b.Error("the text was used up early")
		}
	}
	return b.upload(file)
}

func uploadLate(b *browser) answer {
	file := b.sign("aysel", b.challenge("/sign-in/file"))
	b.sql(`update challenge set expires_at = now() - interval '1 second'`)
	return b.upload(file)
}

func uploadAnothers(b *browser) answer {
	stolen := b.sign("aysel", b.browser().challenge("/sign-in/file"))
	b.challenge("/sign-in/file")
	return b.upload(stolen)
}

func uploadWithoutCookie(b *browser) answer {
	file := b.sign("aysel", b.challenge("/sign-in/file"))
	a := b.do(http.MethodGet, "/", nil)
	bare := b.browser()
	if strings.Contains(a.body, `lang="en"`) && b.cookies()["lang"] == "en" {
		bare.english()
	}
	return bare.upload(file)
}

func uploadSomethingElse(b *browser) answer {
	b.challenge("/sign-in/file")
	return b.upload(b.sign("aysel", []byte("a contract about tea\r\n"), "-binary", "-nodetach", "-outform", "DER"))
}

func uploadChanged(b *browser) answer {
	text := b.challenge("/sign-in/file")
	return b.upload(b.sign("aysel", append(text, "and one more line\r\n"...)))
}

func uploadTwoSigners(b *browser) answer {
	people := b.demo + "/people/"
	return b.upload(b.sign("aysel", b.challenge("/sign-in/file"), "-binary", "-outform", "DER",
		"-signer", people+"leyla.pem", "-inkey", people+"leyla.key"))
}

func uploadTwoFiles(b *browser) answer {
	file := b.sign("aysel", b.challenge("/sign-in/file"), "-binary", "-outform", "PEM")
	part := "--a\r\nContent-Disposition: form-data; name=\"signature\"; filename=\"x.pem\"\r\n\r\n" + string(file) + "\r\n"
	return sent("multipart/form-data; boundary=a", part+part+"--a--\r\n")(b)
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	b[0] = 'x' // neither a form of CMS nor text before one
	return b
}

// Every failure has its own words in the reader's language, keeps the form
// and signs nobody in.
func TestSignInByFileFailures(t *testing.T) {
	s := newEmptySite(t)
	for name, f := range failures() {
		for _, lang := range []string{"az", "en"} {
			t.Run(name+" "+lang, func(t *testing.T) {
				b := s.browser()
				if lang == "en" {
					b.english()
				}
				a := f.try(b)
				b.want(a, f.status)
				l := s.options.Catalogue.For(lang)
				page := words(a.body)
				for _, part := range []string{"title", "text", "next"} {
					if want := l.T("signin.problem." + f.problem + "." + part); !strings.Contains(page, want) {
						t.Errorf("the page does not say %q:\n%s", want, page)
					}
				}
				if a.Header.Get("X-Request-ID") == "" || !strings.Contains(a.body, a.Header.Get("X-Request-ID")) {
					t.Error("the page does not show the request's number")
				}
				if attribute(a.body, "a", "download", "href") == "" || attribute(a.body, "input", "name", "type") == "" {
					t.Error("the form is gone")
				}
				b.want(b.get("/goods"), http.StatusSeeOther)
			})
		}
	}
	if n := look[int](s, `select count(*) from session where ended_at is null`); n != 0 {
		t.Errorf("%d sessions began", n)
	}
}

// Who chose the wrong certificate need not download another text: the right
// signature over the same one still signs in, once.
func TestSignInAfterAMistake(t *testing.T) {
	s := newEmptySite(t)
	b := s.browser()
	text := b.challenge("/sign-in/file")
	for _, wrong := range []string{"expired", "stranger", "twice", "expired"} {
		b.want(b.upload(b.sign(wrong, text)), http.StatusUnprocessableEntity)
	}
	if a := s.browser().upload(b.sign("aysel", text)); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("another browser uses the text: %d", a.StatusCode)
	}
	b.want(b.upload(b.sign("aysel", text)), http.StatusSeeOther)
	b.want(b.upload(b.sign("aysel", text)), http.StatusUnprocessableEntity)
	if n := look[int](s, `select count(*) from session`); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// A file that is sent again after it signed somebody in was used: the browser
// has a new secret by then, but that is not what its reader must know.
func TestSignInTwiceWithOneFile(t *testing.T) {
	s := newEmptySite(t)
	b := s.browser()
	file := b.sign("aysel", b.challenge("/sign-in/file"))
	b.want(b.upload(file), http.StatusSeeOther)
	l := s.options.Catalogue.For("az")
	if a := b.want(b.upload(file), http.StatusUnprocessableEntity); !strings.Contains(words(a.body), l.T("signin.problem.challenge_used.title")) {
		t.Error(words(a.body))
	}
	if a := s.browser().upload(file); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("another browser, the same file: %d", a.StatusCode)
	}
	if n := look[int](s, `select count(*) from session`); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// Many uploads of one file at once: one signs in.
func TestSignInRace(t *testing.T) {
	s := newEmptySite(t)
	b := s.browser()
	file := b.sign("aysel", b.challenge("/sign-in/file"))
	cookie := b.cookies()["portal"]
	answers := make(chan int)
	const tries = 8
	for range tries {
		other := b.withCookie(cookie)
		go func() { answers <- other.upload(file).StatusCode }()
	}
	in := 0
	for range tries {
		if status := <-answers; status == http.StatusSeeOther {
			in++
		} else if status != http.StatusUnprocessableEntity {
			t.Errorf("status %d", status)
		}
	}
	if in != 1 {
		t.Errorf("%d of %d uploads signed in", in, tries)
	}
}

// A client that sends all of a large file before it reads, as browsers do,
// still gets its answer.
func TestLargeFileIsAnswered(t *testing.T) {
	s := newEmptySite(t)
	const head = "--a\r\nContent-Disposition: form-data; name=\"signature\"; filename=\"photo.jpg\"\r\n\r\n"
	body := head + strings.Repeat("x", 20<<20) + "\r\n--a--\r\n"
	var request bytes.Buffer
	_, _ = io.WriteString(&request, "POST /sign-in/file HTTP/1.1\r\nHost: HOST\r\nContent-Type: multipart/form-data; boundary=a\r\nConnection: close\r\n")
	_, _ = io.WriteString(&request, "Content-Length: "+itoa(len(body))+"\r\n\r\n"+body)
	a := s.raw(request.String())
	if a.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(words(a.body), s.options.Catalogue.For("az").T("signin.problem.too_large.title")) {
		t.Errorf("status %d", a.StatusCode)
	}
}
