package feed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"customs.gov.az/portal/feed"
)

func TestReport(t *testing.T) {
	input := strings.Join([]string{
		beat, good("A"), edit(t, good("B"), "voen", `"GIZLI99"`), edit(t, good("C"), "status", `"quarantine"`),
		`{"registration":"D","status":`, edit(t, good("E"), "newer", `"Gizli"`),
	}, "\n")
	var out bytes.Buffer
	r := feed.NewReport(&out)
	for _, rec := range read(t, input) {
		if err := r.Add(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
	want := []feed.Entry{
		{Line: 3, Outcome: "rejected", Registration: "B", Field: "/voen", Code: feed.BadVOEN},
		{Line: 4, Outcome: "accepted", Registration: "C", Field: "/status", Code: feed.UnknownStatus},
		{Line: 5, Outcome: "rejected", Registration: "D", Field: "/status", Code: feed.Truncated},
		{Line: 6, Outcome: "accepted", Registration: "E", Field: "/newer", Code: feed.UnknownMember},
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != len(want) {
		t.Fatalf("report of %d lines, want %d:\n%s", len(lines), len(want), out.String())
	}
	for i, l := range lines {
		var got feed.Entry
		if err := json.Unmarshal([]byte(l), &got); err != nil {
			t.Fatal(err)
		}
		want[i].Message = want[i].Code.Message()
		if got != want[i] {
			t.Errorf("entry %d: %+v, want %+v", i, got, want[i])
		}
	}
	s := r.Summary()
	if s.Lines != 6 || s.Consignments != 3 || s.Heartbeats != 1 || s.Rejected != 2 || s.Warned != 2 || s.Codes[feed.BadVOEN] != 1 {
		t.Errorf("summary %+v", s)
	}
	if strings.Contains(strings.ToLower(out.String()), "gizli") {
		t.Error("the report repeats a value of the feed")
	}
}

type fullDisk struct{}

var errFull = errors.New("disk full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestReportFailsWithItsWriter(t *testing.T) {
	r := feed.NewReport(fullDisk{})
	if err := r.Add(one(t, `{}`)); err != nil {
		t.Fatal(err) // still buffered
	}
	if err := r.Flush(); !errors.Is(err, errFull) {
		t.Errorf("flush: %v, want %v", err, errFull)
	}
}

// Every code has a message of its own, and none is forgotten.
func TestMessages(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "problem.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]feed.Code{}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		m := feed.Code(s).Message()
		if m == s || !strings.HasSuffix(m, ".") {
			t.Errorf("%s has no message", s)
		}
		if other, twice := seen[m]; twice {
			t.Errorf("%s and %s have the same message", s, other)
		}
		seen[m] = feed.Code(s)
		return true
	})
	if len(seen) < 40 {
		t.Errorf("only %d codes found", len(seen))
	}
	if got := feed.Code("newer").Message(); got != "newer" {
		t.Errorf("unknown code: %q", got)
	}
}
