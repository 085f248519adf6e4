package mygov

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"customs.gov.az/portal/customs"
)

// Person is who signed in with a signature certificate. It logs as nothing.
type Person struct {
	PIN          customs.PIN
	VOENs        []customs.VOEN // may be empty: the list of representatives will say
	Name         string
	Organisation string
	Serial       string   // of the certificate; a digest in its place if the provider does not tell
	Fingerprint  [32]byte // of what the provider said about the certificate's holder
}

// LogValue keeps the person out of logs.
func (Person) LogValue() slog.Value { return slog.StringValue("person") }

// String keeps the person out of formatted text.
func (Person) String() string { return "person" }

// maxVOENs is the most taxpayer numbers that one answer may name.
const maxVOENs = 200

// person reads the claims. A certificate and a method that counts are asked for
// first: without them nothing else matters.
func (p *Provider) person(claims map[string]any) (Person, error) {
	c := p.cfg.Claims
	methods := values(claims, c.Method)
	if !present(claims, c.Certificate) || len(methods) != 1 || !slices.Contains(p.cfg.Methods, methods[0]) {
		return Person{}, ErrNoSignature
	}
	var who Person
	pins := values(claims, c.PIN)
	if len(pins) != 1 {
		return Person{}, fmt.Errorf("%w: personal number", ErrAnswer)
	}
	var err error
	if who.PIN, err = customs.ParsePIN(pins[0]); err != nil {
		return Person{}, fmt.Errorf("%w: personal number", ErrAnswer)
	}
	voens := values(claims, c.VOEN)
	if len(voens) > maxVOENs {
		return Person{}, fmt.Errorf("%w: taxpayer numbers", ErrAnswer)
	}
	for _, text := range voens {
		v, err := customs.ParseVOEN(text)
		if err != nil {
			return Person{}, fmt.Errorf("%w: taxpayer number", ErrAnswer)
		}
		if !slices.Contains(who.VOENs, v) {
			who.VOENs = append(who.VOENs, v)
		}
	}
	who.Name = first(values(claims, c.Name))
	if len(who.VOENs) == 1 { // with several it would be unclear whose name it is
		who.Organisation = first(values(claims, c.Organisation))
	}
	who.Serial = first(values(claims, c.Serial))
	who.Fingerprint = sha256.Sum256([]byte(p.cfg.Issuer + "\x00" + string(who.PIN) + "\x00" + who.Serial))
	if who.Serial == "" {
		who.Serial = fmt.Sprintf("%x", who.Fingerprint[:8])
	}
	return who, nil
}

// first is the first text, if it can be printed.
func first(texts []string) string {
	if len(texts) == 0 || utf8.RuneCountInString(texts[0]) > 256 || strings.ContainsFunc(texts[0], func(r rune) bool {
		return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
	}) {
		return ""
	}
	return texts[0]
}

// walk visits everything that a path of members leads to.
func walk(v any, path string, visit func(any)) {
	if list, ok := v.([]any); ok {
		for _, e := range list {
			walk(e, path, visit)
		}
		return
	}
	if path == "" {
		visit(v)
		return
	}
	name, rest, _ := strings.Cut(path, ".")
	if members, ok := v.(map[string]any); ok {
		if next, ok := members[name]; ok {
			walk(next, rest, visit)
		}
	}
}

// values are the texts at a path; "" leads nowhere.
func values(claims map[string]any, path string) []string {
	var out []string
	if path == "" {
		return nil
	}
	walk(claims, path, func(v any) {
		if s, ok := v.(string); ok && s != "" {
			out = append(out, s)
		}
	})
	return out
}

// present reports whether there is anything at a path.
func present(claims map[string]any, path string) bool {
	found := false
	walk(claims, path, func(v any) {
		switch v := v.(type) {
		case nil, bool, float64:
		case string:
			found = found || v != ""
		case map[string]any:
			found = found || len(v) > 0
		}
	})
	return found
}

// bounded is a transport that ends answers which are too long.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}
