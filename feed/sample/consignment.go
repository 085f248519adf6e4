package sample

import (
	"fmt"
	"math/rand/v2"
	"time"

	"customs.gov.az/portal/customs"
)

// consignment makes everything that does not change from step to step, and
// fills in what each step requires. The registration code is the caller's.
func (g *generator) consignment(r *rand.Rand, s story, who customs.Party) customs.Consignment {
	from := g.abroad[pick(r, senders(s.checkpoint, s.mode))]
	date := s.registered.AddDate(0, 0, -1-r.IntN(6)).Format(time.DateOnly)
	c := customs.Consignment{
		Checkpoint:   s.checkpoint.Code,
		VOEN:         who.VOEN,
		RegisteredAt: s.registered,
		Consignee:    who,
		Consignor:    &customs.Party{Country: from.code, Address: pick(r, from.cities)},
		Transport:    customs.Transport{Mode: s.mode},
		Documents:    papers(r, s.mode, from, date),
	}
	if r.IntN(10) < 7 {
		c.DestinationOffice = pick(r, []string{
			"Bakı Baş Gömrük İdarəsi", "Sumqayıt Gömrük İdarəsi", "Gəncə Baş Gömrük İdarəsi",
			"Yevlax Gömrük İdarəsi", "Abşeron g/p", "Şəki g/p", "Lənkəran g/p",
		})
	}
	if s.mode == 3 && r.IntN(3) > 0 {
		c.Carrier = &customs.Party{Name: pick(r, from.carriers), Country: from.code}
	}
	if r.IntN(2) == 0 {
		c.PreviousDocuments = []customs.Document{{Type: pick(r, []string{"830", "950"}), Number: fmt.Sprintf("%s%010d", from.code, r.Int64N(10_000_000_000)), Date: date}}
	}
	g.vehicle(r, &c.Transport, from)
	control := g.goods(r, &c, from)
	for i := range s.steps {
		s.steps[i].requires = requires(r, s.steps[i], control)
	}
	return c
}

// goods makes the goods items and their sender, and returns the control that
// they meet.
func (g *generator) goods(r *rand.Rand, c *customs.Consignment, from origin) (control string) {
	n := 1
	switch k := r.IntN(100); {
	case k == 0:
		n = 10 + r.IntN(30)
	case k < 40:
		n = 2 + r.IntN(4)
	}
	load := load(r, c.Transport.Mode) / n
	first := g.ware(r, func(w ware) bool { return w.suits(from.code, c.Transport.Mode) })
	c.Consignor.Name = pick(r, from.senders[first.kind])
	for i := range n {
		w := first
		if i > 0 {
			w = g.ware(r, func(w ware) bool { return w.kind == first.kind && w.suits(from.code, c.Transport.Mode) })
		}
		c.Goods = append(c.Goods, item(r, w, i+1, load, from))
	}
	return first.control
}

// ware picks one of the wares that will do; a test sees that there always is one.
func (g *generator) ware(r *rand.Rand, will func(ware) bool) ware {
	for {
		if w := pick(r, g.wares); will(w) {
			return w
		}
	}
}

// load is how many kilograms a lorry, wagon, ship's lot or air consignment has.
func load(r *rand.Rand, mode int) int {
	switch mode {
	case 4:
		return 40 + r.IntN(3_000)
	case 3:
		return 1_500 + r.IntN(20_500)
	}
	return 18_000 + r.IntN(45_000)
}

func item(r *rand.Rand, w ware, number, kilos int, from origin) customs.GoodsItem {
	if w.price > 5_000 { // nobody sends a lorry of telephones
		kilos = min(kilos, 60+r.IntN(600))
	}
	g := customs.GoodsItem{
		Number:        number,
		Description:   w.name + ": " + pick(r, w.details),
		CommodityCode: customs.CommodityCode((w.hs + pick(r, []string{"0000", "1000", "9000", "0009"}))[:pick(r, []int{10, 10, 10, 10, 10, 10, 8, 6, 6, 4})]),
		Origin:        from.code,
	}
	count := max(1, kilos/w.kilos)
	net := customs.Mass(count*w.kilos) * 1000
	if w.bulk {
		net = customs.Mass(kilos)*1000 + customs.Mass(r.IntN(1000))
	}
	gross := net + net*customs.Mass(20+r.IntN(90))/1000
	g.Packages = &customs.Packages{Count: int64(count), Type: w.pack}
	if r.IntN(20) > 0 {
		g.GrossMass = &gross
		if r.IntN(10) > 0 {
			g.NetMass = &net
		}
	}
	if w.unit != "" && r.IntN(5) > 0 {
		q := customs.Quantity(net / customs.Mass(w.grams) * 1000)
		g.Quantity, g.Unit = &q, w.unit
	}
	if r.IntN(12) > 0 {
		g.Value, g.Currency = value(r, w, net, from)
	}
	return g
}

// value is the invoice value, in dollars or in the sender's money at a rough rate.
func value(r *rand.Rand, w ware, net customs.Mass, from origin) (*customs.Amount, string) {
	cents := int64(net) / 1000 * int64(w.price) * int64(85+r.IntN(30)) / 100
	currency, rate := "USD", int64(100)
	if r.IntN(5) < 2 {
		currency = from.currency
		switch currency {
		case "TRY":
			rate = 4_000
		case "RUB":
			rate = 8_000
		case "GEL":
			rate = 270
		case "CNY":
			rate = 710
		case "EUR":
			rate = 90
		case "IRR":
			rate = 42_000_000
		}
	}
	v := customs.Amount(cents/100*rate + int64(r.IntN(100)))
	return &v, currency
}
