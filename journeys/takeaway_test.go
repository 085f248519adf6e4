package journeys_test

import (
	"encoding/csv"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// takeAway is what a trader takes along: files of what the list shows, a page
// for paper, and a token with which a program reads; made, used, withdrawn.
func takeAway(t *testing.T, w *world) {
	for lang, person := range map[string]string{"az": "aysel", "en": "rashad"} {
		scripts := lang == "az"
		t.Run(lang+" scripts "+strconv.FormatBool(scripts), func(t *testing.T) {
			t.Parallel()
			v := w.visit(t)
			if !scripts {
				v.withoutScripts()
			}
			v.as(person)
			v.speak(lang)
			v.files(lang)
			v.paperOfList()
			v.ownProgram(scripts)
		})
	}
}

// files downloads the list in both forms, whole and filtered.
func (v *visitor) files(lang string) {
	v.Helper()
	for _, path := range []string{"/goods", "/goods?waiting=you&sort=oldest"} {
		v.open(path)
		shown := v.count("tr .reg")
		f, err := os.Open(v.download(`a[href^="/goods.csv"]`))
		must(v.T, err)
		defer f.Close()
		_, err = f.Seek(3, io.SeekStart) // the byte order mark
		must(v.T, err)
		r := csv.NewReader(f)
		r.Comma = map[string]rune{"az": ';', "en": ','}[lang]
		rows, err := r.ReadAll()
		must(v.T, err)
		if len(rows) != shown+1 || rows[0][0] != v.words.T("file.registration") || rows[1][0] != v.text("tr .reg") {
			v.Errorf("%s: %d rows of %d, beginning with %q", path, len(rows)-1, shown, rows[:2])
		}
		book, err := os.ReadFile(v.download(`a[href^="/goods.xlsx"]`))
		must(v.T, err)
		if !strings.HasPrefix(string(book), "PK\x03\x04") || len(book) < 5000 {
			v.Errorf("%s: a spreadsheet of %d bytes", path, len(book))
		}
	}
}

// paperOfList opens the page for paper and follows its code to the check.
func (v *visitor) paperOfList() {
	v.Helper()
	v.open("/goods?waiting=you")
	shown := v.count("tr .reg")
	v.follow(`a[href^="/print/goods"]`)
	v.wantAt("/print/goods?waiting=you")
	v.wantText(v.words.N("print.heading", shown), v.words.T("print.check"))
	if n := v.count("tr .reg"); n != shown {
		v.Errorf("%d registrations on paper, %d on the list", n, shown)
	}
	for end := time.Now().Add(patience); v.count(".print-check .token") == 0 && time.Now().Before(end); {
		v.open("/print/goods?waiting=you") // it waits four seconds for the register's seal
	}
	code := v.text(".print-check .token")
	if _, query, ok := strings.Cut(code, "/verify?"); !ok {
		v.Errorf("no code on the paper: %q", code)
	} else if status := v.open("/verify?" + query); status != http.StatusOK {
		v.Errorf("the code leads to %d", status)
	}
}

// ownProgram makes a token after a mistake, reads with it, and withdraws it.
func (v *visitor) ownProgram(scripts bool) {
	v.Helper()
	l := &look{visitor: v, axe: axeRules(v.T), who: "program"}
	v.open("/goods")
	v.follow(`.toolbar__x a[href="/api-access"]`)
	v.follow("form.panel button")
	v.wantText(v.words.T("program.problem.no_name"))
	if scripts { // axe-core is one
		l.page("mistake")
	}
	v.do(chromedp.SendKeys(chromedp.CSS("#name"), "1C anbar"))
	v.follow("form.panel button")
	v.wantText(v.words.T("program.fresh_once"), v.words.T("program.fresh", "name", "1C anbar"))
	token := v.text(".token--fresh")
	if scripts {
		l.page("fresh")
	}
	if status := v.callWith(token); status != http.StatusOK {
		v.Fatalf("the program is answered %d", status)
	}
	v.open("/api-access")
	if strings.Contains(v.text("body"), token) {
		v.Error("the token is shown again")
	}
	v.follow(`button[name="token"]`)
	v.wantAt("/api-access?withdrawn=1")
	v.wantText(v.words.T("program.withdrawn"))
	if status := v.callWith(token); status != http.StatusUnauthorized {
		v.Errorf("after the withdrawal the program is answered %d", status)
	}
}

// callWith reads as a program does and returns the status.
func (v *visitor) callWith(token string) int {
	v.Helper()
	r, err := http.NewRequestWithContext(v.ctx, http.MethodGet, "http://"+v.w.portal.addr+"/api/v1/consignments?limit=1", nil)
	must(v.T, err)
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	must(v.T, err)
	defer answer.Body.Close()
	return answer.StatusCode
}
