package handlers

import (
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/labstack/echo/v4"

	"customs.gov.az/portal/locales"
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
	tableWriter
	c   echo.Context
	zip *gzip.Writer // of a CSV whose reader takes gzip
}

// startTable sends the head of the answer and begins the file. The register
// entry must be durable by then. A HEAD request gets no writer: nil. An error
// after this can no longer be told: breakOff is the only honest end.
func startTable(c echo.Context, f tableFile) (*tableAnswer, error) {
	h := c.Response().Header()
	h.Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": f.name + "." + string(f.format)}))
	a := &tableAnswer{c: c}
	var w io.Writer = patient{c.Response(), http.NewResponseController(c.Response())}
	switch f.format {
	case formatXLSX:
		h.Set(echo.HeaderContentType, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	case formatCSV:
		h.Set(echo.HeaderContentType, "text/csv; charset=utf-8; header=present")
		h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
		if takesGzip(c.Request().Header.Values("Accept-Encoding")) {
			h.Set(echo.HeaderContentEncoding, "gzip")
			z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
			if err != nil {
				return nil, err
			}
			a.zip, w = z, z
		}
	}
	if c.Request().Method == http.MethodHead {
		return nil, c.NoContent(http.StatusOK)
	}
	var err error
	a.tableWriter, err = f.writer(w, locale(c))
	return a, err
}

// close ends the file and the answer.
func (a *tableAnswer) close() error {
	if err := a.tableWriter.close(); err != nil {
		return err
	}
	if a.zip != nil {
		return a.zip.Close()
	}
	return nil
}

// breakOff ends a connection on which a file was begun and cannot be finished,
// in a way that every client notices: nobody may take half a list for a whole.
// It returns only if nothing was sent yet, so that the error can be told.
func (p *Portal) breakOff(c echo.Context, err error) error {
	if !c.Response().Committed {
		return err
	}
	p.Log.Error("a file was broken off", "request", requestID(c).String(), "route", c.Path(),
		"left", c.Request().Context().Err() != nil, "error", err)
	panic(http.ErrAbortHandler)
}

// patient lets every write take a while and no longer.
type patient struct {
	io.Writer
	limit *http.ResponseController
}

func (p patient) Write(b []byte) (int, error) {
	// A writer without deadlines, as tests have, is as patient as its reader.
	_ = p.limit.SetWriteDeadline(time.Now().Add(tableSilence))
	return p.Writer.Write(b)
}
