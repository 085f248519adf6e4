package views

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"customs.gov.az/portal/customs"
)

func TestGoodsURL(t *testing.T) {
	for _, c := range []struct {
		q    customs.Query
		want string
	}{
		{customs.Query{}, "/goods"},
		{customs.Query{Page: 1, Sort: customs.Newest}, "/goods"},
		{customs.Query{Page: 2}, "/goods?page=2"},
		{customs.Query{Text: "a&b=c d", Page: 3, Sort: customs.Deadline}, "/goods?q=a%26b%3Dc+d&sort=deadline&page=3"},
		{
			customs.Query{Checkpoint: "00922", Status: "held", Mode: "3", Waiting: customs.You, From: "2026-01-02", To: "2026-02-03"},
			"/goods?checkpoint=00922&status=held&mode=3&waiting=you&from=2026-01-02&to=2026-02-03",
		},
		{customs.Query{Status: "x&y#z"}, "/goods?status=x%26y%23z"},
	} {
		if got := (&GoodsView{}).url(c.q); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func FuzzGoodsURL(f *testing.F) {
	f.Add("mərmər & co", "00922", 2)
	f.Fuzz(func(t *testing.T, text, checkpoint string, page int) {
		u, err := url.Parse((&GoodsView{}).url(customs.Query{Text: text, Checkpoint: checkpoint, Page: page}))
		if err != nil {
			t.Fatal(err)
		}
		if u.Path != "/goods" || u.Query().Get("q") != text || u.Query().Get("checkpoint") != checkpoint {
			t.Errorf("%v does not carry what was asked", u)
		}
	})
}

func TestPagerWindow(t *testing.T) {
	for _, c := range []struct {
		page, pages int
		want        []int
	}{
		{1, 1, []int{1}}, {1, 3, []int{1, 2, 3}}, {1, 9, []int{1, 2, 0, 9}}, {5, 9, []int{1, 0, 4, 5, 6, 0, 9}}, {9, 9, []int{1, 0, 8, 9}}, {3, 4, []int{1, 2, 3, 4}},
	} {
		g := GoodsView{List: customs.List{Page: c.page, Pages: c.pages}, Query: customs.Query{Mode: "3"}}
		var got []int
		for _, link := range g.pages() {
			got = append(got, link.number)
			if link.current != (link.number == c.page) || (link.number > 1 && !strings.Contains(link.url, "mode=3&page=")) {
				t.Errorf("%+v", link)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("page %d of %d: %v, want %v", c.page, c.pages, got, c.want)
		}
	}
}

func TestSpanOfRows(t *testing.T) {
	g := GoodsView{PageSize: 50, List: customs.List{Page: 3, Rows: make([]customs.Pending, 7)}}
	if from, to := g.span(); from != 101 || to != 107 {
		t.Errorf("%d–%d", from, to)
	}
}

// Circles keep apart even where three checkpoints stand within a few units, and
// labels cover neither circles nor each other nor the edge.
func TestMapKeepsApart(t *testing.T) {
	g := sampleGoods()
	g.List.All = nil
	for i, c := range g.Checkpoints.All() {
		g.List.All = append(g.List.All, customs.CheckpointCount{Checkpoint: c.Code, Count: i*i + 1})
	}
	for _, lang := range []string{"az", "en"} {
		spots := g.spots(lang)
		var boxes []box
		for i, s := range spots {
			for _, o := range spots[:i] {
				if dx, dy := s.x-o.x, s.y-o.y; dx*dx+dy*dy < (s.r+o.r-2)*(s.r+o.r-2) {
					t.Errorf("%s: %s covers %s", lang, s.name, o.name)
				}
			}
			boxes = append(boxes, box{s.x - s.r, s.y - s.r, s.x + s.r, s.y + s.r})
			if s.r > circleMax || s.x < 0 || s.x > mapWidth {
				t.Errorf("%s: radius %v at %v", s.name, s.r, s.x)
			}
		}
		labelled := 0
		for _, s := range spots {
			if len(s.label) > 0 {
				labelled++
			}
		}
		if labelled < len(spots)/2 {
			t.Errorf("%s: only %d of %d have a name", lang, labelled, len(boxes))
		}
	}
}

func TestMapLeavesOutWhatHasNoPlace(t *testing.T) {
	g := sampleGoods()
	for _, s := range g.spots("az") {
		if s.code == "09999" {
			t.Error("a checkpoint without a place is only in the list")
		}
	}
	idle := strings.Count(render(t, goodsMap(samplePage(t, "az"), g)), ` r="4"></circle>`)
	if len(g.spots("az"))+idle != len(g.Checkpoints.All()) {
		t.Error("every known checkpoint is on the map once")
	}
	two := []spot{{x: 5, y: 5, r: 10}, {x: 5, y: 5, r: 10}}
	separate(two)
	if two[0].x == two[1].x {
		t.Error("circles on one point must part")
	}
}

func TestLabelLines(t *testing.T) {
	for name, want := range map[string]string{
		"Samur": "Samur", "Heydər Əliyev Beynəlxalq Hava Limanı": "Heydər Əliyev|Beynəlxalq Hava Limanı", "Birsözlükçoxuzunməntəqəadı": "Birsözlükçoxuzunməntəqəadı",
	} {
		if got := strings.Join(labelLines(name), "|"); got != want {
			t.Errorf("%q", got)
		}
	}
}

func TestBars(t *testing.T) {
	g := GoodsView{List: customs.List{All: []customs.CheckpointCount{{Count: 4000}, {Count: 1}}}}
	for count, want := range map[int]string{4000: "100", 2000: "50", 1: "2"} {
		if got := g.share(count); got != want {
			t.Errorf("%d of 4000: %s, want %s", count, got, want)
		}
	}
}

func TestBadges(t *testing.T) {
	for _, c := range []struct {
		status customs.Status
		who    customs.Actor
		tone   tone
		icon   string
	}{
		{customs.Registered, "", plain, "clock"},
		{customs.Registered, customs.You, acting, "alert"},
		{customs.Inspection, customs.Customs, going, "inspect"},
		{customs.AwaitingPayment, customs.You, acting, "manat"},
		{customs.Held, customs.You, stopped, "stop"},
		{customs.Released, "", finished, "done"},
		{"own", "", going, "hourglass"},
		{"own", customs.You, acting, "alert"},
		{customs.TempStorage, "", going, "box"},
	} {
		if got, icon := badgeOf(c.status, c.who); got != c.tone || icon != c.icon {
			t.Errorf("%s waiting for %q: %v %s", c.status, c.who, got, icon)
		}
	}
}

// Every icon that a page may ask for is in the sprite.
func TestIconsExist(t *testing.T) {
	sprite := readStatic(t, "img/icons.svg")
	for _, name := range []string{"mark", "logout", "pin", "down", "left", "right", "search", "filter", "download", "close", "alert", "info", "timer", "refresh", "check", "scales", "help", "eye"} {
		if !strings.Contains(sprite, `id="`+name+`"`) {
			t.Errorf("no icon %q", name)
		}
	}
	for mode := range 10 {
		if !strings.Contains(sprite, `id="`+modeIcon(mode)+`"`) {
			t.Errorf("no icon for mode %d", mode)
		}
	}
	for _, s := range append(append(slices.Clone(customs.PendingStatuses), customs.TerminalStatuses...), "own") {
		for _, who := range append(slices.Clone(customs.Actors), "") {
			if _, name := badgeOf(s, who); !strings.Contains(sprite, `id="`+name+`"`) {
				t.Errorf("no icon %q for %s", name, s)
			}
		}
	}
}

// readStatic asks for a file as a browser does.
func readStatic(t *testing.T, name string) string {
	t.Helper()
	p := samplePage(t, "az")
	return serve(t, p.Assets, p.Assets.URL(name))
}

func TestWhereabouts(t *testing.T) {
	p := samplePage(t, "en")
	for code, want := range map[string]string{"00922": "Iran border", "00941": "seaport", "00951": "airport", "09999": ""} {
		place, _ := customs.BuiltInCheckpoints().Get(code)
		if got := whereabouts(p.L, place); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}
