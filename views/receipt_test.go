package views

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"customs.gov.az/portal/register"
)

// sampleAnswer is an answer of which everything is told.
func sampleAnswer() Answer {
	voen, asked := "1403287651", "/goods?q="+hostile
	return Answer{
		Record: register.Record{
			ID: 1234567, At: sampleNow, RequestID: uuid.MustParse("0192d0c4-7b5a-7cc1-8a3e-3f2b1c0d9e8f"), Channel: "web", Actor: "trader",
			Action: register.ListGoods, Outcome: register.Answered, Results: 17, Elapsed: 12 * time.Millisecond,
		},
		VOEN: &voen, Asked: &asked, Origin: "portal.test/register", Size: 1234570,
	}
}

func sampleVerify(v Verdict) VerifyView {
	return VerifyView{
		Keys: []string{"portal.test/register+00000000+AAAA"}, MaxSize: register.MaxReceipt, Verdict: v, Answer: sampleAnswer(), Now: 1234580,
		Code: url.Values{"i": {"1234567"}, "h": {"hash"}, "k": {"salt"}},
	}
}

// Every page about receipts holds to what holds for all pages.
func TestReceiptPages(t *testing.T) {
	missing := regexp.MustCompile(`\b(receipt|verify)\.[a-z]+_?[a-z]*\b`)
	for _, lang := range []string{"az", "en"} {
		p := samplePage(t, lang)
		p.Title = p.L.T("receipt.title")
		pages := map[string]templ.Component{
			"receipt": Receipt(p, ReceiptView{Answer: sampleAnswer(), Code: "i=1&h=2&k=3", Address: "portal.test/verify"}),
			"pending": ReceiptPending(p),
		}
		for _, v := range []Verdict{
			"", VerdictProved, VerdictPending, VerdictNothing, VerdictForm, VerdictValues, VerdictSignature, VerdictInclusion, VerdictForked, VerdictCode,
		} {
			pages["verify "+string(v)] = Verify(guestPage(t, lang), sampleVerify(v))
		}
		for name, page := range pages {
			t.Run(lang+" "+name, func(t *testing.T) {
				doc := parse(t, page)
				checkFiles(t, p, doc)
				for _, n := range all(doc, "*") {
					if id, _ := attr(n, "type"); n.Data == "input" && id == "hidden" { // nothing to label
						n.Parent.RemoveChild(n)
					}
				}
				checkPage(t, doc, lang)
				if key := missing.FindString(text(doc)); key != "" && key != "receipt.json" {
					t.Errorf("the message %s is missing", key)
				}
			})
		}
	}
}

func TestReceiptSentences(t *testing.T) {
	l := samplePage(t, "en").L
	for _, c := range []struct {
		action  register.Action
		outcome register.Outcome
		want    string
	}{
		{register.ListGoods, register.Answered, "answered: 17 registrations"},
		{register.ListGoods, register.NothingPending, "no goods whose clearance is not complete"},
		{register.ShowGoods, register.Answered, "details of one registration"},
		{register.ShowGoods, register.NotFound, "no such registration"},
		{register.ListGoods, register.Failed, "could not be answered"},
		{"case.open", register.Answered, "answered your request"},
	} {
		a := sampleAnswer()
		a.Action, a.Outcome = c.action, c.outcome
		if got := a.sentence(l); !strings.Contains(got, c.want) || !strings.Contains(got, "20.11.2026 14:32:07") {
			t.Errorf("%s, %s: %q", c.action, c.outcome, got)
		}
	}
}

// What is not told is not on the page, not even as an empty line.
func TestReceiptTellsOnlyWhatIsOpen(t *testing.T) {
	p := guestPage(t, "en")
	v := sampleVerify(VerdictProved)
	v.Answer.VOEN, v.Answer.Asked = nil, nil
	s := text(all(parse(t, Verify(p, v)), "main")[0])
	for _, absent := range []string{"1403287651", "What was asked"} {
		if strings.Contains(s, absent) {
			t.Errorf("%q is on the page", absent)
		}
	}
	for compared, same := range map[string]bool{"1403287651": true, "1403287652": false} {
		v.Compared, v.Same = compared, same
		if s := text(parse(t, Verify(p, v))); strings.Contains(s, "Yes: the answer") != same || strings.Contains(s, "No: the answer") == same {
			t.Errorf("%s: %s", compared, s)
		}
	}
}

// Where the register is not sealed, a page offers no receipt.
func TestReceiptLink(t *testing.T) {
	p, g, d := samplePage(t, "en"), sampleGoods(), sampleDetail()
	for _, receipt := range []string{"", "/receipts/0192d0c4-7b5a-7cc1-8a3e-3f2b1c0d9e8f"} {
		g.Receipt, d.Receipt = receipt, receipt
		for name, page := range map[string]templ.Component{"list": Goods(p, g), "details": Details(p, d)} {
			found := ""
			for _, a := range all(parse(t, page), "a") {
				if href, _ := attr(a, "href"); strings.HasPrefix(href, ReceiptsPath) {
					found = href
				}
			}
			if found != receipt {
				t.Errorf("%s: link %q, want %q", name, found, receipt)
			}
		}
	}
}
