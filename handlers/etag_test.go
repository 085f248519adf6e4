package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

// A list that tells the same costs no body, and is registered all the same.
func TestUnchangedListCostsNoBody(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	b.want(b.get("/goods"), http.StatusOK) // the first page tells about the sign-in
	var tag string
	var second answer
	for range 3 { // a minute may end in between
		first := b.want(b.get("/goods"), http.StatusOK)
		tag = first.Header.Get("ETag")
		if !strings.HasPrefix(tag, `W/"`) || first.Header.Get("Cache-Control") != "private, no-store" {
			t.Fatalf("tag %q, cache %q", tag, first.Header.Get("Cache-Control"))
		}
		second = b.get("/goods", "If-None-Match", `"x", `+tag)
		if second.StatusCode == http.StatusNotModified {
			break
		}
	}
	b.want(second, http.StatusNotModified)
	if second.body != "" || second.Header.Get("ETag") != tag || second.Header.Get("Vary") == "" {
		t.Errorf("%d bytes, %v", len(second.body), second.Header)
	}
	n := look[int](s, `select count(*) from register_entry where request_id = $1::text::uuid`, second.Header.Get("X-Request-ID"))
	if n != 1 {
		t.Errorf("%d entries of the answer without a body", n)
	}
}

// Whatever a reader would see differently is another page.
func TestChangedListHasAnotherTag(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	b.get("/goods")
	tag := func() string { return b.want(b.get("/goods"), http.StatusOK).Header.Get("ETag") }
	before := tag()
	s.feed(strings.Replace(snapshot(aysels2, "1499000151", 2), `"docs_check"`, `"inspection"`, 1))
	if tag() == before {
		t.Error("a change of the goods keeps the tag")
	}
	for what, path := range map[string]string{"a filter": "/goods?waiting=you", "an order": "/goods?sort=oldest", "a language": "/goods?lang=en"} {
		before := tag()
		if got := b.want(b.get(path, "If-None-Match", before), http.StatusOK); got.Header.Get("ETag") == before {
			t.Errorf("%s keeps the tag", what)
		}
	}
	other := s.browser().signIn("rashad")
	other.get("/goods")
	if a := other.want(other.get("/goods", "If-None-Match", tag()), http.StatusOK); a.body == "" {
		t.Error("another trader is answered by somebody's tag")
	}
}

// Only lists are kept; and with the session goes what the browser kept.
func TestWhatABrowserMayKeep(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	for _, path := range []string{"/goods/" + aysels, "/goods/none", "/help"} {
		if a := b.get(path, "If-None-Match", "*"); a.Header.Get("ETag") != "" || a.Header.Get("Cache-Control") != "no-store" || a.body == "" {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
	if a := b.post("/sign-out"); a.Header.Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("signing out leaves pages behind: %v", a.Header)
	}
}
