package locales

import (
	"fmt"
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
	one, more pieces // for n = 1 and for every other number
}

// form is the plural form for a number.
func (m *message) form(n int) pieces {
	if n == 1 {
		return m.one
	}
	return m.more
}

// pieces alternate text and placeholder: text, name, text, name, …, text.
type pieces []string

const mark = "\x00"

// usualText is the room, in bytes, that a filled message seldom exceeds.
const usualText = 96

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
	return out, nil
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
	return string(p.appendTo(room[:0], l, args))
}

func (p pieces) appendTo(b []byte, l *Locale, args []any) []byte {
	for i, s := range p {
		if i%2 == 1 {
			b = l.appendValue(b, s, args)
		} else {
			b = append(b, s...)
		}
	}
	return b
}

// appendValue finds a placeholder's value. Integers print with the language's
// grouping; a value that was not given leaves the placeholder's name, so that
// the mistake is seen.
func (l *Locale) appendValue(b []byte, name string, args []any) []byte {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] != name {
			continue
		}
		switch v := args[i+1].(type) {
		case string:
			return append(b, v...)
		case int:
			return l.appendInt(b, int64(v))
		default:
			return fmt.Append(b, v)
		}
	}
	b = append(b, '{')
	b = append(b, name...)
	return append(b, '}')
}
