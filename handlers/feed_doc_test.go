package handlers_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/handlers"
)

// TestDocumentedFeed sends what docs/feed.md sends by curl, with its headers,
// and wants the answer that stands there.
func TestDocumentedFeed(t *testing.T) {
	page, err := os.ReadFile("../docs/feed.md")
	if err != nil {
		t.Fatal(err)
	}
	found := func(pattern string) string {
		t.Helper()
		m := regexp.MustCompile(pattern).FindSubmatch(page)
		if m == nil {
			t.Fatalf("docs/feed.md has no %s", pattern)
		}
		return string(m[1])
	}
	lines := found(`(?s)<<'END'\n(.*?)END\n`)
	want := found("(?s)```json\n(.*?)```")
	if at := found(`http://127\.0\.0\.1:8080(/\S+)\n`); at != "/feed/v1/consignments" {
		t.Errorf("it is sent to %s", at)
	}
	if token := found(`--header "Authorization: ([^"]+)"`); token != "Bearer $(cat samur.token)" {
		t.Errorf("the token is given as %s", token)
	}
	var header []string
	for _, m := range regexp.MustCompile(`--header '([^:]+): ([^']+)'`).FindAllStringSubmatch(string(page), -1) {
		header = append(header, m[1], m[2])
	}
	if len(header) != 4 {
		t.Fatalf("headers %v", header)
	}
	s := newEmptySite(t, senders(t, "doc:"+sumOf([]byte("doc"))+":00911,00912"), func(o *handlers.Options) {
		o.Now = func() time.Time { return time.Date(2026, 11, 20, 10, 32, 0, 0, time.UTC) }
	})
	r := s.send(strings.NewReader(lines), append(header, "Authorization", "Bearer doc")...)
	if r.status != 200 || r.body != want {
		t.Errorf("%d\n%s\nwant\n%s", r.status, r.body, want)
	}
	if n := look[int](s, `select count(*) from consignment where registration = '009112611999901' and checkpoint = '00911'`); n != 1 {
		t.Errorf("%d registrations stored, want the page's one", n)
	}
}
