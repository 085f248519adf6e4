package locales

import (
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"customs.gov.az/portal/customs"
)

// Status names a status. One without words of its own is “clearance in
// progress”: the goods stay on the list whatever a checkpoint calls their state.
func (l *Locale) Status(s customs.Status) string {
	if !s.Known() {
		return l.T("status.unknown")
	}
	return l.status[string(s)]
}

// StatusNext says in a sentence what a status means and what usually follows.
func (l *Locale) StatusNext(s customs.Status) string {
	if !s.Known() {
		return l.T("status_next.unknown")
	}
	return l.T("status_next." + string(s))
}

// Requirement names what is missing, as a noun that stands after a colon; "" if
// the code has no words, in which case the checkpoint's note speaks.
func (l *Locale) Requirement(code string) string { return l.requirement[code] }

// Step tells who must act what to do: the trader in the imperative, others by
// the requirement's name. It is "" if the code has no words.
func (l *Locale) Step(code string, who customs.Actor) string {
	if who == customs.You {
		if s := l.step[code]; s != "" {
			return s
		}
	}
	return l.Requirement(code)
}

// Actor names who must act. An agency is named by the requirement itself, if it
// says which; this is the general word.
func (l *Locale) Actor(a customs.Actor) string { return l.actor[string(a)] }

// Mode names a mode of transport by UN/ECE Recommendation 19; a number outside
// 0–9 is “not specified”.
func (l *Locale) Mode(m int) string {
	if s := l.mode[strconv.Itoa(m)]; s != "" {
		return s
	}
	return l.T("mode.0")
}

// DocumentType names a document by UNTDID 1001. An unknown type is “document”
// with its code.
func (l *Locale) DocumentType(code string) string {
	if s := l.document[code]; s != "" {
		return s
	}
	return l.T("document.unknown", "code", code)
}

// DocumentShort is the short name that trade uses, such as CMR or TIR, or the
// full one.
func (l *Locale) DocumentShort(code string) string {
	if s := l.documentShort[code]; s != "" {
		return s
	}
	return l.DocumentType(code)
}

// PackageType names a kind of package by UN/ECE Recommendation 21; an unknown
// code stands for itself.
func (l *Locale) PackageType(code string) string {
	if s := l.packageType[code]; s != "" {
		return s
	}
	return code
}

// Country names a country or territory by its ISO 3166-1 alpha-2 code (CLDR); an
// unknown code stands for itself. Names that changed since the CLDR release of
// x/text are messages.
func (l *Locale) Country(alpha2 string) string {
	if name := l.country[alpha2]; name != "" {
		return name
	}
	if name, ok := l.countries[alpha2]; ok {
		return name
	}
	return alpha2
}

// words are the messages of a table of codes.
type words map[string]string

// wordsOf are the messages whose names are the prefix and a code. A code comes
// from the feed and must not reach beyond its table.
func (l *Locale) wordsOf(prefix string) words {
	table := words{}
	for id, m := range l.messages {
		if code, ok := strings.CutPrefix(id, prefix); ok && !strings.Contains(code, ".") {
			table[code] = m.more.fill(l, nil)
		}
	}
	return table
}

// countryNames asks CLDR for every two-letter code once, since a list names
// the same few countries again and again.
func countryNames(tag language.Tag) map[string]string {
	names := display.Regions(tag)
	out := make(map[string]string)
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string(a) + string(b)
			r, err := language.ParseRegion(code)
			if err != nil || !r.IsCountry() {
				continue
			}
			if name := names.Name(r); name != "" {
				out[code] = name
			}
		}
	}
	return out
}
