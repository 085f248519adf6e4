package handlers_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/feed"
)

func TestFeedIsAnsweredLineByLine(t *testing.T) {
	s := newEmptySite(t, senders(t))
	foreign := strings.Replace(snapshot("A3", "1499000151", 1), `"00901"`, `"00921"`, 1)
	a1, a2 := snapshot("A1", "1499000151", 2), snapshot("A2", "1499000151", 1)
	r := s.send(text(a1, a2, "", `{"registration":"A9"}`,
		snapshot("A1", "1499000151", 1), foreign, fmt.Sprintf(`{"checkpoint":"00901","as_of":%q}`, stamp(time.Minute)),
		fmt.Sprintf(`{"checkpoint":"00921","as_of":%q}`, stamp(time.Minute))), "Feed-Batch", "monday.ndjson")
	if r.status != 200 || r.header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	s.expect(r.summary, `{"complete":true,"outcome":"complete","acknowledged":8,"lines":7,"stored":2,"older":1,"same":0,"heartbeats":1,"rejected":3}`)
	s.expect(r.batches[0], `{"first":1,"acknowledged":8,"older_lines":[[5,5]]}`)
	codes := map[int]feed.Code{}
	for _, e := range r.reports {
		if e.Outcome != "rejected" || e.Message == "" {
			t.Errorf("%+v", e)
		}
		codes[e.Line] = e.Code
	}
	if codes[4] != feed.Missing || codes[6] != feed.NotYours || codes[8] != feed.NotYours || len(codes) != 3 {
		t.Errorf("rejections %v", codes)
	}
	if n := look[int](s, `select count(*) from consignment where checkpoint <> '00901'`); n != 0 {
		t.Error("a line of another checkpoint was stored")
	}
	// Once more: nothing changes, and the answer says so.
	r = s.send(text(a1, a2))
	s.expect(r.summary, `{"complete":true,"stored":0,"same":2,"rejected":0}`)
	row := look[string](s, `select concat_ws(' ', name, batch, last_line, lines, rejected, stored_at is not null, lag > '0') from sender`)
	if row != "samur  2 9 3 t t" {
		t.Errorf("the sender's row is %q", row)
	}
}

func TestFeedTravelsCompressed(t *testing.T) {
	s := newEmptySite(t, senders(t))
	for i, coding := range []string{"gzip", "zstd", "GZIP", "identity", "x-gzip"} {
		c := map[string]feed.Coding{"gzip": feed.Gzip, "x-gzip": feed.Gzip, "GZIP": feed.Gzip, "zstd": feed.Zstd}[coding]
		var b bytes.Buffer
		w, err := feed.Encode(&b, c)
		s.must(err)
		_, err = io.Copy(w, text(snapshot(fmt.Sprint("C", i), "1499000151", 1)))
		s.must(err)
		s.must(w.Close())
		r := s.send(&b, "Content-Encoding", coding, "Content-Type", "application/x-ndjson; charset=utf-8")
		if r.status != 200 {
			t.Errorf("%s: %d %s", coding, r.status, r.body)
			continue
		}
		s.expect(r.summary, `{"stored":1,"complete":true}`)
	}
}

func TestFeedIsRefusedWithAReason(t *testing.T) {
	s := newEmptySite(t, senders(t))
	line := snapshot("A1", "1499000151", 1) + "\n"
	bomb := func() io.Reader {
		r, w := io.Pipe()
		go func() {
			e, err := feed.Encode(w, feed.Gzip)
			for n := 0; err == nil && n < 200; n++ {
				_, err = e.Write(bytes.Repeat([]byte("\n"), 1<<20))
			}
			w.CloseWithError(err)
		}()
		return r
	}
	for name, c := range map[string]struct {
		body   io.Reader
		header []string
		status int
		code   string
	}{
		"no token":       {strings.NewReader(line), []string{"Authorization", ""}, 401, "unknown_sender"},
		"another token":  {strings.NewReader(line), []string{"Authorization", "Bearer tokem"}, 401, "unknown_sender"},
		"another scheme": {strings.NewReader(line), []string{"Authorization", "Basic dG9rZW4="}, 401, "unknown_sender"},
		"the sum":        {strings.NewReader(line), []string{"Authorization", "Bearer " + sumOf([]byte("token"))}, 401, "unknown_sender"},
		"brotli":         {strings.NewReader(line), []string{"Content-Encoding", "br"}, 415, "unsupported_coding"},
		"two codings":    {strings.NewReader(line), []string{"Content-Encoding", "gzip, zstd"}, 415, "unsupported_coding"},
		"a form":         {strings.NewReader(line), []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported_type"},
		"a long name":    {strings.NewReader(line), []string{"Feed-Batch", strings.Repeat("a", 201)}, 400, "bad_header"},
		"a negative":     {strings.NewReader(line), []string{"Feed-Offset", "-1"}, 400, "bad_header"},
		"a huge offset":  {strings.NewReader(line), []string{"Feed-Offset", "99999999999999999999"}, 400, "bad_header"},
		"nothing":        {strings.NewReader(""), nil, 400, "empty"},
		"blank lines":    {strings.NewReader("\n\r\n \n"), nil, 400, "empty"},
		"no body":        {nil, nil, 400, "empty"},
		"a table":        {strings.NewReader("registration;voen\n1;2\n"), nil, 400, "not_ndjson"},
		"not gzip":       {strings.NewReader(line), []string{"Content-Encoding", "gzip"}, 400, "damaged_coding"},
		"a bomb":         {bomb(), []string{"Content-Encoding", "gzip"}, 413, "swells"},
	} {
		r := s.send(c.body, c.header...)
		if r.status != c.status || r.problem.Code != c.code || r.problem.Detail == "" || r.problem.Request == "" {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
		if r.status == 401 && !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: no challenge", name)
		}
		if r.status == 415 && c.code == "unsupported_coding" && r.header.Get("Accept-Encoding") != "gzip, zstd" {
			t.Errorf("%s: codings are not told", name)
		}
	}
	if n := look[int](s, `select count(*) from consignment`); n != 0 {
		t.Errorf("%d consignments were stored", n)
	}
}

// A transfer that breaks off is the transfer's trouble, not the database's, and
// what came before is stored.
func TestBrokenTransfersAreCalledSo(t *testing.T) {
	for name, c := range map[string]struct {
		coding  feed.Coding
		garbage string
	}{"gzip": {feed.Gzip, ""}, "zstd": {feed.Zstd, ""}, "gzip and more": {feed.Gzip, "\x1f\x8b"}} {
		s := newEmptySite(t, senders(t))
		var b strings.Builder
		w, err := feed.Encode(&b, c.coding)
		s.must(err)
		_, err = io.Copy(w, text(snapshot("C1", "1499000151", 1), snapshot("C2", "1499000151", 1)))
		s.must(err)
		s.must(w.Close())
		body := b.String() + c.garbage
		if c.garbage == "" {
			body = body[:len(body)-6]
		}
		r := s.send(strings.NewReader(body), "Content-Encoding", string(c.coding))
		outcome, _ := r.summary["outcome"].(string)
		if r.problem.Code != "broken_off" && outcome != "broken_off" {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
		if log := s.log.String(); strings.Contains(log, `"level":"ERROR"`) {
			t.Errorf("%s: it is called an error of the portal: %s", name, log)
		}
	}
}

// Who sends what cannot be taken hears it while the body is still open, and a
// program hears of an address or a method that there is not in its own terms.
func TestRefusalsComeAtOnce(t *testing.T) {
	s := newEmptySite(t, senders(t))
	r, w := io.Pipe()
	defer w.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.main.URL+"/feed/v1/consignments", r)
	s.must(err)
	go func() { _, _ = io.WriteString(w, "{") }()
	began := time.Now()
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	res.Body.Close()
	if took := time.Since(began); res.StatusCode != http.StatusUnauthorized || took > 10*time.Second {
		t.Errorf("%d after %s", res.StatusCode, took)
	}
	for path, status := range map[string]int{"/feed/v1/nothing": http.StatusNotFound, "/feed/v1/position": http.StatusMethodNotAllowed} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.main.URL+path, strings.NewReader("{}"))
		s.must(err)
		req.Header.Set("Accept", "*/*")
		res, err := http.DefaultClient.Do(req)
		s.must(err)
		var p struct{ Code, Detail string }
		err = json.NewDecoder(res.Body).Decode(&p)
		res.Body.Close()
		if err != nil || res.StatusCode != status || p.Code == "" || res.Header.Get("Content-Type") != "application/problem+json" || status == 405 && res.Header.Get("Allow") == "" {
			t.Errorf("%s: %d %+v %v %v", path, res.StatusCode, p, res.Header, err)
		}
	}
}

// openFeed is a feed that stays open: lines go in and answers come out.
type openFeed struct {
	*site
	w   *io.PipeWriter
	res *http.Response
	in  *bufio.Scanner
}

func (s *site) openFeed(first string) *openFeed {
	s.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	s.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.main.URL+"/feed/v1/consignments", r)
	s.must(err)
	req.Header.Set("Authorization", "Bearer token")
	go func() { _, _ = io.WriteString(w, first+"\n") }()
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	st := &openFeed{s, w, res, bufio.NewScanner(res.Body)}
	s.Cleanup(func() { w.Close(); res.Body.Close() })
	return st
}

func (s *openFeed) next() (batch, summary map[string]any) {
	s.Helper()
	if !s.in.Scan() {
		s.Fatalf("the answer ended: %v", s.in.Err())
	}
	var l struct{ Batch, Summary map[string]any }
	s.must(json.Unmarshal(s.in.Bytes(), &l))
	return l.Batch, l.Summary
}

func TestLinesThatTrickleInAreStoredAtOnce(t *testing.T) {
	s := newEmptySite(t, senders(t))
	st := s.openFeed(snapshot("T1", "1499000151", 1))
	for i := 1; ; i++ {
		batch, _ := st.next()
		st.expect(batch, fmt.Sprintf(`{"first":%d,"acknowledged":%d,"stored":1}`, i, i))
		if n := look[int](s, `select count(*) from consignment`); n != i {
			t.Fatalf("%d are stored when %d are acknowledged", n, i)
		}
		if i == 4 {
			break
		}
		_, err := fmt.Fprintln(st.w, snapshot(fmt.Sprint("T", i+1), "1499000151", 1))
		s.must(err)
	}
	st.w.Close()
	_, summary := st.next()
	st.expect(summary, `{"complete":true,"acknowledged":4,"stored":4}`)
}

func TestFeedGoesOnAfterABreak(t *testing.T) {
	s := newEmptySite(t, senders(t))
	st := s.openFeed(snapshot("B1", "1499000151", 1))
	st.next()
	st.w.CloseWithError(fmt.Errorf("pulled the plug"))
	st.res.Body.Close()
	r := s.send(text(snapshot("B2", "1499000151", 1), `{"registration":"B3"}`), "Feed-Offset", "1", "Feed-Batch", "b.ndjson")
	s.expect(r.summary, `{"complete":true,"acknowledged":3,"stored":1,"rejected":1}`)
	s.expect(r.batches[0], `{"first":2}`)
	if r.reports[0].Line != 3 {
		t.Errorf("the rejected line is called %d", r.reports[0].Line)
	}
	// What follows lines of a feed is one, whatever it looks like.
	r = s.send(strings.NewReader("registration;voen\n1;2\n"), "Feed-Offset", "3", "Feed-Batch", "b.ndjson")
	s.expect(r.summary, `{"complete":true,"acknowledged":5,"stored":0,"rejected":2}`)
	r = s.send(strings.NewReader("\n"), "Feed-Offset", "5", "Feed-Batch", "b.ndjson")
	s.expect(r.summary, `{"complete":true,"acknowledged":5,"stored":0}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.main.URL+"/feed/v1/position", nil)
	s.must(err)
	req.Header.Set("Authorization", "Bearer token")
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	defer res.Body.Close()
	var at map[string]any
	s.must(json.NewDecoder(res.Body).Decode(&at))
	s.expect(at, `{"sender":"samur","checkpoints":["00901"],"batch":"b.ndjson","acknowledged":5}`)
}

func TestASenderHasTwoFeedsAtMost(t *testing.T) {
	s := newEmptySite(t, senders(t))
	a, b := s.openFeed(snapshot("L1", "1499000151", 1)), s.openFeed(snapshot("L2", "1499000151", 1))
	a.next()
	b.next()
	r := s.send(text(snapshot("L3", "1499000151", 1)))
	if r.status != 429 || r.problem.Code != "too_many_feeds" || r.header.Get("Retry-After") == "" {
		t.Errorf("a third: %d %s", r.status, r.body)
	}
	if r := s.send(text(snapshot("L4", "1499000151", 1)), "Authorization", "Bearer centre"); r.status != 200 {
		t.Errorf("another sender: %d %s", r.status, r.body)
	}
	a.w.Close()
	a.next()
	for a.in.Scan() { // to the end, when the place is free again
	}
	for range 100 {
		if r = s.send(text(snapshot("L3", "1499000151", 1))); r.status == 200 {
			return
		}
	}
	t.Errorf("after one ended: %d %s", r.status, r.body)
}

func TestAFeedEndsInGoodOrderWhenThePortalStops(t *testing.T) {
	s := newEmptySite(t, senders(t))
	st := s.openFeed(snapshot("D1", "1499000151", 1))
	st.next()
	s.portal.Drain()
	_, summary := st.next()
	st.expect(summary, `{"complete":false,"outcome":"restarting","acknowledged":1,"stored":1}`)
	if r := s.send(text(snapshot("D2", "1499000151", 1))); r.status != 429 {
		t.Errorf("a new feed is let in: %d", r.status)
	}
}

func TestAFeedWithoutADatabaseIsToldToComeBack(t *testing.T) {
	s := newEmptySite(t, senders(t))
	st := s.openFeed(snapshot("N1", "1499000151", 1))
	st.next()
	s.sql(`alter table consignment rename to elsewhere`)
	_, err := fmt.Fprintln(st.w, snapshot("N2", "1499000151", 1))
	s.must(err)
	_, summary := st.next()
	st.expect(summary, `{"complete":false,"outcome":"database","acknowledged":1,"stored":1}`)
	if r := s.send(text(snapshot("N3", "1499000151", 1))); r.status != 503 || r.problem.Code != "database" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestFeedByClientCertificate(t *testing.T) {
	pair, expired := democaPair(t, "aysel"), democaPair(t, "expired")
	s := newEmptySite(t, senders(t, "cards:cert="+sumOf(pair.Certificate[0])+":00901", "late:cert="+sumOf(expired.Certificate[0])+":*"))
	post := func(pair *tls.Certificate, header ...string) reply {
		client := s.card.Client()
		transport := client.Transport.(*http.Transport).Clone()
		transport.TLSClientConfig.InsecureSkipVerify = true
		transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return pair, nil
		}
		defer transport.CloseIdleConnections()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.card.URL+"/feed/v1/consignments", text(snapshot("Z1", "1499000151", 1)))
		s.must(err)
		return s.do(&http.Client{Transport: transport}, req, append([]string{"Authorization", ""}, header...)...)
	}
	if r := post(&pair); r.status != 200 {
		t.Errorf("a known certificate: %d %s", r.status, r.body)
	} else {
		s.expect(r.summary, `{"stored":1}`)
	}
	for name, r := range map[string]reply{
		"no certificate":             post(&tls.Certificate{}),
		"an expired one":             post(&expired),
		"a known one, a wrong token": post(&pair, "Authorization", "Bearer wrong"),
	} {
		if r.status != 401 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if r := post(&pair, "Sec-Fetch-Site", "cross-site"); r.status != 403 {
		t.Error("another site can send with a browser's certificate")
	}
}

func democaPair(t *testing.T, name string) tls.Certificate {
	t.Helper()
	dir, err := demo()
	if err != nil {
		t.Fatal(err)
	}
	people := filepath.Join(dir, "people")
	pair, err := tls.LoadX509KeyPair(filepath.Join(people, name+".pem"), filepath.Join(people, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func TestSilentSendersShowInTheFigures(t *testing.T) {
	s := newEmptySite(t, senders(t))
	s.send(text(snapshot("M1", "1499000151", 1), fmt.Sprintf(`{"checkpoint":"00901","as_of":%q}`, stamp(time.Minute))))
	res, err := http.Get(s.ops.URL + "/metrics")
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	for _, want := range []string{
		`portal_feed_lines_total{outcome="stored",sender="samur"} 1`, `portal_sender_last_seen_seconds{sender="centre"} 0`,
		`portal_sender_last_seen_seconds{sender="samur"} 1`, `portal_sender_lag_seconds{sender="samur"} `,
		`portal_checkpoint_as_of_seconds{checkpoint="00901"} `, `portal_feeds_running 0`, `portal_sender_known{sender="centre"} 1`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestFeedLeavesNothingPersonalInTheLog(t *testing.T) {
	s := newEmptySite(t, senders(t))
	s.send(text(snapshot("SECRET1", "1499000151", 1), `{"registration":"SECRET2"}`), "Feed-Batch", "SECRET3")
	s.send(text("x"), "Authorization", "Bearer SECRET4")
	for _, secret := range []string{"SECRET", "1499000151", "TT-417", "Xəzər", "token"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if !strings.Contains(s.log.String(), `"sender":"samur"`) {
		t.Error("the log does not say that a feed came")
	}
}
