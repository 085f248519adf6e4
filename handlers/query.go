package handlers

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"customs.gov.az/portal/customs"
)

const (
	maxSearch  = 100       // characters of a search
	maxPage    = 1_000_000 // pages are numbered up to this
	maxIgnored = 5         // ignored parameters named on the page
)

// readQuery reads the list's query. What is unknown, malformed or given twice
// is left out and named in ignored: an address is never an error.
func readQuery(values url.Values) (q customs.Query, ignored []string) {
	ignored = readParameters(values, &q.From, &q.To, func(name, value string) bool { return setParameter(&q, name, value) })
	return q, ignored[:min(len(ignored), maxIgnored)]
}

// parameters reads a query as browsers do (WHATWG URL, application/x-www-form-urlencoded):
// what no coding makes sense of stands for itself, so that nothing is lost and
// what cannot be understood can be named.
func parameters(raw string) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(raw, "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			values.Add(decoded(name), decoded(value))
		}
	}
	return values
}

func decoded(s string) string {
	plain, err := url.QueryUnescape(s)
	if err == nil {
		return plain
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if s[i] == '%' && (i+2 >= len(s) || !hexDigit(s[i+1]) || !hexDigit(s[i+2])) {
			b.WriteString("25")
		}
	}
	plain, _ = url.QueryUnescape(b.String()) // every sign of percent has its digits now
	return plain
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// readParameters hands on each parameter in the order of their names, without
// blanks around it, and names what set does not take, what is given twice, and
// both days if the first comes after the last: then neither counts.
func readParameters(values url.Values, from, to *string, set func(name, value string) bool) (ignored []string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		given := values[name]
		if len(given) > 1 || !set(name, strings.TrimSpace(given[0])) {
			ignored = append(ignored, printable(name))
		}
	}
	if *from != "" && *to != "" && *from > *to {
		*from, *to = "", ""
		ignored = append(ignored, "from", "to")
	}
	return ignored
}

// setParameter sets one parameter. An empty value is that of a form's field
// left alone, and fine for each known name.
func setParameter(q *customs.Query, name, value string) (ok bool) {
	set := func(field *string, ok bool) bool {
		if ok {
			*field = value
		}
		return ok
	}
	switch name {
	case "q":
		return set(&q.Text, searchable(value))
	case "checkpoint":
		return set(&q.Checkpoint, value == "" || checkpointCode(value))
	case "status":
		return set((*string)(&q.Status), value == "" || customs.IsLine(value, 40)) // see strange
	case "mode":
		return set(&q.Mode, value == "" || len(value) == 1 && value >= "0" && value <= "9")
	case "waiting":
		return set((*string)(&q.Waiting), value == "" || slices.Contains(customs.Actors, customs.Actor(value)))
	case "from":
		return set(&q.From, value == "" || day(value))
	case "to":
		return set(&q.To, value == "" || day(value))
	case "sort":
		return set((*string)(&q.Sort), value == "" || slices.Contains(customs.Sorts, customs.Sort(value)))
	case "page":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxPage {
			return value == ""
		}
		q.Page = n
		return true
	case "lang":
		return value == "az" || value == "en"
	}
	return false
}

func searchable(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxSearch && !strings.ContainsFunc(s, unicode.IsControl)
}

func checkpointCode(s string) bool {
	return len(s) <= 10 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

func day(s string) bool {
	t, err := time.Parse(time.DateOnly, s)
	return err == nil && t.Year() >= 2000 && t.Year() < 2100
}

// printable makes a parameter's name fit to be shown.
func printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 30 {
		return string(r[:30]) + "…"
	}
	if name == "" {
		return "?"
	}
	return name
}
