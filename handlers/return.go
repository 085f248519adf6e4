package handlers

import (
	"net/url"
	"path"
	"strings"
)

const maxReturn = 1000 // bytes of the address of a page to come back to

// safeReturn accepts the path and query of a page of this site that is worth
// coming back to after signing in, and is "" for everything else: above all
// for what a browser could read as another site or resolve to another page.
func safeReturn(s string) string {
	if len(s) > maxReturn || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Fragment != "" ||
		!strings.HasPrefix(u.Path, "/") || path.Clean(u.Path) != u.Path {
		return ""
	}
	switch section(u.Path) {
	case "assist", "supervision", "staff":
		return s
	case "goods", "goods.csv", "goods.xlsx", "print", "api-access", "access", "access.csv", "appeals", "receipts", "notifications":
		return s
	}
	return ""
}

// withReturn adds the page to come back to.
func withReturn(path, back string) string {
	if back = safeReturn(back); back == "" {
		return path
	}
	return path + "?" + url.Values{"return": {back}}.Encode()
}
