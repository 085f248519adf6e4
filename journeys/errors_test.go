package journeys_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// errorPages meets every refusal that a person can meet, in both languages:
// each says in words what is the matter, has the request's number to read out
// and a way on, and axe finds nothing.
func errorPages(t *testing.T, w *world) {
	for lang, person := range map[string]string{"az": "aysel", "en": "kamran"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			v := w.visit(t).as(person)
			v.speak(lang)
			code := v.text("tr .reg")
			l := &look{visitor: v, axe: axeRules(t), who: "error"}
			for _, c := range []struct {
				name   string
				status int
				meet   func() int
			}{
				{"no page", http.StatusNotFound, func() int { return v.open("/goods.exe") }},
				{"no registration", http.StatusNotFound, func() int { return v.open("/goods/no-such-code") }},
				{"no such draft", http.StatusNotFound, func() int { return v.open("/appeals/complaint/none") }},
				{"not so", http.StatusMethodNotAllowed, func() int { return v.open("/sign-out") }},
				{"form broken", http.StatusBadRequest, func() int {
					v.open("/api-access")
					ask[bool](v, `document.querySelector("input[name=form]").value = "x", document.querySelector("#name").value = "1C", true`)
					return v.follow("form.panel button")
				}},
				{"too large", http.StatusRequestEntityTooLarge, func() int {
					v.open("/access/not-mine?registration=" + code)
					ask[bool](v, `document.querySelector("#body").removeAttribute("maxlength"), document.querySelector("#body").value = "ə".repeat(200000), true`)
					return v.follow(`form[action="/access/not-mine"] button`)
				}},
				{"too often", http.StatusTooManyRequests, func() int {
					v.as("leyla") // of whom no other journey makes codes: what is used up here is missing there
					status := 0
					for range 12 {
						v.open("/access/code")
						if status = v.follow(`main form[action="/access/code"] button`); status != http.StatusOK {
							break
						}
					}
					return status
				}},
			} {
				if status := c.meet(); status != c.status {
					t.Errorf("%s: status %d, want %d", c.name, status, c.status)
					continue
				}
				v.explained(strconv.Itoa(c.status))
				l.page("error " + strconv.Itoa(c.status))
				// The person is still who they are; a page of an error waits half a
				// second for that, which a busy machine may not have.
				for n := 0; n < 3 && !strings.Contains(v.text("body"), v.words.T("nav.sign_out")); n++ {
					c.meet()
				}
				v.wantText(v.words.T("nav.sign_out"))
			}
			operator := w.visit(t)
			operator.in("operator", "/assist", lang)
			if status := operator.open("/supervision"); status != http.StatusForbidden {
				t.Errorf("an officer's page answers %d", status)
			}
			(&look{visitor: operator, axe: axeRules(t), who: "error"}).page("error 403")
			if operator.count(`main a[href="/assist"]`) == 0 {
				t.Error("no way on from a page of another role")
			}
		})
	}
}

// explained expects the page of an error: what it is, its number, a way on.
func (v *visitor) explained(key string) {
	v.Helper()
	title := strings.ReplaceAll(v.words.T("error."+key+".title"), "\u00a0", " ")
	if got := strings.ReplaceAll(v.text("h1"), "\u00a0", " "); got != title {
		v.Errorf("at %s: the heading is %q, want %q", v.at(), got, title)
	}
	if number := v.text(".ref .num"); len(number) != 36 {
		v.Errorf("at %s: the request's number is %q", v.at(), number)
	}
	if v.count("main a[href]") == 0 {
		v.Errorf("at %s: no way on", v.at())
	}
	if got := ask[string](v, "document.title"); !strings.HasPrefix(got, v.words.T("site.error", "title", "")) {
		v.Errorf("at %s: the title is %q", v.at(), got)
	}
}

// databaseGone takes the database away from a demo of its own while pages are
// open: what needs it says so, what does not goes on, nothing shows old goods
// as if they were of now.
func databaseGone(t *testing.T, w *world) {
	t.Parallel()
	own := w.beside(t, "gone")
	v := own.visit(t).as("aysel")
	code := v.text("tr .reg")
	open := own.visitBeside(t, v)
	open.open("/goods")
	open.listening()
	for _, window := range []*visitor{v, open} {
		window.seen.goAway() // before it goes: an open list asks by itself
	}
	own.portal.sql(t, "postgres", `alter database THIS with allow_connections false`)
	own.portal.sql(t, "postgres", `select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = 'THIS'`)
	for _, lang := range []string{"az", "en"} {
		l := &look{visitor: v, axe: axeRules(t), who: "gone"}
		if status := v.open("/help?lang=" + lang); status != http.StatusOK {
			t.Errorf("the help answers %d without the database", status)
		}
		v.words = w.words.For(lang)
		for _, path := range []string{"/goods", "/goods/" + code, "/access"} {
			if status := v.open(path); status != http.StatusServiceUnavailable {
				t.Errorf("%s answers %d", path, status)
			}
			v.explained("503_data")
			if v.count(`main a[href="`+path+`"]`) != 1 || v.count("tr .reg") != 0 {
				t.Errorf("%s: nothing to try again with, or goods", path)
			}
		}
		l.page("error 503 " + lang)
	}
	// The open list does not go on calling itself live, though nobody touches it.
	open.until(`document.querySelector(".live").classList.contains("live--off")`)
	if said := open.text(".live [role=status]"); said == open.words.T("goods.live") || said == "" {
		t.Errorf("the open list says %q", said)
	}
	// Once it is back, so are the goods, for the same session.
	own.portal.sql(t, "postgres", `alter database THIS with allow_connections true`)
	if status := v.follow(`main a[href="/access"]`); status != http.StatusOK {
		t.Errorf("tried again with the database back: %d", status)
	}
	open.until(`!document.querySelector(".live").classList.contains("live--off")`)
}

// sql runs a statement in a database of the demo's own server, as nobody but a
// test does.
func (p *program) sql(t *testing.T, database, statement string, args ...any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(p.data, "database-owner.url"))
	must(t, err)
	u, err := url.Parse(strings.TrimSpace(string(b)))
	must(t, err)
	u.User = url.User("postgres")
	name := strings.TrimPrefix(u.Path, "/")
	if database != "" {
		u.Path = "/" + database
	}
	c, err := pgx.Connect(t.Context(), u.String())
	must(t, err)
	defer c.Close(context.WithoutCancel(t.Context()))
	_, err = c.Exec(t.Context(), strings.ReplaceAll(statement, "THIS", name), args...)
	must(t, err)
}
