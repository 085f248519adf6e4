package views

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"customs.gov.az/portal/static"
	"golang.org/x/net/html"
)

// all lists the elements of a name, "*" for every element, in document order.
func all(n *html.Node, name string) []*html.Node {
	var out []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && (name == "*" || d.Data == name) {
			out = append(out, d)
		}
	}
	return out
}

// attr is an attribute's value; has says whether it is there.
func attr(n *html.Node, name string) (value string, has bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func hasClass(n *html.Node, class string) bool {
	v, _ := attr(n, "class")
	return slices.Contains(strings.Fields(v), class)
}

// byClass lists the elements of a class.
func byClass(n *html.Node, class string) []*html.Node {
	return slices.DeleteFunc(all(n, "*"), func(e *html.Node) bool { return !hasClass(e, class) })
}

// text is the text of an element with its white space collapsed and a space
// between the cells, items and paragraphs in it.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		switch {
		case d.Type == html.TextNode:
			b.WriteString(d.Data)
		case slices.Contains([]string{"td", "th", "tr", "li", "p", "div", "dt", "dd", "h1", "h2"}, d.Data):
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func texts(nodes []*html.Node) []string {
	out := make([]string, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, text(n))
	}
	return out
}

// checkPage asserts what holds for every page: language, one main heading,
// headings in order, landmarks, names for controls and tables, distinct ids,
// local targets, and nothing that the content security policy would stop.
func checkPage(t *testing.T, doc *html.Node, lang string) {
	t.Helper()
	if got, _ := attr(all(doc, "html")[0], "lang"); got != lang {
		t.Errorf("lang is %q", got)
	}
	if len(all(doc, "h1")) != 1 || len(all(doc, "main")) != 1 || len(all(doc, "title")) != 1 {
		t.Error("one h1, one main and one title expected")
	}
	if banned := all(doc, "style"); len(banned) > 0 {
		t.Errorf("style in the page: %d", len(banned))
	}
	for _, n := range all(doc, "script") {
		if src, _ := attr(n, "src"); !strings.HasPrefix(src, static.Prefix) || n.FirstChild != nil {
			t.Errorf("a script that is no file of the tree: %q %q", src, text(n))
		}
	}
	checkOutline(t, doc)
	ids := map[string]bool{}
	for _, n := range all(doc, "*") {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("<%s %s>: the policy forbids it", n.Data, a.Key)
			}
			if a.Key == "id" {
				if ids[a.Val] {
					t.Errorf("id %q stands twice", a.Val)
				}
				ids[a.Val] = true
			}
		}
	}
	for _, n := range all(doc, "*") {
		checkTargets(t, n, ids)
	}
	for _, n := range all(doc, "table") {
		if len(all(n, "caption")) != 1 {
			t.Error("a table has no caption")
		}
		for _, th := range all(n, "th") {
			if _, has := attr(th, "scope"); !has || text(th) == "" {
				t.Errorf("th %q needs scope and text", text(th))
			}
		}
	}
}

func checkOutline(t *testing.T, doc *html.Node) {
	t.Helper()
	level := 0
	for _, n := range all(doc, "*") {
		if len(n.Data) != 2 || n.Data[0] != 'h' || n.Data[1] < '1' || n.Data[1] > '6' {
			continue
		}
		next := int(n.Data[1] - '0')
		if next > level+1 || text(n) == "" {
			t.Errorf("heading %s %q after level %d", n.Data, text(n), level)
		}
		level = next
	}
}

func checkTargets(t *testing.T, n *html.Node, ids map[string]bool) {
	t.Helper()
	if by, has := attr(n, "aria-labelledby"); has && !ids[by] {
		t.Errorf("<%s> is labelled by %q, which does not exist", n.Data, by)
	}
	id, _ := attr(n, "id")
	switch n.Data {
	case "input", "select", "textarea":
		if kind, _ := attr(n, "type"); kind != "hidden" && !slices.ContainsFunc(labels(n), func(l *html.Node) bool { f, _ := attr(l, "for"); return f == id }) {
			t.Errorf("%s %q has no label", n.Data, id)
		}
	case "a":
		href, has := attr(n, "href")
		if !has || href == "" || strings.HasPrefix(href, "about:") {
			t.Errorf("link %q leads nowhere: %q", text(n), href)
		}
		if local, ok := strings.CutPrefix(href, "#"); ok && !ids[local] {
			t.Errorf("link to %q, which does not exist", href)
		}
		if text(n) == "" {
			t.Errorf("link to %q has no words", href)
		}
	case "button":
		if text(n) == "" {
			t.Error("a button has no words")
		}
	}
}

// labels lists the labels of the whole document that n stands in.
func labels(n *html.Node) []*html.Node {
	for n.Parent != nil {
		n = n.Parent
	}
	return all(n, "label")
}

// checkFiles asserts that every file the page asks for exists.
func checkFiles(t *testing.T, p Page, doc *html.Node) {
	t.Helper()
	base := strings.TrimSuffix(p.Assets.URL("x"), "x")
	for _, n := range slices.Concat(all(doc, "link"), all(doc, "use"), all(doc, "script")) {
		href, _ := attr(n, "href")
		if n.Data == "script" {
			href, _ = attr(n, "src")
		}
		name, local := strings.CutPrefix(href, base)
		name, _, _ = strings.Cut(name, "#")
		if !local || !p.Assets.Has(name) {
			t.Errorf("<%s> asks for %q, which does not exist", n.Data, href)
		}
	}
}

// serve answers one GET without compression and returns the body.
func serve(t *testing.T, h http.Handler, url string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d", url, w.Code)
	}
	return w.Body.String()
}
