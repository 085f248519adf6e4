package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/intake"
)

// noon is when these tests happen.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// line is a small line of the feed; replace swaps parts of it, old and new in
// turn.
func line(registration string, revision int, replace ...string) string {
	text := fmt.Sprintf(`{"registration":%q,"revision":%d,"checkpoint":"00911","voen":"1499000151","status":"registered",`+
		`"status_at":"2026-03-01T08:00:00Z","registered_at":"2026-03-01T07:00:00Z","consignee":{"name":"Ə"},`+
		`"transport":{"mode":3,"vehicle":"99-AA-001"},"goods":[{"item":1,"description":"Şəkər","commodity_code":"1701"}]}`, registration, revision)
	return strings.NewReplacer(replace...).Replace(text)
}

// border is a database with the program's way in and the superuser's.
type border struct {
	db *db.DB
	su *pgx.Conn
}

func newBorder(t *testing.T) border {
	t.Helper()
	f := dbtest.New(t)
	d, err := db.Open(t.Context(), f.URL, db.Options{MaxConns: 4})
	must(t, err)
	t.Cleanup(d.Close)
	su, err := pgx.Connect(t.Context(), f.SuperuserURL)
	must(t, err)
	t.Cleanup(func() { su.Close(context.WithoutCancel(t.Context())) })
	return border{d, su}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b border) options(report io.Writer) intake.Options {
	return intake.Options{
		DB: b.db, Now: func() time.Time { return noon }, Known: func(code string) bool { return code != "99999" }, Report: feed.NewReport(report),
	}
}

// take runs an intake and returns its result and what the report says, as
// "line outcome code", one after the other.
func (b border) take(t *testing.T, text string) (intake.Result, string, error) {
	t.Helper()
	var report bytes.Buffer
	result, err := intake.Run(t.Context(), strings.NewReader(text), b.options(&report))
	var said []string
	for d := json.NewDecoder(&report); ; {
		var e feed.Entry
		if d.Decode(&e) != nil {
			return result, strings.Join(said, ", "), err
		}
		said = append(said, fmt.Sprint(e.Line, " ", e.Outcome, " ", e.Code))
	}
}

func (b border) count(t *testing.T, table string) int {
	t.Helper()
	n := 0
	must(t, b.su.QueryRow(t.Context(), "select count(*) from "+table).Scan(&n))
	return n
}

func TestLines(t *testing.T) {
	huge := line("R1", 1, "Şəkər", strings.Repeat("ş", 5<<20)) // 10 MB
	for what, test := range map[string]struct {
		text   string
		result intake.Result
		report string
	}{
		"one":               {line("R1", 1), intake.Result{Lines: 1, Stored: 1}, ""},
		"byte order mark":   {"\ufeff" + line("R1", 1) + "\n", intake.Result{Lines: 1, Stored: 1}, ""},
		"CRLF, blank lines": {"\r\n" + line("R1", 1) + "\r\n\r\n \t\n" + line("R2", 1) + "\r\n", intake.Result{Lines: 2, Stored: 2}, ""},
		"heartbeat": {
			`{"checkpoint":"00911","as_of":"2026-03-02T11:00:00Z"}`, intake.Result{Lines: 1, Heartbeats: 1}, "",
		},
		"again, older, other content, newer": {
			line("R1", 2) + "\n" + line("R1", 2) + "\n" + line("R1", 1) + "\n" + line("R1", 2, "registered\"", "held\"") + "\n" + line("R1", 3),
			intake.Result{Lines: 5, Stored: 2, Same: 1, Older: 1, Rejected: 1},
			"4 rejected revision_conflict",
		},
		"another checkpoint": {
			line("R1", 1) + "\n" + line("R1", 2, "00911", "00921"),
			intake.Result{Lines: 2, Stored: 1, Rejected: 1},
			"2 rejected other_checkpoint",
		},
		"unknown status and checkpoint": {
			line("R1", 1, `"registered"`, `"sniffed"`, "00911", "99999"),
			intake.Result{Lines: 1, Stored: 1, Warned: 1},
			"1 accepted unknown_checkpoint, 1 accepted unknown_status",
		},
		"invalid UTF-8":        {line("R1", 1) + "\n" + line("R2", 1, "Ə", "\xff"), intake.Result{Lines: 2, Stored: 1, Rejected: 1}, "2 rejected invalid_utf8"},
		"a line of 10 MB":      {line("R0", 1) + "\n" + huge + "\n" + line("R2", 1), intake.Result{Lines: 3, Stored: 2, Rejected: 1}, "2 rejected line_too_long"},
		"the last line is cut": {line("R1", 1) + "\n" + line("R2", 1)[:200], intake.Result{Lines: 2, Stored: 1, Rejected: 1}, "2 rejected truncated"},
		"a key twice": {
			line("R1", 1) + "\n" + line("R2", 1, `"revision"`, `"revision":1,"revision"`), intake.Result{Lines: 2, Stored: 1, Rejected: 1}, "2 rejected duplicate_member",
		},
		"numbers as text, text as numbers": {
			line("R1", 1, `"revision":1`, `"revision":"1"`, `"1499000151"`, `1499000151`) + "\n" + line("R2", 1),
			intake.Result{Lines: 2, Stored: 1, Rejected: 1},
			"1 rejected number_expected, 1 rejected text_expected",
		},
		"a date to come": {line("R1", 1, "2026-03-01T08", "2026-03-09T08") + "\n" + line("R2", 1), intake.Result{Lines: 2, Stored: 1, Rejected: 1}, "1 rejected in_the_future"},
		"zero characters": {
			line("R1", 1, "Şəkər", `a\u0000b`) + "\n" + line("R2", 1, "Ə", `\u0000`) + "\n" + line("R\x00", 1) + "\n" + line("R3", 1, `}]}`, `}],"new":"\u0000"}`) + "\n" + line("R4", 1),
			intake.Result{Lines: 5, Stored: 2, Rejected: 3, Warned: 1},
			"1 rejected control_character, 2 rejected control_character, 3 rejected invalid_json, 4 accepted unknown_member",
		},
		"HTML, formulas, quotes": {
			line("R1", 1, "Şəkər", `<script>alert(1)<\/script> =cmd|' \/C calc'!A1 '); drop table pending; --`), intake.Result{Lines: 1, Stored: 1}, "",
		},
	} {
		t.Run(what, func(t *testing.T) {
			b := newBorder(t)
			result, report, err := b.take(t, test.text)
			if err != nil || result != test.result || report != test.report {
				t.Errorf("%+v, %q, %v; want %+v, %q", result, report, err, test.result, test.report)
			}
			again, _, err := b.take(t, test.text) // re-sending is harmless
			if err != nil || again.Stored != 0 || again.Lines != result.Lines {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
}

func TestNotAFeed(t *testing.T) {
	b := newBorder(t)
	for text, want := range map[string]error{
		"": feed.ErrEmpty, "\n \r\n\t\n": feed.ErrEmpty, "\ufeff": feed.ErrEmpty,
		"<html>\n<body>": feed.ErrNotNDJSON, "code;voen\n1;2": feed.ErrNotNDJSON, "PK\x03\x04\x00": feed.ErrNotNDJSON,
		`[{"registration":"R1"}]`: feed.ErrNotNDJSON,
	} {
		result, report, err := b.take(t, text)
		if !errors.Is(err, want) || result != (intake.Result{}) || report != "" {
			t.Errorf("%.20q: %+v, %q, %v; want %v", text, result, report, err, want)
		}
	}
	for _, table := range []string{"consignment", "pending", "consignment_event", "checkpoint"} {
		if n := b.count(t, table); n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
	}
}

// Ten thousand goods items are allowed, one more is not.
func TestManyGoodsItems(t *testing.T) {
	b := newBorder(t)
	items := func(n int) string {
		var s strings.Builder
		for i := range n {
			fmt.Fprintf(&s, `{"item":%d,"description":"iplik","commodity_code":"5205"},`, i+1)
		}
		return strings.TrimSuffix(s.String(), ",")
	}
	const one = `{"item":1,"description":"Şəkər","commodity_code":"1701"}`
	result, report, err := b.take(t, line("R1", 1, one, items(10_000))+"\n"+line("R2", 1, one, items(10_001)))
	if want := (intake.Result{Lines: 2, Stored: 1, Rejected: 1}); err != nil || result != want || report != "2 rejected too_many" {
		t.Errorf("%+v, %q, %v", result, report, err)
	}
	n := 0
	must(t, b.su.QueryRow(t.Context(), "select goods_count from pending").Scan(&n))
	if n != 10_000 {
		t.Errorf("%d items on the list", n)
	}
}

// More lines than a batch holds: each batch is answered for, in order, and
// every line is told by its own number.
func TestBatches(t *testing.T) {
	b := newBorder(t)
	var text strings.Builder
	for i := 1; i <= 2500; i++ {
		if i%1000 == 500 {
			text.WriteString("{broken\n")
		} else {
			text.WriteString(line(fmt.Sprint("R", i), 1) + "\n")
		}
	}
	var report bytes.Buffer
	o, last, stored := b.options(&report), 0, 0
	o.Answered = func(batch intake.Batch) error {
		if batch.First != last+1 || batch.Last < batch.First {
			t.Errorf("lines %d to %d after %d", batch.First, batch.Last, last)
		}
		last = batch.Last
		stored += batch.Stored
		if n := b.count(t, "pending"); n != stored {
			t.Errorf("%d are stored when %d are answered for", n, stored)
		}
		return nil
	}
	result, err := intake.Run(t.Context(), strings.NewReader(text.String()), o)
	if want := (intake.Result{Lines: 2500, Stored: 2497, Rejected: 3}); err != nil || result != want || last != 2500 {
		t.Errorf("%+v, last %d, %v", result, last, err)
	}
	for i, want := range []string{`{"line":500,`, `{"line":1500,`, `{"line":2500,`} {
		if lines := strings.Split(report.String(), "\n"); !strings.HasPrefix(lines[i], want) {
			t.Errorf("report line %d: %s", i+1, lines[i])
		}
	}
}
