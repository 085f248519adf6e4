package demoid

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const back = "https://portal.example/done"

// stand is a provider that is asked over HTTP as browsers and portals do.
type stand struct {
	*testing.T
	*Provider
	server *httptest.Server
	client *http.Client
}

func open(t *testing.T) *stand {
	t.Helper()
	s := &stand{T: t, server: httptest.NewServer(nil)}
	t.Cleanup(s.server.Close)
	p, err := New(Options{
		Issuer: s.server.URL, ClientID: "portal", ClientSecret: "s3cret", RedirectURL: back,
		People: []Person{
			{Name: "aysel", FullName: "Aysel <Məmmədova>", PIN: "5A7KM2L", Serial: "01", VOENs: []string{"1499000151"}, Company: `"Xəzər" MMC`, Note: "a & b"},
			{Name: "citizen", FullName: "Tural", PIN: "9T5NY3H"},
			{Name: "revoked", PIN: "5E7HR2W", Fails: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Provider, s.server.Config.Handler = p, p.Handler()
	s.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

const verifier = "a verifier that only the portal of this test knows"

// request is a right request for authorization; changes come in pairs, ""
// removes.
func request(changes ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {"portal"}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"openid"}, "state": {`"><script>`}, "nonce": {"n"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	return changed(q, changes)
}

func changed(q url.Values, pairs []string) url.Values {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

// choose posts a choice and returns where the browser is sent, nil: nowhere.
func (s *stand) choose(q, form url.Values) (int, url.Values) {
	s.Helper()
	r, err := s.client.PostForm(s.server.URL+"/grant-permission?"+q.Encode(), form)
	if err != nil {
		s.Fatal(err)
	}
	r.Body.Close()
	to, err := r.Location()
	if err != nil {
		return r.StatusCode, nil
	}
	if !strings.HasPrefix(to.String(), back+"?") {
		s.Errorf("sent to %s", to)
	}
	return r.StatusCode, to.Query()
}

func person(name, method string) url.Values {
	return url.Values{"person": {name}, "method": {method}}
}

// exchange asks for a token; changes come in pairs.
func (s *stand) exchange(code string, changes ...string) (int, map[string]any) {
	s.Helper()
	form := changed(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}, "client_id": {"portal"}, "client_secret": {"s3cret"}, "code_verifier": {verifier},
	}, changes)
	r, err := http.PostForm(s.server.URL+"/token", form)
	if err != nil {
		s.Fatal(err)
	}
	defer r.Body.Close()
	var said map[string]any
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
		s.Fatal(err)
	}
	if r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("Content-Type") != "application/json" {
		s.Errorf("headers %v", r.Header)
	}
	return r.StatusCode, said
}

func (s *stand) code(name, method string) string {
	s.Helper()
	_, q := s.choose(request(), person(name, method))
	if q.Get("code") == "" {
		s.Fatalf("no code: %v", q)
	}
	return q.Get("code")
}

// claims reads an ID token with the published keys, as anybody can.
func (s *stand) claims(said map[string]any) map[string]any {
	s.Helper()
	r, err := http.Get(s.server.URL + "/jwks")
	if err != nil {
		s.Fatal(err)
	}
	defer r.Body.Close()
	var keys jose.JSONWebKeySet
	if err := json.NewDecoder(r.Body).Decode(&keys); err != nil {
		s.Fatal(err)
	}
	if len(keys.Keys) != 1 || !keys.Keys[0].IsPublic() {
		s.Fatal("the private key is published, or none is")
	}
	raw, _ := said["id_token"].(string)
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		s.Fatal(err)
	}
	var claims map[string]any
	if err := token.Claims(keys.Keys[0].Key, &claims); err != nil {
		s.Fatal(err)
	}
	access, _ := said["access_token"].(string)
	hash := crypto.SHA256.New()
	hash.Write([]byte(access))
	if claims["at_hash"] != base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:16]) || access == "" {
		s.Errorf("at_hash %v", claims["at_hash"])
	}
	return claims
}

func TestClaims(t *testing.T) {
	s := open(t)
	status, said := s.exchange(s.code("aysel", "ASAN_IMZA"))
	if status != http.StatusOK || said["token_type"] != "Bearer" {
		t.Fatalf("%d %v", status, said)
	}
	c := s.claims(said)
	certificate, _ := c["certificate"].(map[string]any)
	if c["iss"] != s.Issuer || c["aud"] != "portal" || c["nonce"] != "n" || c["pin"] != "5A7KM2L" || c["name"] != "Aysel <Məmmədova>" ||
		certificate["method"] != "ASAN_IMZA" || certificate["serial"] != "01" || certificate["organisation"] != `"Xəzər" MMC` {
		t.Errorf("%v", c)
	}
	if tins, _ := certificate["tin"].([]any); len(tins) != 1 || tins[0] != "1499000151" {
		t.Errorf("%v", certificate)
	}
	if life, _ := c["exp"].(float64); time.Until(time.Unix(int64(life), 0)) > 5*time.Minute || c["sub"] == "" || strings.Contains(c["sub"].(string), "5A7KM2L") {
		t.Errorf("%v", c)
	}
	// A citizen has no company, and a password is no certificate.
	_, said = s.exchange(s.code("citizen", "SIMA_IMZA"))
	if citizen := s.claims(said); citizen["sub"] == c["sub"] || citizen["certificate"].(map[string]any)["tin"] != nil {
		t.Errorf("%v", citizen)
	}
	_, said = s.exchange(s.code("aysel", ""))
	if password := s.claims(said); password["certificate"] != nil || password["sub"] != c["sub"] {
		t.Errorf("%v", password)
	}
	// Whose certificate is no longer good is not let in, but by a password.
	if _, q := s.choose(request(), person("revoked", "ASAN_IMZA")); q.Get("error") != "access_denied" || q.Has("code") || q.Get("state") != `"><script>` {
		t.Errorf("%v", q)
	}
	s.code("revoked", "")
}

// A request that names another client or address is answered here, and nobody
// is sent anywhere by it.
func TestUnknownRequests(t *testing.T) {
	s := open(t)
	for _, change := range [][]string{
		{"client_id", "other"},
		{"client_id", ""},
		{"redirect_uri", "https://evil.example/"},
		{"redirect_uri", back + "/x"},
		{"redirect_uri", ""},
		{"response_type", "token"},
		{"state", ""},
		{"code_challenge", ""},
		{"code_challenge_method", "plain"},
		{"code_challenge_method", ""},
	} {
		q := request(change...)
		if status, to := s.choose(q, person("aysel", "ASAN_IMZA")); status != http.StatusBadRequest || to != nil {
			t.Errorf("%v: %d, sent to %v", change, status, to)
		}
		r, err := s.client.Get(s.server.URL + "/grant-permission?" + q.Encode())
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: the page is shown, %d", change, r.StatusCode)
		}
	}
	for what, form := range map[string]url.Values{
		"nobody": {}, "a stranger": person("kamran", "ASAN_IMZA"), "no such method": person("aysel", "PASSWORD"),
		"cancelled": {"person": {"aysel"}, "method": {"ASAN_IMZA"}, "cancel": {"1"}}, "a form without end": person(strings.Repeat("a", 20<<10), ""),
	} {
		if status, q := s.choose(request(), form); status != http.StatusSeeOther || q.Get("error") != "access_denied" || q.Has("code") {
			t.Errorf("%s: %d %v", what, status, q)
		}
	}
}

// A code is worth something once, to whom it was given, with all that it was
// bound to; a wrong try uses it up.
func TestCodes(t *testing.T) {
	s := open(t)
	for _, tt := range []struct {
		changes []string
		status  int
		err     string
	}{
		{[]string{"client_secret", "guess"}, http.StatusUnauthorized, "invalid_client"},
		{[]string{"client_secret", ""}, http.StatusUnauthorized, "invalid_client"},
		{[]string{"client_id", "other"}, http.StatusUnauthorized, "invalid_client"},
		{[]string{"code", "guess"}, http.StatusBadRequest, "invalid_grant"},
		{[]string{"code", ""}, http.StatusBadRequest, "invalid_grant"},
		{[]string{"grant_type", "password"}, http.StatusBadRequest, "invalid_grant"},
		{[]string{"redirect_uri", "https://evil.example/"}, http.StatusBadRequest, "invalid_grant"},
		{[]string{"code_verifier", "another"}, http.StatusBadRequest, "invalid_grant"},
		{[]string{"code_verifier", ""}, http.StatusBadRequest, "invalid_grant"},
	} {
		code := s.code("aysel", "ASAN_IMZA")
		status, said := s.exchange(code, tt.changes...)
		if status != tt.status || said["error"] != tt.err || said["id_token"] != nil {
			t.Errorf("%v: %d %v", tt.changes, status, said)
		}
		again, _ := s.exchange(code)
		used := tt.err == "invalid_grant" && tt.changes[0] != "code"
		if (again == http.StatusOK) == used {
			t.Errorf("%v: afterwards the code is answered with %d", tt.changes, again)
		}
	}
	code := s.code("aysel", "ASAN_IMZA")
	var together sync.WaitGroup
	tokens := make(chan bool, 8)
	for range cap(tokens) {
		together.Go(func() {
			if status, _ := s.exchange(code); status == http.StatusOK {
				tokens <- true
			}
		})
	}
	together.Wait()
	if len(tokens) != 1 {
		t.Errorf("a code is worth %d tokens", len(tokens))
	}
	old := s.code("aysel", "ASAN_IMZA")
	s.mu.Lock()
	g := s.grants[old]
	g.at = g.at.Add(-61 * time.Second)
	s.grants[old] = g
	s.mu.Unlock()
	if status, _ := s.exchange(old); status != http.StatusBadRequest {
		t.Errorf("a code of a minute ago: %d", status)
	}
	s.grants["forgotten"] = grant{at: time.Now().Add(-time.Hour)}
	s.code("aysel", "")
	if _, kept := s.grants["forgotten"]; kept {
		t.Error("old codes pile up")
	}
}

// What is published leads to what answers, and says how to ask.
func TestDiscovery(t *testing.T) {
	s := open(t)
	r, err := http.Get(s.server.URL + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var d struct {
		Issuer string
		Auth   string   `json:"authorization_endpoint"`
		Token  string   `json:"token_endpoint"`
		How    []string `json:"token_endpoint_auth_methods_supported"` // without: client_secret_basic
	}
	if err := json.NewDecoder(r.Body).Decode(&d); err != nil || d.Issuer != s.server.URL {
		t.Fatalf("%+v, %v", d, err)
	}
	if len(d.How) != 1 || d.How[0] != "client_secret_post" {
		t.Errorf("clients identify themselves by %v", d.How)
	}
	page, err := http.Get(d.Auth + "?" + request().Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	b, err := io.ReadAll(page.Body)
	text := string(b)
	if err != nil || page.StatusCode != http.StatusOK || strings.Contains(text, "<script>") || strings.Contains(text, "<Məmmədova>") ||
		!strings.Contains(text, "Aysel &lt;Məmmədova&gt;: a &amp; b") || strings.Count(text, " checked") != 2 || strings.Contains(text, "5A7KM2L") {
		t.Errorf("%d %s", page.StatusCode, text)
	}
	for _, m := range Methods() {
		if !strings.Contains(text, `name="method" value="`+m.Code+`"`) || !strings.Contains(text, m.Words) {
			t.Errorf("%s is not offered", m.Words)
		}
	}
	if got, err := http.Get(d.Token); err != nil || got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a token by GET: %v %v", got.StatusCode, err)
	}
}
