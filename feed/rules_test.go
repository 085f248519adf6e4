package feed_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/feed"
)

const minimal = `{"registration":"R1","revision":1,"checkpoint":"00901","voen":"1499000151","status":"registered",` +
	`"status_at":"2026-05-04T08:00:00Z","registered_at":"2026-05-04T08:00:00Z","consignee":{"name":"X"},` +
	`"transport":{"mode":3},"goods":[{"item":1,"description":"çay","commodity_code":"0902"}]}`

// edit sets the member at a path of names and indexes in a line, or removes it
// if the value is "". The value is JSON.
func edit(t testing.TB, line, path, value string) string {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(line), &doc); err != nil {
		t.Fatal(err)
	}
	at, steps := doc, strings.Split(path, "/")
	for _, s := range steps[:len(steps)-1] {
		if list, ok := at.([]any); ok {
			at = list[s[0]-'0']
			continue
		}
		m := at.(map[string]any)
		if m[s] == nil {
			m[s] = map[string]any{}
		}
		at = m[s]
	}
	last := steps[len(steps)-1]
	if list, ok := at.([]any); ok {
		list[last[0]-'0'] = json.RawMessage(value)
	} else if value == "" {
		delete(at.(map[string]any), last)
	} else {
		at.(map[string]any)[last] = json.RawMessage(value)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// one reads a single line after a heartbeat, which proves the format.
func one(t testing.TB, line string) feed.Record {
	t.Helper()
	recs, _ := readAll(strings.NewReader(beat + "\n" + line))
	if len(recs) != 2 {
		t.Fatalf("%d records, want 2", len(recs))
	}
	return recs[1]
}

// rule is one edit of the minimal line and what comes of it.
type rule struct {
	path, value string
	code        feed.Code // "" for accepted without a word
	beyond      bool      // the schema cannot say it
}

func text(n int) string { return `"` + strings.Repeat("ə", n) + `"` }

func list(n int, element string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

// items makes goods numbered from 1.
func items(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,{"item":%d,"description":"x","commodity_code":"0902"}`, i+1)
	}
	return "[" + b.String()[1:] + "]"
}

func rules() []rule {
	return slices.Concat(identifierRules(), timeRules(), partyRules(), numberRules(), listRules(), codeRules())
}

func identifierRules() []rule {
	return []rule{
		{path: "registration", value: `"501403200303074"`},
		{path: "registration", value: `"AZ-12/34.5"`},
		{path: "registration", value: `"` + strings.Repeat("A", 40) + `"`},
		{path: "registration", value: `"` + strings.Repeat("A", 41) + `"`, code: feed.BadForm},
		{path: "registration", value: `"A B"`, code: feed.BadForm},
		{path: "registration", value: `"A\nB"`, code: feed.BadForm},
		{path: "registration", value: `"A\n"`, code: feed.BadForm},
		{path: "registration", value: `".."`, code: feed.BadForm},
		{path: "registration", value: `"A/../B"`, code: feed.BadForm},
		{path: "registration", value: `"-A"`, code: feed.BadForm},
		{path: "registration", value: `"A/"`, code: feed.BadForm},
		{path: "registration", value: `"events"`, code: feed.BadForm},
		{path: "registration", value: `"Events"`},
		{path: "registration", value: `"qeydə"`, code: feed.BadForm},
		{path: "registration", value: `""`, code: feed.Missing},
		{path: "registration", value: `null`, code: feed.Missing},
		{path: "registration", value: `501403200303074`, code: feed.WantText},
		{path: "registration", value: `{"a":[1]}`, code: feed.WantText},
		{path: "registration", code: feed.Missing},
		{path: "revision", code: feed.Missing},
		{path: "revision", value: `"1"`, code: feed.WantNumber},
		{path: "revision", value: `0`, code: feed.TooSmall},
		{path: "revision", value: `-1`, code: feed.Negative},
		{path: "revision", value: `1.5`, code: feed.NotInteger},
		{path: "revision", value: `2.0`},
		{path: "revision", value: `1e3`},
		{path: "revision", value: `4503599627370496`},
		{path: "revision", value: `4503599627370497`, code: feed.RevisionHigh},
		{path: "revision", value: `9007199254740991`, code: feed.RevisionHigh},
		{path: "revision", value: `9007199254740992`, code: feed.TooLarge},
		{path: "revision", value: `1000000000000000000`, code: feed.TooLarge},
		{path: "revision", value: `true`, code: feed.WantNumber},
		{path: "checkpoint", code: feed.Missing},
		{path: "checkpoint", value: `"99999"`, code: feed.UnknownCheckpoint},
		{path: "checkpoint", value: `"12345678901"`, code: feed.BadForm},
		{path: "checkpoint", value: `"00 01"`, code: feed.BadForm},
		{path: "checkpoint", value: `901`, code: feed.WantText},
		{path: "voen", code: feed.Missing},
		{path: "voen", value: `"0300725012"`},
		{path: "voen", value: `"300725012"`, code: feed.NineDigitVOEN},
		{path: "voen", value: `"1499000161"`, code: feed.VOENCheckDigit},
		{path: "voen", value: `"149900015"`, code: feed.NineDigitVOEN},
		{path: "voen", value: `"14990001"`, code: feed.BadVOEN},
		{path: "voen", value: `"14990001511"`, code: feed.BadVOEN},
		{path: "voen", value: `"149900015A"`, code: feed.BadVOEN},
		{path: "voen", value: `"149 900 0151"`, code: feed.BadVOEN},
		{path: "voen", value: `"0000000000"`, code: feed.BadVOEN},
		{path: "voen", value: `"000000000"`, code: feed.BadVOEN},
		{path: "voen", value: `1499000151`, code: feed.WantText},
		{path: "status", code: feed.Missing},
		{path: "status", value: `"re_exported"`},
		{path: "status", value: `"quarantine_2"`, code: feed.UnknownStatus},
		{path: "status", value: `"Registered"`, code: feed.UnknownStatus},
		{path: "status", value: `"Saxlanılıb – 2"`, code: feed.UnknownStatus},
		{path: "status", value: `""`, code: feed.Missing},
		{path: "status", value: `"a\u0000b"`, code: feed.ControlChar},
		{path: "status", value: `"` + strings.Repeat("a", 40) + `"`, code: feed.UnknownStatus},
		{path: "status", value: `"` + strings.Repeat("a", 41) + `"`, code: feed.TooLong},
		{path: "status", value: `["registered"]`, code: feed.WantText},
	}
}

func timeRules() []rule {
	return []rule{
		{path: "status_at", code: feed.Missing},
		{path: "status_at", value: `"2026-05-04T13:35:00+04:00"`},
		{path: "status_at", value: `"2026-05-04T13:35:01+04:00"`, code: feed.InFuture, beyond: true},
		{path: "status_at", value: `"2026-05-03T08:00:00Z"`},
		{path: "status_at", value: `"2026-05-03T07:59:59Z"`, code: feed.StatusTooOld},
		{path: "status_at", value: `"1999-12-31T23:59:59Z"`, code: feed.TooEarly},
		{path: "status_at", value: `"2026-05-04"`, code: feed.BadTime},
		{path: "status_at", value: `"04.05.2026 08:00"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04T08:00:00"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04 08:00:00Z"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-02-30T08:00:00Z"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04T24:00:00Z"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04T08:00:00,5Z"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04T8:00:00Z"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04T08:00:00.Z"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04T08:00:00+24:00"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04T08:00:00+04:60"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04T08:00:00+0400"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04t08:00:00z"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04T08:00:60Z"`, code: feed.BadTime},
		{path: "status_at", value: `"2026-05-04T08:00:00.123456789+04:00"`},
		{path: "status_at", value: `1777881600`, code: feed.WantText},
		{path: "registered_at", code: feed.Missing},
		{path: "registered_at", value: `"2027-01-01T00:00:00Z"`, code: feed.InFuture, beyond: true},
		{path: "documents", value: `[{"type":"730","number":"1","date":"2026-02-29"}]`, code: feed.BadDate},
		{path: "documents", value: `[{"type":"730","number":"1","date":"04.05.2026"}]`, code: feed.BadDate},
		{path: "documents", value: `[{"type":"730","number":"1","date":"1899-12-31"}]`, code: feed.BadDate},
		{path: "documents", value: `[{"type":"730","number":"1","date":"2024-02-29"}]`},
		{path: "documents", value: `[{"type":"730","number":"1","date":null}]`},
		{path: "requires", value: requirement(`"since":"2026-05-04T08:00:00Z","due":"2036-05-04T09:30:00Z"`)},
		{path: "requires", value: requirement(`"since":"2026-05-04T08:00:00Z","due":"2036-05-04T09:30:01Z"`), code: feed.TooFar, beyond: true},
		{path: "requires", value: requirement(`"since":"2026-05-04T08:00:00Z","due":""`)},
		{path: "requires", value: requirement(`"since":"2000-01-01T00:00:00+04:00"`), code: feed.TooEarly},
		{path: "requires", value: requirement(`"since":"2000-01-01T23:59:59+00:01"`), code: feed.TooEarly},
		{path: "requires", value: requirement(`"since":"2000-01-01T00:00:00+00:00"`)},
		{path: "requires", value: requirement(`"since":"2000-01-01T00:00:00-04:00"`)},
		{path: "requires", value: requirement(`"since":"2000-01-02T00:00:00+14:00"`)},
		{path: "requires", value: requirement(`"since":"1999-12-31T23:00:00-04:00"`), code: feed.TooEarly},
		{path: "requires", value: requirement(`"since":"2026-05-05T08:00:00Z"`), code: feed.InFuture, beyond: true},
		{path: "requires", value: requirement(`"note":"x"`), code: feed.Missing},
	}
}

func requirement(more string) string { return `[{"code":"invoice","who":"you",` + more + `}]` }

func partyRules() []rule {
	return []rule{
		{path: "consignee", code: feed.Missing},
		{path: "consignee", value: `"X"`, code: feed.WantObject},
		{path: "consignee", value: `[]`, code: feed.WantObject},
		{path: "consignee/name", code: feed.Missing},
		{path: "consignee/name", value: `""`, code: feed.Missing},
		{path: "consignee/name", value: text(800)},
		{path: "consignee/name", value: text(801), code: feed.TooLong},
		{path: "consignee/name", value: `"<b>=HYPERLINK(\"x\")</b>"`},
		{path: "consignee/name", value: `"a\u0000b"`, code: feed.ControlChar},
		{path: "consignee/name", value: `"a\u001bb"`, code: feed.ControlChar},
		{path: "consignee/name", value: `"a\u007fb"`, code: feed.ControlChar},
		{path: "consignee/name", value: `"a\u0085b"`, code: feed.ControlChar},
		{path: "consignee/name", value: `"a\u00a0b"`},
		{path: "consignee/name", value: `"a\tb\r\nc"`},
		{path: "consignee/address", value: text(250)},
		{path: "consignee/address", value: text(251), code: feed.TooLong},
		{path: "consignee/voen", value: `""`},
		{path: "consignee/voen", value: `"12"`, code: feed.BadVOEN},
		{path: "consignee/voen", value: `"0000000000"`, code: feed.BadVOEN},
		{path: "consignee/country", value: `"031"`},
		{path: "consignee/country", value: `null`},
		{path: "consignee/country", value: `"az"`, code: feed.BadForm},
		{path: "consignee/country", value: `"AZE"`, code: feed.BadForm},
		{path: "consignee/country", value: `31`, code: feed.WantText},
		{path: "consignee/country", value: `"XK"`, code: feed.UnknownCountry},
		{path: "consignee/country", value: `"999"`, code: feed.UnknownNumber, beyond: true},
		{path: "consignor", value: `null`},
		{path: "consignor", value: `{}`, code: feed.Missing},
		{path: "carrier", value: `{"name":"شرکت حمل و نقل"}`},
		{path: "destination_office", value: text(100)},
		{path: "destination_office", value: text(101), code: feed.TooLong},
		{path: "destination_office", value: `"a\nb"`, code: feed.ControlChar},
		{path: "newer_member", value: `{"x":[1,2,{"y":null}]}`, code: feed.UnknownMember},
		{path: "consignee/newer", value: `1`, code: feed.UnknownMember},
		{path: "as_of", value: `true`, code: feed.UnknownMember},
	}
}

func TestRules(t *testing.T) {
	if r := one(t, minimal); !r.OK() || len(r.Warnings) > 0 {
		t.Fatalf("the minimal line: %v %v", r.Problems, r.Warnings)
	}
	for _, c := range rules() {
		name := c.path + "=" + c.value[:min(len(c.value), 40)]
		t.Run(name, func(t *testing.T) {
			r := one(t, edit(t, minimal, c.path, c.value))
			if (c.code == "" || c.code.Warning()) != r.OK() {
				t.Errorf("problems %v, warnings %v, want %q", r.Problems, r.Warnings, c.code)
			}
			said := append(slices.Clone(r.Problems), r.Warnings...)
			has := func(p feed.Problem) bool { return p.Code == c.code }
			if c.code == "" && len(said) > 0 || c.code != "" && !slices.ContainsFunc(said, has) {
				t.Errorf("said %v, want %q", said, c.code)
			}
			field := "/" + c.path
			if c.code != "" && !slices.ContainsFunc(said, func(p feed.Problem) bool { return strings.HasPrefix(p.Field, field) }) {
				t.Errorf("said %v, want something about %s", said, field)
			}
		})
	}
}

func TestNormalised(t *testing.T) {
	line := minimal
	for path, value := range map[string]string{
		"voen": `"300725012"`, "consignee/country": `"031"`, "goods/0/currency": `"949"`, "goods/0/origin": `"792"`,
		"status_at": `"2026-05-04T12:00:00.1234567+04:00"`, "goods/0/gross_mass": `1.2E3`, "goods/0/value": `17.5`,
		"consignor": `{"name":"  <i>kept</i>\t","country":""}`, "carrier": `null`, "documents": `[]`,
	} {
		line = edit(t, line, path, value)
	}
	r := one(t, line)
	if !r.OK() {
		t.Fatal(r.Problems)
	}
	c := r.Consignment
	if c.VOEN != "0300725012" || c.Consignee.Country != "AZ" || c.Goods[0].Currency != "TRY" || c.Goods[0].Origin != "TR" {
		t.Errorf("codes %q %q %q %q", c.VOEN, c.Consignee.Country, c.Goods[0].Currency, c.Goods[0].Origin)
	}
	if want := time.Date(2026, 5, 4, 8, 0, 0, 123456000, time.UTC); c.StatusAt != want {
		t.Errorf("status at %v, want %v", c.StatusAt, want)
	}
	if *c.Goods[0].GrossMass != 1_200_000 || *c.Goods[0].Value != 1750 || c.Goods[0].NetMass != nil {
		t.Errorf("mass %v, value %v, net %v", *c.Goods[0].GrossMass, *c.Goods[0].Value, c.Goods[0].NetMass)
	}
	if c.Consignor.Name != "  <i>kept</i>\t" || c.Carrier != nil || c.Documents != nil {
		t.Errorf("consignor %+v, carrier %v, documents %v", c.Consignor, c.Carrier, c.Documents)
	}
}

// A name cannot turn the page around it: what has no shape is not stored, and
// the sender is told.
func TestHiddenCharactersAreLeftOut(t *testing.T) {
	line := minimal
	for path, value := range map[string]string{
		"consignee/name": `"Xəzər \u202eCMM\u202c"`, "goods/0/description": `"\u2067\u200b"`, "destination_office": `"Bakı\u2069"`,
		"consignor": `{"name":"\u200fشرکت\u200c حمل"}`,
	} {
		line = edit(t, line, path, value)
	}
	r := one(t, line)
	if !r.OK() {
		t.Fatal(r.Problems)
	}
	c := r.Consignment
	if c.Consignee.Name != "Xəzər CMM" || c.Goods[0].Description != "\uFFFD" || c.DestinationOffice != "Bakı" || c.Consignor.Name != "شرکت\u200c حمل" {
		t.Errorf("%+v %+v %q", c, c.Consignor, c.Goods[0].Description)
	}
	if strings.ContainsFunc(string(r.Document), customs.Hidden) {
		t.Errorf("stored: %q", r.Document)
	}
	var fields []string
	for _, w := range r.Warnings {
		if w.Code == feed.HiddenChar {
			fields = append(fields, w.Field)
		}
	}
	slices.Sort(fields)
	if want := []string{"/consignee/name", "/consignor/name", "/destination_office", "/goods/0/description"}; !slices.Equal(fields, want) {
		t.Errorf("warned of %q", fields)
	}
}

// The same content in another notation has the same digest, other content another.
func TestDigest(t *testing.T) {
	base := one(t, minimal)
	same := strings.NewReplacer("2026-05-04T08:00:00Z", "2026-05-04T12:00:00.000+04:00", `"revision":1`, `"revision":1.0`,
		"çay", `\u00e7ay`, `"consignee":{"name":"X"}`, `"consignee":{ "address":null, "name":"X" }`).Replace(minimal)
	if r := one(t, same); r.Digest != base.Digest || string(r.Document) != string(base.Document) {
		t.Errorf("%s\n%s", r.Document, base.Document)
	}
	if r := one(t, edit(t, minimal, "goods/0/description", `"cay"`)); r.Digest == base.Digest {
		t.Error("other content, same digest")
	}
	var back customs.Consignment
	if err := json.Unmarshal(base.Document, &back); err != nil || back.Goods[0].Description != "çay" {
		t.Errorf("%v, %+v", err, back)
	}
}

func TestHeartbeats(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want []feed.Problem
	}{
		"good":                 {beat, nil},
		"unknown checkpoint":   {`{"checkpoint":"9","as_of":"2026-05-04T09:00:00Z"}`, nil},
		"members that are not": {`{"checkpoint":"00901","as_of":"2026-05-04T09:00:00Z","status":5,"voen":"x","new":[]}`, nil},
		"no checkpoint":        {`{"as_of":"2026-05-04T09:00:00Z"}`, []feed.Problem{{Field: "/checkpoint", Code: feed.Missing}}},
		"bad checkpoint":       {`{"checkpoint":"a b","as_of":"2026-05-04T09:00:00Z"}`, []feed.Problem{{Field: "/checkpoint", Code: feed.BadForm}}},
		"bad time":             {`{"checkpoint":"00901","as_of":"now"}`, []feed.Problem{{Field: "/as_of", Code: feed.BadTime}}},
		"no time":              {`{"checkpoint":"00901","as_of":null}`, []feed.Problem{{Field: "/as_of", Code: feed.Missing}}},
		"future":               {`{"checkpoint":"00901","as_of":"2026-05-04T10:00:00Z"}`, []feed.Problem{{Field: "/as_of", Code: feed.InFuture}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := one(t, c.line)
			if !slices.Equal(r.Problems, c.want) || (r.Heartbeat != nil) != (c.want == nil) || r.Consignment != nil {
				t.Errorf("%+v, want problems %v", r, c.want)
			}
		})
	}
}

func TestManyProblemsAreCut(t *testing.T) {
	r := one(t, edit(t, minimal, "goods", list(5000, `{"item":"x","newer":1}`)))
	if n := len(r.Problems); n != 21 || r.Problems[20].Code != feed.TooManyProblems {
		t.Errorf("%d problems, the last %v", n, r.Problems[n-1])
	}
	if n := len(r.Warnings); n != 21 || r.Warnings[20].Code != feed.TooManyWarnings {
		t.Errorf("%d warnings, the last %v", n, r.Warnings[n-1])
	}
}

// A report must not be broken, nor swollen, by what a sender calls a member.
func TestFieldsArePrintable(t *testing.T) {
	r := one(t, edit(t, minimal, `a\u000ab`, "1"))
	r2 := one(t, strings.Replace(minimal, `{"reg`, `{"`+strings.Repeat("x\\n\u202e", 5000)+`":1,"reg`, 1))
	for _, p := range append(r.Warnings, r2.Warnings...) {
		if len(p.Field) > 160 || strings.ContainsAny(p.Field, "\n\u202e") {
			t.Errorf("field %q", p.Field)
		}
	}
}
