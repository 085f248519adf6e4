package locales

import (
	"html"
	"slices"
	"testing"

	"golang.org/x/text/language"
	printer "golang.org/x/text/message"
	"golang.org/x/text/number"

	"customs.gov.az/portal/customs"
)

func TestMessages(t *testing.T) {
	az, en := both(t)
	if got := en.N("goods.count", 1); got != "1 registration" {
		t.Error(got)
	}
	if got := en.N("goods.count", 1234); got != "1,234 registrations" {
		t.Error(got)
	}
	if got := az.N("goods.count", 21); got != "21 qeydiyyat" {
		t.Error(got)
	}
	if got := az.T("goods.border", "country", "İran"); got != "İran sərhədi" {
		t.Error(got)
	}
	if got := az.T("goods.border"); got != "{country} sərhədi" {
		t.Errorf("a value that was not given must be seen: %q", got)
	}
	if got := az.T("no.such"); got != "no.such" || az.Has("no.such") || !az.Has("goods.border") {
		t.Errorf("a missing message must be seen: %q", got)
	}
	if got := az.N("no.such", 3); got != "no.such" {
		t.Error(got)
	}
	if before, after := en.Split("goods.as_of", "time"); before != "as of " || after != "" {
		t.Errorf("%q %q", before, after)
	}
	if before, after := az.Split("goods.as_of", "time"); before != "" || after != " vəziyyətinə" {
		t.Errorf("%q %q", before, after)
	}
	if before, after := az.Split("no.such", "time"); before != "no.such" || after != "" {
		t.Errorf("%q %q", before, after)
	}
}

// A message as markup is the message escaped, with every value in it, whatever
// the value holds.
func TestMessagesAsMarkup(t *testing.T) {
	az, en := both(t)
	for _, l := range []*Locale{az, en} {
		for id, m := range l.messages {
			args := []any{"n", 1234}
			for i := 1; i < len(m.more); i += 2 {
				if m.more[i] != "n" {
					args = append(args, m.more[i], `<i>"&'`+m.more[i])
				}
			}
			if got, want := string(l.AppendHTML([]byte("x"), id, args...)), "x"+html.EscapeString(l.T(id, args...)); got != want {
				t.Errorf("%s, %s: %q, want %q", l.Lang(), id, got, want)
			}
			for _, n := range []int{0, 1, 2, 1234} {
				if got, want := string(l.AppendHTMLN([]byte("x"), id, n, args[2:]...)), "x"+html.EscapeString(l.N(id, n, args[2:]...)); got != want {
					t.Errorf("%s, %s for %d: %q, want %q", l.Lang(), id, n, got, want)
				}
				before, after := l.SplitN(id, n, "n", args[2:]...)
				if slices.Contains(m.form(n), "n") && before+l.Int(n)+after != l.N(id, n, args[2:]...) {
					t.Errorf("%s, %s for %d: cut into %q and %q", l.Lang(), id, n, before, after)
				}
			}
		}
	}
	if got := string(az.AppendHTML(nil, "<no>")); got != "&lt;no&gt;" {
		t.Error(got)
	}
	if got := string(az.AppendHTMLN(nil, "<no>", 2)); got != "&lt;no&gt;" {
		t.Error(got)
	}
	if before, after := az.SplitN("no.such", 2, "n"); before != "no.such" || after != "" {
		t.Errorf("%q %q", before, after)
	}
}

// A value that a message cannot print is seen.
func TestValuesOfOtherTypes(t *testing.T) {
	az, _ := both(t)
	if got := az.T("goods.border", "country", 1.5); got != "{country} sərhədi" {
		t.Error(got)
	}
}

// A caller's slice of values must not be written to.
func TestArgumentsStayTheirs(t *testing.T) {
	az, _ := both(t)
	args := make([]any, 2, 6)
	args[0], args[1] = "total", 5
	az.N("goods.found_of", 3, args...)
	if spare := args[:4]; spare[2] != nil {
		t.Errorf("wrote %v behind the arguments", spare[2])
	}
}

func TestNumbers(t *testing.T) {
	az, en := both(t)
	for _, c := range []struct{ got, want string }{
		{az.Int(1234567), "1.234.567"},
		{en.Int(1234567), "1,234,567"},
		{az.Int(999), "999"},
		{az.Int(-1000), "-1.000"},
		{az.Int64(0), "0"},
		{en.Int64(100000), "100,000"},
		{az.Mass(18450000), "18.450"},
		{az.Mass(1234567), "1.234,567"},
		{en.Mass(1234500), "1,234.5"},
		{az.Mass(1), "0,001"},
		{az.Mass(999999999999999), "999.999.999.999,999"},
		{en.Quantity(1500), "1.5"},
		{az.Decimal(12, 1), "1,2"},
		{az.Amount(1646205, "EUR"), "16.462,05\u00a0EUR"},
		{en.Amount(1646200, "EUR"), "16,462.00\u00a0EUR"},
		{en.Amount(50, ""), "0.50"},
		{az.Amount(0, "AZN"), "0,00\u00a0AZN"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// The separators are CLDR's, as the printer of x/text knows them.
func TestNumbersAgreeWithCLDR(t *testing.T) {
	az, en := both(t)
	for _, n := range []int{0, 7, 999, 1000, 12345, 999999, 1000000, 2147483647, -5000} {
		for l, tag := range map[*Locale]language.Tag{az: language.Azerbaijani, en: language.English} {
			if got, want := l.Int(n), printer.NewPrinter(tag).Sprint(n); got != want {
				t.Errorf("%s: %q, CLDR %q", l.Lang(), got, want)
			}
		}
	}
	if got, want := az.Decimal(1234567891, 3), printer.NewPrinter(language.Azerbaijani).Sprint(number.Decimal(1234567.891)); got != want {
		t.Errorf("%q, CLDR %q", got, want)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Qırmızı Körpü": "qirmizi korpu", "ÇƏKİ": "ceki", "İRAN Iğdır": "iran igdir", "Şüşə, Ağac": "suse, agac",
		"i̇dxal": "idxal", "ABC-123": "abc-123", "": "", "Ёлка": "ёлка", "\xff": "\ufffd",
	} {
		if got := Fold(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("Qırmızı Körpü İ")
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(s)
		if twice := Fold(once); twice != once {
			t.Errorf("%q folds to %q and then to %q", s, once, twice)
		}
	})
}

func TestCodeLists(t *testing.T) {
	az, en := both(t)
	for _, c := range []struct{ got, want string }{
		{az.Status(customs.Held), "Saxlanılıb"},
		{az.Status("scan"), "Rəsmiləşdirilməsi davam edir"},
		{en.Status(""), "Clearance in progress"},
		{az.Actor(customs.You), "Siz"},
		{az.Actor("robot"), ""},
		{en.Mode(4), "Air"},
		{en.Mode(77), "Not specified"},
		{az.Mode(-1), "Göstərilməyib"},
		{az.DocumentType("952"), "TIR kitabçası"},
		{en.DocumentType("999"), "Document (type 999)"},
		{en.DocumentShort("730"), "CMR"},
		{en.DocumentShort("861"), "Certificate of origin"},
		{az.PackageType("PX"), "palet"},
		{az.PackageType("ZZ"), "ZZ"},
		{az.PackageType(""), ""},
		{az.Country("GE"), "Gürcüstan"},
		{en.Country("TR"), "Türkiye"},
		{az.Country("GB"), "Birləşmiş Krallıq"},
		{az.Country("XQ"), "XQ"},
		{az.Country(""), ""},
		{az.Step("payment", customs.You), "gömrük ödənişlərini ödəyin"},
		{az.Step("payment", customs.Customs), "gömrük ödənişləri"},
		{en.Step("weighing", customs.You), "weighing of the goods"},
		{en.Step("x-ray", customs.You), ""},
		{en.Requirement("x.y"), ""},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// Every code of the vocabulary has words of its own.
func TestVocabularyHasWords(t *testing.T) {
	az, en := both(t)
	for _, l := range []*Locale{az, en} {
		for _, s := range append(slices.Clone(customs.PendingStatuses), customs.TerminalStatuses...) {
			if !l.Has("status."+string(s)) || l.StatusNext(s) == "status_next."+string(s) {
				t.Errorf("%s: status %s has no words", l.Lang(), s)
			}
		}
		for _, code := range customs.RequirementCodes {
			if l.Requirement(code) == "" {
				t.Errorf("%s: requirement %s has no words", l.Lang(), code)
			}
		}
		for _, who := range customs.Actors {
			if l.Actor(who) == "" {
				t.Errorf("%s: actor %s has no words", l.Lang(), who)
			}
		}
		for _, s := range customs.Sorts {
			if !l.Has("sort." + string(s)) {
				t.Errorf("%s: order %s has no words", l.Lang(), s)
			}
		}
		if l.StatusNext("scan") != l.T("status_next.unknown") {
			t.Error("an unknown status must be explained")
		}
	}
}

func BenchmarkT(b *testing.B) {
	c, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	az := c.For("az")
	b.ReportAllocs()
	for b.Loop() {
		_ = az.T("goods.col_status")
		_ = az.T("goods.border", "country", "İran")
	}
}
