package feed

import "customs.gov.az/portal/customs"

// Limits of goods items. Masses, quantities and amounts have the sizes of the
// Committee's own feed.
const (
	maxGoods      = 10_000
	maxItem       = 99_999
	maxPackages   = 99_999_999
	maxTotalMass  = 999_999_999_999_999     // grams: the sum over the items has the size of one mass
	maxTotalValue = 999_999_999_999_999_999 // hundredths: the same of the values in one currency
)

func (l *line) goods(dst *[]customs.GoodsItem) bool {
	present := l.list(maxGoods, func() {
		*dst = append(*dst, customs.GoodsItem{})
		if !l.item(&(*dst)[len(*dst)-1]) {
			l.elementMissing()
		}
	})
	if present && l.err == nil {
		l.checkNumbers(*dst)
		l.checkSums(*dst)
	}
	return present
}

func (l *line) item(g *customs.GoodsItem) bool {
	var numbered, described, coded bool
	ok, present := l.object(func(name []byte) {
		switch string(name) {
		case "item":
			n := int64(0)
			numbered = l.integer(&n, 1, maxItem)
			g.Number = int(n)
		case "description":
			described = l.text(&g.Description, maxText)
		case "commodity_code":
			coded = l.token((*string)(&g.CommodityCode), commodityForm)
		case "packages":
			g.Packages = l.packages()
		case "gross_mass":
			g.GrossMass = decimalOf[customs.Mass](l, 12, 3)
		case "net_mass":
			g.NetMass = decimalOf[customs.Mass](l, 12, 3)
		case "quantity":
			g.Quantity = decimalOf[customs.Quantity](l, 12, 3)
		case "unit":
			l.label(&g.Unit, maxUnit)
		case "value":
			g.Value = decimalOf[customs.Amount](l, 16, 2)
		case "currency":
			l.currency(&g.Currency)
		case "origin":
			l.country(&g.Origin)
		default:
			l.unknown()
		}
	})
	if ok {
		l.require("item", numbered)
		l.require("description", described)
		l.require("commodity_code", coded)
		if g.NetMass != nil && g.GrossMass != nil && *g.NetMass > *g.GrossMass {
			l.warn(NetOverGross)
		}
	}
	return present
}

func (l *line) packages() *customs.Packages {
	p, counted := new(customs.Packages), false
	ok, present := l.object(func(name []byte) {
		switch string(name) {
		case "count":
			counted = l.integer(&p.Count, 0, maxPackages)
		case "type":
			l.token(&p.Type, packageTypeForm)
		default:
			l.unknown()
		}
	})
	if ok {
		l.require("count", counted)
	}
	if !present {
		return nil
	}
	return p
}

// decimalOf reads an optional number of whole integer digits and decimals.
func decimalOf[N ~int64](l *line, whole, decimals int) *N {
	n := int64(0)
	if !l.number(&n, whole, decimals) {
		return nil
	}
	v := N(n)
	return &v
}

// checkNumbers finds items that share a number. Items usually come in order,
// and then there is nothing to remember.
func (l *line) checkNumbers(goods []customs.GoodsItem) {
	ordered := true
	for i := 1; i < len(goods) && ordered; i++ {
		ordered = goods[i].Number > goods[i-1].Number
	}
	if ordered {
		return
	}
	seen := make(map[int]bool, len(goods))
	for i, g := range goods {
		if g.Number != 0 && seen[g.Number] {
			l.problemAt(element("/goods", i, "item"), DuplicateItem)
		}
		seen[g.Number] = true
	}
}

// checkSums keeps the totals of a consignment within the size of one mass or
// value, so that sums cannot overflow anywhere.
func (l *line) checkSums(goods []customs.GoodsItem) {
	var gross, net customs.Mass
	values, large := map[string]customs.Amount{}, false
	for _, g := range goods {
		if g.Value != nil {
			values[g.Currency] = min(values[g.Currency]+*g.Value, maxTotalValue+1)
			large = large || values[g.Currency] > maxTotalValue
		}
		if g.GrossMass != nil {
			gross = min(gross+*g.GrossMass, maxTotalMass+1)
		}
		if g.NetMass != nil {
			net = min(net+*g.NetMass, maxTotalMass+1)
		}
	}
	if large || gross > maxTotalMass || net > maxTotalMass {
		l.problemAt("/goods", SumTooLarge)
	}
}
