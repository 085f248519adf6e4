package handlers

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/db"
)

// FuzzCursor: what is read is what was written, and one place has one cursor.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{
		"", "AAAA", encodeCursor(db.Position{}), encodeCursor(db.Position{RegisteredAt: noon, Registration: "26AZ/0901-17/3.A"}),
		encodeCursor(db.Position{RegisteredAt: noon, Registration: "A"}) + "\n", encodeCursor(db.Position{RegisteredAt: noon, Registration: strings.Repeat("A", 101)}),
		encodeCursor(db.Position{RegisteredAt: time.Unix(1<<40, 0), Registration: "A"}), encodeCursor(db.Position{RegisteredAt: noon, Registration: "ə"}),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parseCursor(s)
		if err != nil {
			return
		}
		if encodeCursor(p) != s || p.Registration == "" || p.RegisteredAt.Year() > 9999 || p.RegisteredAt.Year() < 1970 {
			t.Errorf("%q is %+v", s, p)
		}
	})
}

// FuzzProgramQuery: a query is understood whole or refused.
func FuzzProgramQuery(f *testing.F) {
	for _, seed := range []string{"", "limit=5", "limit=0", "status=held&mode=3", "cursor=AQ", "q=%00", "page=1", "a;b", "%zz", "limit=5&limit=6", "cursor=" + encodeCursor(db.Position{RegisteredAt: noon, Registration: "A1"})} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, after, size, err := readProgramQuery(raw)
		if err != nil {
			return
		}
		if size < 1 || size > programPageMax || q.Page != 0 || q.Sort != "" {
			t.Errorf("%q: %+v %d", raw, q, size)
		}
		values, err := url.ParseQuery(raw)
		if err != nil || (after.Registration != "") != values.Has("cursor") {
			t.Errorf("%q: %+v %v", raw, after, err)
		}
	})
}
