package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

const heading = "voen,organisation,pin,position,from,to,access,liquidated\n"

// one is a person for a company, as CSV and as JSON.
const (
	csvLine  = "1499000151,«Xəzər» MMC,5a7km2l,Baş mühasib,2026-01-31,2026-12-31,true,false\n"
	jsonLine = `{"voen":"1499000151","organisation":"«Xəzər» MMC","pin":"5a7km2l","position":"Baş mühasib","from":"2026-01-31","to":"2026-12-31","access":true}` + "\n"
)

// The same list in each form that a register may be exported in.
func TestRepresentativesForms(t *testing.T) {
	want := db.Representative{
		VOEN: "1499000151", Organisation: "«Xəzər» MMC", PIN: "5A7KM2L", Position: "Baş mühasib", Access: true,
		From: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
	}
	for what, text := range map[string]string{
		"commas":            heading + csvLine,
		"semicolons":        strings.ReplaceAll(heading+csvLine, ",", ";"),
		"CRLF":              strings.ReplaceAll(heading+csvLine, "\n", "\r\n"),
		"byte order mark":   "\ufeff" + heading + csvLine,
		"quotation marks":   heading + strings.Replace(csvLine, "«Xəzər» MMC", `"«Xəzər» MMC"`, 1),
		"no last line end":  strings.TrimSuffix(heading+csvLine, "\n"),
		"blank lines":       heading + "\n" + csvLine + "\n",
		"JSON":              jsonLine,
		"JSON, CRLF, mark":  "\ufeff" + strings.ReplaceAll(jsonLine, "\n", "\r\n"),
		"JSON, blank lines": jsonLine + "\n \t\n",
	} {
		list, err := readRepresentatives(strings.NewReader(text))
		if err != nil || len(list) != 1 || list[0] != want {
			t.Errorf("%s: %+v %v", what, list, err)
		}
	}
	if list, err := readRepresentatives(strings.NewReader(heading)); err != nil || len(list) != 0 {
		t.Errorf("a list of nobody: %v %v", list, err)
	}
}

// Each mistake is told by its line and without the person's data.
func TestRepresentativesMistakes(t *testing.T) {
	swap := func(old, with string) string { return heading + csvLine + strings.Replace(csvLine, old, with, 1) }
	long := strings.Repeat("ə", maxRepresentativeText+1)
	for what, tt := range map[string]struct{ text, want string }{
		"nothing":               {"", "the file is empty"},
		"only a mark":           {"\ufeff", "the file is empty"},
		"no heading":            {csvLine, "line 1: the heading is voen,"},
		"another heading":       {"VOEN" + heading[4:], "line 1: the heading is"},
		"fewer columns":         {heading + "1499000151,x\n", "line 2: cannot be read as CSV"},
		"a lone quotation mark": {heading + `1499"000151,x,5a7km2l,y,2026-01-31,,true,false`, "line 2: cannot be read as CSV"},
		"one that never ends":   {heading + csvLine + `"1499000151,x`, "line 3: cannot be read as CSV"},
		"nine digits":           {swap("1499000151", "149900015"), "line 3: voen has ten digits"},
		"a short PIN":           {swap("5a7km2l", "5a7k"), "line 3: pin has 5 to 20"},
		"a PIN with a blank":    {swap("5a7km2l", "5a7 km2l"), "line 3: pin has"},
		"a long text":           {swap("Baş mühasib", long), "line 3: organisation and position are texts"},
		"a control character":   {swap("Baş mühasib", "Baş\tmühasib"), "line 3: organisation and position"},
		"broken UTF-8":          {swap("Baş mühasib", "Ba\xfe"), "line 3: organisation and position"},
		"a day of another form": {swap("2026-01-31", "31.01.2026"), "line 3: from is a day"},
		"a day that is not":     {swap("2026-01-31", "2026-02-30"), "line 3: from is a day"},
		"ends before it begins": {swap("2026-12-31", "2026-01-30"), "line 3: to is a day not before from"},
		"yes for true":          {swap("true", "yes"), "line 3: access and liquidated are true or false"},
		"nothing for false":     {swap("false", ""), "line 3: access and liquidated are true or false"},
		"twice":                 {heading + csvLine + csvLine, "line 3: says the same person, taxpayer and first day as line 2"},
		"twice, other letters":  {swap("5a7km2l", "5A7KM2L"), "line 3: says the same"},
		"JSON, a member more":   {jsonLine + strings.Replace(jsonLine, "{", `{"x":1,`, 1), "line 2: is not an object with the members"},
		"JSON, a number":        {strings.Replace(jsonLine, `"1499000151"`, `1499000151`, 1), "line 1: is not an object"},
		"JSON, two on a line":   {strings.TrimSpace(jsonLine) + jsonLine, "line 1: is not an object"},
		"JSON, cut":             {jsonLine[:40], "line 1: is not an object"},
		"JSON, no PIN":          {`{"voen":"1499000151","from":"2026-01-31"}`, "line 1: pin has"},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := readRepresentatives(strings.NewReader(tt.text))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v, want one line %q", err, tt.want)
			}
			for _, secret := range []string{"1499", "5a7", "5A7", "Xəzər"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q is in %v", secret, err)
				}
			}
		})
	}
}

// The limits on their right side.
func TestRepresentativesLimits(t *testing.T) {
	for what, line := range map[string]string{
		"a text of the longest": strings.Replace(csvLine, "Baş mühasib", strings.Repeat("ə", maxRepresentativeText), 1),
		"no texts":              "1499000151,,5a7km2l,,2026-01-31,,false,true\n",
		"one day":               strings.Replace(csvLine, "2026-12-31", "2026-01-31", 1),
	} {
		if list, err := readRepresentatives(strings.NewReader(heading + line)); err != nil || len(list) != 1 {
			t.Errorf("%s: %v %v", what, list, err)
		}
	}
}

func TestRepresentativesTellsSomeMistakes(t *testing.T) {
	text := heading + strings.Repeat("1,x,5a7km2l,y,2026-01-31,,true,false\n", 1000)
	_, err := readRepresentatives(strings.NewReader(text))
	if err == nil || strings.Count(err.Error(), "\n") != maxRepresentativeProblems-1 {
		t.Errorf("%v", err)
	}
	broken := errors.New("the disk fails")
	for _, text := range []string{jsonLine, heading + csvLine, heading[:20]} {
		if _, err := readRepresentatives(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken))); err == nil || text != heading[:20] && !errors.Is(err, broken) {
			t.Errorf("a file that ends badly after %q: %v", text, err)
		}
	}
}

// What list prints, import reads: the same list.
func TestRepresentativesRoundTrip(t *testing.T) {
	text := heading
	for i := range 300 {
		text += fmt.Sprintf("%010d,\"a, \"\"b\"\"\",PIN%05d,c;d,2026-01-%02d,,%t,%t\n", 1+i%7, i, 1+i%28, i%2 == 0, i%3 == 0)
	}
	list, err := readRepresentatives(strings.NewReader(text))
	if err != nil || len(list) != 300 || list[0].Organisation != `a, "b"` || list[1].VOEN != customs.VOEN("0000000002") {
		t.Fatal(len(list), err)
	}
	var printed strings.Builder
	for _, r := range list {
		l := newRepresentativeLine(r)
		fmt.Fprintf(&printed, `{"voen":%q,"organisation":%q,"pin":%q,"position":%q,"from":%q,"to":%q,"access":%t,"liquidated":%t}`+"\n",
			l.VOEN, l.Organisation, l.PIN, l.Position, l.From, l.To, l.Access, l.Liquidated)
	}
	again, err := readRepresentatives(strings.NewReader(printed.String()))
	if err != nil || len(again) != len(list) {
		t.Fatal(len(again), err)
	}
	for i := range list {
		if again[i] != list[i] {
			t.Fatalf("%+v became %+v", list[i], again[i])
		}
	}
}

func FuzzReadRepresentatives(f *testing.F) {
	f.Add(heading + csvLine)
	f.Add(jsonLine)
	f.Add(heading + `1499"000151`)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := readRepresentatives(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, r := range list {
			if _, err := customs.ParseVOEN(string(r.VOEN)); err != nil || r.From.IsZero() || !r.To.IsZero() && r.To.Before(r.From) {
				t.Errorf("%+v", r)
			}
		}
	})
}
