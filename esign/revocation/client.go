package revocation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"
)

// deadFor is how long an address that did not answer is left alone.
const deadFor = 20 * time.Second

// Why an address gave nothing.
var (
	errDead     = errors.New("revocation: address did not answer a moment ago")
	errAddress  = errors.New("revocation: not an address to ask")
	errPrivate  = errors.New("revocation: a certificate names an address that is not public")
	errTooLarge = errors.New("revocation: answer is too large")
)

// address is where to ask; outside means that a certificate named it.
type address struct {
	url     string
	outside bool
}

// client sends requests and remembers who does not answer.
type client struct {
	now             func() time.Time
	inside, outside *http.Client
	mu              *sync.Mutex
	dead            map[string]time.Time // address → until when it is left alone
}

func newClient(o Options) client {
	if o.Transport == nil {
		o.Transport = transport(nil)
	}
	if o.Outside == nil {
		o.Outside = transport(onlyPublic)
	}
	noRedirects := func(t http.RoundTripper) *http.Client {
		return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // and 3xx is not 200
		}}
	}
	return client{now: o.Now, inside: noRedirects(o.Transport), outside: noRedirects(o.Outside), mu: new(sync.Mutex), dead: map[string]time.Time{}}
}

// control looks at an address after its name has been resolved and before
// anything is sent.
type control func(network, address string, _ syscall.RawConn) error

func transport(look control) *http.Transport {
	t := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second, Control: look}).DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  10 * time.Second,
		MaxResponseHeaderBytes: 16 << 10,
		MaxIdleConnsPerHost:    4,
		MaxConnsPerHost:        16,
		IdleConnTimeout:        time.Minute,
		DisableCompression:     true,
	}
	if look == nil {
		t.Proxy = http.ProxyFromEnvironment
	}
	return t
}

// notPublic are the blocks that netip does not know as special (IANA
// registries of special-purpose addresses).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("::/96"),
}

func onlyPublic(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || (to.Port() != 80 && to.Port() != 443) {
		return errPrivate
	}
	ip := to.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Zone() != "" {
		return errPrivate
	}
	for _, block := range notPublic {
		if block.Contains(ip) {
			return errPrivate
		}
	}
	return nil
}

// fetch sends body, or asks with GET when there is none, and returns at most
// limit bytes of a 200 answer.
func (c *client) fetch(ctx context.Context, a address, contentType string, body []byte, limit int64) ([]byte, error) {
	u, err := url.Parse(a.url)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, errAddress
	}
	if c.isDead(a.url) {
		return nil, errDead
	}
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, method, a.url, bytes.NewReader(body))
	if err != nil {
		return nil, errAddress
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	h := c.inside
	if a.outside {
		h = c.outside
	}
	answer, err := c.do(h, r, limit)
	if err != nil {
		c.setDead(a.url)
	}
	return answer, err
}

func (c *client) do(h *http.Client, r *http.Request, limit int64) ([]byte, error) {
	resp, err := h.Do(r)
	if err != nil {
		if errors.Is(err, errPrivate) {
			return nil, errPrivate
		}
		return nil, errors.New("revocation: no answer") // the cause would name the address
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("revocation: HTTP status %d", resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, errors.New("revocation: answer broke off")
	}
	if int64(len(b)) > limit {
		return nil, errTooLarge
	}
	return b, nil
}

func (c *client) isDead(address string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	until, ok := c.dead[address]
	if ok && !c.now().Before(until) {
		delete(c.dead, address)
		ok = false
	}
	return ok
}

func (c *client) setDead(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.dead) < 1000 {
		c.dead[address] = c.now().Add(deadFor)
	}
}
