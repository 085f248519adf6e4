package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/views"
)

// web are the settings that serve and demo share.
type web struct {
	Addr        string        `env:"PORTAL_ADDR" default:"127.0.0.1:8080" help:"Address of the public listener."`
	URL         string        `name:"url" env:"PORTAL_URL" help:"Base URL as browsers see it (default: from --addr)."`
	CardAddr    string        `env:"PORTAL_CARD_ADDR" default:"127.0.0.1:8443" help:"Address of the TLS listener that asks for a client certificate; empty: sign-in by card is not offered."`
	CardURL     string        `name:"card-url" env:"PORTAL_CARD_URL" help:"Base URL of the card listener (default: from --card-addr)."`
	OpsAddr     string        `env:"PORTAL_OPS_ADDR" default:"127.0.0.1:9090" help:"Address of the health and metrics listener; never make it public."`
	TLSCert     string        `name:"tls-cert" env:"PORTAL_TLS_CERT" type:"path" help:"Certificate chain of the TLS listeners, PEM."`
	TLSKey      string        `name:"tls-key" env:"PORTAL_TLS_KEY" type:"path" help:"Private key of the TLS listeners, PEM."`
	BehindProxy bool          `env:"PORTAL_BEHIND_PROXY" help:"A proxy in front ends TLS: the public listener speaks plain HTTP although --url is https."`
	Idle        time.Duration `env:"PORTAL_SESSION_IDLE" default:"20m" help:"A session ends after this long without a request."`
	Absolute    time.Duration `env:"PORTAL_SESSION_LIFE" default:"8h" help:"A session ends after this long in any case."`
	Checkpoints string        `env:"PORTAL_CHECKPOINTS" type:"path" help:"JSON list of checkpoints (default: the built-in one with synthetic codes)."`
	FeedTokens  string        `env:"PORTAL_FEED_TOKENS" help:"Checkpoint systems that may send the feed: name:sha256:checkpoints, separated by blanks; see portal feed token. May come from PORTAL_FEED_TOKENS_FILE."`
	Archive     time.Duration `env:"PORTAL_ARCHIVE_AFTER" default:"9600h" help:"Consignments move to the archive this long after their clearance ended, at least 30 days; 0: never."`
	LogJSON     bool          `name:"log-json" env:"PORTAL_LOG_JSON" help:"Write the log as JSON."`
	Contact     contact       `embed:"" prefix:"contact-"`
	Staff       staffSite     `embed:"" prefix:"staff-"`
	Providers   providers     `embed:""`
	Sealing     sealing       `embed:"" prefix:"register-"`
	Mailing     mailing       `embed:""`

	unread error
}

// misread takes what could not be read, to be told with the rest.
func (w *web) misread(err error) { w.unread = err }

// contact are the published contacts; the regulation's are the default.
type contact struct {
	CallCentre   string `env:"PORTAL_CONTACT_CALL_CENTRE" help:"Call centre (default: the regulation's)."`
	Phone        string `env:"PORTAL_CONTACT_PHONE" help:"Telephone."`
	Email        string `env:"PORTAL_CONTACT_EMAIL" help:"E-mail."`
	DepartmentAZ string `name:"department-az" env:"PORTAL_CONTACT_DEPARTMENT_AZ" help:"Responsible department, Azerbaijani."`
	DepartmentEN string `name:"department-en" env:"PORTAL_CONTACT_DEPARTMENT_EN" help:"Responsible department, English."`
	Body         string `env:"PORTAL_CONTACT_BODY" help:"To whom complaints are addressed, in Azerbaijani (default: the State Customs Committee)."`
	BodyAddress  string `env:"PORTAL_CONTACT_BODY_ADDRESS" help:"Its postal address, prefilled in complaints (default: none, left to be written)."`
}

func (c contact) contacts() views.Contacts {
	v := views.DefaultContacts()
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&v.CallCentre, c.CallCentre},
		{&v.Phone, c.Phone},
		{&v.Email, c.Email},
		{&v.DepartmentAZ, c.DepartmentAZ},
		{&v.DepartmentEN, c.DepartmentEN},
		{&v.Body, c.Body},
		{&v.BodyAddress, c.BodyAddress},
	} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	return v
}

// checked are settings that have been read and make sense together.
type checked struct {
	url, cardURL *url.URL // cardURL is nil when the method is not offered
	checkpoints  customs.Checkpoints
	limits       db.Limits
	offered      offered
	senders      feed.Senders
	seal         seal
	post         *post    // nil: no mail is sent
	staffURL     *url.URL // nil: staff do not sign in here
}

// check reads the settings and reports all mistakes at once.
func (w *web) check() (checked, error) {
	problems := []error{w.unread}
	var c checked
	note := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	for name, addr := range map[string]string{"PORTAL_ADDR": w.Addr, "PORTAL_CARD_ADDR": w.CardAddr, "PORTAL_OPS_ADDR": w.OpsAddr} {
		if addr != "" || name != "PORTAL_CARD_ADDR" {
			note(listenAddress(name, addr))
		}
	}
	var err error
	c.url, err = baseURL("PORTAL_URL", w.URL, "http://"+w.Addr, "http", "https")
	note(err)
	if w.CardAddr != "" {
		c.cardURL, err = baseURL("PORTAL_CARD_URL", w.CardURL, "https://"+w.CardAddr, "https")
		note(err)
	}
	if (w.TLSCert == "") != (w.TLSKey == "") {
		note(errors.New("PORTAL_TLS_CERT and PORTAL_TLS_KEY go together"))
	}
	if w.TLSCert == "" && w.CardAddr != "" {
		note(errors.New("PORTAL_TLS_CERT: the card listener needs a certificate; or set PORTAL_CARD_ADDR to nothing"))
	}
	if c.url != nil && c.url.Scheme == "https" && w.TLSCert == "" && !w.BehindProxy {
		note(errors.New("PORTAL_URL is https: set PORTAL_TLS_CERT, or PORTAL_BEHIND_PROXY if a proxy ends TLS"))
	}
	if w.Idle < time.Minute || w.Absolute < w.Idle {
		note(errors.New("PORTAL_SESSION_IDLE must be at least a minute and PORTAL_SESSION_LIFE no less than it"))
	}
	if w.Idle > 24*time.Hour || w.Absolute > 7*24*time.Hour { // as the database has it, migration 016
		note(errors.New("PORTAL_SESSION_IDLE can be at most 24h and PORTAL_SESSION_LIFE at most 168h"))
	}
	c.limits = db.Limits{Idle: w.Idle, Absolute: w.Absolute}
	c.senders, err = senders(w.FeedTokens)
	note(err)
	if w.Archive != 0 && w.Archive < 30*24*time.Hour {
		note(errors.New("PORTAL_ARCHIVE_AFTER: at least 720h, or 0 for never"))
	}
	c.checkpoints, err = loadCheckpoints(w.Checkpoints)
	note(err)
	c.offered, err = w.Providers.check(c.url)
	note(err)
	c.post, err = w.Mailing.check()
	note(err)
	host := "portal.invalid" // of a wrong base URL, which is one mistake
	if c.url != nil {
		host = c.url.Host
		c.staffURL, err = w.Staff.check(c.url)
		note(err)
	}
	c.seal, err = w.Sealing.check(host)
	note(err)
	return c, errors.Join(problems...)
}

// listenAddress holds an address to host:port, with a port that there is.
func listenAddress(name, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%s: %q is not host:port", name, addr)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("%s: %q is no port", name, port)
	}
	return nil
}

// tls reports whether the public listener speaks TLS itself.
func (w *web) tls(c checked) bool { return c.url.Scheme == "https" && !w.BehindProxy }

func loadCheckpoints(file string) (customs.Checkpoints, error) {
	if file == "" {
		return customs.BuiltInCheckpoints(), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return customs.Checkpoints{}, fmt.Errorf("PORTAL_CHECKPOINTS: %w", err)
	}
	defer f.Close()
	list, err := customs.ReadCheckpoints(f)
	if err != nil {
		return list, fmt.Errorf("PORTAL_CHECKPOINTS: %w", err)
	}
	return list, nil
}

// baseURL reads scheme://host[:port] without a path.
func baseURL(name, given, otherwise string, schemes ...string) (*url.URL, error) {
	if given == "" {
		given = otherwise
	}
	u, err := url.Parse(strings.TrimSuffix(given, "/"))
	if err != nil || u.Host == "" || u.Path != "" || strings.ContainsAny(given, "?#") || u.User != nil || !strings.Contains(" "+strings.Join(schemes, " ")+" ", " "+u.Scheme+" ") {
		return nil, fmt.Errorf("%s: %q is not a base URL such as %s://host", name, given, schemes[len(schemes)-1])
	}
	return u, nil
}

// secret is a setting that may come from a file: NAME or NAME_FILE.
func secret(name, value string) (string, error) {
	file := os.Getenv(name + "_FILE")
	if value != "" || file == "" {
		return value, nil
	}
	b, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// sessionKeys reads keys of at least 32 bytes in hexadecimal or base64,
// separated by commas or white space, newest first.
func sessionKeys(s string) ([][]byte, error) {
	var keys [][]byte
	for _, text := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
		b, err := hex.DecodeString(text)
		if err != nil {
			b, err = base64.StdEncoding.DecodeString(text)
		}
		if err != nil || len(b) < sha256.Size {
			return nil, errors.New("PORTAL_SESSION_KEYS: each key is at least 32 bytes in hexadecimal or base64; make one with: openssl rand -hex 32")
		}
		keys = append(keys, b)
	}
	if len(keys) == 0 {
		return nil, errors.New("PORTAL_SESSION_KEYS is missing; make a key with: openssl rand -hex 32")
	}
	return keys, nil
}
