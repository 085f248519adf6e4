package views

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"github.com/a-h/templ"
)

// What all readers share is written once for each language, and from a page that
// holds nothing of the reader who happened to be first.
func TestSameForEverybody(t *testing.T) {
	var kept Kept
	times := map[string]int{}
	part := func(p Page) templ.Component {
		return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
			times[p.L.Lang()]++
			if p.Person != nil || p.Staff != nil || p.Behalf != nil || p.Session != nil || p.Path != "" || p.Title != "" || p.RequestID != "" {
				t.Errorf("a part that all share is given the page of one: %+v", p)
			}
			_, err := io.WriteString(w, p.L.T("site.name")+p.Contacts.Phone+p.Assets.Sprite())
			return err
		})
	}
	for range 3 {
		for _, lang := range []string{"az", "en"} {
			p := samplePage(t, lang)
			p.Kept, p.Title, p.Session = &kept, "Rəşad", &SessionClock{}
			if got, want := render(t, same(p, "part", part)), p.L.T("site.name")+p.Contacts.Phone+p.Assets.Sprite(); got != want {
				t.Errorf("%s: %q, want %q", lang, got, want)
			}
		}
	}
	if times["az"] != 1 || times["en"] != 1 {
		t.Errorf("written %v times", times)
	}
	p := samplePage(t, "az")
	p.Kept = &kept
	if got := render(t, same(p, "another", func(Page) templ.Component { return escaped("x") })); got != "x" {
		t.Errorf("a part of another name: %q", got)
	}
}

// A name stands for one part: of two under one name the second would never show.
func TestNamesOfParts(t *testing.T) {
	files, err := filepath.Glob("*.templ")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	parts := map[string]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`same\(p, "([^"]*)", (\w+)\)`).FindAllStringSubmatch(string(text), -1) {
			if other, taken := parts[m[1]]; taken && other != m[2] || strings.HasPrefix(m[1], "tabs ") {
				t.Errorf("%s: %q names both %s and %s", name, m[1], other, m[2])
			}
			parts[m[1]] = m[2]
		}
	}
	if len(parts) < 5 {
		t.Errorf("only %v", parts)
	}
}

// The main sections are the same for all traders, but not on all pages.
func TestKeptTabs(t *testing.T) {
	var kept Kept
	for range 2 {
		for _, tab := range []Tab{TabGoods, TabAccess, ""} {
			for _, access := range []bool{true, false} {
				p := samplePage(t, "en")
				p.Tab, p.ShowAccess = tab, access
				want := render(t, tabs(p))
				p.Kept = &kept
				if got := render(t, traderTabs(p)); got != want {
					t.Errorf("%q, %v: %s", tab, access, got)
				}
			}
		}
	}
}

// A part that could not be written is not kept.
func TestBrokenPartIsNotKept(t *testing.T) {
	p := samplePage(t, "az")
	p.Kept = &Kept{}
	broken := func(Page) templ.Component {
		return templ.ComponentFunc(func(context.Context, io.Writer) error { return errFull })
	}
	if err := same(p, "part", broken).Render(t.Context(), io.Discard); err == nil {
		t.Error("the error is lost")
	}
	if got := render(t, same(p, "part", func(Page) templ.Component { return escaped("x") })); got != "x" {
		t.Errorf("%q", got)
	}
}

// A list with what is kept is the list without, for whoever comes first or later
// in the same second.
func TestKeptPagesAreTheSame(t *testing.T) {
	var kept Kept
	for _, in := range []time.Duration{100 * time.Millisecond, 900 * time.Millisecond} {
		for _, lang := range []string{"az", "en"} {
			for _, who := range []string{"“Xəzər Aqro Ticarət” MMC", "“Araz Trans” MMC"} {
				p, g := samplePage(t, lang), sampleGoods()
				p.Person.Organisation, p.Session = who, &SessionClock{Left: time.Hour, Idle: time.Hour, Ends: sampleNow}
				g.List.AsOf = sampleNow.Add(in)
				g.List.Fresh[0].AsOf = new(sampleNow.Add(500*time.Millisecond - staleAfter)) // just about too old
				want := render(t, Goods(p, g))
				p.Kept = &kept
				if got := render(t, Goods(p, g)); got != want {
					t.Errorf("%s, %s: another page", lang, who)
				}
			}
		}
	}
}

// The table of ages is written anew as soon as anything in it may differ.
func TestKeptAges(t *testing.T) {
	var kept Kept
	table := func(lang string, change func(*GoodsView)) string {
		p, g := samplePage(t, lang), sampleGoods()
		g.Paces = map[string]customs.Pace{"00922": {Checkpoint: "00922", Completed: 40, Median: time.Hour, P90: 2 * time.Hour}}
		change(g)
		want := render(t, ageRows{p, g})
		p.Kept = &kept
		got := render(t, ageRows{p, g})
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", lang, got, want)
		}
		return got
	}
	for _, lang := range []string{"az", "en", "az"} {
		first := table(lang, func(*GoodsView) {})
		for name, change := range map[string]func(*GoodsView){
			"another time":                func(g *GoodsView) { g.List.AsOf = sampleNow.Add(14*time.Minute + time.Second) },
			"news of a checkpoint":        func(g *GoodsView) { g.List.Fresh[0].AsOf = atp(2 * time.Minute) },
			"the first news of one":       func(g *GoodsView) { g.List.Fresh[2].AsOf = atp(time.Minute) },
			"a record of one without any": func(g *GoodsView) { g.List.Fresh[2].ReceivedAt = atp(2 * time.Hour) },
			"another checkpoint":          func(g *GoodsView) { g.List.Fresh[2].Checkpoint = "08888" },
			"one less":                    func(g *GoodsView) { g.List.Fresh = g.List.Fresh[:2] },
			"another pace": func(g *GoodsView) {
				g.Paces["00922"] = customs.Pace{Checkpoint: "00922", Completed: 41, Median: time.Hour, P90: 3 * time.Hour}
			},
		} {
			if table(lang, change) == first {
				t.Errorf("%s: %s makes no difference", lang, name)
			}
			if table(lang, func(*GoodsView) {}) != first {
				t.Errorf("%s: after %s the table is another", lang, name)
			}
		}
	}
}

// Many readers at once, in both languages: each reads their own.
func TestKeptAtOnce(t *testing.T) {
	var kept Kept
	var all sync.WaitGroup
	for i := range 16 {
		lang := []string{"az", "en"}[i%2]
		p, g := samplePage(t, lang), sampleGoods()
		g.List.AsOf = sampleNow.Add(time.Duration(i/4) * time.Minute)
		want := render(t, Goods(p, g))
		p.Kept = &kept
		all.Go(func() {
			for range 20 {
				var b strings.Builder
				if err := Goods(p, g).Render(context.Background(), &b); err != nil || b.String() != want {
					t.Errorf("%s: another page, %v", lang, err)
				}
			}
		})
	}
	all.Wait()
}
