package feed_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"customs.gov.az/portal/feed"
)

// whole is a line with every member that the schema knows.
const whole = `{"registration":"R1","revision":1,"checkpoint":"00901","voen":"1499000151","status":"registered",` +
	`"status_at":"2026-05-04T08:00:00Z","registered_at":"2026-05-04T08:00:00Z","destination_office":"x",` +
	`"consignee":{"name":"X","voen":"1499000151","country":"AZ","address":"x"},"consignor":{"name":"X","voen":"1499000151","country":"GE","address":"x"},` +
	`"carrier":{"name":"X","voen":"1499000151","country":"TR","address":"x"},` +
	`"transport":{"mode":3,"vehicle":"x","trailer":"x","nationality":"GE","containers":["x"],"seals":["x"]},` +
	`"documents":[{"type":"730","number":"x","date":"2026-05-02"}],"previous_documents":[{"type":"730","number":"x","date":"2026-05-02"}],` +
	`"goods":[{"item":1,"description":"x","commodity_code":"0902","packages":{"count":1,"type":"CT"},"gross_mass":2,"net_mass":1,"quantity":1,` +
	`"unit":"x","value":1,"currency":"USD","origin":"GE"}],` +
	`"requires":[{"code":"x","who":"agency","agency":"x","note":"x","since":"2026-05-04T08:00:00Z","due":"2026-05-18T18:00:00+04:00"}]}`

// rule of the schema: one keyword at one place.
type keyword struct {
	path, word string
	value      any
}

// walk lists the keywords of a schema that bound a value, by the path of the
// value in a line.
func walk(defs map[string]any, node map[string]any, path string, list *[]keyword) {
	if to, ok := node["$ref"].(string); ok {
		walk(defs, defs[strings.TrimPrefix(to, "#/$defs/")].(map[string]any), path, list)
	}
	for word, value := range node {
		switch word {
		case "properties":
			for name, below := range value.(map[string]any) {
				walk(defs, below.(map[string]any), strings.TrimPrefix(path+"/"+name, "/"), list)
			}
		case "items":
			walk(defs, value.(map[string]any), path+"/0", list)
		case "anyOf":
			for _, one := range value.([]any) {
				if branch := one.(map[string]any); branch["$ref"] != nil {
					walk(defs, branch, path, list)
				}
			}
		case "required":
			for _, name := range value.([]any) {
				*list = append(*list, keyword{strings.TrimPrefix(path+"/"+name.(string), "/"), word, nil})
			}
		case "type", "pattern", "format", "enum", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems":
			if path != "" {
				*list = append(*list, keyword{path, word, value})
			}
		}
	}
}

// beyond a schema are these verdicts of the reader.
var beyondSchema = map[feed.Code]bool{
	feed.InFuture: true, feed.TooFar: true, feed.UnknownNumber: true, feed.DuplicateItem: true, feed.SumTooLarge: true, feed.DuplicateMember: true,
	feed.TooPrecise: true, // multipleOf refuses right numbers where a program counts in binary
}

// tries are JSON values on both sides of a keyword's bound, given the value
// that stands at its place now.
func (k keyword) tries(now json.RawMessage) []string {
	number := func(sign int64) []string {
		bound, _ := new(big.Rat).SetString(fmt.Sprint(k.value.(json.Number)))
		step := big.NewRat(sign, 1000)
		return []string{k.value.(json.Number).String(), new(big.Rat).Add(bound, step).FloatString(3), new(big.Rat).Add(bound, new(big.Rat).SetInt64(sign)).FloatString(0)}
	}
	length := func() int { n, _ := k.value.(json.Number).Int64(); return int(n) }
	switch k.word {
	case "required":
		return []string{"", "null"}
	case "type":
		return []string{"null", "true", "0", "1.5", `""`, `"x"`, `"1"`, "[]", "{}", `[null]`, `{"x":1}`, string(now)}
	case "minimum":
		return number(-1)
	case "maximum":
		return number(1)
	case "minLength", "maxLength":
		n := length()
		return []string{text(n), text(n + 1), text(max(n-1, 0)), `"` + strings.Repeat("1", n) + `"`, `"` + strings.Repeat("1", n+1) + `"`, `"` + strings.Repeat("😀", n+1) + `"`}
	case "minItems", "maxItems":
		n := length()
		element := strings.TrimSuffix(strings.TrimPrefix(string(now), "["), "]")
		if strings.Contains(element, `"item"`) {
			return []string{"[]", items(max(n, 1)), items(n + 1)}
		}
		return []string{"[]", list(n, element), list(n+1, element)}
	}
	values := []string{string(now)} // pattern, format, enum
	for _, s := range []string{
		"", " ", "a", "A", "az", "AZ", "AZE", "1", "12", "123", "1234", "12345678901", "300725012", "0300725012", "00-901", "a b", " a", "a ", "ə", "١٢٣٤", "A1", "-", "--", "A/B", "A//B", "a_b", "_a", "9a",
		"you", "customs", "agency", "You", "agency ", "2026-05-04", "2026-02-29", "2024-02-29", "1899-12-31", "2199-12-31", "2200-01-01", "2026-5-4", "2026-05-04T08:00:00Z", "2026-05-04T08:00:00+04:00",
		"2026-05-04T08:00:00", "2026-05-04 08:00:00Z", "2026-02-30T08:00:00Z", "1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z", "2026-05-04T08:00:60Z", "2026-05-04T08:00:00.5Z", "2026-05-04T08:00:00-00:00",
		`x\ny`, `x\ty`, `x\u0000y`, `x\u001fy`, `x\u007fy`, `x\u0085y`, `x\u2028y`, `x\\y`, `\"`, "<b>", "=1+1",
	} {
		values = append(values, `"`+s+`"`)
	}
	return values
}

// Every keyword of the schema, at every place in a line, on both sides of its
// bound: schema and reader say the same, and each keyword is there for a
// reason, so both refuse something because of it.
func TestEveryKeywordOfTheSchema(t *testing.T) {
	var doc map[string]any
	d := json.NewDecoder(strings.NewReader(string(feed.Schema())))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	s := compile(t)
	if r := one(t, whole); !r.OK() || len(r.Warnings) > 0 || !valid(t, s, whole) {
		t.Fatalf("the whole line: %v %v", r.Problems, r.Warnings)
	}
	defs := doc["$defs"].(map[string]any)
	var words []keyword
	walk(defs, defs["consignment"].(map[string]any), "", &words)
	if len(words) < 180 {
		t.Fatalf("%d keywords", len(words))
	}
	for _, k := range words {
		refused := 0
		for _, v := range k.tries(standing(t, k.path)) {
			line := edit(t, whole, k.path, v)
			r := one(t, line)
			beyond := false
			for _, p := range r.Problems {
				beyond = beyond || beyondSchema[p.Code]
			}
			got := valid(t, s, line)
			if got != r.OK() && !beyond {
				t.Errorf("%s %s: %.80q: schema says %v, reader %v", k.path, k.word, v, got, r.Problems)
			}
			if !got && !r.OK() {
				refused++
			}
		}
		if refused == 0 {
			t.Errorf("%s: nothing is refused for %s %v", k.path, k.word, k.value)
		}
	}
}

// standing is the value at a path of the whole line.
func standing(t *testing.T, path string) json.RawMessage {
	t.Helper()
	at := json.RawMessage(whole)
	for step := range strings.SplitSeq(path, "/") {
		var err error
		if strings.HasPrefix(string(at), "[") {
			var list []json.RawMessage
			err = json.Unmarshal(at, &list)
			at = list[step[0]-'0']
		} else {
			var members map[string]json.RawMessage
			err = json.Unmarshal(at, &members)
			at = members[step]
		}
		if err != nil || at == nil {
			t.Fatalf("the whole line has no %s", path)
		}
	}
	return at
}
