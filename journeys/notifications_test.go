package journeys_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"customs.gov.az/portal/customs"
)

// notifications is the whole way of a person who wants to be told: from the
// list to an address, over a mistake, to the confirmation on a telephone where
// nobody is signed in, to a mail about goods, and to its end.
func notifications(t *testing.T, w *world) {
	for _, c := range []struct {
		lang, person string
		voen         customs.VOEN
		scripts      bool
	}{{"az", "rashad", rashads, true}, {"en", "kamran", kamrans, false}} {
		t.Run(c.lang, func(t *testing.T) {
			t.Parallel()
			v, phone := w.visit(t), w.visit(t)
			if !c.scripts {
				v.withoutScripts()
				phone.withoutScripts()
			}
			v.as(c.person)
			v.speak(c.lang)
			phone.words = v.words
			see := func(*visitor, string) {}
			if rules := axeRules(t); c.scripts {
				see = func(who *visitor, name string) {
					(&look{visitor: who, axe: rules, who: "notifications"}).page(name)
				}
			}
			address := c.person + "@example.az"
			v.follow(`main a[href="/notifications"]`)
			see(v, "none")
			v.addAddress(address, see)
			confirmation := w.mail(t, address, v.words.T("mail.confirm_subject"))
			phone.confirm(link(t, confirmation, "/notifications/confirm/"), address, see)

			v.open("/notifications")
			v.wantText(v.words.T("notifications.state.active"))
			see(v, "active")
			w.border(t, lorry(c.voen, "MAIL"+c.lang, 1, func(l *customs.Consignment) {
				l.Requires = []customs.Requirement{{Code: "payment", Who: customs.You, Since: l.RegisteredAt}}
			}))
			news := w.mail(t, address, v.words.N("mail.subject_action", 1))
			if !strings.Contains(news, "- LIVEMAIL"+c.lang+": "+v.words.Status(customs.Registered)) || strings.Contains(news, string(c.voen)) {
				t.Errorf("the mail says\n%s", news)
			}
			v.open(link(t, news, "/goods/"))
			if !strings.Contains(v.text("h1"), "LIVEMAIL"+c.lang) {
				t.Errorf("the mail leads to %s, %q", v.at(), v.text("h1"))
			}
			phone.stop(link(t, news, "/notifications/stop/"), address, see)
			v.open("/notifications")
			v.wantText(v.words.T("notifications.state.stopped"))
			see(v, "stopped")
			v.follow(`button[value="remove"]`)
			v.wantAt("/notifications?done=removed")
			v.wantText(v.words.T("notifications.done.removed"))
			if v.count("article") != 0 {
				t.Error("the address is still there")
			}
		})
	}
}

// addAddress adds an address, after a mistake in it, and changes what it is told.
func (v *visitor) addAddress(address string, see func(*visitor, string)) {
	v.Helper()
	v.do(chromedp.SetValue(chromedp.ID("new-address"), "nobody at all"))
	v.follow("#new ~ form button")
	v.wantText(v.words.T("notifications.problem_heading"), v.words.T("notifications.problems.malformed"))
	if typed := ask[string](v, `document.getElementById("new-address").value`); typed != "nobody at all" {
		v.Errorf("what was typed is lost: %q", typed)
	}
	see(v, "mistake")
	v.do(chromedp.SetValue(chromedp.ID("new-address"), address))
	v.follow("#new ~ form button")
	v.wantAt("/notifications?done=added")
	v.wantText(address, v.words.T("notifications.done.added"), v.words.T("notifications.state.waiting"))
	see(v, "added")

	v.do(chromedp.Click(chromedp.CSS("article details summary"), chromedp.NodeVisible))
	see(v, "change")
	v.do(chromedp.Click(chromedp.ID("address-0-status"), chromedp.NodeVisible), chromedp.SetValue(chromedp.ID("address-0-when"), "9"))
	v.follow(`button[value="change"]`)
	v.wantAt("/notifications?done=changed")
	v.wantText(v.words.T("notifications.digest", "hour", "09:00"))
	v.do(chromedp.Click(chromedp.CSS("article details summary"), chromedp.NodeVisible), chromedp.SetValue(chromedp.ID("address-0-when"), "now"))
	v.follow(`button[value="change"]`)
}

// confirm opens the link of a confirmation mail and presses its button.
func (v *visitor) confirm(path, address string, see func(*visitor, string)) {
	v.Helper()
	v.open(path)
	v.wantText(v.words.T("notifications.link.confirm.title"), v.words.T("notifications.link.confirm.text", "address", address))
	see(v, "confirm")
	v.follow("main form button")
	v.wantText(v.words.T("notifications.link.confirmed.title"))
	see(v, "confirmed")
	if status := v.open(path); status != http.StatusNotFound {
		v.Errorf("the link works twice: %d", status)
	}
	v.wantText(v.words.T("notifications.link.confirm_gone.title"))
	see(v, "confirm gone")
}

// stop opens the link that stops and presses its button.
func (v *visitor) stop(path, address string, see func(*visitor, string)) {
	v.Helper()
	v.open(path)
	v.wantText(v.words.T("notifications.link.stop.text", "address", address))
	see(v, "stop")
	v.follow("main form button")
	v.wantText(v.words.T("notifications.link.stopped.title"))
	see(v, "stopped by link")
}

// mail waits for a mail in the demo's mailbox and answers its text.
func (w *world) mail(t *testing.T, to, subject string) string {
	t.Helper()
	row := regexp.MustCompile(`<td>` + regexp.QuoteMeta(to) + `</td><td><a href="(/\d+)">` + regexp.QuoteMeta(subject) + `</a>`)
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		list := w.mailPage(t, "/")
		if m := row.FindStringSubmatch(list); m != nil {
			tick.Stop()
			return w.mailPage(t, m[1])
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("no mail to %s: %q. There are:\n%s", to, subject, list)
		}
	}
}

func (w *world) mailPage(t *testing.T, path string) string {
	t.Helper()
	response, err := http.Get("http://" + w.portal.mailbox + path)
	must(t, err)
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	must(t, err)
	return html.UnescapeString(string(b))
}

// link is the path and query of the first address in a mail whose path begins
// like this.
func link(t *testing.T, mail, path string) string {
	t.Helper()
	m := regexp.MustCompile(`https?://[^\s<>"]+`).FindAllString(mail, -1)
	for _, address := range m {
		if u, err := url.Parse(address); err == nil && strings.HasPrefix(u.Path, path) {
			return u.RequestURI()
		}
	}
	t.Fatalf("no link to %s in\n%s", path, mail)
	return ""
}
