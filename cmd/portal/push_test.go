package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
	"customs.gov.az/portal/db/dbtest"
	"customs.gov.az/portal/esign"
	"customs.gov.az/portal/esign/democa"
	"customs.gov.az/portal/feed"
	"customs.gov.az/portal/feed/sample"
	"customs.gov.az/portal/handlers"
	"customs.gov.az/portal/intake"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/static"
	"customs.gov.az/portal/views"
)

// hub is a real portal whose feed a test can watch.
type hub struct {
	*httptest.Server
	test *dbtest.DB
	db   *db.DB
	cut  atomic.Pointer[func(read int64)] // told how much of a request has been read
}

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{test: dbtest.New(t)}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	h.db, err = db.Open(t.Context(), h.test.URL, db.Options{MaxConns: 4})
	must(err)
	t.Cleanup(h.db.Close)
	people := t.TempDir()
	must(democa.Create(people, time.Now()))
	trust, err := esign.LoadTrust(os.DirFS(filepath.Join(people, "trust")))
	must(err)
	verifier, err := esign.NewVerifier(esign.Options{Trust: trust, Now: time.Now})
	must(err)
	catalogue, err := locales.Load()
	must(err)
	list, err := feed.ParseSenders(feed.Sender{Name: "samur"}.Entry([]byte("token"), false))
	must(err)
	register := db.NewRegister(h.db)
	t.Cleanup(register.Close)
	h.Server = httptest.NewUnstartedServer(nil)
	portal, err := handlers.New(handlers.Options{
		DB: h.db, Register: register, Catalogue: catalogue, Assets: static.New(), Checkpoints: customs.BuiltInCheckpoints(),
		Contacts: views.DefaultContacts(), Verifier: verifier, URL: &url.URL{Scheme: "http", Host: h.Listener.Addr().String()},
		SessionKeys: [][]byte{make([]byte, 32)}, Limits: db.Limits{Idle: time.Hour, Absolute: time.Hour}, Senders: list,
	})
	must(err)
	main := portal.Handler()
	h.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = &watched{ReadCloser: r.Body, h: h}
		main.ServeHTTP(w, r)
	})
	h.Start()
	t.Cleanup(h.Close)
	return h
}

// watched is a request's body that tells how much of it has been read.
type watched struct {
	io.ReadCloser
	h *hub
	n int64
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.n += int64(n)
	if f := w.h.cut.Load(); f != nil {
		(*f)(w.n)
	}
	return n, err
}

// contents is all that a feed left in a database, but for when.
func contents(t *testing.T, d *dbtest.DB) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), psql(t), d.SuperuserURL, "-XAtq", "-c", `
		select md5(string_agg(concat_ws(' ', registration, revision, encode(digest, 'hex'), status), ',' order by registration)), count(*) from consignment
		union all
		select md5(string_agg(concat_ws(' ', registration, revision, status, status_at), ',' order by registration, revision)), count(*) from consignment_event
		union all
		select md5(string_agg(concat_ws(' ', registration, voen, status, next_code), ',' order by registration)), count(*) from pending`).CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	return string(out)
}

// psql is PostgreSQL's client, found or among its programs on Debian.
func psql(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("psql"); err == nil {
		return path
	}
	list, err := filepath.Glob("/usr/lib/postgresql/*/bin/psql")
	if err != nil || len(list) == 0 {
		t.Fatal("no psql on this machine")
	}
	return list[len(list)-1]
}

// TestPushSurvivesKill kills the sender at any moment, again and again, and the
// portal holds in the end exactly what it holds after one undisturbed import.
func TestPushSurvivesKill(t *testing.T) {
	folder := t.TempDir()
	names := []string{"1.ndjson", "2.ndjson.zst", "3.jsonl"}
	control := newHub(t)
	for i, name := range names {
		var plain bytes.Buffer
		if err := sample.Generate(&plain, sample.Options{Seed: uint64(i), Consignments: 700, Now: time.Now().Add(-time.Hour)}); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(folder, name), plain.Bytes())
		known := func(string) bool { return true }
		if _, err := intake.Run(t.Context(), &plain, intake.Options{DB: control.db, Known: known, Now: time.Now}); err != nil {
			t.Fatal(err)
		}
	}
	h := newHub(t)
	push := func() *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "portal", "feed", "push", folder, "--url", h.URL, "--coding", "gzip", "--report", filepath.Join(folder, "report"))
		cmd.Env = append(os.Environ(), "PORTAL_FEED_TOKEN=token")
		return cmd
	}
	const kills = 10
	for range kills {
		cmd := push()
		limit := 1 + rand.Int64N(300_000)
		kill := func(read int64) {
			if read >= limit {
				_ = cmd.Process.Signal(syscall.SIGKILL) // again and again does no harm
			}
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		h.cut.Store(&kill)
		_ = cmd.Wait() // killed, or done before
		h.cut.Store(nil)
	}
	var exit *exec.ExitError
	if out, err := push().CombinedOutput(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 3) {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := contents(t, h.test), contents(t, control.test); got != want {
		t.Errorf("the portal holds\n%s\nand after an import\n%s", got, want)
	}
	// Nothing is left to do, and all files are still there.
	silent := func(int64) { t.Error("something was sent again") }
	h.cut.Store(&silent)
	if out, err := push().CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("once more: %v\n%s", err, out)
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	coding := feed.Identity
	if strings.HasSuffix(name, ".zst") {
		coding = feed.Zstd
	}
	w, err := feed.Encode(f, coding)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestPushWaitsForAPortalThatIsAway(t *testing.T) {
	h := newHub(t)
	name := filepath.Join(t.TempDir(), "a.ndjson")
	var b bytes.Buffer
	if err := sample.Generate(&b, sample.Options{Seed: 1, Consignments: 20, Now: time.Now().Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	write(t, name, b.Bytes())
	var out, trouble bytes.Buffer
	err := run(context.WithoutCancel(t.Context()), []string{"feed", "push", name, "--url", "http://127.0.0.1:1", "--token", "token", "--give-up", "2"}, env{nil, &out, &trouble})
	if code := exitError(0); !errors.As(err, &code) || code != 1 || !strings.Contains(trouble.String(), "again in") {
		t.Errorf("%v: %s", err, &trouble)
	}
	trouble.Reset()
	if err := run(t.Context(), []string{"feed", "push", name, "--url", h.URL, "--token", "token"}, env{nil, &out, &trouble}); err != nil {
		t.Errorf("%v: %s", err, &trouble)
	}
	if !strings.Contains(trouble.String(), " stored, 0 known already") {
		t.Errorf("%s", &trouble)
	}
}

// What is wrong or odd goes to standard output by default, also when that is a
// pipe, which cannot be made durable.
func TestPushReportsIntoAPipe(t *testing.T) {
	h := newHub(t)
	name := filepath.Join(t.TempDir(), "a.ndjson")
	write(t, name, []byte(`{"checkpoint":"00901"}`+"\n"+`{"checkpoint":"00901","as_of":"2026-01-01T00:00:00Z"}`+"\n"))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var trouble bytes.Buffer
	err = run(t.Context(), []string{"feed", "push", name, "--url", h.URL, "--token", "token"}, env{nil, w, &trouble})
	if code := exitError(0); !errors.As(err, &code) || code != errRejected {
		t.Errorf("%v: %s", err, &trouble)
	}
	w.Close()
	if report, err := io.ReadAll(r); err != nil || !bytes.Contains(report, []byte(`"line":1`)) {
		t.Errorf("%v: %s", err, report)
	}
}
