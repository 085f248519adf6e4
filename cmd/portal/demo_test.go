package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"customs.gov.az/portal/feed/sample"
)

// demo is a data folder with addresses for the demo on it.
type demo struct{ data, main, card, ops string }

func newDemo(t *testing.T) demo {
	t.Helper()
	return demo{data: filepath.Join(openFolder(t), "data"), main: free(t), card: free(t), ops: free(t)}
}

func (d demo) args(more ...string) []string {
	return append([]string{
		"demo", "--data", d.data, "--addr", d.main, "--card-addr", d.card, "--ops-addr", d.ops,
		"--consignments", "400", "--every", "0",
	}, more...)
}

func (d demo) start(t *testing.T, more ...string) *running {
	t.Helper()
	p := begin(t, d.args(more...)...)
	p.await(t, "Ctrl-C stops everything")
	return p
}

// kept are the files that every start must find again as they were.
func (d demo) kept(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"session.key", "register.key", "sima.key", "people/aysel.pem", "tls/server.pem", "authorities/root.key"} {
		b, err := os.ReadFile(filepath.Join(d.data, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(b)
	}
	return all
}

func (d demo) consignments(t *testing.T) (n int) {
	t.Helper()
	url, err := demoAddress(d.data, demoURL)
	if err != nil {
		t.Fatal(err)
	}
	owner, err := os.ReadFile(filepath.Join(d.data, demoOwnerURL))
	if err != nil {
		t.Fatal(err)
	}
	if string(owner) == url {
		t.Error("the owner and the serving role are one")
	}
	c, err := pgx.Connect(t.Context(), strings.Replace(strings.TrimSpace(string(owner)), "portal_owner", "postgres", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	if err := c.QueryRow(t.Context(), "select count(*) from consignment").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// From an empty folder: everything is made, the other commands find the demo,
// and the second start finds what the first one made and what was added.
func TestDemo(t *testing.T) {
	d := newDemo(t)
	p := d.start(t)
	if n := d.consignments(t); n != 400 {
		t.Errorf("%d consignments, want 400", n)
	}
	for name, mode := range map[string]fs.FileMode{
		"session.key": 0o600, "register.key": 0o600, "sima.key": 0o600, "database.url": 0o600, demoOwnerURL: 0o600,
		"portal.log": 0o600, "people/aysel.key": 0o600,
	} {
		if info, err := os.Stat(filepath.Join(d.data, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, want mode %o", name, info.Mode(), mode)
		}
	}
	d.commands(t)
	d.looks(t)
	kept := d.kept(t)

	// A second demo on the same folder is refused and does no harm.
	other := newDemo(t)
	other.data = d.data
	if _, err := said(t, other.args()...); err == nil {
		t.Error("two demos run on one folder")
	}
	if out, err := said(t, "health", "--ops-addr", d.ops); err != nil || out != "ready\n" {
		t.Errorf("the first demo is hurt by the second: %q %v", out, err)
	}
	if err := p.end(t); err != nil {
		t.Errorf("the end: %v", err)
	}
	for _, name := range []string{"database.url", demoOwnerURL} {
		if _, err := os.Stat(filepath.Join(d.data, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
	if _, err := said(t, "import", "--data", d.data, "-"); err == nil || !strings.Contains(err.Error(), "no demo runs on "+d.data) {
		t.Errorf("import without a demo: %v", err)
	}

	p = d.start(t)
	if n := d.consignments(t); n != 401 {
		t.Errorf("%d consignments after the second start, want 401", n)
	}
	for name, text := range d.kept(t) {
		if text != kept[name] {
			t.Errorf("the second start made %s anew", name)
		}
	}
	if err := p.end(t); err != nil {
		t.Errorf("the second end: %v", err)
	}
}

// commands runs those that find a running demo by its folder, and adds one
// consignment.
func (d demo) commands(t *testing.T) {
	t.Helper()
	r, err := http.Get("http://" + d.main + "/")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("the start page: status %d", r.StatusCode)
	}
	var b bytes.Buffer
	if err := sample.Generate(&b, sample.Options{Seed: 77, Consignments: 1, Now: time.Now(), Latest: true}); err != nil {
		t.Fatal(err)
	}
	one := strings.Replace(b.String(), `{"registration":"`, `{"registration":"X`, 1)
	file := filepath.Join(t.TempDir(), "one.ndjson")
	if err := os.WriteFile(file, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := said(t, "register", "keys", "--data", d.data)
	if err != nil || !strings.HasPrefix(key, demoOrigin+"+") {
		t.Errorf("the register's key: %q %v", key, err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"import", "-q", "--data", d.data, file}, ": 1 stored, 0 known already"},
		{[]string{"import", "-q", "--data", d.data, file}, ": 0 stored, 1 known already"},
		{[]string{"archive", "--data", d.data}, "0 consignments archived"},
		{[]string{"register", "export", "--data", d.data}, ""},
		{[]string{"register", "retain", "--data", d.data, "--older-than", "24h"}, "0 entries hold no personal data"},
		{[]string{"representatives", "list", "--data", d.data}, `"pin":"6F1RZ8D"`},
		{[]string{"trust", "list", "--trust", filepath.Join(d.data, "trust")}, "business: Demo"},
	} {
		if out, err := said(t, tt.args...); err != nil || !strings.Contains(out, tt.want) {
			t.Errorf("%s: %q %v, want %q", tt.args, out, err, tt.want)
		}
	}
}

// looks signs in with a card and looks at the goods, which the register then
// holds: sealed, and with a checkpoint outside the database.
func (d demo) looks(t *testing.T) {
	t.Helper()
	visitor := (&site{people: d.data}).browser(t, "aysel")
	if status, where, text := page(t, visitor, "http://"+d.main+"/sign-in/card/start"); status != http.StatusOK || where.Path != "/goods" || !strings.Contains(text, "1499000151") {
		t.Fatalf("signing in by card led to %s, status %d", where, status)
	}
	until(t, "the entry is sealed", func() bool {
		out, err := said(t, "register", "verify", "--data", d.data)
		return err == nil && strings.HasPrefix(out, "OK ") && !strings.Contains(out, "wait for the sealer")
	})
	if out, err := said(t, "register", "export", "--data", d.data); err != nil || !strings.Contains(out, "goods") || strings.Contains(out, "1499000151") {
		t.Errorf("the register's export: %q %v", out, err)
	}
}

// A half-made folder is repaired; a taken address ends the start with a clear
// message and leaves nothing running.
func TestDemoRepairs(t *testing.T) {
	d := newDemo(t)
	taken, err := net.Listen("tcp", d.main)
	if err != nil {
		t.Fatal(err)
	}
	_, err = said(t, d.args()...)
	if err == nil || !strings.Contains(err.Error(), "PORTAL_ADDR: ") || !strings.Contains(err.Error(), "is a portal running already?") {
		t.Errorf("with a taken address: %v", err)
	}
	taken.Close()
	kept := d.kept(t)
	for name, content := range map[string]string{"session.key": "half", "sima.key": "", "people/aysel.pem": "-----BEGIN", "database.url": "postgres://nowhere\n"} {
		if err := os.WriteFile(filepath.Join(d.data, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := said(t, "archive", "--data", d.data); err == nil {
		t.Error("a stale address is taken for a running demo")
	}
	p := d.start(t)
	for name, text := range d.kept(t) {
		whole := name != "session.key" && name != "sima.key" && name != "people/aysel.pem"
		if (text == kept[name]) != whole || len(text) < 16 {
			t.Errorf("%s: kept %v, want %v; %d bytes", name, text == kept[name], whole, len(text))
		}
	}
	if n := d.consignments(t); n != 400 {
		t.Errorf("%d consignments, want 400", n)
	}
	if err := p.end(t); err != nil {
		t.Errorf("the end: %v", err)
	}
}

// The demo starts its PostgreSQL again when that is killed, at the same address,
// and goes on with what it holds.
func TestDemoStartsPostgreSQLAgain(t *testing.T) {
	d := newDemo(t)
	p := d.start(t)
	before := d.consignments(t)
	for range 3 {
		address, err := demoAddress(d.data, demoURL)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.User("postgres")
		conn, err := pgx.Connect(t.Context(), u.String())
		if err != nil {
			t.Fatal(err)
		}
		var pid int
		err = conn.QueryRow(t.Context(), `select split_part(pg_read_file('postmaster.pid'), E'\n', 1)::int`).Scan(&pid)
		if err := errors.Join(err, conn.Close(t.Context()), syscall.Kill(pid, syscall.SIGKILL)); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
			again, err := pgx.Connect(t.Context(), u.String())
			if err == nil {
				err = again.Close(t.Context())
			}
			if err == nil {
				var r *http.Response
				if r, err = http.Get("http://" + d.ops + "/readyz"); err == nil {
					r.Body.Close()
				}
				if err == nil && r.StatusCode == http.StatusOK {
					break
				}
			}
			if time.Now().After(end) {
				t.Fatal("it does not come back")
			}
		}
	}
	if n := d.consignments(t); n != before {
		t.Errorf("%d consignments, before %d", n, before)
	}
	p.stop()
	if err := <-p.ended; err != nil {
		t.Error(err)
	}
}

// Wrong wishes are told before anything is started.
func TestDemoRefuses(t *testing.T) {
	d := newDemo(t)
	for _, tt := range []struct {
		more []string
		want string
	}{
		{[]string{"--every", "1ms"}, "--every"},
		{[]string{"--every", "2h"}, "--every"},
		{[]string{"--every", "-1s"}, "--every"},
		{[]string{"--consignments", "10"}, "--consignments"},
		{[]string{"--consignments", "-1"}, "--consignments"},
		{[]string{"--consignments", "99999999999"}, "--consignments"},
		{[]string{"--addr", "nowhere"}, "PORTAL_ADDR"},
		{[]string{"--session-idle", "1h"}, "unknown flag"},
		{[]string{"--idle", "9h"}, "PORTAL_SESSION_IDLE"},
	} {
		if _, err := said(t, d.args(tt.more...)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.more, err, tt.want)
		}
	}
	if _, err := os.Stat(filepath.Join(d.data, "postgres")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was started: %v", err)
	}
	file := filepath.Join(openFolder(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.data = file
	if _, err := said(t, d.args()...); err == nil {
		t.Error("a file is taken for a folder")
	}
}
