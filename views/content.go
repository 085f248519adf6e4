package views

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"customs.gov.az/portal/customs"
)

// AppealsView is the page about the right to complain.
type AppealsView struct {
	Builder string // address of the complaint builder, or "" while it is not offered
}

// PrivacyView is what the privacy page says about this installation.
type PrivacyView struct {
	SessionCookie  string        // name
	LanguageCookie string        // name
	LanguageKept   time.Duration // life of the language cookie
	Idle           time.Duration // a session ends after this long without use
	Absolute       time.Duration // a session ends after this long in any case
	Drafts         time.Duration // of complaints, after their last change
	Retention      time.Duration // personal data in the register; 0 = the Committee decides
}

// content makes the frame of a page that anyone may read.
func (p Page) content(title string, tab Tab) Page {
	p.Title, p.Tab = title, tab
	return p
}

// helpStatuses are the statuses that the help page explains; the last stands
// for all that have no words of their own.
func helpStatuses() []customs.Status {
	return append(slices.Clip(customs.PendingStatuses), "unknown")
}

// piece is a run of text; kept pieces must not break across lines.
type piece struct {
	text string
	kept bool
}

// longest is how long a hyphenated word may be and still be kept together: a
// longer one could be wider than a narrow screen.
const longest = 20

// pieces cuts a text so that numbers and abbreviations stay on one line with
// their suffixes, as in VÖEN-iniz or 51-ci. The fonts lack the non-breaking
// hyphen (U+2011), so markup has to say it.
func pieces(text string) []piece {
	var out []piece
	for i, word := range strings.SplitAfter(text, " ") {
		bare := strings.TrimRight(word, " ")
		kept := strings.Contains(bare, "-") && utf8.RuneCountInString(bare) <= longest
		switch {
		case kept:
			out = append(out, piece{bare, true}, piece{word[len(bare):], false})
		case i > 0 && !out[len(out)-1].kept:
			out[len(out)-1].text += word
		default:
			out = append(out, piece{word, false})
		}
	}
	return out
}

// complaintItems are the six items of a complaint (article 74 of the Law on
// Administrative Proceedings).
func complaintItems(p Page) []string {
	return []string{
		p.L.T("appeals.content_body"), p.L.T("appeals.content_person"), p.L.T("appeals.content_act"),
		p.L.T("appeals.content_claim"), p.L.T("appeals.content_date"), p.L.T("appeals.content_signature"),
	}
}

// helpEntry is a question with its answer, or a word with its meaning.
type helpEntry struct{ name, text string }

// questions are the entries of the help page's list.
func questions(p Page) []helpEntry {
	t := p.L.T
	list := []helpEntry{
		{t("help.faq.missing"), t("help.faq.missing_text")},
		{t("help.faq.shown"), t("help.faq.shown_text")},
		{t("help.faq.empty"), t("help.faq.empty_text")},
		{t("help.faq.fresh"), t("help.faq.fresh_text")},
		{t("help.faq.live"), t("help.faq.live_text")},
		{t("help.faq.act"), t("help.faq.act_text")},
		{t("help.faq.wrong"), t("help.faq.wrong_text")},
		{t("help.faq.receipt"), t("help.faq.receipt_text")},
		{t("help.faq.looked"), t("help.faq.looked_text")},
		{t("help.faq.telephone"), t("help.faq.telephone_text")},
		{t("help.faq.complaint"), t("help.faq.complaint_text")},
		{t("help.faq.who"), t("help.faq.who_text")},
		{t("help.faq.request"), t("help.faq.request_text")},
		{t("help.faq.signin"), t("help.faq.signin_text")},
		{t("help.faq.no_voen"), t("help.faq.no_voen_text")},
		{t("help.faq.several"), t("help.faq.several_text")},
		{t("help.faq.colleague"), t("help.faq.colleague_text")},
		{t("help.faq.search"), t("help.faq.search_text")},
		{t("help.faq.time"), t("help.faq.time_text")},
		{t("help.faq.free"), t("help.faq.free_text")},
	}
	if p.Notifications {
		list = slices.Insert(list, 4, helpEntry{t("help.faq.mail"), t("help.faq.mail_text")}) // beside how fresh the list is
	}
	return list
}

// glossary are the words that the pages use and not everybody knows.
func glossary(p Page) []helpEntry {
	t := p.L.T
	return []helpEntry{
		{t("help.glossary.gross"), t("help.glossary.gross_text")},
		{t("help.glossary.cmr"), t("help.glossary.cmr_text")},
		{t("help.glossary.fin"), t("help.glossary.fin_text")},
		{t("help.glossary.clearance"), t("help.glossary.clearance_text")},
		{t("help.glossary.code"), t("help.glossary.code_text")},
		{t("help.glossary.short"), t("help.glossary.short_text")},
		{t("help.glossary.tir"), t("help.glossary.tir_text")},
		{t("help.glossary.voen"), t("help.glossary.voen_text")},
		{t("help.glossary.hs"), t("help.glossary.hs_text")},
	}
}
