package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/register"
)

// afternoon is half past two in Baku.
var afternoon = time.Date(2026, 11, 20, 10, 30, 0, 0, time.UTC)

// healthy is a page on which nothing is wrong.
func healthy() SupervisionView {
	minute := afternoon.Add(-time.Minute)
	v := SupervisionView{Checkpoints: customs.BuiltInCheckpoints(), Sealing: true}
	v.Now, v.AsOf, v.CheckpointsAt, v.SealedAt = afternoon, afternoon, &minute, &minute
	v.Probe = register.Probe{At: &minute, OK: true, GoodAt: &minute, Elapsed: 12 * time.Millisecond}
	v.Head.Tree.N = 1234567
	return v
}

func TestAlarms(t *testing.T) {
	ago := func(d time.Duration) *time.Time { at := afternoon.Add(-d); return &at }
	hour := time.Hour
	for name, c := range map[string]struct {
		change func(*SupervisionView)
		want   string
	}{
		"healthy":          {func(*SupervisionView) {}, ""},
		"never asked":      {func(v *SupervisionView) { v.Probe = register.Probe{} }, "never asked itself"},
		"asked long ago":   {func(v *SupervisionView) { v.Probe.At = ago(4 * time.Minute) }, "last answered 4 minutes ago"},
		"not answered":     {func(v *SupervisionView) { v.Probe.OK = false }, "failed at 14:29:00"},
		"not sealed":       {func(v *SupervisionView) { v.UnsealedSince = ago(2 * time.Minute) }, "has not been sealed"},
		"sealed by nobody": {func(v *SupervisionView) { v.UnsealedSince, v.Sealing = ago(hour), false }, ""},
		"not counted":      {func(v *SupervisionView) { v.AsOf = *ago(hour) }, "last counted 1 hour ago"},
		"not looked at":    {func(v *SupervisionView) { v.CheckpointsAt = ago(hour) }, "have not been counted"},
		"never looked at":  {func(v *SupervisionView) { v.CheckpointsAt = nil }, "have not been counted"},
		"a silent sender":  {func(v *SupervisionView) { v.Known = []string{"samur"} }, "systems: 1"},
		"a late sender": {func(v *SupervisionView) {
			v.Senders, v.Known = []customs.Sender{{Name: "a", LastSeen: *ago(hour)}}, []string{"a"}
		}, "systems: 1"},
		"old news": {func(v *SupervisionView) {
			v.Senders, v.Known = []customs.Sender{{Name: "a", LastSeen: afternoon, Lag: &hour}}, []string{"a"}
		}, "systems: 1"},
		"one that is withdrawn": {func(v *SupervisionView) { v.Senders = []customs.Sender{{Name: "a", LastSeen: *ago(hour), Lag: &hour}} }, ""},
		"a sender on time":      {func(v *SupervisionView) { v.Senders = []customs.Sender{{Name: "a", LastSeen: afternoon}} }, ""},
		"known and on time": {func(v *SupervisionView) {
			v.Senders, v.Known = []customs.Sender{{Name: "a", LastSeen: afternoon}}, []string{"a"}
		}, ""},
	} {
		v := healthy()
		c.change(&v)
		list := v.alarms(inEnglish(t))
		if c.want == "" && len(list) > 0 || c.want != "" && (len(list) != 1 || !strings.Contains(list[0].title, c.want) || list[0].text == "") {
			t.Errorf("%s: %+v, want %q", name, list, c.want)
		}
	}
}

// What the page says of itself and of its senders.
func TestSupervisionWords(t *testing.T) {
	v := healthy()
	v.Known = []string{"a", "b"}
	v.Senders = []customs.Sender{{Name: "a", LastSeen: afternoon}, {Name: "old", LastSeen: afternoon.Add(-time.Hour)}}
	page := render(t, Supervision(samplePage(t, "en"), v))
	for _, want := range []string{"renews itself every 30 seconds", "On time", "No longer a sender", "Silent: never heard"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not there", want)
		}
	}
	if strings.Contains(page, "Late<") {
		t.Error("who may not send is called late")
	}
}

func TestRoundUp(t *testing.T) {
	for n, want := range map[int64]int64{0: 4, 1: 4, 4: 4, 5: 8, 9: 12, 13: 20, 21: 40, 61: 80, 81: 100, 100: 100, 101: 200, 436: 600, 999: 1000, 1001: 2000, 8001: 10000} {
		if got := roundUp(n); got != want || got%4 != 0 {
			t.Errorf("%d: %d, want %d", n, got, want)
		}
	}
	for n := int64(0); n < 100_000; n += 37 {
		if got := roundUp(n); got < n || got%4 != 0 || n > 20 && got > 2*n+20 {
			t.Errorf("%d: a scale to %d", n, got)
		}
	}
}

func TestHoursChart(t *testing.T) {
	v := healthy()
	v.Hours[9], v.Hours[14] = register.HourCount{Requests: 100}, register.HourCount{Requests: 25, Failed: 1}
	v.Hours[20] = register.HourCount{Requests: 100} // has not come yet
	c := v.chart(inEnglish(t))
	if len(c.bars) != 15 || c.bars[9].height != "200.0" || c.bars[9].y != "0.0" || c.bars[14].height != "50.0" || !c.bars[14].now || c.bars[13].now {
		t.Errorf("%+v", c.bars)
	}
	if c.scale != [5]string{"100", "75", "50", "25", "0"} || !strings.Contains(c.said, "09:00–10:00: 100") {
		t.Errorf("%v %q", c.scale, c.said)
	}
	if said := healthy().chart(inEnglish(t)).said; said != "No requests today yet." {
		t.Errorf("%q", said)
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "—", 340 * time.Microsecond: "0.3 ms", 12500 * time.Microsecond: "12.5 ms", 8 * time.Second: "8 s", 1234 * time.Millisecond: "1.23 s"} {
		if got := took(inEnglish(t), d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestRowLooks(t *testing.T) {
	l := inEnglish(t)
	for _, c := range []struct {
		row  register.Row
		want string
		who  string
		how  string
	}{
		{register.Row{Record: register.Record{Action: register.ListGoods, Outcome: register.Answered, Results: 17, Actor: "trader", Channel: "web"}, Method: "sima"}, "17 registrations", "Trader", "SİMA İmza"},
		{register.Row{Record: register.Record{Action: register.ListGoods, Outcome: register.NothingPending, Actor: "trader", Channel: "web"}}, "Nothing pending", "Trader", ""},
		{register.Row{Record: register.Record{Action: register.ListGoods, Outcome: register.Answered, Results: 1, Actor: "operator", Channel: "staff"}, Officer: "2041"}, "1 registration", "Operator 2041", ""},
		{register.Row{Record: register.Record{Action: register.SearchRegister, Outcome: register.Answered, Results: 50, Actor: "supervisor", Channel: "staff"}, Officer: "7"}, "Done", "Supervisor 7", ""},
		{register.Row{Record: register.Record{Action: register.ShowGoods, Outcome: register.NotFound, Actor: "trader", Channel: "api"}}, "Not found", "Trader", "API"},
		{register.Row{Record: register.Record{Action: "x.y", Outcome: register.Failed, Actor: "robot", Channel: "web"}, Method: "seal"}, "Failed", "robot", "seal"},
	} {
		if _, _, words := rowLook(l, c.row); words != c.want {
			t.Errorf("%+v: %q, want %q", c.row.Record, words, c.want)
		}
		if who := whoWords(l, c.row); who != c.who {
			t.Errorf("%+v: %q, want %q", c.row.Record, who, c.who)
		}
		if how := howWords(l, c.row); how != c.how {
			t.Errorf("%+v: by %q, want %q", c.row.Record, how, c.how)
		}
	}
	if got := ActionWords(l, "x.y"); got != "x.y" {
		t.Errorf("an action without words: %q", got)
	}
}

// Every kind of request that can stand in the register has words there, and the
// search offers it.
func TestActionsHaveWords(t *testing.T) {
	for _, lang := range []string{"az", "en"} {
		l := samplePage(t, lang).L
		for _, a := range actions(t) {
			if got := ActionWords(l, a); got == a {
				t.Errorf("%s: %s has no words", lang, a)
			}
			if !slices.Contains(register.Actions, a) {
				t.Errorf("the search of the register does not offer %s", a)
			}
		}
	}
}

// inEnglish is the English words.
func inEnglish(t testing.TB) *locales.Locale { return samplePage(t, "en").L }
