package handlers

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"customs.gov.az/portal/customs"
)

// FuzzQuery: whatever an address holds, the query that comes out asks for
// something that exists, and what was left out can be shown.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "q=çay&checkpoint=00901&status=held&mode=3&waiting=you&from=2026-01-01&to=2026-12-31&sort=oldest&page=2", "lang=en",
		"q=%00", "q=%ff", "page=-1", "page=1&page=2", "from=2026-02-30", "from=2027-01-01&to=2026-01-01", "a=1&b=2&c=3&d=4&e=5&f=6", "%00=1", "=", "mode=%D9%A3",
		"status=released", "sort=weight&sort=", "checkpoint=%27%20or%201=1", strings.Repeat("x", 200) + "=1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, ignored := readQuery(parameters(raw))
		if !utf8.ValidString(q.Text) || utf8.RuneCountInString(q.Text) > maxSearch || strings.ContainsFunc(q.Text, unicode.IsControl) {
			t.Errorf("text %q", q.Text)
		}
		if q.Page < 0 || q.Page > maxPage || len(q.Mode) > 1 || len(q.Checkpoint) > 10 {
			t.Errorf("query %+v", q)
		}
		for _, d := range []string{q.From, q.To} {
			if d != "" && !day(d) {
				t.Errorf("day %q", d)
			}
		}
		if q.From != "" && q.To != "" && q.From > q.To {
			t.Errorf("from %s to %s", q.From, q.To)
		}
		if len(ignored) > maxIgnored {
			t.Errorf("%d ignored", len(ignored))
		}
		for _, name := range ignored {
			if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > 31 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("ignored %q", name)
			}
		}
	})
}

func TestReadQuery(t *testing.T) {
	for raw, want := range map[string]struct {
		q       customs.Query
		ignored string
	}{
		"":                                    {},
		"q=+%C3%A7ay+":                        {q: customs.Query{Text: "çay"}},
		"q=&status=&page=&sort=":              {},
		"page=7&sort=deadline":                {q: customs.Query{Page: 7, Sort: customs.Deadline}},
		"status=second+scan":                  {q: customs.Query{Status: "second scan"}}, // whether there is such a one the goods show
		"status=a%0Ab":                        {ignored: "status"},
		"status=held&status=held":             {ignored: "status"},
		"from=2026-05-02&to=2026-05-01&q=a":   {q: customs.Query{Text: "a"}, ignored: "from to"},
		"from=2026-05-01&to=2026-05-01":       {q: customs.Query{From: "2026-05-01", To: "2026-05-01"}},
		"waiting=agency&mode=3&lang=az":       {q: customs.Query{Waiting: customs.Agency, Mode: "3"}},
		"utm_source=x&Q=1":                    {ignored: "Q utm_source"},
		"checkpoint=00901&checkpoint2=x&%3C=": {q: customs.Query{Checkpoint: "00901"}, ignored: "< checkpoint2"},
	} {
		values, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatal(err)
		}
		q, ignored := readQuery(values)
		if q != want.q || strings.Join(ignored, " ") != want.ignored {
			t.Errorf("%s: %+v, ignored %q", raw, q, ignored)
		}
	}
}

// FuzzReturn: what is accepted stays on this host and on the page it names,
// the way browsers resolve a Location (RFC 3986 §5.2).
func FuzzReturn(f *testing.F) {
	for _, seed := range []string{
		"/goods", "/goods/26AZ%2F1?items=2", "/goods.csv?q=%C3%A7ay", "/receipts/1", "//evil.example", `/\evil.example`, "/goods/..//evil.example", "https://evil.example/goods",
		"/goods/%2e%2e/%2e%2e", "/goods\t", "/goods#x", "/goods?return=//evil", "/access", "javascript:alert(1)", "/goods:80", "/goods@evil", "/%67oods", "/goods/\u2025",
	} {
		f.Add(seed)
	}
	base, err := url.Parse("https://portal.example/sign-in/file")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		back := safeReturn(s)
		if back == "" {
			return
		}
		if back != s || len(back) > maxReturn {
			t.Fatalf("%q became %q", s, back)
		}
		to, err := base.Parse(back)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if to.Scheme != "https" || to.Host != "portal.example" || to.User != nil || strings.HasPrefix(to.Path, "//") || strings.Contains(to.Path, "/..") {
			t.Errorf("%q leads to %s", s, to)
		}
		if section, _, _ := strings.Cut(to.Path[1:], "/"); section == "" || section == "sign-out" || section == "sign-in" {
			t.Errorf("%q leads to %s", s, to)
		}
		if strings.ContainsFunc(back, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
			t.Errorf("%q is no text of a header", s)
		}
		if withReturn("/", back) != "/?return="+url.QueryEscape(back) {
			t.Errorf("%q is not carried", back)
		}
	})
}

func TestSafeReturn(t *testing.T) {
	for _, good := range []string{"/goods", "/goods?q=a%20b&page=2", "/goods/26AZ%2F0901-17%2F3.A", "/goods.csv", "/goods.xlsx?q=x", "/access", "/appeals/complaint", "/receipts/12"} {
		if safeReturn(good) != good {
			t.Errorf("%s is not accepted", good)
		}
	}
}

// All that is missing from the options is told at once.
func TestNewRefuses(t *testing.T) {
	_, err := New(Options{SessionKeys: [][]byte{{1}}})
	if err == nil {
		t.Fatal("nothing is missing")
	}
	for _, name := range []string{"DB", "Register", "Catalogue", "Assets", "Verifier", "URL", "32 bytes", "Limits"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}

// A session's values survive the way through the cookie, and nothing but texts
// gets in.
func TestTextValues(t *testing.T) {
	in := map[any]any{valueKey: "a|b\x00ə", valueBrowser: ""}
	b, err := textValues{}.Serialize(in)
	if err != nil {
		t.Fatal(err)
	}
	var out map[any]any
	if err := (textValues{}).Deserialize(b, &out); err != nil || out[valueKey] != in[valueKey] || len(out) != 2 {
		t.Errorf("%v, %v", out, err)
	}
	for _, bad := range []any{nil, "x", map[any]any{1: "x"}, map[any]any{"x": 1}} {
		if _, err := (textValues{}).Serialize(bad); err == nil {
			t.Errorf("%v was written", bad)
		}
	}
	for _, bad := range []string{"", "[]", `{"a":1}`, `{"a":null`, "\x00"} {
		if err := (textValues{}).Deserialize([]byte(bad), &out); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if err := (textValues{}).Deserialize([]byte("{}"), "x"); err == nil {
		t.Error("read into nothing")
	}
}

// An address is read as browsers read it: what no coding makes sense of is
// neither lost nor taken for something else.
func TestParameters(t *testing.T) {
	for raw, want := range map[string]url.Values{
		"":                       {},
		"&&":                     {},
		"q=a+b%20c&q=":           {"q": {"a b c", ""}},
		"q=a;b":                  {"q": {"a;b"}},
		"waiting=you;x&mode=3":   {"waiting": {"you;x"}, "mode": {"3"}},
		"status=held%":           {"status": {"held%"}},
		"q=%zz&waiting=you":      {"q": {"%zz"}, "waiting": {"you"}},
		"q=100%&q%=1":            {"q": {"100%"}, "q%": {"1"}},
		"q=%C3%BC%2":             {"q": {"ü%2"}},
		"q=%FF":                  {"q": {"\xff"}},
		"q=a=b":                  {"q": {"a=b"}},
		"q":                      {"q": {""}},
		"=x":                     {"": {"x"}},
		"q=%25zz&q=%2525&q=%%25": {"q": {"%zz", "%25", "%%"}},
	} {
		if got := parameters(raw); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
	for raw, want := range map[string][]string{"waiting=you;x": {"waiting"}, "status=%C3": {"status"}, "q=%FF": {"q"}, "q=a;b": nil} {
		if _, ignored := readQuery(parameters(raw)); !slices.Equal(ignored, want) {
			t.Errorf("%q: %q are named, want %q", raw, ignored, want)
		}
	}
}

func FuzzParameters(f *testing.F) {
	for _, raw := range []string{"q=a+b%20c", "q=%zz", "a;b&c", "%=%&%4", "q=%C3%BC%2"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := parameters(raw)
		if want, err := url.ParseQuery(raw); err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, and %q by the library", raw, got, want)
		}
		if again := parameters(got.Encode()); !reflect.DeepEqual(got, again) {
			t.Errorf("%q: %q, written and read again %q", raw, got, again)
		}
	})
}
