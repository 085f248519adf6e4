// Package mygov signs people in through mygov ID, which carries ASAN İmza and
// SİMA İmza: the authorization code flow (RFC 6749 §4.1) with PKCE (RFC 7636),
// state and nonce (OpenID Connect Core 1.0 §3.1).
//
// To be signed in there is not enough. The provider also accepts a personal
// number with a password, so a person counts only if the answer proves that a
// signature certificate was used. How the answer says so, and under which names
// it gives the rest, is configuration: the provider does not publish it.
package mygov

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// The errors of this package. None of them holds anything about the person.
var (
	ErrUnavailable = errors.New("mygov: the provider does not answer")
	ErrAnswer      = errors.New("mygov: the provider's answer cannot be accepted")
	ErrNoSignature = errors.New("mygov: no signature certificate was used")
)

// Config is what the provider and the portal have agreed on.
type Config struct {
	Issuer       string // as in the ID token; discovery starts here unless the addresses are given
	AuthURL      string // explicit addresses, all of them or none
	TokenURL     string
	JWKSURL      string
	ClientID     string
	ClientSecret string
	RedirectURL  string
	Scopes       []string // openid and what brings the certificate's data
	Claims       Claims
	Methods      []string // values of Claims.Method that mean a signature certificate
	Now          func() time.Time
}

// Claims are the names under which the ID token holds things: members joined by
// dots. A list on the way stands for all its elements.
type Claims struct {
	PIN          string // personal number
	VOEN         string // taxpayer numbers, if there are any
	Name         string
	Organisation string
	Certificate  string // data of the certificate: must be there
	Method       string // how the person signed in: must be one of Config.Methods
	Serial       string // certificate serial number
}

// Provider is mygov ID as a relying party sees it. It is safe for concurrent use.
type Provider struct {
	cfg    Config
	client *http.Client

	mu    sync.Mutex
	found *oidc.Provider // nil until discovery has succeeded
}

const (
	patience  = 5 * time.Second // with one request to the provider
	maxAnswer = 1 << 20         // bytes of one answer of the provider
)

// New checks the settings, all of them at once, and asks nobody: a provider
// that is down must not keep the portal from starting.
func New(c Config) (*Provider, error) {
	var problems []error
	for name, value := range map[string]string{
		"issuer": c.Issuer, "client id": c.ClientID, "client secret": c.ClientSecret, "redirect address": c.RedirectURL,
		"claim of the personal number": c.Claims.PIN, "claim of the certificate": c.Claims.Certificate, "claim of the method": c.Claims.Method,
	} {
		if value == "" {
			problems = append(problems, fmt.Errorf("mygov: the %s is missing", name))
		}
	}
	if len(c.Methods) == 0 {
		problems = append(problems, errors.New("mygov: no method counts as a signature"))
	}
	explicit := 0
	for _, address := range []string{c.AuthURL, c.TokenURL, c.JWKSURL} {
		if address != "" {
			explicit++
		}
	}
	if explicit != 0 && explicit != 3 {
		problems = append(problems, errors.New("mygov: addresses of authorization, token and keys go together"))
	}
	for _, address := range []string{c.Issuer, c.AuthURL, c.TokenURL, c.JWKSURL} {
		if address != "" && !safeAddress(address) {
			problems = append(problems, errors.New("mygov: an address of the provider is not https"))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Provider{cfg: c, client: &http.Client{
		Timeout: patience, Transport: bounded{http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// safeAddress demands https, except on this machine.
func safeAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// provider discovers the provider's addresses once (OpenID Connect Discovery
// 1.0 §4), or takes those given. A failure is tried again with the next sign-in.
func (p *Provider) provider(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	ctx = oidc.ClientContext(ctx, p.client)
	if p.cfg.AuthURL != "" {
		p.found = (&oidc.ProviderConfig{
			IssuerURL: p.cfg.Issuer, AuthURL: p.cfg.AuthURL, TokenURL: p.cfg.TokenURL, JWKSURL: p.cfg.JWKSURL,
		}).NewProvider(ctx)
		return p.found, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := oidc.NewProvider(ctx, p.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: discovery", ErrUnavailable)
	}
	if e := found.Endpoint(); !safeAddress(e.AuthURL) || !safeAddress(e.TokenURL) {
		return nil, fmt.Errorf("%w: discovery", ErrAnswer)
	}
	p.found = found
	return found, nil
}

func (p *Provider) oauth(found *oidc.Provider) *oauth2.Config {
	endpoint := found.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	return &oauth2.Config{
		ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, Endpoint: endpoint,
		RedirectURL: p.cfg.RedirectURL, Scopes: p.cfg.Scopes,
	}
}

// AuthURL is where the browser goes to sign in. verifier is a PKCE verifier of
// [NewVerifier]; state and nonce are random and belong to this browser.
// The error is ErrUnavailable or ErrAnswer.
func (p *Provider) AuthURL(ctx context.Context, state, nonce, verifier string) (string, error) {
	found, err := p.provider(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth(found).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

// NewVerifier makes a PKCE verifier: 32 random bytes (RFC 7636 §4.1).
func NewVerifier() string { return oauth2.GenerateVerifier() }

// Exchange turns the code that the browser brought back into a person. The
// error is ErrUnavailable, ErrAnswer or ErrNoSignature.
func (p *Provider) Exchange(ctx context.Context, code, nonce, verifier string) (Person, error) {
	found, err := p.provider(ctx)
	if err != nil {
		return Person{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.oauth(found).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return Person{}, exchangeError(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Person{}, fmt.Errorf("%w: no ID token", ErrAnswer)
	}
	return p.identify(ctx, found, raw, token.AccessToken, nonce)
}

// exchangeError tells a provider that fails from one that says no.
func exchangeError(err error) error {
	var no *oauth2.RetrieveError
	if errors.As(err, &no) && no.Response != nil && no.Response.StatusCode < http.StatusInternalServerError {
		return fmt.Errorf("%w: token", ErrAnswer)
	}
	var network net.Error
	if errors.As(err, &no) || errors.As(err, &network) {
		return fmt.Errorf("%w: token", ErrUnavailable)
	}
	return fmt.Errorf("%w: token", ErrAnswer)
}

// skew is how far the provider's clock may be ahead.
const skew = 5 * time.Minute

// identify checks the ID token (OpenID Connect Core 1.0 §3.1.3.7): signature by
// a key of the provider with a listed algorithm, issuer, audience, times, nonce
// and, if it is there, the hash of the access token.
func (p *Provider) identify(ctx context.Context, found *oidc.Provider, raw, access, nonce string) (Person, error) {
	verifier := found.VerifierContext(ctx, &oidc.Config{
		ClientID: p.cfg.ClientID, Now: p.cfg.Now,
		SupportedSigningAlgs: []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.ES256, oidc.ES384},
	})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return Person{}, fmt.Errorf("%w: ID token", ErrAnswer)
	}
	if token.IssuedAt.After(p.cfg.Now().Add(skew)) {
		return Person{}, fmt.Errorf("%w: issued in the future", ErrAnswer)
	}
	if nonce == "" || token.Nonce != nonce {
		return Person{}, fmt.Errorf("%w: nonce", ErrAnswer)
	}
	if token.AccessTokenHash != "" && token.VerifyAccessToken(access) != nil {
		return Person{}, fmt.Errorf("%w: access token", ErrAnswer)
	}
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return Person{}, fmt.Errorf("%w: claims", ErrAnswer)
	}
	if azp, ok := claims["azp"]; ok && azp != p.cfg.ClientID || !ok && len(token.Audience) != 1 {
		return Person{}, fmt.Errorf("%w: authorized party", ErrAnswer)
	}
	return p.person(claims)
}
