// Package demoid is a stand-in for mygov ID: a small OpenID Connect provider for
// the demo and the tests, with discovery, keys, authorization, token and PKCE,
// where one chooses who one is and how one signs in. It proves nothing about
// anybody and must never be trusted by a portal that serves real goods.
package demoid

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Person is somebody who can be chosen.
type Person struct {
	Name     string // key of the choice
	FullName string
	PIN      string
	Serial   string   // of their certificate
	VOENs    []string // in their certificate, none for a citizen
	Company  string
	Note     string // what to expect, for the page
	Fails    bool   // their certificate is no longer good: the provider itself lets them not in
}

// Method is a way to sign in at the provider.
type Method struct {
	Code      string // in the claim certificate.method, or "" for none
	Words     string // for the page
	Signature bool   // a certificate is used
}

// Methods are the ways that the page offers.
func Methods() []Method {
	return []Method{
		{"ASAN_IMZA", "ASAN İmza", true},
		{"SIMA_IMZA", "SİMA İmza", true},
		{"", "FİN və şifrə · personal number and password (no signature)", false},
	}
}

// Options are what a provider works with.
type Options struct {
	Issuer       string // base address, as in the ID token
	ClientID     string
	ClientSecret string
	RedirectURL  string
	People       []Person
	Edit         func(claims map[string]any) // nil, or the last word on an ID token, for tests
}

// Provider answers as mygov ID.
type Provider struct {
	Options
	key    *ecdsa.PrivateKey
	signer jose.Signer

	mu     sync.Mutex
	grants map[string]grant
}

// grant is a code that was given out.
type grant struct {
	claims    map[string]any
	challenge string
	at        time.Time
}

const keyID = "demo"

// New makes a provider with a key of its own.
func New(o Options) (*Provider, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: keyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	return &Provider{Options: o, key: key, signer: signer, grants: map[string]grant{}}, nil
}

// Handler is the provider's pages and endpoints.
func (p *Provider) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	m.HandleFunc("GET /jwks", p.keys)
	m.HandleFunc("GET /grant-permission", p.ask)
	m.HandleFunc("POST /grant-permission", p.grant)
	m.HandleFunc("POST /token", p.token)
	return m
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{
		"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/grant-permission", "token_endpoint": p.Issuer + "/token",
		"jwks_uri": p.Issuer + "/jwks", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"ES256"}, "token_endpoint_auth_methods_supported": []string{"client_secret_post"},
		"code_challenge_methods_supported": []string{"S256"},
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{
		Key: p.key.Public(), KeyID: keyID, Algorithm: string(jose.ES256), Use: "sig",
	}}})
}

// known checks a request for authorization. What is wrong with client or
// address is never sent on by redirect (RFC 6749 §4.1.2.1).
func (p *Provider) known(q url.Values) bool {
	return q.Get("client_id") == p.ClientID && q.Get("redirect_uri") == p.RedirectURL && q.Get("response_type") == "code" &&
		q.Get("state") != "" && q.Get("code_challenge_method") == "S256" && q.Get("code_challenge") != ""
}

// grant takes the choice and sends the browser back with a code.
func (p *Provider) grant(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !p.known(q) {
		http.Error(w, "unknown client or request", http.StatusBadRequest)
		return
	}
	back := url.Values{"state": {q.Get("state")}}
	who, method, ok := p.chosen(r)
	if !ok || who.Fails && method.Signature {
		back.Set("error", "access_denied")
	} else {
		back.Set("code", p.give(who, method, q))
	}
	http.Redirect(w, r, p.RedirectURL+"?"+back.Encode(), http.StatusSeeOther)
}

func (p *Provider) chosen(r *http.Request) (Person, Method, bool) {
	r.Body = http.MaxBytesReader(nil, r.Body, 16<<10)
	for _, who := range p.People {
		for _, m := range Methods() {
			if r.PostFormValue("person") == who.Name && r.PostFormValue("method") == m.Code && r.PostFormValue("cancel") == "" {
				return who, m, true
			}
		}
	}
	return Person{}, Method{}, false
}

// give stores what the code will be worth, for a minute.
func (p *Provider) give(who Person, method Method, q url.Values) string {
	code := rand.Text()
	now := time.Now()
	sum := sha256.Sum256([]byte("demo subject " + who.PIN))
	claims := map[string]any{
		"iss": p.Issuer, "aud": p.ClientID, "sub": base64.RawURLEncoding.EncodeToString(sum[:12]), "iat": now.Unix(),
		"exp": now.Add(5 * time.Minute).Unix(), "nonce": q.Get("nonce"), "pin": who.PIN, "name": who.FullName,
	}
	if method.Signature {
		certificate := map[string]any{"method": method.Code, "serial": who.Serial}
		if len(who.VOENs) > 0 {
			certificate["tin"], certificate["organisation"] = who.VOENs, who.Company
		}
		claims["certificate"] = certificate
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for old, g := range p.grants {
		if now.Sub(g.at) > time.Minute {
			delete(p.grants, old)
		}
	}
	p.grants[code] = grant{claims: claims, challenge: q.Get("code_challenge"), at: now}
	return code
}

// take gives a grant out once.
func (p *Provider) take(code string) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.grants[code]
	delete(p.grants, code)
	return g, ok && time.Since(g.at) <= time.Minute
}

// token answers RFC 6749 §4.1.3 with the verifier of RFC 7636 §4.5.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if !same(r.PostFormValue("client_id"), p.ClientID) || !same(r.PostFormValue("client_secret"), p.ClientSecret) {
		reply(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	g, ok := p.take(r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || r.PostFormValue("grant_type") != "authorization_code" || r.PostFormValue("redirect_uri") != p.RedirectURL ||
		!same(base64.RawURLEncoding.EncodeToString(sum[:]), g.challenge) {
		reply(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	access := rand.Text()
	hash := crypto.SHA256.New()
	hash.Write([]byte(access))
	g.claims["at_hash"] = base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:16])
	if p.Edit != nil {
		p.Edit(g.claims)
	}
	raw, err := jwt.Signed(p.signer).Claims(g.claims).Serialize()
	if err != nil {
		reply(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	reply(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": raw})
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller may be gone
}
