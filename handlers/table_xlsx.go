package handlers

import (
	"archive/zip"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"customs.gov.az/portal/locales"
)

// maxSheetRows is what one sheet of the format holds, without its headings.
const maxSheetRows = 1_048_575

// xlsxTable writes Office Open XML (ECMA-376). The first 16 MiB of rows wait in
// memory and the rest in a temporary file of the portal's own user, since the
// format wants to be packed at the end; no byte leaves before close. Values keep
// their types: codes stay texts with all their digits, masses are numbers, times
// are Excel's times in Baku.
type xlsxTable struct {
	tableFile
	book   *excelize.File
	sheet  *excelize.StreamWriter
	sheets int
	left   int // rows that are still to come
	at     int // row of the present sheet, the heading is 1
	heads  []any
	cells  []any
	zone   *time.Location

	head, moment, whole, decimal int // styles
}

func newXLSX(w io.Writer, l *locales.Locale, f tableFile) (*xlsxTable, error) {
	t := &xlsxTable{book: excelize.NewFile(), tableFile: f, left: f.rows, zone: l.Zone(), cells: make([]any, len(f.columns))}
	// The library would collect the whole file in memory before its first byte.
	t.book.ZipWriter = func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w) }
	err := errors.Join(
		t.style(&t.head, &excelize.Style{
			Font: &excelize.Font{Bold: true, Color: "FFFFFF"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"0B5A52"}},
			Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"},
		}, ""),
		t.style(&t.moment, &excelize.Style{}, "dd\\.mm\\.yyyy\\ hh:mm"),
		t.style(&t.whole, &excelize.Style{}, "#,##0"),
		t.style(&t.decimal, &excelize.Style{}, "#,##0.###"),
		t.book.SetDocProps(&excelize.DocProperties{Title: f.title, Subject: f.about, Language: l.Lang(), Creator: "customs.gov.az"}),
	)
	if err != nil {
		return nil, errors.Join(err, t.book.Close())
	}
	for _, c := range f.columns {
		t.heads = append(t.heads, excelize.Cell{StyleID: t.head, Value: c.heading})
	}
	if err := t.next(); err != nil {
		return nil, errors.Join(err, t.book.Close())
	}
	return t, nil
}

func (t *xlsxTable) style(id *int, s *excelize.Style, format string) (err error) {
	if format != "" {
		s.CustomNumFmt = &format
	}
	*id, err = t.book.NewStyle(s)
	return err
}

// next begins a sheet: widths, the frozen row of headings, and a filter over
// the rows that it will have.
func (t *xlsxTable) next() error {
	name := t.title
	if t.sheets++; t.sheets == 1 {
		if err := t.book.SetSheetName("Sheet1", name); err != nil {
			return err
		}
	} else {
		name = string([]rune(name)[:min(len([]rune(name)), 25)]) + " " + strconv.Itoa(t.sheets)
		if _, err := t.book.NewSheet(name); err != nil {
			return err
		}
	}
	last, err := excelize.CoordinatesToCellName(max(1, len(t.heads)), 1+max(1, min(t.left, maxSheetRows)))
	if err != nil {
		return err
	}
	if err := t.book.AutoFilter(name, "A1:"+last, nil); err != nil {
		return err
	}
	if t.sheet, err = t.book.NewStreamWriter(name); err != nil {
		return err
	}
	for i, c := range t.columns {
		if err := t.sheet.SetColWidth(i+1, i+1, c.width); err != nil {
			return err
		}
	}
	if err := t.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	t.at = 1
	return t.sheet.SetRow("A1", t.heads, excelize.RowOpts{Height: 32})
}

func (t *xlsxTable) row(cells []tableCell) error {
	if t.at > maxSheetRows {
		if err := t.sheet.Flush(); err != nil {
			return err
		}
		if err := t.next(); err != nil {
			return err
		}
	}
	t.at++
	t.left--
	for i, c := range cells {
		switch c.kind {
		case cellEmpty:
			t.cells[i] = nil
		case cellText:
			t.cells[i] = c.text
		case cellNumber:
			t.cells[i] = t.number(c.number, c.decimals)
		case cellTime:
			t.cells[i] = excelize.Cell{StyleID: t.moment, Value: serial(c.at.In(t.zone))}
		}
	}
	return t.sheet.SetRow("A"+strconv.Itoa(t.at), t.cells)
}

// close writes the file. Until then nothing has left.
func (t *xlsxTable) close() error {
	err := t.sheet.Flush()
	if err == nil {
		err = t.book.Write(io.Discard) // through ZipWriter to the reader
	}
	return errors.Join(err, t.book.Close())
}

// abandon gives memory and the temporary file back.
func (t *xlsxTable) abandon() { _ = t.book.Close() } // what is thrown away may be broken

// number is a cell with n / 10^decimals: no mass has more digits than a float
// holds exactly.
func (t *xlsxTable) number(n int64, decimals int) excelize.Cell {
	if decimals == 0 {
		return excelize.Cell{StyleID: t.whole, Value: n}
	}
	scale := 1.0
	for range decimals {
		scale *= 10
	}
	style := t.decimal
	if n%int64(scale) == 0 {
		style = t.whole // the format would leave a lonely decimal sign
	}
	return excelize.Cell{StyleID: style, Value: float64(n) / scale}
}

// serial is a clock's reading as Excel counts it: days since 30 December 1899.
func serial(clock time.Time) float64 {
	wall := time.Date(clock.Year(), clock.Month(), clock.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, time.UTC)
	return float64(wall.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC))/time.Second) / (24 * 60 * 60)
}
