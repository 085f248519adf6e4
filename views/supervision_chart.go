package views

import (
	"math"
	"strconv"
	"strings"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/register"
)

// share is a bar of a list of bars, against the largest of them.
type share struct {
	words, note, value string
	n, most            int64
	stop               bool
}

// width is the bar's, of 100.
func (s share) width() string {
	if s.n == 0 || s.most == 0 {
		return "0"
	}
	return strconv.FormatFloat(max(0.6, 100*float64(s.n)/float64(s.most)), 'f', 1, 64)
}

// level fills in the largest.
func level(list []share) []share {
	var most int64
	for _, s := range list {
		most = max(most, s.n)
	}
	for i := range list {
		list[i].most = most
	}
	return list
}

// outcomes are the answers of today by kind. Refusal is named because the
// regulation knows none (clause 3.2.1).
func (v SupervisionView) outcomes(l *locales.Locale) []share {
	t := v.Today
	list := level([]share{
		{words: l.T("supervision.outcome_answered"), n: t.Found},
		{words: l.T("supervision.outcome_nothing_pending"), n: t.NothingPending},
		{words: l.T("supervision.outcome_not_found"), n: t.NotFound},
		{words: l.T("supervision.outcome_failed"), n: t.Failed, stop: true},
		{words: l.T("supervision.outcome_refused")},
	})
	for i := range list {
		list[i].value = l.Int64(list[i].n)
	}
	return list
}

// methods are the ways to sign in by their part of today's.
func (v SupervisionView) methods(l *locales.Locale) []share {
	var all int64
	for _, m := range v.Methods {
		all += m.Count
	}
	var list []share
	for _, m := range v.Methods {
		list = append(list, share{words: methodWords(l, m.Method), n: m.Count, value: l.Int64(m.Count) + " · " + percent(l, m.Count, all)})
	}
	return level(list)
}

// methodWords are a way to sign in; what has no words stands as it is.
func methodWords(l *locales.Locale, method string) string {
	return wordOr(l, "supervision.method_", method)
}

// wordOr is the message of a prefix and a code, or the code.
func wordOr(l *locales.Locale, prefix, code string) string {
	if id := prefix + strings.NewReplacer(".", "_", "-", "_").Replace(code); l.Has(id) {
		return l.T(id)
	}
	return code
}

// places are what waits at each checkpoint, the most first.
func (v SupervisionView) places(l *locales.Locale) []share {
	var list []share
	for _, c := range v.Overview.Checkpoints {
		list = append(list, share{
			words: placeName(l, v.Checkpoints, c.Checkpoint), note: v.placeNote(l, c), n: c.Pending, value: l.Int64(c.Pending), stop: v.behind(c),
		})
	}
	return level(list)
}

func placeName(l *locales.Locale, all customs.Checkpoints, code string) string {
	if place, ok := all.Get(code); ok {
		return place.Name(l.Lang())
	}
	return code
}

// behind reports whether a checkpoint's feed is late or was never heard of.
func (v SupervisionView) behind(c register.CheckpointState) bool {
	at := feedTime(c)
	return at == nil || v.Now.Sub(*at) > staleAfter
}

// feedTime is as of when a checkpoint's data is.
func feedTime(c register.CheckpointState) *time.Time {
	if c.AsOf != nil {
		return c.AsOf
	}
	return c.Received
}

func (v SupervisionView) placeNote(l *locales.Locale, c register.CheckpointState) string {
	feed := l.T("supervision.feed_never")
	if at := feedTime(c); at != nil {
		feed = l.T("supervision.feed_age", "ago", l.Ago(v.Now.Sub(*at)))
	}
	if v.behind(c) {
		feed = l.T("supervision.feed_late", "feed", feed)
	}
	if c.Oldest == nil {
		return feed
	}
	return l.T("supervision.oldest", "span", l.Span(v.Now.Sub(*c.Oldest))) + " · " + feed
}

// chart is the requests of a day by hour, as a drawing of 480 by 200.
type chart struct {
	scale [5]string // from the top
	bars  []bar
	said  string // what it shows, in words
}

type bar struct {
	x, y, height string
	now          bool
}

// chart draws the hours up to now.
func (v SupervisionView) chart(l *locales.Locale) chart {
	var most int64
	top := 0
	for h, c := range v.Hours {
		if c.Requests > most {
			most, top = c.Requests, h
		}
	}
	full := roundUp(most)
	c := chart{said: l.T("supervision.hours_none")}
	if most > 0 {
		c.said = l.T("supervision.hours_most", "hour", hourSpan(top), "n", l.Int64(most))
	}
	for i := range c.scale {
		c.scale[i] = l.Int64(full * int64(4-i) / 4)
	}
	for h := range v.hoursShown() {
		height := 200 * float64(v.Hours[h].Requests) / float64(full)
		c.bars = append(c.bars, bar{
			strconv.Itoa(20*h + 4), strconv.FormatFloat(200-height, 'f', 1, 64), strconv.FormatFloat(height, 'f', 1, 64), h == v.hoursShown()-1,
		})
	}
	return c
}

// hoursShown is how many hours of today have begun.
func (v SupervisionView) hoursShown() int { return v.Now.UTC().Add(4*time.Hour).Hour() + 1 }

func hourSpan(h int) string { return pad2(h) + ":00–" + pad2((h+1)%24) + ":00" }

func pad2(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// roundUp is the top of a scale: the next round number whose quarters are whole.
func roundUp(n int64) int64 {
	if n <= 4 {
		return 4
	}
	for _, top := range []int64{8, 12, 20, 40, 60, 80} {
		if n <= top {
			return top
		}
	}
	power := int64(math.Pow10(int(math.Log10(float64(n)))))
	for _, step := range []int64{1, 2, 4, 6, 8} {
		if n <= step*power {
			return step * power
		}
	}
	return 10 * power
}
