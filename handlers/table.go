package handlers

import (
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/static"
)

// tableFormat is a form of a file of rows and columns.
type tableFormat string

// The forms, by the ending of the file's name.
const (
	formatCSV  tableFormat = "csv"
	formatXLSX tableFormat = "xlsx"
)

// tableColumn is a column of a file: its heading in the reader's language and
// its width in a spreadsheet, in characters.
type tableColumn struct {
	heading string
	width   float64
}

// tableCell is a value of a row. It is a plain value, so that a row of them can
// be filled again and again; the zero value is an empty cell.
type tableCell struct {
	kind     cellKind
	text     string
	number   int64
	decimals int
	at       time.Time
}

type cellKind int

const (
	cellEmpty cellKind = iota
	cellText
	cellNumber
	cellTime
)

// textCell is a text; whatever it looks like, a spreadsheet must take it for one.
func textCell(s string) tableCell { return tableCell{kind: cellText, text: s} }

// numberCell is the number n / 10^decimals, exactly.
func numberCell(n int64, decimals int) tableCell {
	return tableCell{kind: cellNumber, number: n, decimals: decimals}
}

// timeCell is an instant, shown as day and minute in Baku.
func timeCell(t time.Time) tableCell { return tableCell{kind: cellTime, at: t} }

// tableWriter writes a file row by row. The headings are written by whoever
// makes it; close ends the file, which is broken without it; abandon gives back
// what a file that is not wanted any more holds, and does nothing after close.
type tableWriter interface {
	row(cells []tableCell) error
	close() error
	abandon()
}

// tableFile is a file that a person downloads.
type tableFile struct {
	format  tableFormat
	name    string // of the file, without ending; ASCII
	title   string // of the sheet, at most 31 characters
	about   string // kept in a spreadsheet's properties: whose, as of when
	rows    int    // that will follow, without headings
	columns []tableColumn
}

// writer begins the file.
func (f tableFile) writer(w io.Writer, l *locales.Locale) (tableWriter, error) {
	if f.format == formatXLSX {
		return newXLSX(w, l, f)
	}
	return newCSV(w, l, f.columns)
}

// tableSilence is how long a reader may take no byte of a file: what is read
// from the database stays open meanwhile.
const tableSilence = 20 * time.Second

// tableAnswer is a file on its way to the reader.
type tableAnswer struct {
	tableWriter // nil before start, and for a HEAD request
	c           echo.Context
	slow        patient
	zip         *gzip.Writer // of a CSV whose reader takes gzip
}

// start sends the head of the answer and begins the file. The register entry
// must be durable by then. A HEAD request wants no rows: more is false. An error
// after this can no longer be told: breakOff is the only honest end.
func (a *tableAnswer) start(f tableFile) (more bool, err error) {
	c, h := a.c, a.c.Response().Header()
	h.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": f.name + "." + string(f.format)}))
	a.slow = patient{c.Response(), http.NewResponseController(c.Response()), tableSilence}
	var w io.Writer = a.slow
	switch f.format {
	case formatXLSX:
		h.Set(echo.HeaderContentType, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	case formatCSV:
		h.Set(echo.HeaderContentType, "text/csv; charset=utf-8; header=present")
		h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
		if static.TakesGzip(c.Request().Header.Values("Accept-Encoding")) {
			h.Set(echo.HeaderContentEncoding, "gzip")
			z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
			if err != nil {
				return false, err
			}
			a.zip, w = z, z
		}
	}
	if c.Request().Method == http.MethodHead {
		return false, c.NoContent(http.StatusOK)
	}
	t, err := f.writer(w, locale(c))
	if err == nil {
		a.tableWriter = t
	}
	return err == nil, err
}

// close ends the file and the answer, if there is one.
func (a *tableAnswer) close() error {
	if a.tableWriter == nil {
		return nil
	}
	if err := a.tableWriter.close(); err != nil {
		return err
	}
	if a.zip != nil {
		if err := a.zip.Close(); err != nil {
			return err
		}
	}
	return a.slow.within(tableSilence) // the end leaves when the answer is over
}

// abandon gives back what the file holds, if it was begun.
func (a *tableAnswer) abandon() {
	if a.tableWriter != nil {
		a.tableWriter.abandon()
	}
}
