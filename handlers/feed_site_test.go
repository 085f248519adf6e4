package handlers_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/handlers"
)

func sumOf(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// senders are checkpoint systems: one for 00901, one for all, and what edit
// adds.
func senders(t testing.TB, more ...string) func(*handlers.Options) {
	t.Helper()
	list, err := feed.ParseSenders("samur:" + sumOf([]byte("token")) + ":00901 centre:" + sumOf([]byte("centre")) + ":* " + strings.Join(more, " "))
	if err != nil {
		t.Fatal(err)
	}
	return func(o *handlers.Options) { o.Senders = list }
}

// reply is the answer to a feed, taken apart.
type reply struct {
	status  int
	header  http.Header
	body    string
	reports []feed.Entry
	batches []map[string]any
	summary map[string]any
	problem struct{ Code, Detail, Request string }
}

func (s *site) send(body io.Reader, header ...string) reply {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.main.URL+"/feed/v1/consignments", body)
	s.must(err)
	return s.do(http.DefaultClient, req, header...)
}

func (s *site) do(client *http.Client, req *http.Request, header ...string) reply {
	s.Helper()
	req.Header.Set("Authorization", "Bearer token")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	res, err := client.Do(req)
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	return s.takeApart(res, b)
}

func (s *site) takeApart(res *http.Response, b []byte) reply {
	s.Helper()
	r := reply{status: res.StatusCode, header: res.Header, body: string(b)}
	if r.status == http.StatusForbidden {
		return r // by the guard of all pages
	}
	if r.status != http.StatusOK {
		if got := res.Header.Get("Content-Type"); got != "application/problem+json" {
			s.Errorf("status %d comes as %q: %.200s", r.status, got, b)
		}
		s.must(json.Unmarshal(b, &r.problem))
		return r
	}
	for line := range strings.Lines(r.body) {
		var l struct {
			feed.Entry
			Batch, Summary map[string]any
		}
		s.must(json.Unmarshal([]byte(line), &l))
		switch {
		case l.Batch != nil:
			r.batches = append(r.batches, l.Batch)
		case l.Summary != nil:
			r.summary = l.Summary
		default:
			r.reports = append(r.reports, l.Entry)
		}
	}
	return r
}

func text(lines ...string) io.Reader { return strings.NewReader(strings.Join(lines, "\n") + "\n") }

// expect compares counts of a batch or a summary.
func (s *site) expect(got map[string]any, want string) {
	s.Helper()
	var w map[string]any
	s.must(json.Unmarshal([]byte(want), &w))
	for k, v := range w {
		if fmt.Sprint(got[k]) != fmt.Sprint(v) {
			s.Errorf("%s is %v, want %v, in %v", k, got[k], v, got)
		}
	}
}
