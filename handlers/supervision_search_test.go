package handlers

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

func TestReadSearch(t *testing.T) {
	for query, want := range map[string]register.Search{
		"":                               {},
		"q=":                             {},
		"q=+1499000151+":                 {VOEN: "1499000151"},
		"q=17":                           {Entry: 17},
		"q=%E2%84%9617":                  {Entry: 17},
		"q=m-2026-000012":                {CaseNo: "M-2026-000012"},
		"outcome=failed":                 {Outcome: register.Failed},
		"actor=operator&channel=staff":   {Actor: "operator", Channel: "staff"},
		"action=goods.list&lang=en":      {Action: "goods.list"},
		"from=2026-11-01&to=2026-11-30":  {From: "2026-11-01", To: "2026-11-30"},
		"before=1764000000000001.42":     {Before: register.Cursor{At: time.UnixMicro(1764000000000001), ID: 42}},
		"after=1764000000000001.42&q=17": {After: register.Cursor{At: time.UnixMicro(1764000000000001), ID: 42}, Entry: 17},
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if v := readSearch(values); v.Search != want || v.Unclear || len(v.Ignored) > 0 {
			t.Errorf("%s: %+v", query, v)
		}
	}
	for _, text := range []string{"0", "-1", "hello", "149900015123456789012345", "0000000000x", "00000000-0000-0000-0000-000000000000", "M-26-1", "' or 1=1"} {
		if v := readSearch(url.Values{"q": {text}}); !v.Unclear || v.Text != text || v.Search != (register.Search{}) {
			t.Errorf("%q: %+v", text, v)
		}
	}
}

// Whatever stands in an address, the search is one that the database takes, and
// the address that leads to it again means the same.
func FuzzReadSearch(f *testing.F) {
	for _, s := range []string{"q=1499000151", "before=1.2&after=3.4", "q=%00&outcome=x&x=y", "from=2026-02-30&to=2026-01-01", "action=a.b&actor=c", "q=0000000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return // no address
		}
		v := readSearch(values)
		s := v.Search
		if s.VOEN != "" {
			if _, err := customs.ParseVOEN(string(s.VOEN)); err != nil {
				t.Errorf("VÖEN %q", s.VOEN)
			}
		}
		for _, text := range []string{s.Actor, s.Channel, s.Action, s.CaseNo} {
			if strings.ContainsAny(text, "\x00 '\"") || len(text) > 100 {
				t.Errorf("%q", text)
			}
		}
		if s.From > s.To && s.To != "" || s.Before.ID != 0 && s.After.ID != 0 || s.Entry < 0 || s.Before.ID < 0 {
			t.Errorf("%+v", s)
		}
		for _, c := range []register.Cursor{s.Before, s.After} {
			var again register.Cursor
			if c.ID != 0 && (!setCursor(&again, views.CursorText(c)) || again != c) {
				t.Errorf("%+v becomes %+v", c, again)
			}
		}
	})
}
