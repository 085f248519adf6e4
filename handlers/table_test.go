package handlers

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"customs.gov.az/portal/locales"
)

func catalogue(t testing.TB) *locales.Catalogue {
	t.Helper()
	c, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// writeTable is a file with these rows.
func writeTable(t testing.TB, lang string, f tableFile, rows ...[]tableCell) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := f.writer(&b, catalogue(t).For(lang))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.row(r); err != nil {
			t.Fatal(err)
		}
	}
	if f.format == formatXLSX && b.Len() > 0 {
		t.Error("bytes left before the file was whole")
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	w.abandon() // does nothing any more
	return b.Bytes()
}

// readCSV reads a file as a program does that knows its separator.
func readCSV(t testing.TB, file []byte, separator rune) [][]string {
	t.Helper()
	rest, ok := bytes.CutPrefix(file, []byte(utf8Mark))
	if !ok {
		t.Fatalf("no byte order mark: %q", file[:min(len(file), 20)])
	}
	r := csv.NewReader(bytes.NewReader(rest))
	r.Comma = separator
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// noon is 20 November 2026, 23:28:05 in London: the next day in Baku.
var noon = time.Date(2026, 11, 20, 23, 28, 5, 0, time.UTC)

var two = []tableColumn{{"Kod", 20}, {"Dəyər", 10}}

func TestCSV(t *testing.T) {
	rows := [][]tableCell{
		{textCell("009012605000017"), numberCell(5250500, 3)},
		{textCell("«Şərq; Çay», \"Evi\"\nMMC"), numberCell(1, 3)},
		{textCell(""), {}},
		{textCell(" əvvəl"), timeCell(noon)},
		{textCell("son "), numberCell(-1500, 3)},
		{textCell("x"), numberCell(1234567, 0)},
		{textCell("y"), numberCell(0, 3)},
	}
	for lang, want := range map[string][]string{
		"az": {"5250,5", "0,001", "", "2026-11-21 03:28", "-1,5", "1234567", "0"},
		"en": {"5250.5", "0.001", "", "2026-11-21 03:28", "-1.5", "1234567", "0"},
	} {
		separator := map[string]rune{"az": ';', "en": ','}[lang]
		file := writeTable(t, lang, tableFile{format: formatCSV, columns: two}, rows...)
		got := readCSV(t, file, separator)
		if len(got) != len(rows)+1 || got[0][0] != "Kod" || got[0][1] != "Dəyər" {
			t.Fatalf("%s: %q", lang, got)
		}
		for i, row := range rows {
			if got[i+1][0] != row[0].text || got[i+1][1] != want[i] {
				t.Errorf("%s: row %d is %q, want %q and %q", lang, i, got[i+1], row[0].text, want[i])
			}
		}
		if lines := bytes.Count(file, []byte("\r\n")); lines != len(rows)+1 {
			t.Errorf("%s: %d line ends", lang, lines)
		}
	}
}

// What would be a formula is a text with an apostrophe before it; what only
// looks a little like one is left as it is.
func TestCSVFormulas(t *testing.T) {
	for text, risky := range map[string]bool{
		"=1+1": true, "|calc": true, "+994": true, "-5": true, "@SUM(A1)": true, "\tx": true, "\rx": true, "\nx": true,
		"＝1+1": true, "＋1": true, "－1": true, "＠x": true, "−1": true, "﹣1": true, "﹦1": true, "﹢1": true, "﹫x": true,
		" =1": true, "\u00a0=1": true, "\u200b=1": true, "\ufeff=1": true, "\u3000＝1": true, " \u200e -1": true,
		"=cmd|' /C calc'!A0": true, "=HYPERLINK(\"http://x\",\"y\")": true,
		"": false, "a=1": false, "1-2": false, "009012605000017": false, "26AZ/0901-17/3.A": false, "'=1": false, "ə=1": false,
		" a=": false, "x@y": false, "   ": false,
	} {
		for lang, separator := range map[string]rune{"az": ';', "en": ','} {
			got := readCSV(t, writeTable(t, lang, tableFile{format: formatCSV, columns: two}, []tableCell{textCell(text), {}}), separator)
			want := text
			if risky {
				want = "'" + text
			}
			// encoding/csv reads \r\n inside quotes as \n; none of these has it.
			if got[1][0] != want {
				t.Errorf("%s: %q became %q, want %q", lang, text, got[1][0], want)
			}
		}
	}
}

// A program that was told the other separator begins a cell within a text.
func TestCSVFormulasWithin(t *testing.T) {
	for text, want := range map[string]string{
		"a;=1+1;b": "a;'=1+1;b", "a,=1+1": "a,'=1+1", "a,;-1": "a,;'-1", "a\n@x": "a\n'@x", "a;＝1": "a;'＝1",
		"frozen, -18 °C": "frozen, -18 °C", "1,5-2": "1,5-2", "a;b": "a;b", "a;": "a;", "\t=1": "'\t'=1",
	} {
		for lang, separator := range map[string]rune{"az": ';', "en": ','} {
			got := readCSV(t, writeTable(t, lang, tableFile{format: formatCSV, columns: two}, []tableCell{textCell(text), {}}), separator)
			if got[1][0] != want {
				t.Errorf("%s: %q became %q, want %q", lang, text, got[1][0], want)
			}
		}
	}
}

func TestXLSX(t *testing.T) {
	const odd = "<&>\"' ]]> \x01 ə 🚚"
	file := writeTable(t, "az", tableFile{format: formatXLSX, title: "Mallar", about: "VÖEN 1499000151", rows: 4, columns: two},
		[]tableCell{textCell("009012605000017"), numberCell(5250500, 3)},
		[]tableCell{textCell("=1+1"), timeCell(noon)},
		[]tableCell{textCell(odd), numberCell(420, 0)},
		[]tableCell{{}, numberCell(999_999_999_999_999, 3)})
	x, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if got := x.GetSheetList(); len(got) != 1 || got[0] != "Mallar" {
		t.Errorf("sheets %q", got)
	}
	raw := excelize.Options{RawCellValue: true}
	for cell, want := range map[string]string{
		"A1": "Kod", "B1": "Dəyər", "A2": "009012605000017", "B2": "5250.5", "A3": "=1+1", "A4": strings.ReplaceAll(odd, "\x01", "\uFFFD"), "B4": "420", "A5": "", "B5": "999999999999.999",
	} {
		if got, err := x.GetCellValue("Mallar", cell, raw); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", cell, got, want, err)
		}
	}
	for cell, want := range map[string]excelize.CellType{
		"A2": excelize.CellTypeInlineString, "B2": excelize.CellTypeUnset, "A3": excelize.CellTypeInlineString, "B4": excelize.CellTypeUnset,
	} {
		if got, err := x.GetCellType("Mallar", cell); err != nil || got != want {
			t.Errorf("%s has type %v, want %v (%v)", cell, got, want, err)
		}
	}
	if f, err := x.GetCellFormula("Mallar", "A3"); err != nil || f != "" {
		t.Errorf("a text became the formula %q (%v)", f, err)
	}
	for cell, want := range map[string]string{"B3": "21.11.2026 03:28", "B2": "5,250.5", "B4": "420"} {
		if got, err := x.GetCellValue("Mallar", cell); err != nil || got != want {
			t.Errorf("%s shows %q, want %q (%v)", cell, got, want, err)
		}
	}
	panes, err := x.GetPanes("Mallar")
	if err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the headings are not frozen: %+v %v", panes, err)
	}
	if w, err := x.GetColWidth("Mallar", "A"); err != nil || w != 20 {
		t.Errorf("width %v, %v", w, err)
	}
	if !strings.Contains(part(t, file, "xl/worksheets/sheet1.xml"), `<autoFilter ref="$A$1:$B$5"`) {
		t.Error("there is no filter over the rows")
	}
	if p, err := x.GetDocProps(); err != nil || p.Subject != "VÖEN 1499000151" {
		t.Errorf("properties %+v %v", p, err)
	}
}

// A file without rows is a file, too.
func TestEmptyTables(t *testing.T) {
	if got := readCSV(t, writeTable(t, "en", tableFile{format: formatCSV, columns: two}), ','); len(got) != 1 {
		t.Errorf("%q", got)
	}
	x, err := excelize.OpenReader(bytes.NewReader(writeTable(t, "en", tableFile{format: formatXLSX, title: "Goods", columns: two})))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if rows, err := x.GetRows("Goods"); err != nil || len(rows) != 1 {
		t.Errorf("%q %v", rows, err)
	}
}

// What a spreadsheet that is given up left on the disk is removed.
func TestXLSXAbandoned(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w, err := tableFile{format: formatXLSX, title: "Mallar", rows: 1, columns: two}.writer(&bytes.Buffer{}, catalogue(t).For("az"))
	if err != nil {
		t.Fatal(err)
	}
	long := textCell(strings.Repeat("uzun ", 4000))
	for range 1000 {
		if err := w.row([]tableCell{long, {}}); err != nil {
			t.Fatal(err)
		}
	}
	left := func() int {
		files, err := os.ReadDir(os.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	if left() == 0 {
		t.Error("twenty megabytes stay in memory")
	}
	w.abandon()
	if n := left(); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

// FuzzCSV: whatever a text is, encoding/csv reads it back, and what comes back
// is the text or the text behind an apostrophe.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"", "a", "=1", "\"", ";,", "\n", " x ", "＝", "'", "\u200b=", strings.Repeat("ə", 100)} {
		f.Add(seed, int64(len(seed)))
	}
	l := catalogue(f)
	f.Fuzz(func(t *testing.T, text string, n int64) {
		if !utf8.ValidString(text) || strings.Contains(text, "\r") { // the reader turns \r\n into \n
			return
		}
		var b bytes.Buffer
		w, err := newCSV(&b, l.For("en"), two)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.row([]tableCell{textCell(text), numberCell(n, 3)}); err != nil {
			t.Fatal(err)
		}
		if err := w.close(); err != nil {
			t.Fatal(err)
		}
		got := readCSV(t, b.Bytes(), ',')
		if len(got) != 2 || len(got[1]) != 2 || got[1][0] != text && got[1][0] != "'"+text {
			t.Fatalf("%q became %q", text, got)
		}
		if formula(got[1][0]) {
			t.Errorf("%q is still a formula", got[1][0])
		}
		if n != -1<<63 { // whose opposite does not exist
			if back, err := fmt.Sscan(strings.ReplaceAll(got[1][1], ".", ""), new(int64)); err != nil || back != 1 {
				t.Errorf("%d became %q", n, got[1][1])
			}
		}
	})
}

// part is a file inside a spreadsheet.
func part(t testing.TB, file []byte, name string) string {
	t.Helper()
	x, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{UnzipXMLSizeLimit: 1 << 30, UnzipSizeLimit: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	content, ok := x.Pkg.Load(name)
	if !ok {
		t.Fatalf("no %s", name)
	}
	return string(content.([]byte))
}
