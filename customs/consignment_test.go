package customs

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestNext(t *testing.T) {
	due := func(h int) *time.Time { v := noon.Add(time.Duration(h) * time.Hour); return &v }
	r := func(code string, who Actor, since int, due *time.Time) Requirement {
		return Requirement{Code: code, Who: who, Since: noon.Add(time.Duration(since) * time.Hour), Due: due}
	}
	for what, test := range map[string]struct {
		requires []Requirement
		want     string
	}{
		"the trader before another body before customs": {[]Requirement{r("c", Customs, 0, due(1)), r("a", Agency, 0, due(1)), r("y", You, 9, nil)}, "y"},
		"another body before customs":                   {[]Requirement{r("c", Customs, 0, due(1)), r("a", Agency, 9, nil)}, "a"},
		"a due date before none":                        {[]Requirement{r("old", You, 0, nil), r("due", You, 9, due(99))}, "due"},
		"the earlier due date":                          {[]Requirement{r("late", You, 0, due(9)), r("soon", You, 5, due(8))}, "soon"},
		"then the older":                                {[]Requirement{r("new", You, 5, due(8)), r("old", You, 0, due(8))}, "old"},
		"then the first":                                {[]Requirement{r("first", You, 0, nil), r("second", You, 0, nil)}, "first"},
		"an unknown actor ranks with customs":           {[]Requirement{r("x", "somebody", 0, nil), r("a", Agency, 9, nil)}, "a"},
	} {
		c := Consignment{Requires: test.requires}
		if got := c.Next(); got == nil || got.Code != test.want {
			t.Errorf("%s: %+v, want %s", what, got, test.want)
		}
	}
	if got := (&Consignment{}).Next(); got != nil {
		t.Errorf("nothing is required: %+v", got)
	}
}

func TestTotals(t *testing.T) {
	mass := func(n int64) *Mass { m := Mass(n); return &m }
	c := Consignment{Goods: []GoodsItem{
		{Packages: &Packages{Count: 3}, GrossMass: mass(1500)}, {}, {Packages: &Packages{Count: 4}, GrossMass: mass(1), NetMass: mass(0)},
	}}
	got := c.Totals()
	if *got.Packages != 7 || *got.GrossMass != 1501 || *got.NetMass != 0 {
		t.Errorf("%d packages, %d and %d grams", *got.Packages, *got.GrossMass, *got.NetMass)
	}
	if *c.Goods[0].GrossMass != 1500 || c.Goods[0].Packages.Count != 3 {
		t.Error("summing changes the first item")
	}
	if got := (&Consignment{Goods: []GoodsItem{{}}}).Totals(); got != (Totals{}) {
		t.Errorf("nothing is stated: %+v", got)
	}
}

// The stored document gives the same consignment again, exact to the gram.
func TestDocumentAndBack(t *testing.T) {
	gross, net, quantity, value, due := Mass(999_999_999_999_999), Mass(1), Quantity(1500), Amount(1_646_205), noon.Add(time.Hour)
	c := Consignment{
		Registration: "R1", Revision: 999_999_999_999_999_999, Checkpoint: "00911", VOEN: "1499000151", Status: "sniffed",
		StatusAt: noon.Add(123456789), RegisteredAt: noon, Consignee: Party{Name: "Ə & <b>", VOEN: "1499000151", Country: "AZ", Address: "Bakı"},
		Consignor: &Party{Name: "x"}, Carrier: &Party{Name: "y"}, DestinationOffice: "00100",
		Transport: Transport{Mode: 3, Vehicle: "99", Trailer: "1", Nationality: "TR", Containers: []string{"A"}, Seals: []string{"B"}},
		Documents: []Document{{Type: "730", Number: "1", Date: "2026-03-01"}}, PreviousDocuments: []Document{{Type: "952", Number: "2"}},
		Goods: []GoodsItem{{
			Number: 1, Description: "Şəkər", CommodityCode: "1701", Packages: &Packages{Count: 2, Type: "BX"}, GrossMass: &gross, NetMass: &net,
			Quantity: &quantity, Unit: "l", Value: &value, Currency: "EUR", Origin: "TR",
		}},
		Requires: []Requirement{{Code: "invoice", Who: You, Agency: "a", Note: "n", Since: noon, Due: &due}},
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var again Consignment
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, again) {
		t.Errorf("%+v, want\n%+v", again, c)
	}
}

func TestStatuses(t *testing.T) {
	for _, s := range PendingStatuses {
		if s.Terminal() || !s.Known() {
			t.Errorf("%s: terminal %v, known %v", s, s.Terminal(), s.Known())
		}
	}
	for _, s := range TerminalStatuses {
		if !s.Terminal() || !s.Known() {
			t.Errorf("%s: terminal %v, known %v", s, s.Terminal(), s.Known())
		}
	}
	for _, s := range []Status{"", "REGISTERED", "released ", "something_new"} {
		if s.Terminal() || s.Known() {
			t.Errorf("%q: terminal %v, known %v", s, s.Terminal(), s.Known())
		}
	}
}

func TestFiltered(t *testing.T) {
	for _, q := range []Query{{}, {Sort: Oldest}, {Page: 7}} {
		if q.Filtered() {
			t.Errorf("%+v leaves nothing out", q)
		}
	}
	// Each further field is a filter: a new one that Filtered forgets would
	// show counts of everything beside rows of a part.
	all := reflect.TypeFor[Query]()
	for i := range all.NumField() {
		f := all.Field(i)
		if f.Name == "Sort" || f.Name == "Page" {
			continue
		}
		var q Query
		reflect.ValueOf(&q).Elem().Field(i).SetString("x")
		if !q.Filtered() {
			t.Errorf("%s is no filter", f.Name)
		}
	}
}
