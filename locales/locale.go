package locales

import (
	"errors"
	"fmt"
	"html"
	"time"
	_ "time/tzdata" // Asia/Baku, also where the machine has no zone files

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Locale is the words and conventions of one language. It is immutable and safe
// for concurrent use.
type Locale struct {
	lang           string
	messages       map[string]message
	countries      map[string]string
	group, decimal string // CLDR symbols of the language
	zone           *time.Location

	// Messages that stand in every row of a list.
	minutes, hours, days, ago                                                             message
	now                                                                                   string
	status, requirement, step, actor, mode, document, documentShort, packageType, country words
}

func newLocale(bundle *i18n.Bundle, tag language.Tag, from map[string]*i18n.Message) (*Locale, error) {
	zone, err := time.LoadLocation("Asia/Baku")
	if err != nil {
		return nil, err
	}
	l := &Locale{
		lang: tag.String(), zone: zone, group: ".", decimal: ",",
		messages: make(map[string]message, len(from)), countries: countryNames(tag),
	}
	if tag == language.English {
		l.group, l.decimal = ",", "."
	}
	loc := i18n.NewLocalizer(bundle, l.lang)
	var wrong []error
	for id, m := range from {
		msg, err := newMessage(loc, m)
		if err != nil {
			wrong = append(wrong, err)
		}
		l.messages[id] = msg
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("%s: %w", l.lang, errors.Join(wrong...))
	}
	l.minutes, l.hours, l.days, l.ago = l.messages["time.minutes"], l.messages["time.hours"], l.messages["time.days"], l.messages["time.ago"]
	l.now = l.T("time.now")
	for prefix, table := range map[string]*words{
		"status.": &l.status, "requirement.": &l.requirement, "step.": &l.step, "actor.": &l.actor, "mode.": &l.mode,
		"document.": &l.document, "document_short.": &l.documentShort, "package.": &l.packageType, "country.": &l.country,
	} {
		*table = l.wordsOf(prefix)
	}
	return l, nil
}

// Lang is the language's tag, "az" or "en", as the lang attribute takes it.
func (l *Locale) Lang() string { return l.lang }

// Has reports whether there is a message of this name.
func (l *Locale) Has(id string) bool {
	_, ok := l.messages[id]
	return ok
}

// T is the message with its placeholders filled; args are name, value pairs, the
// values strings or ints. A message that does not exist comes back as its name.
func (l *Locale) T(id string, args ...any) string {
	m, ok := l.messages[id]
	if !ok {
		return id
	}
	return m.more.fill(l, args)
}

// AppendHTML is T, escaped for HTML, at the end of markup that grows.
func (l *Locale) AppendHTML(b []byte, id string, args ...any) []byte {
	m, ok := l.messages[id]
	if !ok {
		return append(b, html.EscapeString(id)...)
	}
	return m.moreHTML.appendTo(b, l, args, forHTML)
}

// N is the message in the plural form for n, with n itself for {{.n}}.
func (l *Locale) N(id string, n int, args ...any) string {
	m, ok := l.messages[id]
	if !ok {
		return id
	}
	var room [usualArgs]any
	return m.form(n).fill(l, append(append(room[:0], args...), "n", n))
}

// AppendHTMLN is N, escaped for HTML, at the end of markup that grows.
func (l *Locale) AppendHTMLN(b []byte, id string, n int, args ...any) []byte {
	m, ok := l.messages[id]
	if !ok {
		return append(b, html.EscapeString(id)...)
	}
	var room [usualArgs]any
	return m.formHTML(n).appendTo(b, l, append(append(room[:0], args...), "n", n), forHTML)
}

// Split is the message cut at one of its placeholders, for pages that put
// markup there; other placeholders are filled from args. If the message lacks
// the placeholder, all of it comes before.
func (l *Locale) Split(id, name string, args ...any) (before, after string) {
	m, ok := l.messages[id]
	if !ok {
		return id, ""
	}
	return m.more.split(l, name, args)
}

// SplitN is Split in the plural form for n.
func (l *Locale) SplitN(id string, n int, name string, args ...any) (before, after string) {
	m, ok := l.messages[id]
	if !ok {
		return id, ""
	}
	return m.form(n).split(l, name, args)
}
