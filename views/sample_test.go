package views

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/static"
	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// sampleNow is the moment at which the sample pages are read.
var sampleNow = time.Date(2026, 11, 20, 10, 32, 7, 0, time.UTC)

func at(back time.Duration) time.Time   { return sampleNow.Add(-back) }
func atp(back time.Duration) *time.Time { t := at(back); return &t }

func num[N any](n N) *N { return new(n) }

// samplePage is a page in a language, as a signed-in trader sees it.
func samplePage(t testing.TB, lang string) Page {
	t.Helper()
	c, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	return Page{
		L: c.For(lang), Assets: static.New(), Path: "/goods", Now: sampleNow,
		Person:   &Person{Name: "Əliyev Rəşad", Organisation: "“Xəzər Aqro Ticarət” MMC", VOEN: "1403287651"},
		Contacts: new(DefaultContacts()), RequestID: "01J",
	}
}

// sampleGoods is a first page of two with goods at five checkpoints, one of
// them unknown to the portal's list.
func sampleGoods() *GoodsView {
	rows := []customs.Pending{
		{
			Registration: "009222611000481", Checkpoint: "00922", Status: customs.Registered, RegisteredAt: at(4 * time.Minute), Mode: 3,
			Vehicle: "IR 45 782 19", DocumentType: "730", DocumentNumber: "0482917", GoodsDescription: "Təzə pomidor, çeri növü",
			CommodityCode: "0702000000", GoodsCount: 3, Packages: new(int64(1240)), GrossMass: num(customs.Mass(18450000)),
			NextCode: "documents_check", NextWho: customs.Customs, NextSince: atp(4 * time.Minute),
		},
		{
			Registration: "009222611000479", Checkpoint: "00922", Status: customs.DocsCheck, RegisteredAt: at(291 * time.Minute), Mode: 3,
			Vehicle: "99-XA-127", DocumentType: "730", DocumentNumber: "0482655", GoodsDescription: "Mərmər plitə, cilalanmış",
			CommodityCode: "680291", GoodsCount: 1, Packages: new(int64(312)), GrossMass: num(customs.Mass(21980500)),
			NextCode: "certificate_of_origin", NextWho: customs.You, NextSince: atp(3 * time.Hour), NextDue: new(sampleNow.Add(50 * time.Hour)),
		},
		{
			Registration: "009222611000473", Checkpoint: "00922", Status: customs.UnderControl, RegisteredAt: at(16 * time.Hour), Mode: 3,
			Vehicle: "IR 24 611 35", DocumentType: "952", DocumentNumber: "XH 81 990", GoodsDescription: "Xurma, qurudulmuş",
			CommodityCode: "0804", GoodsCount: 2, Packages: new(int64(2100)), GrossMass: num(customs.Mass(20160000)),
			NextCode: "phytosanitary_certificate", NextWho: customs.Agency, NextAgency: "AQTA", NextSince: atp(10 * time.Hour),
		},
		{
			Registration: "009222611000438", Checkpoint: "00922", Status: customs.Held, RegisteredAt: at(114 * time.Hour), Mode: 3,
			Vehicle: "IR 33 284 16", GoodsDescription: "Yuyucu vasitə, toz halında", CommodityCode: "3402509000", GoodsCount: 5,
			NextCode: "value_confirmation", NextWho: customs.You, NextSince: atp(100 * time.Hour), NextDue: atp(2 * time.Hour),
		},
		{
			Registration: "009012611000121", Checkpoint: "00901", Status: customs.InTransit, RegisteredAt: at(75 * time.Hour), Mode: 3,
			Vehicle: "TR 06 BGD 914", DocumentType: "730", DocumentNumber: "7717650", GoodsDescription: "Qablaşdırma maşını",
			CommodityCode: "8422400009", GoodsCount: 1, Packages: new(int64(4)), GrossMass: num(customs.Mass(2340000)),
		},
		{
			Registration: "009412611000007", Checkpoint: "00941", Status: "waiting_for_scan", RegisteredAt: at(30 * time.Hour), Mode: 1,
			Vehicle: "PROFESSOR GÜL", DocumentType: "705", DocumentNumber: "MEDU 778812", GoodsDescription: "Polietilen, qranul",
			CommodityCode: "3901209000", GoodsCount: 1, Packages: new(int64(800)), GrossMass: num(customs.Mass(20000000)),
			NextCode: "x-ray", NextWho: customs.Customs, NextNote: "Rentgen növbəsi",
		},
		{
			Registration: "X/1 2", Checkpoint: "09999", Status: customs.AwaitingPayment, RegisteredAt: at(40 * 24 * time.Hour), Mode: 2,
			GoodsDescription: hostile, CommodityCode: "0101", GoodsCount: 1, NextCode: "payment", NextWho: customs.You, NextSince: atp(time.Hour),
		},
	}
	fresh := customs.Ages{
		{Checkpoint: "00922", AsOf: atp(time.Minute), ReceivedAt: atp(time.Minute)},
		{Checkpoint: "00901", AsOf: atp(47 * time.Minute), ReceivedAt: atp(47 * time.Minute)},
		{Checkpoint: "09999", ReceivedAt: atp(time.Hour)},
	}
	return &GoodsView{
		List: customs.List{
			AsOf: sampleNow,
			Groups: []customs.CheckpointCount{
				{Checkpoint: "00922", Count: 6, Packages: new(int64(4652)), GrossMass: num(customs.Mass(106685500))},
				{Checkpoint: "00901", Count: 1, Packages: new(int64(4)), GrossMass: num(customs.Mass(2340000))},
				{Checkpoint: "00941", Count: 1, GrossMass: num(customs.Mass(20000000))},
				{Checkpoint: "09999", Count: 1},
			},
			Total: 17,
			All: []customs.CheckpointCount{
				{Checkpoint: "00922", Count: 6},
				{Checkpoint: "00901", Count: 4},
				{Checkpoint: "00941", Count: 3},
				{Checkpoint: "00911", Count: 1},
				{Checkpoint: "00912", Count: 1},
				{Checkpoint: "00951", Count: 1},
				{Checkpoint: "09999", Count: 1},
			},
			AllTotal: 17,
			Waiting:  map[customs.Actor]int{customs.You: 5, customs.Customs: 10, customs.Agency: 1, "": 1},
			Statuses: map[customs.Status]int{customs.Held: 1, customs.Registered: 10, "waiting_for_scan": 1},
			Modes:    map[int]int{3: 12, 1: 3, 2: 1},
			Fresh:    fresh, Rows: rows, Page: 1, Pages: 3,
		},
		Checkpoints: customs.BuiltInCheckpoints(), Elapsed: 12 * time.Millisecond, PageSize: 7,
	}
}

// hostile is what a sender of goods data must not be able to do with a page.
const hostile = `</td><script>alert("x")</script><img src=x onerror=alert(1)> & 'Ə'`

// sampleDetail is one registration that waits for the trader and for another
// body, with three goods items.
func sampleDetail() DetailView {
	c := customs.Consignment{
		Registration: "009222611000479", Revision: 4, Checkpoint: "00922", VOEN: "1403287651",
		Status: customs.DocsCheck, StatusAt: at(207 * time.Minute), RegisteredAt: at(291 * time.Minute),
		Consignee: customs.Party{Name: "“Xəzər Aqro Ticarət” MMC", VOEN: "1403287651", Country: "AZ"},
		Consignor: &customs.Party{Name: "Sepahan Stone Co. <b>", Country: "IR", Address: "Isfahan"},
		Carrier:   &customs.Party{Name: "“Araz Trans Lojistik” MMC", VOEN: "1702934581"},
		Transport: customs.Transport{
			Mode: 3, Vehicle: "99-XA-127", Trailer: "99-RA-045", Nationality: "AZ",
			Containers: []string{"MSCU 123456 7"}, Seals: []string{"A-1001", "A-1002"},
		},
		DestinationOffice: "Yevlax",
		Documents:         []customs.Document{{Type: "730", Number: "0482655", Date: "2026-11-18"}, {Type: "380", Number: "SPH-2291"}},
		PreviousDocuments: []customs.Document{{Type: "950", Number: "26IR0007", Date: "2026-11-17"}},
		Goods: []customs.GoodsItem{
			{
				Number: 1, Description: "Mərmər plitə, cilalanmış, 60×60 sm", CommodityCode: "6802910000", Packages: &customs.Packages{Count: 280, Type: "PX"},
				GrossMass: num(customs.Mass(19740500)), NetMass: num(customs.Mass(19180000)), Quantity: num(customs.Quantity(1200500)), Unit: "MTK",
				Value: num(customs.Amount(900005)), Currency: "USD", Origin: "IR",
			},
			{Number: 2, Description: hostile, CommodityCode: "6802", Origin: "IR"},
			{
				Number: 3, Description: "Yapışqan qarışığı", CommodityCode: "382450", Packages: &customs.Packages{Count: 6, Type: "BG"},
				GrossMass: num(customs.Mass(370000)), Value: num(customs.Amount(64000)), Currency: "EUR",
			},
		},
		Requires: []customs.Requirement{
			{Code: "certificate_of_origin", Who: customs.You, Since: at(3 * time.Hour), Due: new(sampleNow.Add(50 * time.Hour)), Note: "Əsli tələb olunur"},
			{Code: "laboratory_result", Who: customs.Agency, Agency: "AQTA", Since: at(30 * time.Second)},
		},
	}
	place, _ := customs.BuiltInCheckpoints().Get("00922")
	return DetailView{
		Detail: customs.Detail{
			AsOf: sampleNow, Consignment: c, ReceivedAt: at(3 * time.Minute),
			Events: []customs.Event{
				{Revision: 4, Status: customs.DocsCheck, At: at(207 * time.Minute), Received: at(206 * time.Minute)},
				{Revision: 2, Status: customs.UnderControl, At: at(260 * time.Minute), Received: at(200 * time.Minute)},
				{Revision: 1, Status: customs.Registered, At: at(291 * time.Minute), Received: at(291 * time.Minute)},
			},
			Freshness: customs.Freshness{Checkpoint: "00922", AsOf: atp(time.Minute)},
		},
		Checkpoint: place, Elapsed: 3 * time.Millisecond,
	}
}

// render writes the component as the handlers do and returns the text.
func render(t testing.TB, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// parse renders the component and reads it as a browser does.
func parse(t testing.TB, c templ.Component) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(render(t, c)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
