package customs

import "time"

// Consignment is what one registration code at one checkpoint covers: one
// snapshot of it, as the feed sends it. The JSON form is the feed's line and
// the stored document.
type Consignment struct {
	Registration      string        `json:"registration"`  // opaque, at most 40 characters
	Revision          int64         `json:"revision"`      // rising per registration, from 1
	Checkpoint        string        `json:"checkpoint"`    // code of the registering checkpoint
	VOEN              VOEN          `json:"voen"`          // whose goods these are
	Status            Status        `json:"status"`        //
	StatusAt          time.Time     `json:"status_at"`     // when this status began
	RegisteredAt      time.Time     `json:"registered_at"` // at the border
	Consignee         Party         `json:"consignee"`
	Consignor         *Party        `json:"consignor,omitempty"`
	Carrier           *Party        `json:"carrier,omitempty"`
	DestinationOffice string        `json:"destination_office,omitempty"` // customs office where clearance will end
	Transport         Transport     `json:"transport"`
	Documents         []Document    `json:"documents,omitempty"`          // transport documents first
	PreviousDocuments []Document    `json:"previous_documents,omitempty"` //
	Goods             []GoodsItem   `json:"goods"`
	Requires          []Requirement `json:"requires,omitempty"` // what is missing and who must act
}

// Party is a consignor, consignee or carrier.
type Party struct {
	Name    string `json:"name"`
	VOEN    VOEN   `json:"voen,omitempty"`
	Country string `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Address string `json:"address,omitempty"`
}

// Transport is the active means of transport at the border and its equipment.
type Transport struct {
	Mode        int      `json:"mode"`                  // UN/ECE Recommendation 19, 0–9
	Vehicle     string   `json:"vehicle,omitempty"`     // plate, wagon, vessel or flight
	Trailer     string   `json:"trailer,omitempty"`     //
	Nationality string   `json:"nationality,omitempty"` // ISO 3166-1 alpha-2
	Containers  []string `json:"containers,omitempty"`
	Seals       []string `json:"seals,omitempty"`
}

// Document is a transport, previous or supporting document.
type Document struct {
	Type   string `json:"type"` // UNTDID 1001: 730 CMR, 952 TIR carnet, 740 AWB, 705 B/L, …
	Number string `json:"number"`
	Date   string `json:"date,omitempty"` // YYYY-MM-DD
}

// GoodsItem is one line of goods. Missing masses, quantity and value are nil.
type GoodsItem struct {
	Number        int           `json:"item"` // sequence, from 1
	Description   string        `json:"description"`
	CommodityCode CommodityCode `json:"commodity_code"`
	Packages      *Packages     `json:"packages,omitempty"`
	GrossMass     *Mass         `json:"gross_mass,omitempty"` // kilograms, 3 decimals
	NetMass       *Mass         `json:"net_mass,omitempty"`
	Quantity      *Quantity     `json:"quantity,omitempty"` // in Unit
	Unit          string        `json:"unit,omitempty"`
	Value         *Amount       `json:"value,omitempty"`    // invoice value, 2 decimals
	Currency      string        `json:"currency,omitempty"` // ISO 4217 alphabetic
	Origin        string        `json:"origin,omitempty"`   // ISO 3166-1 alpha-2
}

// Packages is the number and kind of packages of a goods item.
type Packages struct {
	Count int64  `json:"count"`
	Type  string `json:"type,omitempty"` // UN/ECE Recommendation 21
}

// Requirement is something missing before clearance can go on.
type Requirement struct {
	Code   string     `json:"code"`             // what: one of RequirementCodes, or the feed's own
	Who    Actor      `json:"who"`              // who must act
	Agency string     `json:"agency,omitempty"` // which other body, when Who is Agency
	Note   string     `json:"note,omitempty"`   // the checkpoint's own words
	Since  time.Time  `json:"since"`
	Due    *time.Time `json:"due,omitempty"` // by when, if the feed says so
}

// RequirementCodes lists the requirements that have words of their own; others
// are shown with the note of the checkpoint.
var RequirementCodes = []string{
	"declaration", "invoice", "packing_list", "transport_document",
	"certificate_of_origin", "phytosanitary_certificate", "veterinary_certificate",
	"sanitary_certificate", "conformity_certificate", "import_permit", "payment",
	"guarantee", "value_confirmation", "presentation_of_goods", "documents_check",
	"inspection", "weighing", "laboratory_result", "release_decision",
}

// Heartbeat says how fresh a checkpoint's data is.
type Heartbeat struct {
	Checkpoint string    `json:"checkpoint"`
	AsOf       time.Time `json:"as_of"`
}

// Next is the requirement that decides who is waited for: the trader's own
// first, then another body's, then customs'; among these the one due earliest,
// then the oldest. It is nil when nothing is required.
func (c *Consignment) Next() *Requirement {
	var best *Requirement
	for i := range c.Requires {
		if r := &c.Requires[i]; best == nil || r.before(best) {
			best = r
		}
	}
	return best
}

func (r *Requirement) before(o *Requirement) bool {
	if a, b := r.Who.rank(), o.Who.rank(); a != b {
		return a < b
	}
	if (r.Due == nil) != (o.Due == nil) {
		return r.Due != nil
	}
	if r.Due != nil && !r.Due.Equal(*o.Due) {
		return r.Due.Before(*o.Due)
	}
	return r.Since.Before(o.Since)
}

func (a Actor) rank() int {
	switch a {
	case You:
		return 0
	case Agency:
		return 1
	default:
		return 2
	}
}

// Totals are sums over the goods items. A mass is nil when no item has one.
type Totals struct {
	Packages  *int64
	GrossMass *Mass
	NetMass   *Mass
}

// Totals sums packages and masses over the goods items that state them.
func (c *Consignment) Totals() Totals {
	var t Totals
	for _, g := range c.Goods {
		if g.Packages != nil {
			t.Packages = add(t.Packages, g.Packages.Count)
		}
		if g.GrossMass != nil {
			t.GrossMass = add(t.GrossMass, *g.GrossMass)
		}
		if g.NetMass != nil {
			t.NetMass = add(t.NetMass, *g.NetMass)
		}
	}
	return t
}

func add[N ~int64](sum *N, n N) *N {
	if sum == nil {
		return &n
	}
	*sum += n
	return sum
}
