package feed

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"customs.gov.az/portal/customs"
)

// appendDocument appends the canonical JSON of a consignment: the members in
// the order of the Go fields, none that is empty, no spaces. It writes the
// bytes that a JSON library would, several times faster, which decides how
// fast an import is; a test holds it to the library.
func appendDocument(b []byte, c *customs.Consignment) []byte {
	b = appendText(append(b, `{"registration":`...), c.Registration)
	b = strconv.AppendInt(append(b, `,"revision":`...), c.Revision, 10)
	b = appendText(append(b, `,"checkpoint":`...), c.Checkpoint)
	b = appendText(append(b, `,"voen":`...), c.VOEN)
	b = appendText(append(b, `,"status":`...), c.Status)
	b = appendTime(append(b, `,"status_at":`...), c.StatusAt)
	b = appendTime(append(b, `,"registered_at":`...), c.RegisteredAt)
	b = appendParty(append(b, `,"consignee":`...), &c.Consignee)
	if c.Consignor != nil {
		b = appendParty(append(b, `,"consignor":`...), c.Consignor)
	}
	if c.Carrier != nil {
		b = appendParty(append(b, `,"carrier":`...), c.Carrier)
	}
	b = appendOptional(b, `,"destination_office":`, c.DestinationOffice)
	b = appendTransport(append(b, `,"transport":`...), &c.Transport)
	b = appendList(b, `,"documents":`, c.Documents, appendPaper)
	b = appendList(b, `,"previous_documents":`, c.PreviousDocuments, appendPaper)
	b = appendList(b, `,"goods":`, c.Goods, appendItem)
	b = appendList(b, `,"requires":`, c.Requires, appendRequirement)
	return append(b, '}')
}

// appendText cannot fail: the reader has let only valid UTF-8 through.
func appendText[S ~string](b []byte, s S) []byte {
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

func appendOptional[S ~string](b []byte, name string, s S) []byte {
	if s == "" {
		return b
	}
	return appendText(append(b, name...), s)
}

func appendTime(b []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

func appendDecimal[N ~int64](b []byte, name string, n *N, decimals int) []byte {
	if n == nil {
		return b
	}
	return append(append(b, name...), customs.FormatDecimal(int64(*n), decimals)...)
}

func appendList[T any](b []byte, name string, list []T, element func([]byte, *T) []byte) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(append(b, name...), '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = element(b, &list[i])
	}
	return append(b, ']')
}

func appendMark(b []byte, s *string) []byte { return appendText(b, *s) }

func appendParty(b []byte, p *customs.Party) []byte {
	b = appendText(append(b, `{"name":`...), p.Name)
	b = appendOptional(b, `,"voen":`, p.VOEN)
	b = appendOptional(b, `,"country":`, p.Country)
	b = appendOptional(b, `,"address":`, p.Address)
	return append(b, '}')
}

func appendTransport(b []byte, t *customs.Transport) []byte {
	b = strconv.AppendInt(append(b, `{"mode":`...), int64(t.Mode), 10)
	b = appendOptional(b, `,"vehicle":`, t.Vehicle)
	b = appendOptional(b, `,"trailer":`, t.Trailer)
	b = appendOptional(b, `,"nationality":`, t.Nationality)
	b = appendList(b, `,"containers":`, t.Containers, appendMark)
	b = appendList(b, `,"seals":`, t.Seals, appendMark)
	return append(b, '}')
}

func appendPaper(b []byte, d *customs.Document) []byte {
	b = appendText(append(b, `{"type":`...), d.Type)
	b = appendText(append(b, `,"number":`...), d.Number)
	b = appendOptional(b, `,"date":`, d.Date)
	return append(b, '}')
}

func appendItem(b []byte, g *customs.GoodsItem) []byte {
	b = strconv.AppendInt(append(b, `{"item":`...), int64(g.Number), 10)
	b = appendText(append(b, `,"description":`...), g.Description)
	b = appendText(append(b, `,"commodity_code":`...), g.CommodityCode)
	if g.Packages != nil {
		b = strconv.AppendInt(append(b, `,"packages":{"count":`...), g.Packages.Count, 10)
		b = append(appendOptional(b, `,"type":`, g.Packages.Type), '}')
	}
	b = appendDecimal(b, `,"gross_mass":`, g.GrossMass, 3)
	b = appendDecimal(b, `,"net_mass":`, g.NetMass, 3)
	b = appendDecimal(b, `,"quantity":`, g.Quantity, 3)
	b = appendOptional(b, `,"unit":`, g.Unit)
	b = appendDecimal(b, `,"value":`, g.Value, 2)
	b = appendOptional(b, `,"currency":`, g.Currency)
	b = appendOptional(b, `,"origin":`, g.Origin)
	return append(b, '}')
}

func appendRequirement(b []byte, r *customs.Requirement) []byte {
	b = appendText(append(b, `{"code":`...), r.Code)
	b = appendText(append(b, `,"who":`...), r.Who)
	b = appendOptional(b, `,"agency":`, r.Agency)
	b = appendOptional(b, `,"note":`, r.Note)
	b = appendTime(append(b, `,"since":`...), r.Since)
	if r.Due != nil {
		b = appendTime(append(b, `,"due":`...), *r.Due)
	}
	return append(b, '}')
}
