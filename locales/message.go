package locales

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// message is one message made ready at load. Asking the localizer for it on
// every use was measured as the largest cost of a page; here the localizer
// renders it once, with marks for the placeholders, and a use only joins the
// pieces.
type message struct {
	one, more         pieces // for n = 1 and for every other number
	oneHTML, moreHTML pieces // the same with its own text escaped
}

// form is the plural form for a number.
func (m *message) form(n int) pieces {
	if n == 1 {
		return m.one
	}
	return m.more
}

// formHTML is form with its own text escaped.
func (m *message) formHTML(n int) pieces {
	if n == 1 {
		return m.oneHTML
	}
	return m.moreHTML
}

// pieces alternate text and placeholder: text, name, text, name, …, text.
type pieces []string

const mark = "\x00"

// usualText is the room, in bytes, that a filled message seldom exceeds.
const usualText = 96

// usualArgs is the room for names and values that a message seldom exceeds.
const usualArgs = 8

var placeholder = regexp.MustCompile(`\{\{\s*\.([A-Za-z_]+)\s*\}\}`)

// newMessage renders a message's plural forms. Azerbaijani and English share
// the CLDR cardinal rule for integers: "one" for 1, "other" for the rest.
func newMessage(loc *i18n.Localizer, m *i18n.Message) (message, error) {
	marks := map[string]any{}
	for _, name := range namesIn(m.One + m.Other) {
		marks[name] = mark + name + mark
	}
	var out message
	for n, form := range map[int]*pieces{1: &out.one, 2: &out.more} {
		conf := &i18n.LocalizeConfig{MessageID: m.ID, TemplateData: marks}
		if m.One != "" {
			conf.PluralCount = n
		}
		s, err := loc.Localize(conf)
		if err != nil {
			return message{}, fmt.Errorf("%w: %s: %w", ErrMessages, m.ID, err)
		}
		if strings.TrimSpace(s) == "" || strings.Contains(s, "<no value>") {
			return message{}, fmt.Errorf("%w: %s: empty or with an unreadable placeholder", ErrMessages, m.ID)
		}
		*form = strings.Split(s, mark)
	}
	out.oneHTML, out.moreHTML = out.one.escaped(), out.more.escaped()
	return out, nil
}

// escaped are the pieces with their text escaped for HTML.
func (p pieces) escaped() pieces {
	out := slices.Clone(p)
	for i := 0; i < len(out); i += 2 {
		out[i] = html.EscapeString(out[i])
	}
	return out
}

// namesIn lists the placeholders of a text, each once, in order.
func namesIn(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// fill joins the pieces, with the values of args, which are name, value pairs.
func (p pieces) fill(l *Locale, args []any) string {
	if len(p) == 1 {
		return p[0]
	}
	var room [usualText]byte
	return string(p.appendTo(room[:0], l, args, asItIs))
}

// split cuts the message at a placeholder, see Locale.Split.
func (p pieces) split(l *Locale, name string, args []any) (before, after string) {
	if len(p) == 3 && p[1] == name {
		return p[0], p[2]
	}
	var room [usualArgs]any
	before, after, _ = strings.Cut(p.fill(l, append(append(room[:0], args...), name, mark)), mark)
	return before, after
}

// values says how the values of a message are put into it.
type values bool

const (
	asItIs  values = false
	forHTML values = true // escaped, as the pieces are
)

func (p pieces) appendTo(b []byte, l *Locale, args []any, how values) []byte {
	for i, s := range p {
		if i%2 == 1 {
			b = l.appendValue(b, s, args, how)
		} else {
			b = append(b, s...)
		}
	}
	return b
}

// appendValue finds a placeholder's value. Integers print with the language's
// grouping; a value that was not given, or is neither a string nor an int, leaves
// the placeholder's name, so that the mistake is seen. Since no other type is
// printed, what is given need not be kept in memory.
func (l *Locale) appendValue(b []byte, name string, args []any, how values) []byte {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] != name {
			continue
		}
		switch v := args[i+1].(type) {
		case string:
			if how == forHTML {
				v = html.EscapeString(v)
			}
			return append(b, v...)
		case int:
			return l.AppendInt(b, int64(v))
		}
	}
	b = append(b, '{')
	b = append(b, name...)
	return append(b, '}')
}
