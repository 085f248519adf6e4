package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"golang.org/x/net/html"
)

// heads are the words of the groups' headings, heading and figures apart.
func heads(doc *html.Node) (names, figures []string) {
	for _, head := range byClass(doc, "group__head") {
		names = append(names, text(all(head, "h2")[0]))
		figures = append(figures, text(all(head, "p")[0]))
	}
	return names, figures
}

// Rows come in the order of the list and are cut where the checkpoint changes;
// the count is that of the whole filtered set, not of this page.
func TestGroups(t *testing.T) {
	for lang, want := range map[string][2][]string{
		"az": {
			{"Biləsuvar", "Qırmızı Körpü", "Bakı Beynəlxalq Dəniz Ticarət Limanı (Ələt)", "09999"},
			{"6 qeydiyyat · bu səhifədə 4 · İran sərhədi", "1 qeydiyyat · Gürcüstan sərhədi", "1 qeydiyyat · dəniz limanı", "1 qeydiyyat"},
		},
		"en": {
			{"Bilasuvar", "Red Bridge", "Baku International Sea Trade Port (Alat)", "09999"},
			{"6 registrations · 4 on this page · Iran border", "1 registration · Georgia border", "1 registration · seaport", "1 registration"},
		},
	} {
		doc := parse(t, Goods(samplePage(t, lang), sampleGoods()))
		names, figures := heads(doc)
		if !slices.Equal(names, want[0]) || !slices.Equal(figures, want[1]) {
			t.Errorf("%s:\n %q\n %q", lang, names, figures)
		}
		for i, group := range byClass(doc, "group") {
			if got := text(all(group, "caption")[0]); !strings.HasPrefix(got, names[i]+": ") {
				t.Errorf("%s: the table of %s is called %q", lang, names[i], got)
			}
			if by := attribute(group, "aria-labelledby"); by != attribute(all(group, "h2")[0], "id") {
				t.Errorf("%s: %s is labelled by %q", lang, names[i], by)
			}
		}
	}
}

// A checkpoint that the counts do not name still shows its rows.
func TestGroupWithoutCount(t *testing.T) {
	g := listOf(row(nil), row(func(r *customs.Pending) { r.Checkpoint = "00901" }))
	g.List.Groups = g.List.Groups[:1]
	names, figures := heads(parse(t, Goods(samplePage(t, "en"), g)))
	if !slices.Equal(names, []string{"Bilasuvar", "Red Bridge"}) || figures[1] != "1 registration · Georgia border" {
		t.Errorf("%q %q", names, figures)
	}
}

// Sums say what is known, and nothing about what is not.
func TestGroupSums(t *testing.T) {
	packages, mass := new(int64(4652)), num(customs.Mass(106685500))
	for name, c := range map[string]struct {
		count  customs.CheckpointCount
		az, en string
	}{
		"both":     {customs.CheckpointCount{Packages: packages, GrossMass: mass}, "Yer sayı 4.652 · Brutto 106.685,5 kq", "Packages 4,652 · Gross 106,685.5 kg"},
		"packages": {customs.CheckpointCount{Packages: packages}, "Yer sayı 4.652", "Packages 4,652"},
		"mass":     {customs.CheckpointCount{GrossMass: mass}, "Brutto 106.685,5 kq", "Gross 106,685.5 kg"},
		"nothing":  {customs.CheckpointCount{}, "", ""},
		"zero":     {customs.CheckpointCount{Packages: new(int64(0)), GrossMass: num(customs.Mass(0))}, "Yer sayı 0 · Brutto 0 kq", "Packages 0 · Gross 0 kg"},
	} {
		for lang, want := range map[string]string{"az": c.az, "en": c.en} {
			p, g := samplePage(t, lang), listOf(row(nil))
			c.count.Checkpoint, c.count.Count = "00922", 1
			g.List.Groups[0] = c.count
			if got := text(only(t, parse(t, Goods(p, g)), "group__sum")); got != want {
				t.Errorf("%s, %s: %q, want %q", lang, name, got, want)
			}
		}
	}
}

// How old a checkpoint's data is, in its group and in the table of all. What is
// too old to rely on has an icon and words of its own.
func TestFreshness(t *testing.T) {
	for name, c := range map[string]struct {
		fresh  customs.Freshness
		stale  bool
		az, en string
	}{
		"now":       {customs.Freshness{AsOf: atp(0)}, false, "məlumat 14:32 vəziyyətinə", "data as of 14:32"},
		"minutes":   {customs.Freshness{AsOf: atp(15 * time.Minute)}, false, "məlumat 14:17 vəziyyətinə", "data as of 14:17"},
		"too old":   {customs.Freshness{AsOf: atp(16 * time.Minute)}, true, "məlumat köhnədir: 14:16 (16 dəqiqə əvvəl)", "data is old: 14:16 (16 minutes ago)"},
		"yesterday": {customs.Freshness{AsOf: atp(20 * time.Hour)}, true, "məlumat köhnədir: 19.11.2026 18:32 (20 saat əvvəl)", "data is old: 19.11.2026 18:32 (20 hours ago)"},
		"clock ahead": {
			customs.Freshness{AsOf: atp(-2 * time.Minute)},
			false,
			"məlumat 14:34 vəziyyətinə", "data as of 14:34",
		},
		"never": {customs.Freshness{}, true, "məntəqədən hələ məlumat alınmayıb", "no data received from the checkpoint yet"},
		"not said": {
			customs.Freshness{ReceivedAt: atp(time.Hour)},
			true,
			"məntəqə məlumatın hansı vaxta aid olduğunu bildirməyib; son qeyd 20.11.2026 13:32 tarixində alınıb",
			"the checkpoint did not say how recent its data is; last record received 20.11.2026 13:32",
		},
	} {
		for lang, want := range map[string]string{"az": c.az, "en": c.en} {
			p, g := samplePage(t, lang), listOf(row(nil))
			c.fresh.Checkpoint = "00922"
			g.List.Fresh = customs.Ages{c.fresh}
			doc := parse(t, Goods(p, g))
			inGroup := only(t, only(t, doc, "group__head"), "fresh")
			if text(inGroup) != want || hasClass(inGroup, "fresh--stale") != c.stale || (len(all(inGroup, "use")) == 1) != c.stale {
				t.Errorf("%s, %s: %q, marked %v, want %q", lang, name, text(inGroup), hasClass(inGroup, "fresh--stale"), want)
			}
			place, _ := g.Checkpoints.Get("00922")
			if rows := freshRows(t, doc); rows[place.Name(lang)] != want {
				t.Errorf("%s, %s: the table says %q", lang, name, rows[place.Name(lang)])
			}
		}
	}
}

// freshRows is the table of all checkpoints' dates: name to words.
func freshRows(t *testing.T, doc *html.Node) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, tr := range all(all(only(t, doc, "freshness"), "tbody")[0], "tr") {
		out[text(all(tr, "th")[0])] = text(all(tr, "td")[0])
	}
	return out
}

// The table has every checkpoint once, also those that no list knows.
func TestFreshnessOfEveryCheckpoint(t *testing.T) {
	p, g := samplePage(t, "en"), sampleGoods()
	g.List.Fresh = append(g.List.Fresh, customs.Freshness{Checkpoint: "07777", AsOf: atp(time.Minute)})
	rows := freshRows(t, parse(t, Goods(p, g)))
	if len(rows) != len(g.Checkpoints.All())+2 {
		t.Errorf("%d rows", len(rows))
	}
	for name, want := range map[string]string{"07777": "data as of 14:31", "Bilasuvar": "data as of 14:31", "Julfa": "no data received from the checkpoint yet"} {
		if rows[name] != want {
			t.Errorf("%s: %q, want %q", name, rows[name], want)
		}
	}
}

// Figures filter the list and drop what was asked before; a zero is no link.
func TestTally(t *testing.T) {
	type figure struct{ words, href, class string }
	for lang, want := range map[string][]figure{
		"az": {
			{"5 sizdən addım gözləyir", "/goods?waiting=you", "is-act"},
			{"10 gömrükdən addım gözləyir", "/goods?waiting=customs", ""},
			{"0 digər qurumdan addım gözləyir", "", ""},
			{"1 saxlanılıb", "/goods?status=held", "is-stop"},
		},
		"en": {
			{"5 waiting on you", "/goods?waiting=you", "is-act"},
			{"10 waiting on customs", "/goods?waiting=customs", ""},
			{"0 waiting on another body", "", ""},
			{"1 detained", "/goods?status=held", "is-stop"},
		},
	} {
		p, g := samplePage(t, lang), sampleGoods()
		delete(g.List.Waiting, customs.Agency)
		g.Query = customs.Query{Text: "x", Page: 2}
		var got []figure
		for n := range only(t, parse(t, Goods(p, g)), "tally").ChildNodes() {
			if n.Type == html.ElementNode {
				got = append(got, figure{spaced(n), attribute(n, "href"), attribute(n, "class")})
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", lang, got, want)
		}
	}
}

// The list beside the map holds what the map shows: names, counts and links.
func TestCheckpointList(t *testing.T) {
	for lang, want := range map[string]string{"az": "Biləsuvar İran sərhədi 6 qeydiyyat", "en": "Bilasuvar Iran border 6 registrations"} {
		p, g := samplePage(t, lang), sampleGoods()
		g.Query = customs.Query{Checkpoint: "00901", Text: "x", Sort: customs.Oldest, Page: 3}
		doc := parse(t, Goods(p, g))
		links := all(only(t, doc, "cplist"), "a")
		if len(links) != len(g.List.All) || spaced(links[0]) != want {
			t.Fatalf("%s: %q", lang, texts(links))
		}
		if got := attribute(links[0], "href"); got != "/goods?checkpoint=00922&sort=oldest" {
			t.Errorf("%s: the link leads to %q", lang, got)
		}
		var chosen []string
		for _, a := range links {
			if attribute(a, "aria-current") == "true" {
				chosen = append(chosen, attribute(a, "href"))
			}
		}
		if !slices.Equal(chosen, []string{"/goods?checkpoint=00901&sort=oldest"}) {
			t.Errorf("%s: chosen: %v", lang, chosen)
		}
		widths := map[string]string{}
		for _, a := range links {
			bar := all(a, "rect")
			widths[attribute(a, "href")] = attribute(bar[len(bar)-1], "width")
		}
		if widths["/goods?checkpoint=00922&sort=oldest"] != "100" || widths["/goods?checkpoint=00941&sort=oldest"] != "50" {
			t.Errorf("%s: bars %v: the longest is the largest count", lang, widths)
		}
	}
}
