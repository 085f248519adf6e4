package views

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"github.com/a-h/templ"
)

func TestMarkup(t *testing.T) {
	p := samplePage(t, "en")
	sprite := p.Assets.URL("img/icons.svg")
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		component templ.Component
		want      string
	}{
		"text":    {escaped(`<b> & "x"`), "&lt;b&gt; &amp; &#34;x&#34;"},
		"icon":    {icon(p, "truck"), `<svg class="icon" aria-hidden="true" focusable="false"><use href="` + sprite + `#truck"></use></svg>`},
		"due":     {due(p, now.Add(time.Hour), now), `<span class="sub due">Due 20.11.2026 17:00 (1 hour left)</span>`},
		"overdue": {due(p, now, now), `<span class="sub due due--past">Overdue since 20.11.2026 16:00</span>`},
		"choice": {
			choice(p, "who", "Who <acts>", []option{{words: "All"}, {value: "a&b", words: "<Qara çay>", selected: true}, counted("c", "Road", 1234, false)}),
			`<div class="field"><label for="who">Who &lt;acts&gt;</label> <select class="input" id="who" name="who">` +
				`<option value="">All</option><option value="a&amp;b" selected>&lt;Qara çay&gt;</option><option value="c">Road (1,234)</option></select></div>`,
		},
		"busy": {
			drawn{spot{x: 10, y: 20, r: 5.25, count: 7, code: "a&b"}},
			`<a class="map__cp" href="/goods?checkpoint=a%26b&amp;sort=oldest" tabindex="-1"><circle cx="10.0" cy="20.0" r="5.2"></circle> <text class="map__n" x="10.0" y="25.0">7</text> </a>`,
		},
		"named": {
			drawn{spot{current: true, labelEnd: true, label: []string{"Qırmızı", "<körpü>"}, labelX: -1.06, labelY: 2, count: 1234}},
			`<a class="map__cp is-on" href="/goods?sort=oldest" tabindex="-1"><circle cx="0.0" cy="0.0" r="0.0"></circle> <text class="map__n" x="0.0" y="5.0">1.234</text> ` +
				`<text x="-1.1" y="2.0" text-anchor="end"><tspan x="-1.1" y="2.0">Qırmızı</tspan><tspan x="-1.1" y="17.0">&lt;körpü&gt;</tspan></text></a>`,
		},
		"no value": {missing(p), `<span aria-hidden="true">—</span><span class="vh">not given</span>`},
	} {
		if got := render(t, c.component); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// drawn is a circle of the map by itself.
type drawn struct{ spot spot }

func (d drawn) Render(_ context.Context, w io.Writer) error {
	c, err := locales.Load()
	if err != nil {
		return err
	}
	return onSheet(w, func(s *sheet) { d.spot.on(s, c.For("az"), &GoodsView{Query: customs.Query{Sort: customs.Oldest}}) })
}

// A badge has one class for its tone, one icon and the status in words.
func TestBadge(t *testing.T) {
	p := samplePage(t, "az")
	for class, c := range map[string]struct {
		status customs.Status
		who    customs.Actor
	}{
		"badge":             {customs.Registered, customs.Customs},
		"badge badge--go":   {customs.UnderControl, customs.Customs},
		"badge badge--act":  {customs.DocsCheck, customs.You},
		"badge badge--stop": {customs.Held, customs.You},
		"badge badge--done": {customs.Released, ""},
	} {
		got := render(t, badge(p, c.status, c.who))
		_, name := badgeOf(c.status, c.who)
		want := `<span class="` + class + `">` + render(t, icon(p, name)) + p.L.Status(c.status) + `</span>`
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", c.status, got, want)
		}
	}
	if got := render(t, badge(p, "<i>", "")); strings.Contains(got, "<i>") {
		t.Errorf("a foreign status is markup: %s", got)
	}
}

var errFull = errors.New("full")

// full takes so many writes and no more.
type full struct{ left int }

func (f *full) Write(b []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestMarkupReportsErrors(t *testing.T) {
	p := samplePage(t, "az")
	for name, c := range map[string]templ.Component{
		"text": escaped("x"), "icon": icon(p, "box"), "due": due(p, p.Now, p.Now), "no value": missing(p), "badge": badge(p, customs.Held, ""),
		"choice": choice(p, "", "", nil), "spots": goodsSpots{p, sampleGoods()},
	} {
		for left := range 40 {
			err := c.Render(t.Context(), &full{left: left})
			if err == nil {
				break
			}
			if !errors.Is(err, errFull) || left == 39 {
				t.Errorf("%s after %d writes: %v", name, left, err)
			}
		}
	}
}

// The small parts of a row must not cost memory: that is why they are written
// by hand.
func TestMarkupAllocatesNothing(t *testing.T) {
	p := samplePage(t, "az")
	var b strings.Builder
	b.Grow(1 << 20)
	n := testing.AllocsPerRun(100, func() {
		_ = escaped("Qara çay").Render(t.Context(), &b)
		_ = icon(p, "truck").Render(t.Context(), &b)
		_ = missing(p).Render(t.Context(), &b)
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}
