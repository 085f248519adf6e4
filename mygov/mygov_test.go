package mygov_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/mygov"
	"customs.gov.az/portal/mygov/demoid"
)

const back = "https://portal.example/sign-in/mygov/done"

// id is a provider of the protocol over real HTTP, and the portal's side of it.
type id struct {
	*mygov.Provider
	server *httptest.Server
	demo   *demoid.Provider
}

func newID(t *testing.T, change func(*mygov.Config)) *id {
	t.Helper()
	i := &id{server: httptest.NewServer(nil)}
	t.Cleanup(i.server.Close)
	var err error
	i.demo, err = demoid.New(demoid.Options{
		Issuer: i.server.URL, ClientID: "portal", ClientSecret: "s3cret", RedirectURL: back,
		People: []demoid.Person{
			{Name: "aysel", FullName: "Aysel Məmmədova", PIN: "5A7KM2L", Serial: "01", VOENs: []string{"1499000151"}, Company: "«Xəzər» MMC"},
			{Name: "several", FullName: "Günel", PIN: "3G6NB7S", Serial: "02", VOENs: []string{"1699000171", "1799000181", "1699000171"}, Company: "«Şirvan» MMC"},
			{Name: "citizen", FullName: "Tural", PIN: "9T5NY3H"},
			{Name: "revoked", PIN: "5E7HR2W", Fails: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	i.server.Config.Handler = i.demo.Handler()
	c := config(i.server.URL)
	if change != nil {
		change(&c)
	}
	if i.Provider, err = mygov.New(c); err != nil {
		t.Fatal(err)
	}
	return i
}

func config(issuer string) mygov.Config {
	return mygov.Config{
		Issuer: issuer, ClientID: "portal", ClientSecret: "s3cret", RedirectURL: back, Scopes: []string{"openid"}, Methods: []string{"ASAN_IMZA"},
		Claims: mygov.Claims{
			PIN: "pin", VOEN: "certificate.tin", Name: "name", Organisation: "certificate.organisation",
			Certificate: "certificate", Method: "certificate.method", Serial: "certificate.serial",
		},
	}
}

// choose goes to the provider as a browser does and brings back what it says.
func (i *id) choose(t *testing.T, person, method, verifier string) url.Values {
	t.Helper()
	address, err := i.AuthURL(t.Context(), "state", "nonce", verifier)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.PostForm(address, url.Values{"person": {person}, "method": {method}})
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	to, err := r.Location()
	if err != nil || !strings.HasPrefix(to.String(), back+"?") || to.Query().Get("state") != "state" {
		t.Fatalf("led back to %v, %v", to, err)
	}
	return to.Query()
}

func (i *id) signIn(t *testing.T, person, method string) (mygov.Person, error) {
	t.Helper()
	verifier := mygov.NewVerifier()
	return i.Exchange(t.Context(), i.choose(t, person, method, verifier).Get("code"), "nonce", verifier)
}

func TestSignIn(t *testing.T) {
	i := newID(t, nil)
	who, err := i.signIn(t, "aysel", "ASAN_IMZA")
	if err != nil || who.PIN != "5A7KM2L" || len(who.VOENs) != 1 || who.VOENs[0] != "1499000151" || who.Organisation != "«Xəzər» MMC" || who.Serial != "01" {
		t.Errorf("%#v, %v", who, err)
	}
	if text := fmt.Sprint(who); text != "person" || who.LogValue().String() != "person" {
		t.Errorf("printed as %s", text)
	}
	again, err := i.signIn(t, "aysel", "ASAN_IMZA")
	if err != nil || again.Fingerprint != who.Fingerprint {
		t.Errorf("the same certificate, another fingerprint: %v", err)
	}
	several, err := i.signIn(t, "several", "ASAN_IMZA")
	if err != nil || !slices.Equal(several.VOENs, []customs.VOEN{"1699000171", "1799000181"}) || several.Organisation != "" || several.Fingerprint == who.Fingerprint {
		t.Errorf("%#v, %v", several, err)
	}
	citizen, err := i.signIn(t, "citizen", "ASAN_IMZA")
	if err != nil || len(citizen.VOENs) != 0 || citizen.PIN != "9T5NY3H" || citizen.Serial == "" {
		t.Errorf("%#v, %v", citizen, err)
	}
	if said := i.choose(t, "revoked", "ASAN_IMZA", "v"); said.Get("code") != "" || said.Get("error") != "access_denied" {
		t.Errorf("the provider says %v", said)
	}
}

// To be signed in at the provider without a signature is not enough.
func TestOnlySignaturesCount(t *testing.T) {
	i := newID(t, nil)
	for _, method := range []string{"", "SIMA_IMZA"} { // a password; a method that the portal does not list
		if who, err := i.signIn(t, "aysel", method); !errors.Is(err, mygov.ErrNoSignature) || who.PIN != "" {
			t.Errorf("%q: %v", method, err)
		}
	}
}

// A code works once, for who asked for it, with the nonce of that browser.
func TestCodesAreBound(t *testing.T) {
	i := newID(t, nil)
	verifier := mygov.NewVerifier()
	code := func() string { return i.choose(t, "aysel", "ASAN_IMZA", verifier).Get("code") }
	used := code()
	if _, err := i.Exchange(t.Context(), used, "nonce", verifier); err != nil {
		t.Fatal(err)
	}
	for what, tt := range map[string][3]string{
		"used":               {used, "nonce", verifier},
		"never given out":    {"guess", "nonce", verifier},
		"another's verifier": {code(), "nonce", mygov.NewVerifier()},
		"another's nonce":    {code(), "other", verifier},
		"no nonce":           {code(), "", verifier},
	} {
		if _, err := i.Exchange(t.Context(), tt[0], tt[1], tt[2]); !errors.Is(err, mygov.ErrAnswer) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if a, b := mygov.NewVerifier(), mygov.NewVerifier(); a == b || len(a) < 43 {
		t.Errorf("verifiers %q and %q", a, b)
	}
}

// What an ID token must say, and what it must not. No error repeats a claim.
func TestTokens(t *testing.T) {
	i := newID(t, nil)
	certificate := func(c map[string]any) map[string]any { return c["certificate"].(map[string]any) }
	for what, tt := range map[string]struct {
		edit func(map[string]any)
		want error
	}{
		"as it is":              {func(map[string]any) {}, nil},
		"another issuer":        {func(c map[string]any) { c["iss"] = "https://evil.example" }, mygov.ErrAnswer},
		"for another client":    {func(c map[string]any) { c["aud"] = "other" }, mygov.ErrAnswer},
		"authorised another":    {func(c map[string]any) { c["aud"], c["azp"] = []string{"portal", "other"}, "other" }, mygov.ErrAnswer},
		"authorised this one":   {func(c map[string]any) { c["aud"], c["azp"] = []string{"portal", "other"}, "portal" }, nil},
		"for two, of nobody":    {func(c map[string]any) { c["aud"] = []string{"portal", "other"} }, mygov.ErrAnswer},
		"issued tomorrow":       {func(c map[string]any) { c["iat"] = time.Now().Add(24 * time.Hour).Unix() }, mygov.ErrAnswer},
		"a clock ahead":         {func(c map[string]any) { c["iat"] = time.Now().Add(time.Minute).Unix() }, nil},
		"expired":               {func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }, mygov.ErrAnswer},
		"another nonce":         {func(c map[string]any) { c["nonce"] = "x" }, mygov.ErrAnswer},
		"no nonce":              {func(c map[string]any) { delete(c, "nonce") }, mygov.ErrAnswer},
		"another access token":  {func(c map[string]any) { c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }, mygov.ErrAnswer},
		"no PIN":                {func(c map[string]any) { delete(c, "pin") }, mygov.ErrAnswer},
		"two PINs":              {func(c map[string]any) { c["pin"] = []string{"5A7KM2L", "6R2QX9D"} }, mygov.ErrAnswer},
		"a PIN that is none":    {func(c map[string]any) { c["pin"] = "5A7 KM2L" }, mygov.ErrAnswer},
		"a PIN as a number":     {func(c map[string]any) { c["pin"] = 1234567 }, mygov.ErrAnswer},
		"a VÖEN of nine digits": {func(c map[string]any) { certificate(c)["tin"] = "149900015" }, mygov.ErrAnswer},
		"a VÖEN alone":          {func(c map[string]any) { certificate(c)["tin"] = "1499000151" }, nil},
		"too many VÖENs":        {func(c map[string]any) { certificate(c)["tin"] = slices.Repeat([]string{"1499000151"}, 201) }, mygov.ErrAnswer},
		"no certificate":        {func(c map[string]any) { delete(c, "certificate") }, mygov.ErrNoSignature},
		"an empty certificate":  {func(c map[string]any) { c["certificate"] = map[string]any{} }, mygov.ErrNoSignature},
		"a certificate is true": {func(c map[string]any) { c["certificate"] = true }, mygov.ErrNoSignature},
		"two methods":           {func(c map[string]any) { certificate(c)["method"] = []string{"ASAN_IMZA", "PASSWORD"} }, mygov.ErrNoSignature},
		"a method as prefix":    {func(c map[string]any) { certificate(c)["method"] = "ASAN_IMZA2" }, mygov.ErrNoSignature},
	} {
		i.demo.Edit = tt.edit
		who, err := i.signIn(t, "aysel", "ASAN_IMZA")
		if !errors.Is(err, tt.want) || err == nil && who.PIN != "5A7KM2L" || err != nil && who.PIN != "" {
			t.Errorf("%s: %v, want %v", what, err, tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), "5A7") || strings.Contains(err.Error(), "1499")) {
			t.Errorf("%s: a claim is in %v", what, err)
		}
	}
}

// A provider that is down keeps nobody else out, and is found once it is up.
func TestProviderAway(t *testing.T) {
	i := newID(t, nil)
	up := i.server.Config.Handler
	i.server.Config.Handler = http.NotFoundHandler()
	if _, err := i.AuthURL(t.Context(), "s", "n", "v"); !errors.Is(err, mygov.ErrUnavailable) {
		t.Errorf("no discovery: %v", err)
	}
	i.server.Config.Handler = up
	if _, err := i.signIn(t, "aysel", "ASAN_IMZA"); err != nil {
		t.Errorf("up again: %v", err)
	}
	i.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	if _, err := i.Exchange(t.Context(), "code", "nonce", "v"); !errors.Is(err, mygov.ErrUnavailable) {
		t.Errorf("the token endpoint fails: %v", err)
	}
	i.server.Close()
	if _, err := i.Exchange(t.Context(), "code", "nonce", "v"); !errors.Is(err, mygov.ErrUnavailable) {
		t.Errorf("nobody there: %v", err)
	}
}

// Addresses may be given instead of being discovered.
func TestExplicitAddresses(t *testing.T) {
	i := newID(t, func(c *mygov.Config) {
		c.AuthURL, c.TokenURL, c.JWKSURL = c.Issuer+"/grant-permission", c.Issuer+"/token", c.Issuer+"/jwks"
	})
	if _, err := i.signIn(t, "aysel", "ASAN_IMZA"); err != nil {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) {
	for what, tt := range map[string]struct {
		set  func(*mygov.Config)
		want string // "" for fine
	}{
		"all":              {func(*mygov.Config) {}, ""},
		"this machine":     {func(c *mygov.Config) { c.Issuer = "http://127.0.0.1:1" }, ""},
		"no issuer":        {func(c *mygov.Config) { c.Issuer = "" }, "the issuer is missing"},
		"no secret":        {func(c *mygov.Config) { c.ClientSecret = "" }, "the client secret is missing"},
		"no method":        {func(c *mygov.Config) { c.Methods = nil }, "no method counts"},
		"no method claim":  {func(c *mygov.Config) { c.Claims.Method = "" }, "claim of the method is missing"},
		"no certificate":   {func(c *mygov.Config) { c.Claims.Certificate = "" }, "claim of the certificate is missing"},
		"no PIN":           {func(c *mygov.Config) { c.Claims.PIN = "" }, "claim of the personal number is missing"},
		"plain HTTP":       {func(c *mygov.Config) { c.Issuer = "http://mygov.example" }, "is not https"},
		"some addresses":   {func(c *mygov.Config) { c.AuthURL = "https://mygov.example/a" }, "go together"},
		"an unsafe one":    {func(c *mygov.Config) { c.AuthURL, c.TokenURL, c.JWKSURL = "https://a", "http://b", "https://c" }, "is not https"},
		"with a password":  {func(c *mygov.Config) { c.Issuer = "https://u:p@mygov.example" }, "is not https"},
		"localhost's name": {func(c *mygov.Config) { c.Issuer = "http://localhost.example" }, "is not https"},
	} {
		c := config("https://mygov.example")
		tt.set(&c)
		_, err := mygov.New(c)
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s: %v, want %q", what, err, tt.want)
		}
	}
	if _, err := mygov.New(mygov.Config{}); strings.Count(err.Error(), "missing") != 7 {
		t.Errorf("of nothing: %v", err)
	}
}
