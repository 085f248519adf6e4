package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// A status of a checkpoint's own can be chosen like the others, on the page and
// for a file; a step that has no words is named by its code on both.
func TestACheckpointsOwnCodes(t *testing.T) {
	s := newSite(t)
	s.feed(strings.NewReplacer(`"docs_check"`, `"İkinci tarama"`, `"certificate_of_origin"`, `"scan sheet"`).Replace(snapshot("OWN1", "1499000151", 1)))
	b := s.browser().english().signIn("aysel")
	query := "?status=" + url.QueryEscape("İkinci tarama")
	page := b.want(b.get("/goods"+query), http.StatusOK).body
	if text := words(page); !strings.Contains(text, "OWN1") || strings.Contains(text, aysels) || strings.Contains(text, "left out") || !strings.Contains(text, "step with the code “scan sheet”") {
		t.Error(text)
	}
	if chosen := elements(page, "option"); !slices.ContainsFunc(chosen, func(n *html.Node) bool { return strings.Contains(n.FirstChild.Data, "(İkinci tarama)") }) {
		t.Error("it is not among the choices")
	}
	rows := b.rowsOf(b.get("/goods.csv" + query))
	if !slices.Equal(codes(rows), []string{"OWN1"}) || !slices.Contains(rows[1], "step with the code “scan sheet”") {
		t.Errorf("%q", rows)
	}
	if rows := b.rowsOf(b.get("/goods.csv?status=bogus")); len(rows) < 3 {
		t.Errorf("a status that nothing has filters: %q", rows)
	}
	if text := words(b.get("/goods" + query + "&status=held").body); !strings.Contains(text, "left out: Status") || !strings.Contains(text, aysels) {
		t.Error("of two statuses one is chosen")
	}
}
