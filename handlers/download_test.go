package handlers_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"customs.gov.az/portal/handlers"
)

// rowsOf reads a file as a program does that knows it, whatever its form.
func (b *browser) rowsOf(a answer) [][]string {
	b.Helper()
	b.want(a, http.StatusOK)
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv") {
		text, marked := strings.CutPrefix(a.body, "\uFEFF")
		if !marked {
			b.Error("no byte order mark")
		}
		r := csv.NewReader(strings.NewReader(text))
		r.Comma = ';'
		if a.Header.Get("Content-Language") == "en" {
			r.Comma = ','
		}
		rows, err := r.ReadAll()
		b.must(err)
		return rows
	}
	x, err := excelize.OpenReader(strings.NewReader(a.body))
	b.must(err)
	defer x.Close()
	rows, err := x.GetRows(x.GetSheetName(0), excelize.Options{RawCellValue: true})
	b.must(err)
	return rows
}

// codes are the registrations of a file.
func codes(rows [][]string) []string {
	var list []string
	for _, r := range rows[1:] {
		list = append(list, r[0])
	}
	slices.Sort(list)
	return list
}

func TestGoodsFiles(t *testing.T) {
	s := newSite(t)
	all := []string{aysels, aysels2, slashed}
	slices.Sort(all)
	for lang, head := range map[string]string{"az": "Qeydiyyat kodu", "en": "Registration code"} {
		b := s.browser().signIn("aysel")
		b.get("/goods?lang=" + lang)
		for _, path := range []string{"/goods.csv", "/goods.xlsx", "/goods.csv?page=7&nonsense=1&status=released&checkpoint=ZZZ", "/goods.xlsx?checkpoint=ZZZ", "/goods.csv?q=kolkheti+cay"} {
			a := b.get(path)
			rows := b.rowsOf(a)
			if rows[0][0] != head || !slices.Equal(codes(rows), all) {
				t.Errorf("%s: %q", path, rows)
			}
			if row := rows[1]; row[10] != "Qara çay" || row[11] != "0902300000" || row[13] != "420" || strings.Replace(row[14], ",", ".", 1) != "5250.5" {
				t.Errorf("%s: %q", path, row)
			}
			if d := a.Header.Get("Content-Disposition"); !strings.HasPrefix(d, `attachment; filename=`) || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %q, %q", path, d, a.Header.Get("Cache-Control"))
			}
		}
		if rows := b.rowsOf(b.get("/goods.csv?q=" + aysels2)); !slices.Equal(codes(rows), []string{aysels2}) {
			t.Errorf("the filter does not count: %q", rows)
		}
		if rows := b.rowsOf(b.get("/goods.xlsx?status=held")); len(rows) != 1 {
			t.Errorf("nothing is held: %q", rows)
		}
	}
	kamran := s.browser().signIn("kamran")
	if rows := kamran.rowsOf(kamran.get("/goods.csv")); len(rows) != 61 {
		t.Errorf("%d rows, not the whole set of 60", len(rows)-1)
	}
	leyla := s.browser().signIn("leyla")
	if rows := leyla.rowsOf(leyla.get("/goods.csv")); len(rows) != 1 {
		t.Errorf("%q", rows)
	}
	entries := look[string](s, `select string_agg(distinct concat_ws(' ', channel, actor, subject, outcome, results), '; ' order by concat_ws(' ', channel, actor, subject, outcome, results))
		from register_entry where action = 'goods.download'`)
	if want := "web trader 1499000151 answered 0; web trader 1499000151 answered 1; web trader 1499000151 answered 3; " +
		"web trader 1599000161 answered 60; web trader 9999000191 nothing_pending 0"; entries != want {
		t.Errorf("entries: %s", entries)
	}
}

// A file is only for who is signed in; others are led to sign in and back.
func TestGoodsFilesNeedASession(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/goods.csv?q=a", "/goods.xlsx"} {
		b := s.browser()
		if a := b.want(b.get(path), http.StatusSeeOther); !strings.HasPrefix(a.to(), "/?return=%2Fgoods.") {
			t.Errorf("%s leads to %s", path, a.to())
		}
	}
	b := s.browser().signIn("aysel")
	s.sql(`update session set ended_at = now()`)
	a := b.want(b.get("/goods.csv"), http.StatusUnauthorized)
	if a.Header.Get("Content-Disposition") != "" || a.Header.Get("Content-Encoding") != "" || strings.Contains(a.body, "Qara") {
		t.Errorf("%v", a.Header)
	}
}

func TestGoodsFilesOtherwise(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	for _, path := range []string{"/goods.csv", "/goods.xlsx"} {
		before := s.countEntries(path)
		a := b.want(b.do(http.MethodHead, path, nil), http.StatusOK)
		if a.body != "" || !strings.Contains(a.Header.Get("Content-Disposition"), "mallar-") || s.countEntries(path) != before+1 {
			t.Errorf("HEAD %s: %q %v", path, a.body, a.Header)
		}
	}
	a := b.want(b.get("/goods.csv", "Accept-Encoding", "gzip"), http.StatusOK)
	z, err := gzip.NewReader(strings.NewReader(a.body))
	s.must(err)
	plain, err := io.ReadAll(z)
	s.must(err)
	if a.Header.Get("Content-Encoding") != "gzip" || string(plain) != b.get("/goods.csv").body {
		t.Error("packed and plain differ")
	}
	s.sql(`revoke insert on register_entry from portal_app`)
	for _, path := range []string{"/goods.csv", "/goods.xlsx"} {
		a := b.want(b.get(path, "Accept-Encoding", "gzip"), http.StatusServiceUnavailable)
		if strings.Contains(a.body, "Qara") || a.Header.Get("Content-Disposition") != "" || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s without an entry: %v", path, a.Header)
		}
	}
}

// No byte of a file leaves before its entry is durable.
func TestFileEntryComesFirst(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	for _, path := range []string{"/goods.csv", "/goods.xlsx"} {
		c := s.superuser()
		tx, err := c.Begin(t.Context())
		s.must(err)
		_, err = tx.Exec(t.Context(), `lock table register_entry in exclusive mode`)
		s.must(err)
		first := make(chan answer, 1)
		go func() { first <- b.get(path) }()
		s.until(`select exists (select from pg_locks l join pg_class r on r.oid = l.relation where r.relname = 'register_entry' and not l.granted)`)
		select {
		case <-first:
			t.Errorf("%s: an answer before its entry", path)
		default:
		}
		s.must(tx.Commit(t.Context()))
		s.must(c.Close(t.Context()))
		b.want(<-first, http.StatusOK)
	}
}

// deadlines is an answer that notes what limits are set on its connection.
type deadlines struct {
	*httptest.ResponseRecorder
	read []time.Time
}

// SetReadDeadline is what http.ResponseController looks for.
func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.read = append(d.read, t)
	return nil
}

// A file may take longer than a request may take to be read: the limit of the
// listener, after which the server would take the reader for gone, is lifted.
func TestFilesOutliveTheReadLimit(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	for _, path := range []string{"/goods.csv", "/goods.xlsx", "/access.csv"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, b.base+path, nil)
		for _, c := range b.client.Jar.Cookies(r.URL) {
			r.AddCookie(c)
		}
		a := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		s.portal.Handler().ServeHTTP(a, r)
		if a.Code != http.StatusOK || len(a.read) != 1 || !a.read[0].IsZero() {
			t.Errorf("%s: %d, read limits %v", path, a.Code, a.read)
		}
	}
}

// many gives a trader so many pending registrations.
func (s *site) many(voen string, n int) {
	s.Helper()
	s.sql(`
		insert into pending (registration, voen, checkpoint, status, status_at, registered_at, mode, vehicle, document_type, document_number,
			goods_description, commodity_code, goods_count, packages, gross_mass, next_code, next_who, next_agency, next_note, next_since, next_due, search)
		select 'M' || n, $1, '0090' || n % 4, 'docs_check', now() - interval '1 hour', now() - n * interval '1 minute', 3, '10-AA-' || n, '730', 'CMR ' || n,
			repeat('Şəkər çuğunduru, "təmizlənmiş"; ', 1 + n % 5), '1212910000', 1 + n % 7, n, n * 1000 + 7, 'invoice', 'you', '', '', now(), null, 'm' || n
		  from generate_series(1, $2) n`, voen, n)
	s.sql(`analyze pending`)
}

// A file that cannot be finished must not look like one that is: the client
// sees that the connection was broken off, also in HTTP/2 and with gzip.
func TestBrokenFilesAreNoticed(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			s := newSite(t, func(o *handlers.Options) { o.URL.Scheme = scheme })
			s.many("1499000151", 50_000)
			b := s.browser().signIn("aysel")
			for _, coding := range []string{"identity", "gzip"} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/goods.csv", nil)
				s.must(err)
				r.Header.Set("Accept-Encoding", coding)
				res, err := b.client.Do(r)
				s.must(err)
				_, err = io.ReadFull(res.Body, make([]byte, 64))
				s.must(err)
				s.sql(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and query like '%from pending%'`)
				rest, err := io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if err == nil {
					t.Errorf("%s: %d more bytes, and the end looks like an end", coding, rest)
				}
			}
			if log := s.log.String(); strings.Count(log, "broken off") != 2 {
				t.Errorf("the log does not tell: %s", log)
			}
			// What fails before the first byte is told by a page.
			s.sql(`alter table pending rename column vehicle to away`)
			b.want(b.get("/goods.xlsx"), http.StatusServiceUnavailable)
		})
	}
}

// The places of those who take their file slowly are bounded, and given back.
func TestDownloadsAreBounded(t *testing.T) {
	s := newSite(t)
	s.many("1499000151", 50_000)
	slow := func(b *browser) io.Closer {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/goods.csv", nil)
		s.must(err)
		res, err := b.client.Do(r)
		s.must(err)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("status %d", res.StatusCode)
		}
		return res.Body
	}
	a, b, c := s.browser().signIn("aysel"), s.browser().signIn("aysel"), s.browser().signIn("aysel")
	open := []io.Closer{slow(a), slow(a)}
	if got := a.want(a.get("/goods.csv"), http.StatusTooManyRequests); got.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	open = append(open, slow(b), slow(b))
	if got := c.want(c.get("/goods.xlsx"), http.StatusServiceUnavailable); got.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	c.want(c.get("/goods"), http.StatusOK)
	for _, o := range open {
		o.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for c.get("/goods.csv?q=nothing").StatusCode != http.StatusOK {
		if ctx.Err() != nil {
			t.Fatal("the places are not given back")
		}
	}
}

// heap is the memory that objects take at this moment.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// A file of 50,000 registrations takes no more memory than one of 5,000, but
// for what a spreadsheet keeps before it goes to the disk.
func TestFilesInBoundedMemory(t *testing.T) {
	s := newSite(t)
	s.many("1499000151", 50_000)
	b := s.browser().signIn("aysel")
	for path, limit := range map[string]uint64{"/goods.csv": 24 << 20, "/goods.xlsx": 96 << 20} {
		runtime.GC()
		start := heap()
		highest, rows := make(chan uint64), 0
		done := make(chan struct{})
		go func() {
			top := uint64(0)
			for tick := time.NewTicker(2 * time.Millisecond); ; {
				select {
				case <-tick.C:
					top = max(top, heap())
				case <-done:
					tick.Stop()
					highest <- top
					return
				}
			}
		}()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+path, nil)
		s.must(err)
		res, err := b.client.Do(r)
		s.must(err)
		var file bytes.Buffer
		if path == "/goods.csv" {
			rows, err = countLines(res.Body)
		} else {
			_, err = io.Copy(&file, res.Body)
		}
		s.must(err)
		res.Body.Close()
		close(done)
		used := int64(<-highest) - int64(start)
		t.Logf("%s: at most %d MiB", path, used>>20)
		if used > int64(limit) {
			t.Errorf("%s: %d MiB", path, used>>20)
		}
		if path == "/goods.xlsx" {
			rows = s.sheetRows(file.Bytes())
		}
		if rows != 50_004 { // the sample's three and the headings
			t.Errorf("%s: %d rows", path, rows)
		}
	}
}

// sheetRows counts the rows of a spreadsheet's sheet.
func (s *site) sheetRows(file []byte) int {
	s.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	s.must(err)
	sheet, err := z.Open("xl/worksheets/sheet1.xml")
	s.must(err)
	defer sheet.Close()
	text, err := io.ReadAll(sheet)
	s.must(err)
	if !bytes.HasSuffix(text, []byte("</worksheet>")) {
		s.Errorf("the sheet ends with %q", text[max(0, len(text)-40):])
	}
	return bytes.Count(text, []byte("</row>"))
}

// countLines counts lines without keeping them.
func countLines(r io.Reader) (n int, err error) {
	b := make([]byte, 16<<10)
	for {
		k, err := r.Read(b)
		n += bytes.Count(b[:k], []byte("\r\n"))
		if k > 0 && b[k-1] == '\r' { // the pair is torn
			if _, err := io.ReadFull(r, b[:1]); err != nil {
				return n, err
			}
			n++
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
