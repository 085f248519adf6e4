package db_test

import (
	"slices"
	"strings"
	"testing"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/register"
)

// misspelt are texts that somebody may type, what is looked for instead as it is
// written on the page, and what that finds; "" means that nothing is like it.
var misspelt = []struct{ text, nearest, found string }{
	{"avtomobl", "Avtomobil", "CAR"},
	{"Avtomobbil", "Avtomobil", "CAR"},
	{"aftomobil", "Avtomobil", "CAR"},
	{"vtomobil", "", "CAR"},
	{"fındq", "Fındıq", "NUT"},
	{"findiqq ici", "Fındıq İçi", "NUT"},
	{"qırq fındıq", "qırıq Fındıq", "NUT"},
	{"qara cayy", "Qara çay", "TEA"},
	{"brien", "", "NUT"}, // it stands in O'Brien: nothing to put right
	{"obrien", "o'brien", "NUT"},
	{"etr sirketi", "etir sirketi", "NUT"},
	{"10aa556", "10aa555", "TEA"},
	{"mskuu1234565", "msku1234565", "CAR"},
	{"MSKU 123456-5", "msku 123456 5", "CAR"}, // signs as people put them
	{"MSKU-123456-5", "msku 123456 5", "CAR"},
	{"10.AA/555", "10 aa 555", "TEA"},
	{"qara-çay", "Qara çay", "TEA"},
	{"qara avtomobl", "", ""}, // each is there, but not together
	{"qara xyz", "", ""},      // one has nothing like it
	{"zzzzzz", "", ""},
	{"%%%%", "", ""},
	{"...", "", ""},
	{"'", "", "NUT"},
}

// A misspelt search finds what it meant, whether the rows are searched by the
// index or one by one, and the list says what it looked for.
func TestNearestWords(t *testing.T) {
	f, d := open(t)
	shelves(t, d)
	key := signIn(t, d, aysel)
	su := connect(t, f.SuperuserURL)
	for _, bulk := range []bool{false, true} {
		exec(t, su, "update pending set bulk = $1", bulk)
		for _, m := range misspelt {
			l := list(t, d, key, customs.Query{Text: m.text}, 25)
			if got := strings.Join(registrations(l), " "); got != m.found || l.Nearest != m.nearest {
				t.Errorf("bulk %v, %q: looked for %q and found %q, want %q and %q", bulk, m.text, l.Nearest, got, m.nearest, m.found)
			}
			// What the page's links then ask for finds the same, and is not put right again.
			again := list(t, d, key, l.Answers(customs.Query{Text: m.text}), 25)
			if !slices.Equal(registrations(again), registrations(l)) || m.nearest != "" && again.Nearest != "" {
				t.Errorf("bulk %v, %q: its own answer %q finds %v", bulk, m.text, l.Nearest, registrations(again))
			}
		}
	}
}

// Whose words are looked through is decided like whose goods: what only another
// trader has is never told.
func TestNearestWordsAreOnesOwn(t *testing.T) {
	_, d := open(t)
	shelves(t, d)
	store(t, d, goodsOf(rashad, "SECRET", 1, func(c *customs.Consignment) {
		c.Goods[0].Description, c.Transport.Vehicle = "Platinum katalizator", "77-ZZ-777"
	}))
	hers, his := signIn(t, d, aysel), signIn(t, d, rashad)
	for _, text := range []string{"platinm", "katalizatr", "secrt", "77zz778", "cmrsecrt"} {
		if l := list(t, d, his, customs.Query{Text: text}, 25); l.Nearest == "" || l.Total != 1 {
			t.Errorf("%q: the owner finds %d for %q", text, l.Total, l.Nearest)
		}
		if l := list(t, d, hers, customs.Query{Text: text}, 25); l.Total != 0 || l.Nearest != "" {
			t.Errorf("%q: another trader is told of %q", text, l.Nearest)
		}
	}
}

// An officer's misspelt search under a case is put right too, within the one
// look that the register holds.
func TestNearestWordsUnderACase(t *testing.T) {
	k := newDesk(t)
	store(t, k.d, goodsOf(aysel, "TEA", 1, func(c *customs.Consignment) { c.Goods[0].Description = "Qara çay" }))
	id := k.open(aysel)
	look := func(text string) customs.List {
		l, err := k.d.AssistGoods(t.Context(), k.key, id, k.enter(id, aysel, register.ListGoods), customs.Query{Text: text}, 25)
		must(t, err)
		return l
	}
	if l := look("qraa çayy"); l.Total != 0 {
		t.Errorf("%q is like nothing, and finds %v", "qraa çayy", registrations(l))
	}
	if l := look("qara çayy"); l.Nearest != "Qara çay" || !slices.Equal(registrations(l), []string{"TEA"}) {
		t.Errorf("looked for %q, found %v", l.Nearest, registrations(l))
	}
	if l := look("cmrb1"); strings.Contains(strings.Join(registrations(l), " "), "B1") || strings.Contains(l.Nearest, "b1") {
		t.Errorf("the other trader's number led to %q, %v", l.Nearest, registrations(l))
	}
}
