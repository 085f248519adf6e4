package views

import (
	"slices"
	"strings"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/register"
)

// Addresses of supervision.
const (
	SupervisionEventsPath   = "/supervision/events"
	SupervisionRegisterPath = "/supervision/register"
	SupervisionMonthPath    = "/supervision/month"
)

// The main sections of supervision.
const (
	TabSupervision Tab = "supervision"
	TabRegister    Tab = "supervision_register"
)

// SupervisionView is what the first page of supervision shows.
type SupervisionView struct {
	register.Overview
	Checkpoints customs.Checkpoints
	Known       []string // names of the systems that may send, by the settings
	Sealing     bool     // the register is sealed by this installation
	Paused      bool     // the page does not renew itself without JavaScript
}

// SupervisionRefresh is how often the page renews itself without JavaScript.
const SupervisionRefresh = 30 * time.Second

// When supervision says that something is late. The register is sealed every
// few seconds and counted as often, so minutes mean trouble.
const (
	sealLate  = time.Minute
	countLate = time.Minute
	lookLate  = 5 * time.Minute
	// SenderLate is how long a checkpoint system may bring nothing.
	SenderLate = 15 * time.Minute
)

// alarmWords begin the names of the messages of alarms.
const alarmWords = "supervision.alarm_"

// alarm is something that cannot wait.
type alarm struct{ title, text string }

// alarms are what a supervisor must know first. Silence is never read as
// health: what was not heard of is an alarm.
func (v SupervisionView) alarms(l *locales.Locale) []alarm {
	var list []alarm
	add := func(on bool, name string, args ...any) {
		if on {
			list = append(list, alarm{l.T(alarmWords+name, args...), l.T(alarmWords + name + "_text")})
		}
	}
	switch p := v.Probe; {
	case p.At == nil:
		add(true, "probe_never")
	case v.Now.Sub(*p.At) > register.ProbeLate:
		add(true, "probe_late", "ago", l.Ago(v.Now.Sub(*p.At)))
	default:
		add(!p.OK, "probe_failed", "time", l.Clock(*p.At))
	}
	if v.UnsealedSince != nil {
		waits := v.Now.Sub(*v.UnsealedSince)
		add(v.Sealing && waits > sealLate, "seal", "ago", l.Ago(waits))
	}
	add(v.Now.Sub(v.AsOf) > countLate, "count", "ago", l.Ago(v.Now.Sub(v.AsOf)))
	add(v.CheckpointsAt == nil || v.Now.Sub(*v.CheckpointsAt) > lookLate, "look")
	silent := 0
	for _, s := range v.senders() {
		if s.late || s.silent {
			silent++
		}
	}
	add(silent > 0, "senders", "n", silent)
	return list
}

// sender is a checkpoint system in the table of them.
type sender struct {
	customs.Sender
	late   bool // it brings nothing new, or old news
	silent bool // it was never heard of
	gone   bool // it may not send any more, so nothing is expected of it
}

// senders are those that were heard of and those that should have been.
func (v SupervisionView) senders() []sender {
	var list []sender
	heard := map[string]bool{}
	for _, s := range v.Senders {
		heard[s.Name] = true
		late := v.Now.Sub(s.LastSeen) > SenderLate || s.Lag != nil && *s.Lag > SenderLate
		gone := !slices.Contains(v.Known, s.Name)
		list = append(list, sender{Sender: s, late: late && !gone, gone: gone})
	}
	for _, name := range v.Known {
		if !heard[name] {
			list = append(list, sender{Sender: customs.Sender{Name: name}, silent: true})
		}
	}
	return list
}

// figure is one headline figure.
type figure struct {
	words, value, note string
	stop               bool
}

func (v SupervisionView) figures(l *locales.Locale) []figure {
	t := v.Today
	failed := ""
	if n := len(v.Failures); n > 0 {
		failed = failedSpan(l, v.Failures[n-1])
		if n > 1 {
			failed = l.T("supervision.failed_last", "span", failed)
		}
	}
	return []figure{
		{l.T("supervision.requests"), l.Int64(t.Requests), l.T("supervision.yesterday", "n", l.Int64(v.Yesterday)), false},
		{l.T("supervision.answered"), l.Int64(t.Answered()), percent(l, t.Answered(), t.Requests), false},
		{l.T("supervision.nothing"), l.Int64(t.NothingPending), percent(l, t.NothingPending, t.Requests), false},
		{l.T("supervision.median"), took(l, t.Median), l.T("supervision.median_note"), false},
		{l.T("supervision.p95"), took(l, t.P95), l.T("supervision.p95_note"), false},
		{l.T("supervision.failed"), l.Int64(t.Failed), failed, t.Failed > 0},
		{l.T("supervision.behalf"), l.Int64(t.OnBehalf), l.T("supervision.behalf_open", "n", l.Int64(v.OpenCases)), false},
		{l.T("supervision.reports"), l.Int64(v.OpenReports), l.T("supervision.reports_note"), v.OpenReports > 0},
	}
}

// failedSpan says when some failures were.
func failedSpan(l *locales.Locale, s register.Span) string {
	if l.Minute(s.From) == l.Minute(s.To) {
		return l.Minute(s.From)
	}
	return l.Minute(s.From) + "–" + l.Minute(s.To)
}

// percent is a part of a whole with up to two decimals; "" of nothing.
func percent(l *locales.Locale, part, whole int64) string {
	if whole == 0 {
		return ""
	}
	return l.T("supervision.percent", "n", l.Decimal(part*10_000/whole, 2))
}

// took is a processing time, in milliseconds or, from a second on, in seconds.
func took(l *locales.Locale, d time.Duration) string {
	switch {
	case d <= 0:
		return l.T("goods.none")
	case d < time.Second:
		return l.T("supervision.ms", "n", l.Decimal(d.Microseconds()/100, 1))
	}
	return l.T("supervision.s", "n", l.Decimal(d.Milliseconds()/10, 2))
}

// sealWords say how far the register is sealed.
func (v SupervisionView) sealWords(l *locales.Locale) string {
	if !v.Sealing {
		return l.T("supervision.seal_off")
	}
	if v.SealedAt == nil {
		return l.T("supervision.seal_never")
	}
	return l.T("supervision.seal", "n", l.Int64(v.Head.Tree.N), "ago", l.Ago(v.Now.Sub(*v.SealedAt)), "waiting", waiting(l, v.Unsealed))
}

// waiting is a number that is counted up to a limit.
func waiting(l *locales.Locale, n int64) string {
	if n >= register.UnsealedMost {
		return l.T("supervision.at_least", "n", l.Int64(register.UnsealedMost))
	}
	return l.Int64(n)
}

// probeWords say how the portal's own request went.
func (v SupervisionView) probeWords(l *locales.Locale) string {
	if v.Probe.At == nil {
		return l.T("supervision.probe_never")
	}
	name := "supervision.probe_failed"
	if v.Probe.OK {
		name = "supervision.probe_ok"
	}
	return l.T(name, "time", l.Clock(*v.Probe.At), "took", took(l, v.Probe.Elapsed))
}

// rowLook is the badge of an entry: what the answer was, in words.
func rowLook(l *locales.Locale, r register.Row) (tone, string, string) {
	switch r.Outcome {
	case register.Failed:
		return stopped, "stop", l.T("supervision.outcome_failed")
	case register.NotFound:
		return plain, "search", l.T("supervision.outcome_not_found")
	case register.NothingPending:
		return plain, "check", l.T("supervision.outcome_nothing_pending")
	}
	if r.Results > 0 && strings.HasPrefix(r.Action, "goods.") {
		return going, "check", l.N("goods.count", r.Results)
	}
	return plain, "check", OutcomeWords(l, r)
}

// whoWords say who asked: the role, and the number of an officer.
func whoWords(l *locales.Locale, r register.Row) string {
	who := wordOr(l, "supervision.actor_", r.Actor)
	if r.Officer != "" {
		return who + " " + r.Officer
	}
	return who
}

// howWords say by which way they came: the sign-in of a page's reader, else
// the channel; "" where the role says it already.
func howWords(l *locales.Locale, r register.Row) string {
	switch {
	case r.Officer != "" || r.Actor == "system":
		return ""
	case r.Channel != "web":
		return wordOr(l, "supervision.channel_", r.Channel)
	case r.Method != "":
		return methodWords(l, r.Method)
	}
	return ""
}
