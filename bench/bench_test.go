package main

import (
	"bytes"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/register"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		figures []float64
		want    spread
	}{
		{nil, spread{}}, {[]float64{3}, spread{3, 3, 3}}, {[]float64{3, 1, 2}, spread{2, 1, 3}}, {[]float64{4, 1, 2, 3}, spread{2.5, 1, 4}},
	} {
		if got := spreadOf(c.figures); got != c.want {
			t.Errorf("%v: %v, want %v", c.figures, got, c.want)
		}
	}
	if got := ratios([]float64{1, 6}, []float64{2, 3}); !reflect.DeepEqual(got, []float64{0.5, 2}) {
		t.Error(got)
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	if err := table(&out, "Title", [][]string{{"", "a"}, {"x", "100"}}); err != nil {
		t.Fatal(err)
	}
	if want := "Title\n       a\n  x  100\n\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	if err := table(failing{}, "Title", nil); err == nil {
		t.Error("a table that nobody could read is no table")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// A line has a cell for every column of its headline.
func TestCells(t *testing.T) {
	one := []turnResult{{rate: 100, times: []time.Duration{time.Millisecond}, app: 30 * time.Microsecond, postgres: 20 * time.Microsecond}}
	two := []turnResult{{rate: 200, times: []time.Duration{time.Millisecond}, app: 10 * time.Microsecond, postgres: 15 * time.Microsecond}}
	got := cells([][]turnResult{one, two})
	want := []string{"100", "1.0 ms", "1.0 ms", "30 + 20", "200", "10 + 15", "0.50", "0.50–0.50", "0.50"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

func TestFlags(t *testing.T) {
	s, err := readFlags([]string{"-n", "20000", "-large", "1000", "-only", "pages,kill"}, io.Discard)
	if err != nil || s.consignments != 20000 || s.large != 1000 || s.only != "pages,kill" || s.rounds != 5 {
		t.Errorf("%+v, %v", s, err)
	}
	for _, wrong := range [][]string{{"-n", "1"}, {"-traders", "0"}, {"-rounds", "0"}, {"-turn", "0s"}, {"-only", "nothing"}, {"-x"}} {
		if _, err := readFlags(wrong, io.Discard); err == nil {
			t.Errorf("%v is accepted", wrong)
		}
	}
}

func TestTraders(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range traders(100) {
		if len(p.VOEN) != 10 || !p.VOEN.CheckDigitOK() || seen[string(p.VOEN)] || p.Pending != perTrader {
			t.Errorf("%+v", p)
		}
		seen[string(p.VOEN)] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d traders", len(seen))
	}
}

func TestFirstCode(t *testing.T) {
	for page, want := range map[string]string{"": "", `<a class="reg" href="/goods/R1">R1</a><a class="reg" href="/goods/R2">`: "R1"} {
		if got := firstCode([]byte(page)); got != want {
			t.Errorf("%q: %q", page, got)
		}
	}
}

func TestStat(t *testing.T) {
	used, parent := readStat("17 (a) b) S 5 17 17 0 -1 4194560 1 2 3 4 120 30 7 8 20 0 1 0 99 0 0")
	if used != 1500*time.Millisecond || parent != 5 {
		t.Errorf("%s, parent %d", used, parent)
	}
	for _, bad := range []string{"", "17 (a) S 5", "17 (a) S x 17 17 0 -1 4194560 1 2 3 4 120 30 7", "17 (a) S 5 17 17 0 -1 4194560 1 2 3 4 y 30 7"} {
		if used, parent := readStat(bad); used != 0 || parent != 0 {
			t.Errorf("%q: %s, %d", bad, used, parent)
		}
	}
	if used := readEnded("17 (a) b) S 5 17 17 0 -1 4194560 1 2 3 4 120 30 7 8 20 0 1 0 99 0 0"); used != 150*time.Millisecond {
		t.Errorf("children that have ended: %s", used)
	}
	for _, bad := range []string{"", "17 (a) S 5 17 17 0 -1 4194560 1 2 3 4 120 30 y 8"} {
		if used := readEnded(bad); used != 0 {
			t.Errorf("%q: %s", bad, used)
		}
	}
	if cpuOf(-1) != 0 || cpuOfChildren(-1) != 0 || cpuOfFamily(-1) != 0 {
		t.Error("nobody has used something")
	}
}

// The bare pass finds the root that the portal's own tree has.
func TestMerkle(t *testing.T) {
	for n := range 700 {
		if n > 20 && n%97 != 0 {
			continue
		}
		var data []byte
		var tree register.Tree
		for i := range n {
			leaf := bytes.Repeat([]byte{byte(i)}, i%300)
			tree.Append(register.LeafHash(leaf))
			data = append(append(data, byte(len(leaf)>>8), byte(len(leaf))), leaf...)
		}
		head, err := tree.Head()
		if err != nil {
			t.Fatal(err)
		}
		if got := merkle(data); got != head.Hash {
			t.Errorf("%d leaves: another root", n)
		}
	}
}

// The competitors speak for the session that package db would.
func TestSettings(t *testing.T) {
	key := db.SessionKey{ID: uuid.MustParse("0190aaaa-0000-7000-8000-000000000000"), Secret: [32]byte{1}}
	r := httptest.NewRequest(http.MethodGet, "/goods", nil)
	if _, ok := sessionSetting(r); ok {
		t.Error("no cookie and a session")
	}
	r.AddCookie(&http.Cookie{Name: "key", Value: key.String()})
	got, ok := sessionSetting(r)
	const want = "0190aaaa-0000-7000-8000-000000000000 01d0fabd251fcbbe2b93b4b927b26ad2a1a99077152e45ded1e678afa45dbec5"
	if !ok || got != want {
		t.Errorf("%q", got)
	}
	if _, ok := settingOf("x.***"); ok {
		t.Error("a secret that is none")
	}
}

func TestFindAndArgs(t *testing.T) {
	ask := func(p, code string) recorded {
		return recorded{Path: p, Setting: "mine", Statements: []statement{{SQL: "x", Args: []*string{new("mine"), new(code), nil, new("25")}}}}
	}
	j := job{Pages: []recorded{ask("/goods", "A"), ask("/goods?q=a", "A"), ask("/goods/A", "A")}}
	for address, want := range map[string]struct {
		path string
		args []any
	}{
		"/goods":     {"/goods", []any{"yours", "A", nil, "25"}},
		"/goods?q=a": {"/goods?q=a", []any{"yours", "A", nil, "25"}},
		"/goods/B":   {"/goods/A", []any{"yours", "B", nil, "25"}},
	} {
		r := httptest.NewRequest(http.MethodGet, address, nil)
		p, ok := j.find(r)
		if !ok || p.Path != want.path {
			t.Errorf("%s is like %q", address, p.Path)
			continue
		}
		if got := p.args(p.Statements[0], "yours", r); !reflect.DeepEqual(got, want.args) {
			t.Errorf("%s: %v", address, got)
		}
	}
	for _, address := range []string{"/", "/goods?q=b", "/goods/A?x=1", "/help/A"} {
		if p, ok := j.find(httptest.NewRequest(http.MethodGet, address, nil)); ok {
			t.Errorf("%s is like %q", address, p.Path)
		}
	}
}

func TestJob(t *testing.T) {
	file := filepath.Join(t.TempDir(), "job.json")
	if err := os.WriteFile(file, []byte(`{"Addr":"a:1","Pages":[{"Path":"/goods","Body":"eA=="}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := readJob([]string{file})
	if err != nil || j.Addr != "a:1" || string(j.Pages[0].Body) != "x" {
		t.Errorf("%+v, %v", j, err)
	}
	for _, bad := range [][]string{nil, {file, file}, {file + "x"}} {
		if _, err := readJob(bad); err == nil {
			t.Errorf("%v is a job", bad)
		}
	}
}

func TestPlainTemplate(t *testing.T) {
	f := template.FuncMap{}
	for _, name := range []string{"t", "status", "time", "ago", "mode", "short", "number", "place"} {
		f[name] = func(...any) string { return "words" }
	}
	page, err := template.New("").Funcs(f).Parse(plainPage)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = page.Execute(&out, plainView{
		Session: plainRow{"voen": "1499000151"}, Places: []plainRow{{"checkpoint": "00911", "n": int64(1)}},
		Groups: []plainGroup{{
			Place: plainRow{"checkpoint": "00911"},
			Rows:  []plainRow{{"registration": "R1", "goods_description": "<b>", "goods_count": int32(2), "registered_at": time.Unix(0, 0)}},
		}},
	})
	if err != nil || !strings.HasPrefix(plainPage, "<main") || !strings.Contains(out.String(), "/goods/R1") || strings.Contains(out.String(), "<b><") {
		t.Errorf("%v\n%s", err, &out)
	}
}
