package journeys_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// access is what traders do with the history of who looked: they read and
// filter it, make a code for the telephone, say what the call centre may see,
// ask about a view and report a registration; supervision answers both.
func access(t *testing.T, w *world) {
	for _, c := range []struct {
		name, person, lang string
		scripts            bool
	}{{"az", "kamran", "az", true}, {"en", "aysel", "en", true}, {"az without scripts", "rashad", "az", false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, s := w.visit(t), w.visit(t)
			if !c.scripts {
				v.withoutScripts()
				s.withoutScripts()
			}
			rules := axeRules(t)
			see := func(v *visitor, name string) { // axe-core is a script itself
				if c.scripts {
					(&look{visitor: v, axe: rules, who: "access"}).page(name)
				}
			}
			v.as(c.person)
			v.speak(c.lang)
			code := v.text("tr .reg")
			v.follow("tr .reg")
			v.history(code, see)
			v.telephone(see)
			question, notMine := v.report(code, see)
			s.open("/sign-in/file?return=%2Fsupervision%2Freports")
			s.enter("supervisor")
			s.wantAt("/supervision/reports")
			s.speak(c.lang)
			see(s, "reports to answer")
			for _, report := range []string{question, notMine} {
				s.answer(report, see)
				v.open(report)
				v.wantText(v.words.T("report.answered"), "Cavab: Samur")
				if strings.Contains(v.text("main"), "Nəzarətçi") {
					v.Error("the trader learns who answered")
				}
				see(v, "answered")
			}
			v.open("/access")
			v.wantText(v.words.T("access.do_supervision_answer"), v.words.T("report.see_answer"))
		})
	}
}

// history reads who looked, by itself and filtered, and takes it away.
func (v *visitor) history(code string, see func(*visitor, string)) {
	v.Helper()
	v.follow(`.tabs a[href="/access"]`)
	v.wantText(v.words.T("access.heading"), v.words.T("access.do_goods_detail", "code", code), v.words.T("access.you"))
	see(v, "history")
	v.do(chromedp.SetValue(chromedp.CSS("#who"), "operator"))
	v.follow(".filters .btn")
	if at := v.at(); !strings.Contains(at, "who=operator") {
		v.Errorf("filtered at %s", at)
	}
	see(v, "history filtered")
	v.open("/access")
	if file := v.download(`a[href^="/access.csv"]`); !strings.HasSuffix(file, ".csv") {
		v.Errorf("the file is called %s", file)
	}
}

// telephone makes a code and says that it is always needed.
func (v *visitor) telephone(see func(*visitor, string)) {
	v.Helper()
	v.follow(`form[action="/access/code"] button`)
	if code := strings.ReplaceAll(v.text(".code-shown"), "\u00a0", ""); len(code) != 8 {
		v.Errorf("the code is %q", code)
	}
	see(v, "code")
	v.follow(`main a[href="/access/telephone"]`)
	v.wantText(v.words.T("telephone.not_again"))
	v.do(chromedp.Click(chromedp.CSS(`label[for="help-code"]`), chromedp.NodeVisible))
	v.follow(`form[action="/access/telephone"] button`)
	v.wantText(v.words.T("telephone.saved"))
	see(v, "telephone")
	v.open("/access")
	v.wantText(v.words.T("access.chose", "what", v.words.T("access.do_access_choose"), "choice", v.words.T("telephone.choice_code")))
}

// report asks about the newest view and says that a registration is not theirs.
func (v *visitor) report(code string, see func(*visitor, string)) (question, notMine string) {
	v.Helper()
	v.follow(`a[href^="/access/ask/"]`)
	see(v, "question")
	v.do(chromedp.SendKeys(chromedp.CSS("#body"), "Kim idi? «Şəki»"), chromedp.SendKeys(chromedp.CSS("#contact"), "050 000 00 00"))
	v.follow(`form[action^="/access/ask/"] button`)
	v.wantText(v.words.T("report.sent"), "Kim idi? «Şəki»")
	question = strings.TrimSuffix(v.at(), "?sent=1")
	see(v, "question sent")
	v.open("/goods/" + code)
	v.follow(`a[href^="/access/not-mine"]`)
	see(v, "not mine")
	ask[bool](v, `document.querySelector("#body").required = false, true`)
	v.follow(`form[action="/access/not-mine"] button`)
	v.wantText(v.words.T("report.problem_empty"))
	see(v, "not mine, mistake")
	v.do(chromedp.SendKeys(chromedp.CSS("#body"), "Mənim deyil."))
	v.follow(`form[action="/access/not-mine"] button`)
	notMine = strings.TrimSuffix(v.at(), "?sent=1")
	v.follow(`a.back[href="/access/reports"]`)
	v.wantText(v.words.T("report.title_question"), v.words.T("report.title_not_mine"), v.words.T("report.open"))
	see(v, "reports")
	return question, notMine
}

// answer answers a trader's report as a supervisor.
func (v *visitor) answer(report string, see func(*visitor, string)) {
	v.Helper()
	mine := strings.Replace(report, "/access/", "/supervision/", 1)
	v.open("/supervision/reports")
	v.follow(`a[href="` + mine + `"]`)
	see(v, "report to answer")
	v.do(chromedp.SendKeys(chromedp.CSS("#answer"), "Cavab: Samur"))
	v.follow(`form[action="` + mine + `"] button`)
	v.wantText(v.words.T("report.staff_done"), "Cavab: Samur")
	see(v, "report answered")
}
