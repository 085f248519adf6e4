package customs_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"customs.gov.az/portal/customs"
)

// whole is a complaint to which nothing is wanting.
func whole() customs.Complaint {
	return customs.Complaint{
		Body: "Dövlət Gömrük Komitəsi", Name: "«Xəzər Aqro Ticarət» MMC", Address: "Bakı şəhəri", Standing: "Maraqlı şəxs",
		Kind: customs.OnInaction, Facts: "Faktlar", Demand: "Tələb", Grounds: "Əsaslar",
	}
}

func TestComplaintCheck(t *testing.T) {
	long := strings.Repeat("ə", customs.ComplaintLine+1)
	for name, test := range map[string]struct {
		change      func(*customs.Complaint)
		draft, docs string // field:fault …
	}{
		"whole":            {func(*customs.Complaint) {}, "", ""},
		"nothing":          {func(c *customs.Complaint) { *c = customs.Complaint{} }, "", "body:missing name:missing address:missing standing:missing kind:missing facts:missing demand:missing grounds:missing"},
		"only the kind":    {func(c *customs.Complaint) { c.Kind = "" }, "", "kind:missing"},
		"exactly so long":  {func(c *customs.Complaint) { c.Name = long[2:] }, "", ""},
		"too long":         {func(c *customs.Complaint) { c.Name = long }, "name:long", "name:long"},
		"two mistakes":     {func(c *customs.Complaint) { c.Phone, c.Demand = long, "" }, "phone:long", "phone:long demand:missing"},
		"no such day":      {func(c *customs.Complaint) { c.ActDate = "2026-02-30" }, "act_date:date", "act_date:date"},
		"words for a day":  {func(c *customs.Complaint) { c.ActDate = "dünən" }, "act_date:date", "act_date:date"},
		"today":            {func(c *customs.Complaint) { c.ActDate = "2026-11-25" }, "", ""},
		"tomorrow":         {func(c *customs.Complaint) { c.ActDate = "2026-11-26" }, "act_date:future", "act_date:future"},
		"facts of 8000":    {func(c *customs.Complaint) { c.Facts = strings.Repeat("ə", customs.ComplaintFacts) }, "", ""},
		"facts of 8001":    {func(c *customs.Complaint) { c.Facts = strings.Repeat("ə", customs.ComplaintFacts+1) }, "facts:long", "facts:long"},
		"a long code":      {func(c *customs.Complaint) { c.Registration = strings.Repeat("1", 41) }, "registration:long", "registration:long"},
		"grounds of 4001":  {func(c *customs.Complaint) { c.Grounds = strings.Repeat("a", customs.ComplaintText+1) }, "grounds:long", "grounds:long"},
		"the address gone": {func(c *customs.Complaint) { c.BodyAddress = "" }, "", ""}, // written by hand
	} {
		c := whole()
		test.change(&c)
		for document, want := range map[bool]string{false: test.draft, true: test.docs} {
			var got []string
			for _, p := range c.Check(document, "2026-11-25") {
				got = append(got, p.Field+":"+string(p.Fault))
				if (p.Fault == customs.FaultLong) != (p.Limit > 0) {
					t.Errorf("%s: %+v", name, p)
				}
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%s, document %v: %q, want %q", name, document, s, want)
			}
		}
	}
}

func TestComplaintTidy(t *testing.T) {
	for in, want := range map[string]string{
		" a  b ": "a  b", "a\r\nb\rc\u2028d": "a\nb\nc\nd", "a\tb": "a b", "a\x00b\x07\x1b\u0085c": "abc", "a\u202eb\u2066c\u200fd\ufeff\u00ade": "abcde",
		"\xffa": "\uFFFDa", "şikayət 😀": "şikayət 😀",
	} {
		c := customs.Complaint{Facts: in, Name: in}
		c.Tidy()
		if c.Facts != want {
			t.Errorf("%q became %q, want %q", in, c.Facts, want)
		}
		if one := strings.ReplaceAll(want, "\n", " "); c.Name != one {
			t.Errorf("%q on one line became %q, want %q", in, c.Name, one)
		}
	}
	for in, want := range map[string]string{"16.11.2026": "2026-11-16", "2026-11-16": "2026-11-16", "6.11.26": "6.11.26", "31.02.2026": "2026-02-31", "": ""} {
		c := customs.Complaint{ActDate: in}
		if c.Tidy(); c.ActDate != want {
			t.Errorf("day %q became %q, want %q", in, c.ActDate, want)
		}
	}
	for in, want := range map[customs.ComplaintKind]customs.ComplaintKind{"decision": customs.OnDecision, "inaction": customs.OnInaction, "Decision": "", "<b>": "", "": ""} {
		c := customs.Complaint{Kind: in}
		if c.Tidy(); c.Kind != want {
			t.Errorf("kind %q became %q", in, c.Kind)
		}
	}
}

// Whatever is pasted into a field, what stays can be stored and printed, and
// tidying it again changes nothing.
func FuzzComplaintTidy(f *testing.F) {
	for _, s := range []string{"", "a\r\nb", "\x00", "\u202e", "\xff\xfe", "ə\u0301", strings.Repeat("x", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var c customs.Complaint
		for _, field := range c.Fields() {
			*field.Value = s
		}
		c.Tidy()
		for _, field := range c.Fields() {
			v := *field.Value
			if !utf8.ValidString(v) || strings.TrimSpace(v) != v || strings.ContainsFunc(v, func(r rune) bool {
				return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
			}) {
				t.Fatalf("%s: %q", field.Name, v)
			}
			if strings.Contains(v, "\n") && !slices.Contains([]string{"facts", "demand", "grounds", "attachments"}, field.Name) {
				t.Fatalf("%s has lines: %q", field.Name, v)
			}
		}
		again := c
		if again.Tidy(); again != c {
			t.Fatalf("%q is not tidy: %+v", s, c)
		}
		c.Check(true, "2026-01-01")
	})
}

func TestNewEvidence(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 123456789, time.FixedZone("", 4*3600))
	mass := customs.Mass(1500)
	d := customs.Detail{
		AsOf: at, Freshness: customs.Freshness{AsOf: &at},
		Consignment: customs.Consignment{
			Registration: "R1", Revision: 7, VOEN: "1499000151", RegisteredAt: at,
			Documents: []customs.Document{{Type: "730", Number: "1"}, {Type: "380", Number: "2"}},
			Goods: []customs.GoodsItem{
				{Description: "Çay", CommodityCode: "0902", GrossMass: &mass, Packages: &customs.Packages{Count: 3}}, {Description: "Qənd", Packages: &customs.Packages{Count: 4}},
			},
			Requires: []customs.Requirement{{Code: "payment", Who: customs.You, Since: at}},
		},
		Events: []customs.Event{{Revision: 7, Status: customs.Held, At: at, Received: at}, {Revision: 1, Status: customs.Registered, At: at.Add(-time.Hour), Received: at}},
	}
	e := customs.NewEvidence(d, customs.Checkpoint{Code: "1", AZ: "A", EN: "B", Contact: "secret", X: 5})
	if e.History[0].Status != customs.Registered || e.History[1].Status != customs.Held || len(e.History) != 2 {
		t.Errorf("history %+v", e.History)
	}
	if e.Goods != "Çay" || e.Items != 2 || *e.Packages != 7 || *e.GrossMass != 1500 || e.Document.Number != "1" || e.Checkpoint.Contact != "" || e.Checkpoint.X != 0 {
		t.Errorf("%+v", e)
	}
	if e.DrawnAt.Location() != time.UTC || e.DrawnAt.Nanosecond() != 123456000 || e.Format != customs.EvidenceFormat {
		t.Errorf("drawn at %v", e.DrawnAt)
	}
	if bare := customs.NewEvidence(customs.Detail{}, customs.Checkpoint{}); bare.Document != nil || bare.History != nil || bare.Packages != nil {
		t.Errorf("%+v", bare)
	}
}
