package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/handlers"
	"customs.gov.az/portal/mygov"
)

// providers are the settings of the ways to sign in that others provide, and of
// what keeps signing in from being abused. A provider without settings is not
// offered; one with half of them is a mistake.
type providers struct {
	SIMA    sima          `embed:"" prefix:"sima-"`
	MyGov   myGov         `embed:"" prefix:"mygov-" group:"mygov"`
	Proxies []string      `name:"trusted-proxies" env:"PORTAL_TRUSTED_PROXIES" help:"Addresses or networks of proxies of our own, separated by commas: their X-Forwarded-For says who asks."`
	Every   time.Duration `name:"sign-in-every" env:"PORTAL_SIGN_IN_EVERY" default:"3s" help:"One address may take one step of signing in this often on average."`
	Kept    time.Duration `name:"sign-in-kept" env:"PORTAL_SIGN_IN_KEPT" default:"9600h" help:"Records of attempts to sign in are deleted after this long, at least 30 days; 0: never."`
	Burst   int           `name:"sign-in-burst" env:"PORTAL_SIGN_IN_BURST" default:"200" help:"And this many at once."`
}

// sima are the settings of SİMA İmza. What AzInTelecom does not publish has no
// default.
type sima struct {
	MasterKey     string        `env:"PORTAL_SIMA_MASTER_KEY" help:"SİMA İmza: the master key. May come from PORTAL_SIMA_MASTER_KEY_FILE. Without it the method is not offered."`
	ClientID      int           `name:"client-id" env:"PORTAL_SIMA_CLIENT_ID" help:"SİMA İmza: the client's number."`
	ClientName    string        `env:"PORTAL_SIMA_CLIENT_NAME" help:"SİMA İmza: the client's name, as the application shows it; ASCII."`
	Icon          string        `env:"PORTAL_SIMA_ICON" help:"SİMA İmza: address of the client's icon."`
	Hosts         []string      `env:"PORTAL_SIMA_HOSTS" help:"SİMA İmza: host names in the contract, separated by commas."`
	Version       string        `env:"PORTAL_SIMA_VERSION" enum:"1.0,1.1,1.3" default:"1.3" help:"SİMA İmza: version of the protocol."`
	Path          string        `env:"PORTAL_SIMA_PATH" default:"/sima" help:"SİMA İmza: path below the base URL where the application's requests arrive; no proxy may rewrite it."`
	Link          string        `env:"PORTAL_SIMA_LINK" default:"sima://web-to-app?data=" help:"SİMA İmza: what comes before a code's text in the link for the same device."`
	Every         time.Duration `env:"PORTAL_SIMA_EVERY" default:"60ms" help:"SİMA İmza: one address of telephones may ask this often on average; a mobile operator's gateway is one address."`
	Burst         int           `env:"PORTAL_SIMA_BURST" default:"600" help:"SİMA İmza: and this often at once."`
	Life          time.Duration `env:"PORTAL_SIMA_LIFE" default:"3m" help:"SİMA İmza: how long a code can be confirmed, at most 5m."`
	DataSignature string        `env:"PORTAL_SIMA_DATA_SIGNATURE" enum:"required,unverified," default:"" help:"SİMA İmza: required once AzInTelecom has confirmed what it is over; unverified for trials on this machine only."`
}

// myGov are the settings of mygov ID.
type myGov struct {
	Issuer            string   `env:"PORTAL_MYGOV_ISSUER" help:"mygov ID: the issuer, where discovery starts. Without it the method is not offered."`
	ClientID          string   `name:"client-id" env:"PORTAL_MYGOV_CLIENT_ID" help:"mygov ID: client id."`
	ClientSecret      string   `env:"PORTAL_MYGOV_CLIENT_SECRET" help:"mygov ID: client secret. May come from PORTAL_MYGOV_CLIENT_SECRET_FILE."`
	AuthURL           string   `name:"auth-url" env:"PORTAL_MYGOV_AUTH_URL" help:"mygov ID: authorization address, if there is no discovery."`
	TokenURL          string   `name:"token-url" env:"PORTAL_MYGOV_TOKEN_URL" help:"mygov ID: token address, if there is no discovery."`
	JWKSURL           string   `name:"jwks-url" env:"PORTAL_MYGOV_JWKS_URL" help:"mygov ID: address of the keys, if there is no discovery."`
	Scopes            []string `env:"PORTAL_MYGOV_SCOPES" default:"openid,certificate" help:"mygov ID: scopes, separated by commas."`
	ClaimPIN          string   `name:"claim-pin" env:"PORTAL_MYGOV_CLAIM_PIN" help:"mygov ID: claim of the personal number; members are joined by dots."`
	ClaimVOEN         string   `name:"claim-voen" env:"PORTAL_MYGOV_CLAIM_VOEN" help:"mygov ID: claim of the taxpayer numbers, if there is one."`
	ClaimName         string   `env:"PORTAL_MYGOV_CLAIM_NAME" help:"mygov ID: claim of the name."`
	ClaimOrganisation string   `env:"PORTAL_MYGOV_CLAIM_ORGANISATION" help:"mygov ID: claim of the organisation."`
	ClaimCertificate  string   `env:"PORTAL_MYGOV_CLAIM_CERTIFICATE" help:"mygov ID: claim that holds the certificate's data."`
	ClaimMethod       string   `env:"PORTAL_MYGOV_CLAIM_METHOD" help:"mygov ID: claim that says how the person signed in."`
	ClaimSerial       string   `env:"PORTAL_MYGOV_CLAIM_SERIAL" help:"mygov ID: claim of the certificate's serial number."`
	Methods           []string `env:"PORTAL_MYGOV_METHODS" help:"mygov ID: values of that claim that mean a signature certificate, separated by commas."`
}

// offered are the providers as the portal uses them.
type offered struct {
	sima    *handlers.SIMA  // nil: not offered
	myGov   *mygov.Provider // nil: not offered
	proxies []netip.Prefix
	rates   handlers.Rates
}

// check reads the settings for a portal at base.
func (p *providers) check(base *url.URL) (o offered, err error) {
	var problems [4]error
	o.sima, problems[0] = p.SIMA.check(base)
	o.myGov, problems[1] = p.MyGov.check(cmp.Or(base, &url.URL{Scheme: "https", Host: "portal.invalid"})) // a wrong base URL is one mistake
	o.proxies, problems[2] = prefixes(p.Proxies)
	if p.Every <= 0 || p.Every > time.Hour || p.Burst < 1 {
		problems[3] = errors.New("PORTAL_SIGN_IN_EVERY is more than nothing and at most 1h, PORTAL_SIGN_IN_BURST at least 1")
	}
	if p.Kept != 0 && p.Kept < 30*24*time.Hour {
		problems[3] = errors.Join(problems[3], errors.New("PORTAL_SIGN_IN_KEPT: at least 720h, or 0 for never"))
	}
	if o.sima != nil && (p.SIMA.Every <= 0 || p.SIMA.Every > time.Hour || p.SIMA.Burst < 1) {
		problems[3] = errors.Join(problems[3], errors.New("PORTAL_SIMA_EVERY is more than nothing and at most 1h, PORTAL_SIMA_BURST at least 1"))
	}
	o.rates.SignIn = db.Rate{Every: p.Every, Burst: p.Burst}
	o.rates.Phone = db.Rate{Every: p.SIMA.Every, Burst: p.SIMA.Burst}
	return o, errors.Join(problems[:]...)
}

func (s *sima) check(base *url.URL) (*handlers.SIMA, error) {
	key, err := secret("PORTAL_SIMA_MASTER_KEY", s.MasterKey)
	if err != nil || key == "" && s.ClientID == 0 && s.ClientName == "" && s.Icon == "" && s.DataSignature == "" {
		return nil, err
	}
	var problems []error
	wrong := func(is bool, text string) {
		if is {
			problems = append(problems, errors.New(text))
		}
	}
	wrong(len(key) < 16, "PORTAL_SIMA_MASTER_KEY is missing, or too short to be a key")
	wrong(s.ClientID <= 0, "PORTAL_SIMA_CLIENT_ID is missing")
	wrong(!plain(s.ClientName), "PORTAL_SIMA_CLIENT_NAME is missing, or not plain ASCII")
	wrong(!plain(s.Icon), "PORTAL_SIMA_ICON is missing")
	wrong(s.Life < 30*time.Second || s.Life > 5*time.Minute, "PORTAL_SIMA_LIFE is between 30s and 5m")
	wrong(len(s.Path) < 2 || s.Path[0] != '/' || strings.HasSuffix(s.Path, "/") || strings.ContainsAny(s.Path, "%?#\\:* "), "PORTAL_SIMA_PATH is a plain path such as /sima")
	wrong(s.DataSignature == "", "PORTAL_SIMA_DATA_SIGNATURE is missing: the method stays off until it is known what that signature is over")
	wrong(s.DataSignature == string(esign.DataSignatureUnverified) && !loopback(base),
		"PORTAL_SIMA_DATA_SIGNATURE: unverified is for trials, where PORTAL_URL is an address of this machine")
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return &handlers.SIMA{
		MasterKey: []byte(key), Version: s.Version, Path: s.Path, Link: s.Link, Life: s.Life,
		DataSignature: esign.DataSignature(s.DataSignature),
		Client:        esign.SIMAClient{ID: s.ClientID, Name: s.ClientName, IconURI: s.Icon, HostNames: s.Hosts},
	}, nil
}

// plain reports whether a text can stand in a contract under any reading of it:
// printable ASCII without quotes and backslashes.
func plain(s string) bool {
	for _, r := range s {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return false
		}
	}
	return strings.TrimSpace(s) != ""
}

func loopback(u *url.URL) bool {
	if u == nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func (m *myGov) check(base *url.URL) (*mygov.Provider, error) {
	key, err := secret("PORTAL_MYGOV_CLIENT_SECRET", m.ClientSecret)
	if err != nil || base == nil || m.Issuer == "" && m.ClientID == "" && key == "" {
		return nil, err
	}
	p, err := mygov.New(m.config(base, key))
	if err != nil {
		return nil, fmt.Errorf("PORTAL_MYGOV_*: %w", err)
	}
	return p, nil
}

func (m *myGov) config(base *url.URL, key string) mygov.Config {
	return mygov.Config{
		Issuer: m.Issuer, AuthURL: m.AuthURL, TokenURL: m.TokenURL, JWKSURL: m.JWKSURL, ClientID: m.ClientID, ClientSecret: key,
		RedirectURL: strings.TrimSuffix(base.String(), "/") + handlers.MyGovDonePath, Scopes: m.Scopes, Methods: m.Methods,
		Claims: mygov.Claims{
			PIN: m.ClaimPIN, VOEN: m.ClaimVOEN, Name: m.ClaimName, Organisation: m.ClaimOrganisation,
			Certificate: m.ClaimCertificate, Method: m.ClaimMethod, Serial: m.ClaimSerial,
		},
	}
}

// prefixes reads addresses and networks.
func prefixes(texts []string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	var problems []error
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if ip, ipErr := netip.ParseAddr(text); ipErr == nil {
			p, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("PORTAL_TRUSTED_PROXIES: %q is no address and no network", text))
			continue
		}
		list = append(list, p)
	}
	return list, errors.Join(problems...)
}
