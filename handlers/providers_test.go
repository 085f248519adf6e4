package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/handlers"
	"customs.gov.az/portal/mygov"
	"customs.gov.az/portal/mygov/demoid"
)

// myGovSite is a site with a provider of its own that speaks OpenID Connect.
func myGovSite(t *testing.T) *site {
	t.Helper()
	return newSite(t, withMyGov(t))
}

func withMyGov(t *testing.T) func(*handlers.Options) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	issuer := "http://" + server.Listener.Addr().String()
	t.Cleanup(server.Close)
	return func(o *handlers.Options) {
		home := o.URL.String() + handlers.MyGovDonePath
		id, err := demoid.New(demoid.Options{
			Issuer: issuer, ClientID: "portal", ClientSecret: "secret", RedirectURL: home,
			People: []demoid.Person{
				{Name: "aysel", FullName: "Aysel Məmmədova", PIN: "5A7KM2L", Serial: "0a", VOENs: []string{"1499000151"}},
				{Name: "deputy", FullName: "Fərid Rzayev", PIN: "6F1RZ8D", Serial: "0b"},
				{Name: "novoen", FullName: "Tural Nəsirov", PIN: "9T5NY3H", Serial: "0c"},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		server.Config.Handler = id.Handler()
		o.MyGov, err = mygov.New(mygov.Config{
			Issuer: issuer, ClientID: "portal", ClientSecret: "secret", RedirectURL: home, Scopes: []string{"openid"}, Methods: []string{"ASAN_IMZA"},
			Claims: mygov.Claims{PIN: "pin", VOEN: "certificate.tin", Certificate: "certificate", Method: "certificate.method", Serial: "certificate.serial"},
		})
		if err != nil {
			t.Fatal(err)
		}
		server.Start()
	}
}

// toMyGov goes to the provider and chooses; it returns the way home.
func (b *browser) toMyGov(person, method, more string) string {
	b.Helper()
	address := b.want(b.get("/sign-in/mygov/start"+more), http.StatusSeeOther).to()
	b.want(b.get(address), http.StatusOK)
	return b.want(b.post(address, "person", person, "method", method), http.StatusSeeOther).to()
}

func TestMyGovSignIn(t *testing.T) {
	s := myGovSite(t)
	b := s.browser()
	home := b.toMyGov("aysel", "ASAN_IMZA", "?return=%2Fgoods%3Fq%3Dx")
	stranger := s.browser()
	stranger.want(stranger.get(home), http.StatusUnprocessableEntity) // has begun nothing
	if to := b.want(b.get(home), http.StatusSeeOther).to(); to != "/goods?q=x" {
		t.Errorf("to %q", to)
	}
	b.want(b.get("/goods"), http.StatusOK)
	b.want(b.get(home), http.StatusUnprocessableEntity) // works once
}

func TestMyGovProblems(t *testing.T) {
	s := myGovSite(t)
	for name, c := range map[string]struct{ person, method, want string }{
		"password":  {"aysel", "", "elektron imza ilə daxil olmamısınız"},
		"cancelled": {"nobody", "ASAN_IMZA", "giriş tamamlanmayıb"},
		"no VÖEN":   {"novoen", "ASAN_IMZA", "VÖEN göstərilməyib"},
	} {
		b := s.browser()
		page := words(b.want(b.get(b.toMyGov(c.person, c.method, "")), http.StatusUnprocessableEntity).body)
		if !strings.Contains(page, c.want) {
			t.Errorf("%s: %s", name, page)
		}
		b.want(b.get("/goods"), http.StatusSeeOther)
	}
	b := s.browser()
	home := mustURL(b.toMyGov("aysel", "ASAN_IMZA", ""))
	q := home.Query()
	for name, edit := range map[string]func(url.Values){
		"another state": func(q url.Values) { q.Set("state", "x") }, "no state": func(q url.Values) { q.Del("state") },
		"two states": func(q url.Values) { q.Add("state", "x") }, "two codes": func(q url.Values) { q.Add("code", "x") },
	} {
		tampered := url.Values{"state": q["state"], "code": q["code"]}
		edit(tampered)
		if a := b.get(home.Path + "?" + tampered.Encode()); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", name, a.StatusCode)
		}
	}
}

// TestSwitchCompanyPage: choose after signing in, change later, and never to
// what is not one's own. Every change is in the register.
func TestSwitchCompanyPage(t *testing.T) {
	s := myGovSite(t)
	of := func(voen string) db.Representative {
		return db.Representative{VOEN: customs.VOEN(voen), Organisation: "Şirkət " + voen, PIN: "6F1RZ8D", Position: "direktor", From: time.Now().AddDate(0, -1, 0), Access: true}
	}
	_, err := db.ReplaceRepresentatives(t.Context(), s.test.OwnerURL, []db.Representative{of("1499000151"), of("1499000152")})
	s.must(err)
	b := s.browser()
	if to := b.want(b.get(b.toMyGov("deputy", "ASAN_IMZA", "")), http.StatusSeeOther).to(); to != "/sign-in/company" {
		t.Fatalf("to %q", to)
	}
	if page := words(b.want(b.get("/sign-in/company"), http.StatusOK).body); !strings.Contains(page, "direktor") {
		t.Error(page)
	}
	b.want(b.post("/sign-in/company", "voen", "1599000161"), http.StatusUnprocessableEntity)
	b.want(b.post("/sign-in/company", "voen", "1499000151"), http.StatusSeeOther)
	if page := b.want(b.get("/goods"), http.StatusOK).body; !strings.Contains(page, aysels) || !strings.Contains(page, `href="/company"`) {
		t.Error("not the chosen company's goods, or no way to another")
	}
	before := b.cookies()["portal"]
	for _, foreign := range []string{"1599000161", "", "x"} {
		b.want(b.post("/company", "voen", foreign), http.StatusUnprocessableEntity)
	}
	b.want(b.post("/company", "voen", "1499000152"), http.StatusSeeOther)
	page := b.want(b.get("/goods"), http.StatusOK).body
	if strings.Contains(page, aysels) || !strings.Contains(page, rashads) {
		t.Error("not the other company's goods")
	}
	old := s.browser().withCookie(before)
	old.want(old.get("/goods"), http.StatusUnauthorized)
	if n := look[int](s, `select count(*) from register_entry where action = 'company.switch' and subject = '1499000152'`); n != 1 {
		t.Errorf("%d entries in the register", n)
	}
	_, err = db.ReplaceRepresentatives(t.Context(), s.test.OwnerURL, []db.Representative{of("1499000151")})
	s.must(err)
	b.want(b.get("/goods"), http.StatusUnauthorized) // no longer theirs
}

func TestLastSignInIsTold(t *testing.T) {
	s := newSite(t)
	s.browser().signIn("aysel")
	s.sql(`insert into sign_in_attempt (method, issuer, serial, outcome) select method, issuer, serial, 'suspended' from sign_in_attempt where outcome = 'signed_in'`)
	b := s.browser().signIn("aysel")
	if page := words(b.get("/goods").body); !strings.Contains(page, "1 uğursuz giriş cəhdi") || !strings.Contains(page, "əvvəlki giriş") {
		t.Error(page)
	}
	if page := words(b.get("/goods").body); strings.Contains(page, "uğursuz") {
		t.Error("it is told twice")
	}
}

// TestSignInRate: an address that tries too often waits; another does not.
func TestSignInRate(t *testing.T) {
	s := newSite(t, func(o *handlers.Options) {
		o.Rates.SignIn = db.Rate{Every: time.Hour, Burst: 3}
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	b := s.browser()
	from := func(address string) answer { return b.get("/sign-in/file/challenge", "X-Forwarded-For", address) }
	for range 3 {
		b.want(from("192.0.2.1"), http.StatusOK)
	}
	a := b.want(from("192.0.2.1"), http.StatusTooManyRequests)
	if a.Header.Get("Retry-After") == "" || !strings.Contains(words(a.body), "çox sayda cəhd") {
		t.Error(words(a.body))
	}
	b.want(from("203.0.113.7, 192.0.2.1"), http.StatusTooManyRequests) // what a client wrote itself does not count
	b.want(from("192.0.2.2"), http.StatusOK)
	for i, want := range []int{200, 200, 200, 429} { // one subscriber has all of a /64
		if got := from("2001:db8::" + itoa(i+1)).StatusCode; got != want {
			t.Errorf("%d: status %d, want %d", i, got, want)
		}
	}
}

// TestStrangersHeaderIsNotBelieved: without a trusted proxy the connection says
// who asks.
func TestStrangersHeaderIsNotBelieved(t *testing.T) {
	s := newSite(t, func(o *handlers.Options) { o.Rates.SignIn = db.Rate{Every: time.Hour, Burst: 1} })
	b := s.browser()
	b.want(b.get("/sign-in/file/challenge", "X-Forwarded-For", "192.0.2.1"), http.StatusOK)
	b.want(b.get("/sign-in/file/challenge", "X-Forwarded-For", "192.0.2.2"), http.StatusTooManyRequests)
}
