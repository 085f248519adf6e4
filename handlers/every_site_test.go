package handlers_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/handlers"
)

// whole is a site that offers all that a portal can, with one example of each
// thing that an address may name. Tests of every route ask its router which
// routes there are: a new one is covered, or fails for want of an example.
type whole struct {
	*notary
	people   map[string]*browser // who is signed in, "" for nobody
	examples map[string]string   // an address by the pattern of its route
}

// newWhole opens the site behind TLS, as the portal is served.
func newWhole(t *testing.T) *whole {
	t.Helper()
	n := newNotary(t, func(o *handlers.Options) { o.URL.Scheme = "https" }, func(o *handlers.Options) { o.StaffURL = o.URL },
		withMail, withSIMA, withMyGov(t), senders(t))
	n.hire()
	w := &whole{notary: n, people: map[string]*browser{"": n.browser()}}
	for _, name := range []string{"aysel", "rashad"} {
		w.people[name] = n.browser().signIn(name)
	}
	for _, name := range []string{"operator", "supervisor", "administrator"} {
		w.people[name] = n.browser()
		w.people[name].staffIn(name, "")
	}
	w.exemplify()
	return w
}

// exemplify makes one of each thing for aysel, and a case about her goods.
func (w *whole) exemplify() {
	w.Helper()
	b := w.people["aysel"]
	b.want(b.get("/goods"), http.StatusOK) // what is told once is told
	receipt := receiptOf(b, "/goods")
	draft := b.want(b.post("/appeals/complaint", filled()...), http.StatusSeeOther).to()
	ask := askLink(b)
	report := b.want(b.post("/access/not-mine", "registration", aysels, "body", "Bu mənim deyil."), http.StatusSeeOther).to()
	report, _, _ = strings.Cut(report, "?")
	b.want(b.post("/notifications", wish("one@example.az")...), http.StatusSeeOther)
	mail := w.claimed()
	operator := w.people["operator"]
	at := operator.openCase("1499000151")
	w.sealing()
	entry := look[string](w.site, `select max(id)::text from register_entry where subject = '1499000151' and outcome = 'answered'`)
	draft = strings.TrimSuffix(draft, "/document")
	w.examples = map[string]string{
		"/goods/:code": "/goods/" + aysels, "/access/ask/:entry": ask, "/access/reports/:id": report,
		"/notifications/:id":                      "/notifications/" + addressID(w.site, "one@example.az"),
		"/notifications/confirm/:token":           "/notifications/confirm/" + mail.Confirm,
		"/notifications/stop/:token":              "/notifications/stop/" + mail.Stop,
		"/receipts/:id":                           receipt,
		"/receipts/:id/receipt.json":              receipt + "/receipt.json",
		"/receipts/:id/qr.png":                    receipt + "/qr.png",
		"/receipts/:id/receipt.tlog-proof":        receipt + "/receipt.tlog-proof",
		"/appeals/complaint/:draft":               draft,
		"/appeals/complaint/:draft/document":      draft + "/document",
		"/appeals/complaint/:draft/evidence.json": draft + "/evidence.json",
		"/appeals/complaint/:draft/delete":        draft + "/delete",
		"/assist/:case":                           at,
		"/assist/:case/goods":                     at + "/goods",
		"/assist/:case/goods/:code":               at + "/goods/" + aysels,
		"/assist/:case/extend":                    at + "/extend",
		"/assist/:case/end":                       at + "/end",
		"/assist/:case/approve":                   at + "/approve",
		"/assist/:case/events":                    at + "/events",
		"/supervision/register/:id":               "/supervision/register/" + entry,
		"/supervision/reports/:id":                strings.Replace(report, "/access/", "/supervision/", 1),
		"/register/tile/*":                        "/register/tile/0/000.p/1",
		"/static/*":                               w.options.Assets.URL("css/app.css"),
		"/api/v1/consignments/:code":              "/api/v1/consignments/" + aysels,
		"/api/*":                                  "/api/v1/nothing",
		"/sima/Home/GetFile/":                     "/sima/Home/GetFile/?tsquery=x",
	}
}

// sealing seals the register from now on, as a portal that serves does.
func (w *whole) sealing() {
	w.Helper()
	w.seal()
	ctx, stop := context.WithCancel(w.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.sealer.Run(ctx, 50*time.Millisecond, slog.New(slog.DiscardHandler))
	}()
	w.Cleanup(func() { stop(); <-ended })
}

// route is one that the router knows, with an address that leads to it.
type route struct{ method, pattern, address string }

// routes asks the router what it answers, in a steady order.
func (w *whole) routes() []route {
	w.Helper()
	e, ok := w.portal.Handler().(*echo.Echo)
	if !ok {
		w.Fatal("the handler is not the router")
	}
	var list []route
	for _, r := range e.Routes() {
		at, known := w.examples[r.Path]
		if !known {
			at = r.Path
		}
		if strings.ContainsAny(at, ":*") {
			w.Errorf("%s: no example of an address; add one to exemplify", r.Path)
			continue
		}
		if found := (route{r.Method, r.Path, at}); found.method != http.MethodHead || !found.streams() { // which it refuses
			list = append(list, found)
		}
	}
	slices.SortFunc(list, func(a, b route) int { return strings.Compare(a.pattern+" "+a.method, b.pattern+" "+b.method) })
	if len(list) < 100 {
		w.Fatalf("the router knows %d routes", len(list))
	}
	return list
}

// byMethod are the routes of one method.
func (w *whole) byMethod(method string) []route {
	w.Helper()
	return slices.DeleteFunc(w.routes(), func(r route) bool { return r.method != method })
}

// streams never end by themselves.
func (r route) streams() bool { return strings.HasSuffix(r.pattern, "/events") }

// whose is the person for whom a route is made.
func (r route) whose() string {
	switch part, _, _ := strings.Cut(r.pattern[1:], "/"); part {
	case "assist":
		return "operator"
	case "supervision":
		return "supervisor"
	case "staff":
		return "administrator"
	}
	return "aysel"
}

// owner is that person's browser.
func (w *whole) owner(r route) *browser { return w.people[r.whose()] }
