package journeys_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"customs.gov.az/portal/customs"
)

// assist is a telephone call, with the three of it in their own windows: the
// trader makes a one-time code, the operator opens a case with it and looks, a
// supervisor watches and ends it, and the trader sees what was looked at.
func assist(t *testing.T, w *world) {
	rules := axeRules(t)
	for _, c := range []struct {
		lang, operator, second, trader, voen string
		scripts                              bool
	}{
		{"az", "operator", "operator2", "aysel", "1499000151", true},
		{"en", "operator2", "operator", "rashad", "1499000152", false},
	} {
		t.Run(c.lang+" scripts "+strconv.FormatBool(c.scripts), func(t *testing.T) {
			t.Parallel()
			w := w.beside(t, "assist-"+c.lang) // a supervisor's page is loaded again with each case
			w.sensitive(t, guarded)
			trader := w.visit(t).as(c.trader)
			trader.speak(c.lang)
			registration := trader.text("tr .reg")
			trader.open("/access")
			trader.open("/access/code")
			trader.follow(`main form[action="/access/code"] button`)
			code := onlyDigits(trader.text(".code-shown"))
			if len(code) != customs.CodeDigits {
				t.Fatalf("at %s: the code is %q: %s", trader.at(), code, trader.text("main"))
			}

			operator := w.visit(t)
			if !c.scripts {
				operator.withoutScripts()
			}
			operator.in(c.operator, "/assist", c.lang)
			operator.follow(`#case-form button`)
			if n := operator.count(".errors li"); n != 6 {
				t.Errorf("an empty form has %d problems", n)
			}
			operator.write(map[string]string{"voen": c.voen, "code": code, "caller": "Leyla Məmmədova", "call_number": "+994 50 000 00 00", "call_id": "118204"})
			operator.do(chromedp.Click(chromedp.ID("reason-0")))
			operator.follow(`#case-form button`)
			list := operator.at()
			if !strings.HasSuffix(list, "/goods") || operator.count("tr .reg") == 0 {
				t.Fatalf("at %s: %s", list, operator.text(".errors"))
			}
			at := strings.TrimSuffix(list, "/goods")
			operator.wantText(c.voen, registration, operator.words.T("assist.banner_whose"))
			if strings.Contains(operator.text("body"), operator.words.T("assist.unconfirmed")) || operator.count(`a[href^="/goods"], a[download], a[href^="/receipts"]`) != 0 {
				t.Error("a case with a code is not confirmed, or there is something to take along")
			}
			operator.follow("tr .reg")
			operator.wantText(operator.words.T("assist.you_means"))
			operator.media("print")
			if shown := ask[string](operator, `[...document.body.children].filter(e => getComputedStyle(e).display !== "none").map(e => e.className).join()`); shown != "print-refusal" {
				t.Errorf("on paper: %q", shown)
			}
			operator.media("screen")
			if c.scripts {
				l := &look{visitor: operator, axe: rules, who: "operator", queue: []string{"/assist", at, list, list + "?q=nothing-like-it", list + "/" + registration, list + "/none"}}
				l.everywhere(false)
				operator.open(list)
			}

			supervisor := w.visit(t)
			supervisor.keepStreams()
			supervisor.in("supervisor", "/supervision/assist", c.lang)
			mine := `form:has(input[value="` + strings.TrimPrefix(at, "/assist/") + `"])`
			if supervisor.count(mine) != 1 {
				t.Fatal("supervision does not see the case")
			}
			if c.scripts {
				l := &look{visitor: supervisor, axe: rules, who: "supervisor", queue: []string{"/supervision/assist"}}
				l.everywhere(false)
			}
			supervisor.do(chromedp.SetValue(chromedp.CSS(mine+` input[name="why"]`), "an exercise"))
			supervisor.follow(mine + " button")
			supervisor.wantText(supervisor.words.T("assist.done_stopped"))
			if c.scripts {
				supervisor.signOutLate()
			}

			if c.scripts { // the open page ends by itself
				operator.soonAt(at)
			} else {
				operator.open(list)
			}
			operator.wantText("an exercise")
			if operator.count("tr .reg, .behalf") != 0 {
				t.Error("the goods are still there after the end")
			}

			trader.open("/access")
			trader.wantText("M-2")
			if text := trader.text("main"); strings.Contains(text, "Həsənova") || strings.Contains(text, "Kərimov") || strings.Contains(text, "Vəliyeva") {
				t.Error("the trader learns an officer's name")
			}
			w.sensitiveCase(t, operator, c.second, c.lang, c.scripts)
		})
	}
}

// staffList is the way of a change: one administrator proposes, another
// approves.
func staffList(t *testing.T, w *world) {
	t.Parallel()
	rules := axeRules(t)
	first, second := w.visit(t), w.visit(t).withoutScripts()
	first.in("administrator", "/staff", "az")
	first.write(map[string]string{"pin": "1A2B3C4", "number": "OP-0900", "name": "Yeni Əməkdaş", "unit": "Çağrı Mərkəzi"})
	first.do(chromedp.Click(chromedp.ID("role-0")))
	ask[bool](first, `document.getElementById("until").value = "`+nextYear()+`", true`)
	first.follow(`#form button`)
	first.wantText(first.words.T("staff.done.proposed"), first.words.T("staff.own_text"))
	l := &look{visitor: first, axe: rules, who: "administrator", queue: []string{"/staff", "/staff?change=OP-0101", "/assist"}}
	l.everywhere(false)

	second.in("administrator2", "/staff", "en")
	second.follow(`#proposals button[value="approved"]`)
	second.wantText(second.words.T("staff.done.approved"))
	first.open("/staff")
	first.wantText("OP-0900", first.words.T("staff.open_none"))
}

// in signs an officer in for a page, in a language.
func (v *visitor) in(person, path, lang string) {
	v.Helper()
	v.open(path)
	v.speak(lang)
	v.follow(`.methods a[href^="/sign-in/file"]`)
	v.enter(person)
	v.wantAt(path)
}

// onlyDigits is a text without anything else.
func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// nextYear is a day as a form has it.
func nextYear() string { return time.Now().AddDate(1, 0, 0).Format(time.DateOnly) }
