package feed_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"customs.gov.az/portal/feed"
)

// now is the present of the tests.
func now() time.Time { return time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC) }

func options() feed.Options {
	return feed.Options{Now: now, Known: func(c string) bool { return c == "00901" }}
}

// read returns all records of an input that must be readable.
func read(t *testing.T, input string) []feed.Record {
	t.Helper()
	recs, err := readAll(strings.NewReader(input))
	if !errors.Is(err, io.EOF) {
		t.Fatalf("after %d records: %v", len(recs), err)
	}
	return recs
}

func readAll(in io.Reader) ([]feed.Record, error) {
	r := feed.NewReader(in, options())
	var recs []feed.Record
	for {
		rec, err := r.Next()
		if err != nil {
			return recs, err
		}
		recs = append(recs, rec)
	}
}

const beat = `{"checkpoint":"00901","as_of":"2026-05-04T13:29:00+04:00"}`

// good is a valid line with a registration code of its own.
func good(code string) string { return strings.Replace(minimal, "R1", code, 1) }

func TestLines(t *testing.T) {
	for name, input := range map[string]string{
		"plain":           good("A") + "\n" + good("B") + "\n",
		"no last newline": good("A") + "\n" + good("B"),
		"byte order mark": "\ufeff" + good("A") + "\n" + good("B") + "\n",
		"CRLF":            good("A") + "\r\n" + good("B") + "\r\n",
		"blank lines":     "\n  \n\r\n" + good("A") + "\n\t\n" + good("B") + "\n\n\n",
		"spaces around":   "  " + good("A") + " \t\n" + good("B") + "  ",
	} {
		t.Run(name, func(t *testing.T) {
			recs := read(t, input)
			if len(recs) != 2 {
				t.Fatalf("%d records, want 2", len(recs))
			}
			for i, want := range []string{"A", "B"} {
				if !recs[i].OK() || recs[i].Registration != want || recs[i].Consignment.Registration != want {
					t.Errorf("record %d: %+v, want %s without problems", i, recs[i], want)
				}
			}
		})
	}
}

func TestLineNumbersCountBlankLines(t *testing.T) {
	recs := read(t, "\n"+good("A")+"\n\n\r\n"+`{"registration":"B"}`+"\n"+beat)
	var got []int
	for _, r := range recs {
		got = append(got, r.Line)
	}
	if fmt.Sprint(got) != "[2 5 6]" {
		t.Errorf("lines %v, want [2 5 6]", got)
	}
	if recs[1].OK() || recs[1].Registration != "B" {
		t.Errorf("line 5: %+v, want a rejection that names B", recs[1])
	}
}

func TestBadLinesCostNoGoodOne(t *testing.T) {
	long := `{"registration":"LONG","x":"` + strings.Repeat("a", 10<<20) + `"}`
	for name, c := range map[string]struct {
		line  string
		code  feed.Code
		about string
	}{
		"too long":               {long, feed.TooLongLine, "LONG"},
		"one byte too long":      {good("A") + strings.Repeat(" ", feed.MaxLine-len(good("A"))+1), feed.TooLongLine, "A"},
		"invalid UTF-8":          {`{"registration":"WIN","x":"` + "\xfe\xff" + `"}`, feed.InvalidUTF8, "WIN"},
		"lone surrogate":         {`{"registration":"S","x":"\ud800"}`, feed.InvalidJSON, "S"},
		"broken JSON":            {`{"registration":"J",}`, feed.InvalidJSON, "J"},
		"raw control character":  {"{\"registration\":\"C\",\"x\":\"\x01\"}", feed.InvalidJSON, "C"},
		"NaN":                    {`{"registration":"N","revision":NaN}`, feed.InvalidJSON, "N"},
		"truncated":              {good("T")[:len(good("T"))-2], feed.Truncated, "T"},
		"truncated in a string":  {`{"registration":"T","status":"regi`, feed.Truncated, "T"},
		"two objects":            {good("TWO") + good("TWO"), feed.TrailingData, "TWO"},
		"trailing comma":         {good("TC") + ",", feed.TrailingData, "TC"},
		"array":                  {"[" + good("X") + "]", feed.NotObject, ""},
		"string":                 {`"text"`, feed.NotObject, ""},
		"null":                   {`null`, feed.NotObject, ""},
		"plain words":            {`not JSON`, feed.InvalidJSON, ""},
		"a cut literal":          {`tru`, feed.Truncated, ""},
		"duplicate member":       {`{"registration":"D","registration":"D2"}`, feed.DuplicateMember, "D"},
		"duplicate by escape":    {`{"registration":"D","registrati\u006fn":"D2"}`, feed.DuplicateMember, "D"},
		"duplicate deep":         {`{"registration":"D","goods":[{"item":1,"item":2}]}`, feed.DuplicateMember, "D"},
		"duplicate in unknown":   {`{"registration":"D","new":{"a":{"b":1,"b":1}}}`, feed.DuplicateMember, "D"},
		"deep array":             {`{"registration":"Z","x":` + strings.Repeat("[", 100_000), feed.TooDeep, "Z"},
		"deep object":            {`{"registration":"Z","x":` + strings.Repeat(`{"a":`, 100_000), feed.TooDeep, "Z"},
		"deep in a known member": {`{"registration":"Z","voen":` + strings.Repeat("[", 40), feed.TooDeep, "Z"},
	} {
		t.Run(name, func(t *testing.T) {
			recs := read(t, good("BEFORE")+"\n"+c.line+"\n"+good("AFTER")+"\n")
			if len(recs) != 3 || !recs[0].OK() || !recs[2].OK() || recs[2].Registration != "AFTER" {
				t.Fatalf("%d records, want the neighbours accepted", len(recs))
			}
			r := recs[1]
			if r.Line != 2 || len(r.Problems) != 1 || r.Problems[0].Code != c.code {
				t.Errorf("line %d, problems %v, want line 2, %s", r.Line, r.Problems, c.code)
			}
			if r.Registration != c.about || r.Consignment != nil || r.Heartbeat != nil || r.Document != nil {
				t.Errorf("registration %q, want %q and no content", r.Registration, c.about)
			}
		})
	}
}

func TestLongestLine(t *testing.T) {
	pad := strings.Repeat(" ", feed.MaxLine-len(good("A")))
	for _, end := range []string{"\n", "\r\n", ""} {
		if recs := read(t, good("A")+pad+end); len(recs) != 1 || !recs[0].OK() {
			t.Errorf("a line of exactly %d bytes ending in %q is not accepted: %v", feed.MaxLine, end, recs[0].Problems)
		}
	}
}

func TestWholeInput(t *testing.T) {
	pretty := "{\n  \"registration\": \"A\",\n  \"revision\": 1,\n  \"goods\": [\n    {\n      \"item\": 1\n    }\n  ]\n}\n"
	for name, c := range map[string]struct {
		input string
		want  error
	}{
		"nothing":             {"", feed.ErrEmpty},
		"blank lines":         {"\n \r\n\t\n", feed.ErrEmpty},
		"byte order mark":     {"\ufeff", feed.ErrEmpty},
		"CSV":                 {"registration;revision\nA;1\nB;2\n", feed.ErrNotNDJSON},
		"long CSV":            {strings.Repeat("A;1;2\n", 1000), feed.ErrNotNDJSON},
		"XML":                 {"<?xml version=\"1.0\"?>\n<goods/>\n", feed.ErrNotNDJSON},
		"JSON array":          {"[" + good("A") + "," + good("B") + "]", feed.ErrNotNDJSON},
		"pretty JSON":         {pretty, feed.ErrNotNDJSON},
		"binary":              {"PK\x03\x04\x00\x00\xff\xfe\n\x00\x01" + strings.Repeat("\x00\xff", 9<<20), feed.ErrNotNDJSON},
		"UTF-16":              {"\xff\xfe{\x00\"\x00a\x00\"\x00:\x001\x00}\x00\n\x00", feed.ErrNotNDJSON},
		"late first line":     {strings.Repeat("x\n", 15) + good("A"), io.EOF},
		"too late":            {strings.Repeat("x\n", 16) + good("A"), feed.ErrNotNDJSON},
		"truncated only line": {good("A")[:60], io.EOF},
		"empty object":        {"{}", io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			r := feed.NewReader(strings.NewReader(c.input), options())
			n, err := 0, error(nil)
			for err == nil {
				if _, err = r.Next(); err == nil {
					n++
				}
			}
			if !errors.Is(err, c.want) {
				t.Errorf("error %v after %d records, want %v", err, n, c.want)
			}
			if !errors.Is(c.want, io.EOF) && n > 0 {
				t.Errorf("%d records of something that is not the format", n)
			}
			if _, again := r.Next(); !errors.Is(again, err) {
				t.Errorf("called again: %v, want %v", again, err)
			}
		})
	}
}

func TestReadErrorIsPassedOn(t *testing.T) {
	broken := errors.New("disk gone")
	for name, c := range map[string]struct {
		in   string
		want int
	}{
		"at once":       {"", 0},
		"after a line":  {good("A") + "\n", 1},
		"within a line": {good("A") + "\n" + good("B")[:20], 1},
		"in a long one": {good("A") + "\n" + strings.Repeat(" ", 200<<10), 1},
	} {
		t.Run(name, func(t *testing.T) {
			recs, err := readAll(io.MultiReader(strings.NewReader(c.in), iotest.ErrReader(broken)))
			if !errors.Is(err, broken) || len(recs) != c.want {
				t.Errorf("%d records, %v; want %d and the reader's error", len(recs), err, c.want)
			}
		})
	}
}

func TestSmallReads(t *testing.T) {
	recs, err := readAll(iotest.OneByteReader(strings.NewReader("\ufeff" + good("A") + "\r\n" + beat)))
	if !errors.Is(err, io.EOF) || len(recs) != 2 || !recs[0].OK() || recs[1].Heartbeat == nil {
		t.Errorf("%v, %v", recs, err)
	}
}

// endless is a line without an end, for as many bytes as it is long.
type endless int

func (e *endless) Read(p []byte) (int, error) {
	if *e <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), int(*e))
	for i := range p[:n] {
		p[i] = 'x'
	}
	*e -= endless(n)
	return n, nil
}

// A line of any length costs no more memory than the longest one allowed.
func TestMemoryIsBounded(t *testing.T) {
	length := endless(128 << 20)
	in := io.MultiReader(strings.NewReader(good("A")+"\n"), &length, strings.NewReader("\n"+good("B")+"\n"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	recs, err := readAll(in)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.EOF) || len(recs) != 3 || recs[1].Problems[0].Code != feed.TooLongLine || !recs[2].OK() {
		t.Errorf("%d records, %v", len(recs), err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
		t.Errorf("%d MiB allocated for a line of 128 MiB", used>>20)
	}
}
