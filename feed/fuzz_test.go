package feed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"

	"customs.gov.az/portal/feed"
)

// FuzzReader feeds anything to the reader: it ends, in order, with records
// that are one thing only, and what it accepts it accepts again unchanged.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"", "\ufeff", minimal, beat, minimal + "\r\n" + beat + "\n\n", "[1]", `{"registration":"A"`, "{}\n{}",
		strings.Repeat("{\"as_of\":", 50), "\x00\xff", `{"goods":[{"item":1e3},{"item":1000}]}`,
	} {
		f.Add([]byte(s))
	}
	for _, c := range rules() {
		if line := edit(f, minimal, c.path, c.value); len(line) < 2000 {
			f.Add([]byte(line))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		recs, err := readAll(bytes.NewReader(b))
		if !errors.Is(err, io.EOF) && !errors.Is(err, feed.ErrEmpty) && !errors.Is(err, feed.ErrNotNDJSON) {
			t.Fatalf("unexpected error %v", err)
		}
		last := 0
		for _, r := range recs {
			if r.Line <= last || r.Line > bytes.Count(b, []byte("\n"))+1 {
				t.Fatalf("line %d after %d", r.Line, last)
			}
			last = r.Line
			check(t, r)
		}
	})
}

// check holds a record to what the package promises.
func check(t *testing.T, r feed.Record) {
	t.Helper()
	kinds := 0
	for _, is := range []bool{len(r.Problems) > 0, r.Consignment != nil, r.Heartbeat != nil} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		t.Fatalf("a record of %d kinds: %+v", kinds, r)
	}
	for _, p := range append(r.Problems, r.Warnings...) {
		if p.Code.Message() == string(p.Code) || len(p.Field) > 160 || !utf8.ValidString(p.Field) {
			t.Fatalf("problem %+v", p)
		}
	}
	if r.Heartbeat != nil && (r.Heartbeat.Checkpoint == "" || r.Heartbeat.AsOf.IsZero()) {
		t.Fatalf("heartbeat %+v", r.Heartbeat)
	}
	if r.Consignment == nil {
		return
	}
	again := one(t, string(r.Document))
	if !again.OK() {
		t.Fatalf("not accepted again: %v\n%s", again.Problems, r.Document)
	}
	if again.Digest != r.Digest || !reflect.DeepEqual(again.Consignment, r.Consignment) {
		t.Fatalf("read again it differs:\n%s\n%s", r.Document, again.Document)
	}
	byLibrary, err := jsonv2.Marshal(r.Consignment)
	if err != nil || !bytes.Equal(byLibrary, r.Document) {
		t.Fatalf("canonical %s\nby library %s, %v", r.Document, byLibrary, err)
	}
	holds(t, r)
}

// holds checks the rules that matter most to those who use a consignment
// without looking again.
func holds(t *testing.T, r feed.Record) {
	t.Helper()
	c := r.Consignment
	switch {
	case c.Registration == "" || len(c.Registration) > 40 || c.Registration != r.Registration,
		c.Revision < 1, len(c.VOEN) != 10, c.Checkpoint == "" || len(c.Checkpoint) > 10, c.Status == "",
		c.Consignee.Name == "", c.Transport.Mode < 0 || c.Transport.Mode > 9,
		len(c.Goods) < 1 || len(c.Goods) > 10_000,
		c.StatusAt.After(now().Add(5*60e9)) || c.RegisteredAt.After(now().Add(5*60e9)),
		c.StatusAt.Year() < 2000 || c.RegisteredAt.Year() < 2000:
		t.Fatalf("a rule is broken: %s", r.Document)
	}
	if bytes.Contains(r.Document, []byte(`\u0000`)) && !bytes.Contains(r.Document, []byte(`\\u0000`)) {
		t.Fatalf("NUL: %s", r.Document)
	}
	for _, p := range []*int64{c.Totals().Packages, (*int64)(c.Totals().GrossMass), (*int64)(c.Totals().NetMass)} {
		if p != nil && *p < 0 {
			t.Fatalf("totals overflow: %s", r.Document)
		}
	}
}

// FuzzSchema compares reader and schema on single lines, where the reader's
// verdict is of a kind that a schema can give.
func FuzzSchema(f *testing.F) {
	for _, c := range rules() {
		if line := edit(f, minimal, c.path, c.value); len(line) < 2000 {
			f.Add(line)
		}
	}
	s := compile(f)
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\n\r\ufeff") || strings.TrimSpace(line) == "" {
			return
		}
		r := one(t, line)
		if !json.Valid([]byte(line)) {
			return
		}
		for _, p := range r.Problems {
			switch p.Code {
			case feed.InvalidJSON, feed.InvalidUTF8, feed.Truncated, feed.TrailingData, feed.DuplicateMember, feed.TooDeep,
				feed.InFuture, feed.TooFar, feed.UnknownNumber, feed.DuplicateItem, feed.SumTooLarge, feed.TooLarge, feed.TooPrecise, feed.NotInteger:
				return
			}
		}
		if strings.ContainsAny(line, "eE") && bigExponent(line) {
			return
		}
		if got := valid(t, s, line); got != r.OK() {
			t.Fatalf("schema says %v, reader %v: %s", got, r.Problems, line)
		}
	})
}

// bigExponent reports whether a number may have an exponent beyond two digits,
// which exact arithmetic would not survive.
func bigExponent(line string) bool {
	for i := 0; i+4 < len(line); i++ {
		if (line[i] == 'e' || line[i] == 'E') && strings.ContainsRune("+-0123456789", rune(line[i+1])) {
			return true
		}
	}
	return false
}
