package register

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
)

// sampleRecord is an entry with every value set.
func sampleRecord() Record {
	return Record{
		ID: 123, At: time.Date(2026, 11, 20, 10, 32, 7, 123456000, time.UTC),
		RequestID: uuid.MustParse("0192d0c4-7b5a-7cc1-8a3e-3f2b1c0d9e8f"), Channel: "web", Actor: "operator",
		Case: uuid.MustParse("11111111-2222-4333-8444-555555555555"), Action: ListGoods, Outcome: Answered, Results: 17,
		Elapsed: 12034 * time.Microsecond, Commitments: [3]Hash{{1}, {2}, {3}},
	}
}

const sampleText = `customs.gov.az/portal/register/entry/v1
id 123
at 2026-11-20T10:32:07.123456Z
request 0192d0c4-7b5a-7cc1-8a3e-3f2b1c0d9e8f
channel web
actor operator
case 11111111-2222-4333-8444-555555555555
action goods.list
outcome answered
results 17
elapsed 12034
subject 0100000000000000000000000000000000000000000000000000000000000000
session 0200000000000000000000000000000000000000000000000000000000000000
asked 0300000000000000000000000000000000000000000000000000000000000000
`

func TestCanonicalForm(t *testing.T) {
	r := sampleRecord()
	text, err := r.Append(nil)
	if err != nil || string(text) != sampleText {
		t.Fatalf("%v\n%s", err, text)
	}
	back, err := ParseRecord(text)
	if err != nil || back != r {
		t.Fatalf("%v\n%+v", err, back)
	}
	r.Case = uuid.Nil
	r.At = r.At.In(time.FixedZone("Baku", 4*3600))
	text, _ = r.Append([]byte("before"))
	if !bytes.HasPrefix(text, []byte("before"+entryHead)) || !bytes.Contains(text, []byte("\ncase -\n")) || !bytes.Contains(text, []byte("T10:32:07")) {
		t.Errorf("%s", text)
	}
}

func TestTimesAreTheLibrarys(t *testing.T) {
	at := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 5000 {
		if got, want := string(appendTime(nil, at)), at.Format(timeForm); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		at = at.Add(14_600*time.Hour + 59*time.Minute + 7*time.Second + 123_457*time.Microsecond)
	}
	if at.Year() < 8000 {
		t.Errorf("only up to %s", at)
	}
}

// What a leaf is must not depend on this program: a prefix byte and SHA-256.
func TestLeafHashIsRFC6962(t *testing.T) {
	if got, want := LeafHash([]byte(sampleText)), sha256.Sum256([]byte("\x00"+sampleText)); got != want {
		t.Errorf("%x, want %x", got, want)
	}
	if got, want := string(AppendGap(nil, 17)), "customs.gov.az/portal/register/gap/v1\nid 17\n"; got != want {
		t.Errorf("%q", got)
	}
}

func TestCommitment(t *testing.T) {
	salt := bytes.Repeat([]byte{7}, SaltSize)
	for _, value := range []string{"", "1499000151", strings.Repeat("ə", 2000)} {
		if got, want := Commit(salt, []byte(value)), sha256.Sum256(append(bytes.Clone(salt), value...)); got != want {
			t.Errorf("%d characters: %x, want %x", len(value), got, want)
		}
	}
}

// Every value takes part: no two entries that differ have one leaf.
func TestEveryValueCounts(t *testing.T) {
	seen := map[Hash]string{}
	add := func(name string, change func(*Record)) {
		r := sampleRecord()
		change(&r)
		text, err := r.Append(nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		h := LeafHash(text)
		if other, twice := seen[h]; twice {
			t.Errorf("%s and %s have one leaf", name, other)
		}
		seen[h] = name
	}
	add("nothing", func(*Record) {})
	add("id", func(r *Record) { r.ID++ })
	add("at", func(r *Record) { r.At = r.At.Add(time.Microsecond) })
	add("request", func(r *Record) { r.RequestID[15]++ })
	add("channel", func(r *Record) { r.Channel = "api" })
	add("actor", func(r *Record) { r.Actor = "trader" })
	add("case", func(r *Record) { r.Case[0]++ })
	add("no case", func(r *Record) { r.Case = uuid.Nil })
	add("action", func(r *Record) { r.Action = ShowGoods })
	add("outcome", func(r *Record) { r.Outcome = Failed })
	add("results", func(r *Record) { r.Results++ })
	add("elapsed", func(r *Record) { r.Elapsed += time.Microsecond })
	for i, name := range personalNames {
		add(name, func(r *Record) { r.Commitments[i][31]++ })
	}
}

func TestNoCanonicalForm(t *testing.T) {
	for name, change := range map[string]func(*Record){
		"id 0":            func(r *Record) { r.ID = 0 },
		"negative":        func(r *Record) { r.Results = -1 },
		"negative time":   func(r *Record) { r.Elapsed = -1 },
		"line in a word":  func(r *Record) { r.Channel = "web\nactor trader" },
		"empty word":      func(r *Record) { r.Actor = "" },
		"space":           func(r *Record) { r.Action = "goods list" },
		"upper case":      func(r *Record) { r.Outcome = "Answered" },
		"long word":       func(r *Record) { r.Actor = strings.Repeat("a", 41) },
		"year 10000":      func(r *Record) { r.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"before year one": func(r *Record) { r.At = time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		r := sampleRecord()
		change(&r)
		if _, err := r.Append(nil); !errors.Is(err, ErrRecord) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseRecordIsStrict(t *testing.T) {
	for name, text := range map[string]string{
		"empty":        "",
		"gap":          "customs.gov.az/portal/register/gap/v1\nid 17\n",
		"other head":   strings.Replace(sampleText, "/v1", "/v2", 1),
		"zero in id":   strings.Replace(sampleText, "id 123", "id 0123", 1),
		"plus":         strings.Replace(sampleText, "results 17", "results +17", 1),
		"upper hex":    strings.Replace(sampleText, "request 0192d0c4", "request 0192D0C4", 1),
		"braces":       strings.Replace(sampleText, "case 11111111-2222-4333-8444-555555555555", "case {11111111-2222-4333-8444-555555555555}", 1),
		"other zone":   strings.Replace(sampleText, "456Z", "456+00:00", 1),
		"milliseconds": strings.Replace(sampleText, ".123456Z", ".123Z", 1),
		"swapped":      strings.Replace(sampleText, "channel web\nactor operator\n", "actor operator\nchannel web\n", 1),
		"CRLF":         strings.ReplaceAll(sampleText, "\n", "\r\n"),
		"more":         sampleText + "\n",
		"less":         strings.TrimSuffix(sampleText, "\n"),
		"no asked":     strings.SplitN(sampleText, "asked", 2)[0],
		"overflow":     strings.Replace(sampleText, "elapsed 12034", "elapsed 9223372036854775807", 1),
		"long":         sampleText + strings.Repeat("x", 1000),
	} {
		if _, err := ParseRecord([]byte(text)); !errors.Is(err, ErrRecord) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(sampleText))
	f.Add([]byte(strings.Replace(sampleText, "case 11111111-2222-4333-8444-555555555555", "case -", 1)))
	f.Add(AppendGap(nil, 9))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseRecord(text)
		if err != nil {
			return
		}
		if again, err := r.Append(nil); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q is read and written as %q (%v)", text, again, err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	r := sampleRecord()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = r.Append(buf[:0])
		_ = LeafHash(buf)
	}
	if len(buf) != len(sampleText) {
		b.Fatal(fmt.Sprint(len(buf)))
	}
}

func TestLeafHash(t *testing.T) {
	for _, n := range []int{0, 1, 510, 511, 512, 2000} {
		data := bytes.Repeat([]byte{'x'}, n)
		if got, want := LeafHash(data), tlog.RecordHash(data); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
}
