package feed_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"customs.gov.az/portal/feed/sample"
)

// shuffled writes a JSON value again: members in another order, blanks between,
// letters as escapes, and numbers as they were.
func shuffled(r *rand.Rand, b *strings.Builder, v any) {
	blank := func() { b.WriteString(strings.Repeat(" ", r.IntN(3))) }
	blank()
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		b.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				b.WriteByte(',')
			}
			blank()
			fmt.Fprintf(b, "%q", name)
			blank()
			b.WriteByte(':')
			shuffled(r, b, v[name])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			shuffled(r, b, e)
		}
		b.WriteByte(']')
	case string:
		b.WriteByte('"')
		for _, c := range v {
			if c < 0x10000 && r.IntN(3) == 0 || c < ' ' || c == '"' || c == '\\' {
				fmt.Fprintf(b, `\u%04x`, c)
			} else {
				b.WriteRune(c)
			}
		}
		b.WriteByte('"')
	case json.Number:
		b.WriteString(v.String())
	default:
		fmt.Fprint(b, v)
	}
	blank()
}

// A consignment has one canonical form, however it was written: what is stored
// reads back as itself, and any order of members, blanks and escapes gives the
// same bytes and digest.
func TestOneCanonicalForm(t *testing.T) {
	var in bytes.Buffer
	if err := sample.Generate(&in, sample.Options{Seed: 21, Consignments: 60, Now: now()}); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(21, 1))
	recs, _ := readAll(&in)
	digests := map[[16]byte]string{}
	for _, rec := range recs {
		if rec.Consignment == nil {
			continue
		}
		again := one(t, string(rec.Document))
		if !again.OK() || !bytes.Equal(again.Document, rec.Document) || again.Digest != rec.Digest {
			t.Fatalf("the stored form is not stable:\n%s\n%s", rec.Document, again.Document)
		}
		d := json.NewDecoder(bytes.NewReader(rec.Document))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			var b strings.Builder
			shuffled(r, &b, v)
			if other := one(t, b.String()); other.Digest != rec.Digest || !bytes.Equal(other.Document, rec.Document) {
				t.Fatalf("written otherwise:\n%s\nbecomes\n%s\nwant\n%s", b.String(), other.Document, rec.Document)
			}
		}
		key := fmt.Sprint(rec.Consignment.Registration, " ", rec.Consignment.Revision)
		if before, twice := digests[rec.Digest]; twice {
			t.Errorf("%s and %s have one digest", before, key)
		}
		digests[rec.Digest] = key
	}
	if len(digests) < 60 {
		t.Errorf("%d snapshots were compared", len(digests))
	}
}

// Each single change to a line changes its digest, and only that.
func TestEachMemberCounts(t *testing.T) {
	base := one(t, minimal)
	seen := map[[16]byte]string{base.Digest: "the minimal line"}
	for _, c := range []struct{ path, value string }{
		{"registration", `"R2"`},
		{"revision", "2"},
		{"checkpoint", `"00911"`},
		{"voen", `"1499000152"`},
		{"status", `"held"`},
		{"status_at", `"2026-05-04T08:00:00.001Z"`},
		{"registered_at", `"2026-05-04T07:59:59Z"`},
		{"consignee/name", `"Y"`},
		{"consignee/name", `"X "`},
		{"consignee/address", `"X"`},
		{"consignee/country", `"AZ"`},
		{"consignee/voen", `"1499000151"`},
		{"consignor", `{"name":"X"}`},
		{"carrier", `{"name":"X"}`},
		{"destination_office", `"X"`},
		{"transport/mode", "2"},
		{"transport/vehicle", `"X"`},
		{"transport/trailer", `"X"`},
		{"transport/nationality", `"AZ"`},
		{"transport/containers", `["X"]`},
		{"transport/seals", `["X"]`},
		{"transport/seals", `["X","X"]`},
		{"documents", `[{"type":"730","number":"1"}]`},
		{"documents", `[{"type":"730","number":"2"}]`},
		{"documents", `[{"type":"952","number":"1"}]`},
		{"documents", `[{"type":"730","number":"1","date":"2026-05-01"}]`},
		{"previous_documents", `[{"type":"730","number":"1"}]`},
		{"goods/0/item", "2"},
		{"goods/0/description", `"çay "`},
		{"goods/0/commodity_code", `"0903"`},
		{"goods/0/gross_mass", "0.001"},
		{"goods/0/gross_mass", "0"},
		{"goods/0/net_mass", "0"},
		{"goods/0/value", "0.01"},
		{"goods/0/origin", `"TR"`},
		{"goods/0/packages", `{"count":0}`},
		{"goods/0/packages", `{"count":1}`},
		{"goods/0/packages", `{"count":1,"type":"CT"}`},
		{"requires", requirement(`"since":"2026-05-04T08:00:00Z"`)},
		{"requires", requirement(`"since":"2026-05-04T08:00:00Z","note":"x"`)},
		{"requires", requirement(`"since":"2026-05-04T08:00:00Z","due":"2026-05-05T08:00:00Z"`)},
	} {
		r := one(t, edit(t, minimal, c.path, c.value))
		if !r.OK() {
			t.Errorf("%s=%s: %v", c.path, c.value, r.Problems)
			continue
		}
		if before, twice := seen[r.Digest]; twice {
			t.Errorf("%s=%s has the digest of %s", c.path, c.value, before)
		}
		seen[r.Digest] = c.path + "=" + c.value
	}
}
