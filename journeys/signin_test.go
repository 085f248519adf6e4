package journeys_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/network"
)

// as signs a person in with a signed file and opens their list. What that looks
// like is seen in the journeys of signing in; elsewhere the file goes to the
// portal by itself, which saves two pages, and the window gets the cookies.
func (v *visitor) as(person string) *visitor {
	v.Helper()
	jar, err := cookiejar.New(nil)
	must(v.T, err)
	client := &http.Client{Jar: jar, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	portal := url.URL{Scheme: "http", Host: v.w.portal.addr, Path: "/sign-in/file"}

	answer, err := client.Get(portal.String() + "/challenge")
	must(v.T, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(v.T, err)
	file := filepath.Join(v.TempDir(), "text")
	must(v.T, os.WriteFile(file, text, 0o600))
	signature, err := os.ReadFile(v.sign(person, file, "-outform", "DER"))
	must(v.T, err)

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("signature", "signed")
	must(v.T, err)
	_, err = part.Write(signature)
	must(v.T, err)
	must(v.T, form.Close())
	answer, err = client.Post(portal.String(), form.FormDataContentType(), &body)
	must(v.T, err)
	must(v.T, answer.Body.Close())
	if to := answer.Header.Get("Location"); to != "/goods" {
		v.Fatalf("%s is not signed in: status %d to %q", person, answer.StatusCode, to)
	}
	for _, c := range jar.Cookies(&portal) {
		command(v, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: portal.String(), HTTPOnly: new(true), SameSite: network.CookieSameSiteLax})
	}
	v.open("/goods")
	v.wantAt("/goods")
	return v
}
