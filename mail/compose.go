package mail

import (
	"bytes"
	"cmp"
	netmail "net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/locales"
)

// Paths of the links in mails, each followed by a token but for the first.
const (
	SettingsPath = "/notifications"
	ConfirmPath  = "/notifications/confirm/"
	StopPath     = "/notifications/stop/"
)

const (
	lineWidth  = 72 // characters of a line of text; addresses may be longer
	listedMost = 50 // registrations that a mail lists
)

// Composer writes mails.
type Composer struct {
	Catalogue *locales.Catalogue
	From      netmail.Address
	Base      *url.URL // of the portal, as browsers see it
}

// Compose writes a mail as it goes over the wire (RFC 5322): plain text in
// UTF-8 as quoted-printable, with the headers that let mail programs stop it by
// one click (RFC 8058). A mailbox is not a vault: there are counts, codes and
// status words in it, and no VÖEN, company, goods or values.
func (c Composer) Compose(m db.Mail, now time.Time) ([]byte, error) {
	l := c.Catalogue.For(m.Lang)
	subject, text := c.news(l, m, now)
	if m.Confirm != "" {
		subject, text = c.confirmation(l, m)
	}
	stop := c.link(StopPath + m.Stop)
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&c.From)
	if err := msg.To(m.Address); err != nil {
		return nil, err
	}
	msg.Subject(subject)
	msg.SetDateWithValue(now)
	msg.SetMessageIDWithValue(m.ID.String() + "@" + c.Base.Hostname())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no automatic replies, please
	msg.SetGenHeader("Content-Language", l.Lang())
	msg.SetGenHeaderPreformatted("List-Unsubscribe", "<"+stop+">")
	msg.SetGenHeaderPreformatted("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	msg.SetBodyString(gomail.TypeTextPlain, text)
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (c Composer) link(path string) string { return strings.TrimSuffix(c.Base.String(), "/") + path }

func (c Composer) news(l *locales.Locale, m db.Mail, now time.Time) (subject, text string) {
	groups, repeated := group(m.News)
	subject = l.N("mail.subject", len(m.News))
	if n := len(groups[customs.NewsAction]); n > 0 {
		subject = l.N("mail.subject_action", n)
	}
	var t body
	t.paragraph(l.N("mail.lede", len(m.News)))
	left := listedMost
	for _, kind := range customs.NewsKinds {
		list := groups[kind]
		if len(list) == 0 {
			continue
		}
		t.line(l.T("mail." + string(kind)))
		for _, n := range list[:min(left, len(list))] {
			key := "mail.line"
			if n.Repeated {
				key = "mail.line_repeated"
			}
			t.line(l.T(key, "code", n.Registration, "status", l.Status(n.Status)))
		}
		if more := len(list) - left; more > 0 {
			t.line(l.N("mail.rest", more))
		}
		left = max(0, left-len(list))
		t.line("")
	}
	t.paragraph(l.T("mail.as_of", "time", l.DateTime(now)))
	if repeated {
		t.paragraph(l.T("mail.repeated"))
	}
	lang := "?lang=" + l.Lang()
	if len(m.News) == 1 {
		t.link(l.T("mail.open_one"), c.link("/goods/"+url.PathEscape(m.News[0].Registration)+lang))
	} else {
		t.link(l.T("mail.open"), c.link("/goods"+lang))
	}
	t.line("-- ")
	t.paragraph(l.T("mail.signature"))
	t.paragraph(l.T("mail.why"))
	t.link(l.T("mail.stop"), c.link(StopPath+m.Stop+lang))
	t.link(l.T("mail.settings"), c.link(SettingsPath+lang))
	return subject, t.String()
}

// group puts each registration under the weightiest kind of its news.
func group(news []customs.News) (groups map[customs.NewsKind][]customs.News, repeated bool) {
	groups = map[customs.NewsKind][]customs.News{}
	for _, n := range news {
		kind := slices.MinFunc(n.Kinds, func(a, b customs.NewsKind) int {
			return cmp.Compare(slices.Index(customs.NewsKinds, a), slices.Index(customs.NewsKinds, b))
		})
		groups[kind] = append(groups[kind], n)
		repeated = repeated || n.Repeated
	}
	return groups, repeated
}

func (c Composer) confirmation(l *locales.Locale, m db.Mail) (subject, text string) {
	lang := "?lang=" + l.Lang()
	var t body
	t.paragraph(l.T("mail.confirm_lede", "site", l.T("site.name")))
	t.link(l.T("mail.confirm_open"), c.link(ConfirmPath+m.Confirm+lang))
	t.paragraph(l.T("mail.confirm_until", "time", l.DateTime(m.ConfirmUntil)))
	t.link(l.T("mail.confirm_not_you"), c.link(StopPath+m.Stop+lang))
	t.line("-- ")
	t.paragraph(l.T("mail.signature"))
	return l.T("mail.confirm_subject"), t.String()
}

// body is the text of a mail.
type body struct{ strings.Builder }

func (t *body) line(s string) { _, _ = t.WriteString(s + "\r\n") } // it never fails

// link is a sentence and, on a line of its own so that programs find its end,
// an address.
func (t *body) link(s, address string) {
	t.wrap(s)
	t.line(address)
	t.line("")
}

func (t *body) paragraph(s string) {
	t.wrap(s)
	t.line("")
}

// wrap breaks a paragraph into lines between its words.
func (t *body) wrap(s string) {
	line := ""
	for word := range strings.FieldsSeq(s) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= lineWidth:
			line += " " + word
		default:
			t.line(line)
			line = word
		}
	}
	t.line(line)
}
