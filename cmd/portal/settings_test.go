package main

import (
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/register"
	"customs.gov.az/portal/views"
)

// right are settings that make sense together.
func right(t *testing.T) *web {
	t.Helper()
	key, _, err := register.NewKey("portal.example/register")
	if err != nil {
		t.Fatal(err)
	}
	return &web{
		Addr: "127.0.0.1:8080", CardAddr: "127.0.0.1:8443", OpsAddr: "127.0.0.1:9090", TLSCert: "server.pem", TLSKey: "server.key",
		Idle: 20 * time.Minute, Absolute: 8 * time.Hour, Archive: 9600 * time.Hour,
		Providers: providers{
			Every: 3 * time.Second, Burst: 200, Kept: 9600 * time.Hour,
			SIMA: sima{
				MasterKey: "a master key of SIMA", ClientID: 7, ClientName: "DGK", Icon: "https://portal.example/icon.png",
				Version: "1.3", Path: "/sima", Link: "sima://web-to-app?data=", Life: 3 * time.Minute, Every: 60 * time.Millisecond, Burst: 600, DataSignature: "required",
			},
		},
		Staff:   staffSite{Cases: 20},
		Sealing: sealing{Keys: key, Every: 2 * time.Second},
	}
}

func TestRightSettings(t *testing.T) {
	c, err := right(t).check()
	if err != nil {
		t.Fatal(err)
	}
	if c.url.String() != "http://127.0.0.1:8080" || c.cardURL.String() != "https://127.0.0.1:8443" {
		t.Errorf("addresses from listeners: %s and %s", c.url, c.cardURL)
	}
	if c.limits.Idle != 20*time.Minute || c.limits.Absolute != 8*time.Hour || len(c.checkpoints.All()) == 0 {
		t.Errorf("limits %+v, %d checkpoints", c.limits, len(c.checkpoints.All()))
	}
	if c.offered.sima == nil || c.offered.myGov != nil || c.offered.rates.SignIn.Burst != 200 {
		t.Errorf("offered: %+v", c.offered)
	}
}

// Each setting at its limits: on the right side nothing is said, on the wrong
// side one line that begins with its name.
func TestEachSetting(t *testing.T) {
	for _, tt := range []struct {
		set  func(*web)
		want string // how the one line begins, "" for none
	}{
		{func(w *web) { w.Addr = ":8080" }, ""},
		{func(w *web) { w.Addr, w.URL = "127.0.0.1", "http://x" }, `PORTAL_ADDR: "127.0.0.1" is not host:port`},
		{func(w *web) { w.Addr, w.URL = "", "http://x" }, `PORTAL_ADDR: "" is not host:port`},
		{func(w *web) { w.OpsAddr = "" }, `PORTAL_OPS_ADDR: "" is not host:port`},
		{func(w *web) { w.OpsAddr = "[::1]:9090" }, ""},
		{func(w *web) { w.CardAddr = "" }, ""},
		{func(w *web) { w.CardAddr, w.CardURL = "8443", "https://x" }, `PORTAL_CARD_ADDR: "8443" is not host:port`},
		{func(w *web) { w.CardAddr, w.CardURL = "", "http://not looked at" }, ""},
		{func(w *web) { w.URL = "http://mallarim.example/" }, ""},
		{func(w *web) { w.URL = "mallarim.example" }, "PORTAL_URL: "},
		{func(w *web) { w.URL = "https://mallarim.example" }, ""},
		{func(w *web) { w.TLSCert, w.TLSKey = "", "" }, "PORTAL_TLS_CERT: the card listener needs a certificate"},
		{func(w *web) { w.TLSKey = "" }, "PORTAL_TLS_CERT and PORTAL_TLS_KEY go together"},
		{func(w *web) { w.TLSCert, w.TLSKey, w.CardAddr = "", "", "" }, ""},
		{func(w *web) { w.URL, w.TLSCert, w.TLSKey, w.CardAddr = "https://x", "", "", "" }, "PORTAL_URL is https: "},
		{func(w *web) { w.URL, w.TLSCert, w.TLSKey, w.CardAddr, w.BehindProxy = "https://x", "", "", "", true }, ""},
		{func(w *web) { w.Idle = time.Minute }, ""},
		{func(w *web) { w.Idle = time.Minute - 1 }, "PORTAL_SESSION_IDLE must be at least a minute"},
		{func(w *web) { w.Absolute = w.Idle }, ""},
		{func(w *web) { w.Absolute = w.Idle - 1 }, "PORTAL_SESSION_IDLE must be at least a minute and PORTAL_SESSION_LIFE no less"},
		{func(w *web) { w.Idle, w.Absolute = 24*time.Hour, 168*time.Hour }, ""},
		{func(w *web) { w.Idle, w.Absolute = 25*time.Hour, 168*time.Hour }, "PORTAL_SESSION_IDLE can be at most 24h"},
		{func(w *web) { w.Absolute = 168*time.Hour + 1 }, "PORTAL_SESSION_IDLE can be at most 24h and PORTAL_SESSION_LIFE at most 168h"},
		{func(w *web) { w.Archive = 0 }, ""},
		{func(w *web) { w.Archive = 720 * time.Hour }, ""},
		{func(w *web) { w.Archive = 720*time.Hour - 1 }, "PORTAL_ARCHIVE_AFTER: at least 720h"},
		{func(w *web) { w.Archive = -1 }, "PORTAL_ARCHIVE_AFTER: at least 720h"},
		{func(w *web) { w.FeedTokens = "samur" }, "PORTAL_FEED_TOKENS: entry 1: "},
		{func(w *web) { w.Checkpoints = "none.json" }, "PORTAL_CHECKPOINTS: open none.json"},
		{func(w *web) { w.Providers.Every = time.Hour }, ""},
		{func(w *web) { w.Providers.Every = time.Hour + 1 }, "PORTAL_SIGN_IN_EVERY is more than nothing and at most 1h"},
		{func(w *web) { w.Providers.Kept = 719 * time.Hour }, "PORTAL_SIGN_IN_KEPT: at least 720h"},
		{func(w *web) { w.Providers.Kept = 0 }, ""},
		{func(w *web) { w.Providers.SIMA.Every = 0 }, "PORTAL_SIMA_EVERY is more than nothing"},
		{func(w *web) { w.Providers.SIMA.Burst = 0 }, "PORTAL_SIMA_EVERY is more than nothing"},
		{func(w *web) { w.Providers.Every = 0 }, "PORTAL_SIGN_IN_EVERY is more than nothing"},
		{func(w *web) { w.Providers.Burst = 1 }, ""},
		{func(w *web) { w.Providers.Burst = 0 }, "PORTAL_SIGN_IN_EVERY is more than nothing and at most 1h, PORTAL_SIGN_IN_BURST at least 1"},
		{func(w *web) { w.Providers.Proxies = []string{"10.0.0.0/8", "::1"} }, ""},
		{func(w *web) { w.Providers.Proxies = []string{"::1", "proxy"} }, `PORTAL_TRUSTED_PROXIES: "proxy" is no address`},
		{func(w *web) { w.Sealing.Every = 100 * time.Millisecond }, ""},
		{func(w *web) { w.Sealing.Every = 100*time.Millisecond - 1 }, "PORTAL_REGISTER_EVERY must be between 100ms and 1m"},
		{func(w *web) { w.Sealing.Every = time.Minute }, ""},
		{func(w *web) { w.Sealing.Every = time.Minute + 1 }, "PORTAL_REGISTER_EVERY must be between 100ms and 1m"},
		{func(w *web) { w.Sealing.Keys = "" }, ""},
		{func(w *web) { w.Sealing.Keys, w.Sealing.WitnessURL = "", "https://witness.example" }, "PORTAL_REGISTER_KEYS is missing"},
		{func(w *web) { w.Sealing.Keys = "12" }, "PORTAL_REGISTER_KEYS: "},
		{func(w *web) { w.Sealing.OldKeys = "12" }, "PORTAL_REGISTER_OLD_KEYS: "},
		{func(w *web) { w.Sealing.WitnessURL = "witness.example" }, "PORTAL_REGISTER_WITNESS_URL is not an http or https address"},
		{func(w *web) { w.Sealing.WitnessURL = "https://witness.example" }, ""},
		{func(w *web) { w.Providers.SIMA = sima{} }, ""},
		{func(w *web) { w.Providers.SIMA.MasterKey = "0123456789abcdef" }, ""},
		{func(w *web) { w.Providers.SIMA.MasterKey = "0123456789abcde" }, "PORTAL_SIMA_MASTER_KEY is missing, or too short"},
		{func(w *web) { w.Providers.SIMA.ClientID = 0 }, "PORTAL_SIMA_CLIENT_ID is missing"},
		{func(w *web) { w.Providers.SIMA.ClientID = -1 }, "PORTAL_SIMA_CLIENT_ID is missing"},
		{func(w *web) { w.Providers.SIMA.ClientName = "Gömrük" }, "PORTAL_SIMA_CLIENT_NAME is missing, or not plain ASCII"},
		{func(w *web) { w.Providers.SIMA.ClientName = `D"GK` }, "PORTAL_SIMA_CLIENT_NAME"},
		{func(w *web) { w.Providers.SIMA.ClientName = "  " }, "PORTAL_SIMA_CLIENT_NAME"},
		{func(w *web) { w.Providers.SIMA.Icon = "" }, "PORTAL_SIMA_ICON is missing"},
		{func(w *web) { w.Providers.SIMA.Life = 30 * time.Second }, ""},
		{func(w *web) { w.Providers.SIMA.Life = 30*time.Second - 1 }, "PORTAL_SIMA_LIFE is between 30s and 5m"},
		{func(w *web) { w.Providers.SIMA.Life = 5 * time.Minute }, ""},
		{func(w *web) { w.Providers.SIMA.Life = 5*time.Minute + 1 }, "PORTAL_SIMA_LIFE is between 30s and 5m"},
		{func(w *web) { w.Providers.SIMA.Path = "/a/b" }, ""},
		{func(w *web) { w.Providers.SIMA.Path = "/" }, "PORTAL_SIMA_PATH is a plain path"},
		{func(w *web) { w.Providers.SIMA.Path = "sima" }, "PORTAL_SIMA_PATH"},
		{func(w *web) { w.Providers.SIMA.Path = "/sima/" }, "PORTAL_SIMA_PATH"},
		{func(w *web) { w.Providers.SIMA.Path = "/:x" }, "PORTAL_SIMA_PATH"},
		{func(w *web) { w.Providers.SIMA.DataSignature = "" }, "PORTAL_SIMA_DATA_SIGNATURE is missing"},
		{func(w *web) { w.Providers.SIMA.DataSignature = "unverified" }, ""},
		{func(w *web) { w.Providers.SIMA.DataSignature, w.URL = "unverified", "http://localhost" }, ""},
		{func(w *web) { w.Providers.SIMA.DataSignature, w.URL = "unverified", "https://portal.example" }, "PORTAL_SIMA_DATA_SIGNATURE: unverified is for trials"},
		{func(w *web) { w.Providers.SIMA.DataSignature, w.URL = "unverified", "http://127.0.0.1.example" }, "PORTAL_SIMA_DATA_SIGNATURE: unverified is for trials"},
		{func(w *web) { w.Providers.MyGov.ClientID = "portal" }, "PORTAL_MYGOV_*: "},
	} {
		w := right(t)
		tt.set(w)
		_, err := w.check()
		switch {
		case err == nil && tt.want != "":
			t.Errorf("nothing is said, want %q", tt.want)
		case err != nil && (tt.want == "" || !strings.HasPrefix(err.Error(), tt.want) || tt.want[:10] != "PORTAL_MYG" && strings.Contains(err.Error(), "\n")):
			t.Errorf("%q, want one line %q", err, tt.want)
		}
	}
}

// However many are wrong, each is named, and no secret is repeated.
func TestAllMistakesAtOnce(t *testing.T) {
	w := right(t)
	w.Addr, w.OpsAddr, w.Idle, w.FeedTokens, w.Archive = "x", "y", 0, "s3cret-token", time.Hour
	w.Providers.SIMA.MasterKey, w.Providers.Burst, w.Sealing.Keys = "s3cret", 0, "PRIVATE+KEY+s3cret"
	w.URL = "http://portal.example"
	_, err := w.check()
	for _, name := range []string{
		"PORTAL_ADDR", "PORTAL_OPS_ADDR", "PORTAL_SESSION_IDLE", "PORTAL_FEED_TOKENS", "PORTAL_ARCHIVE_AFTER",
		"PORTAL_SIMA_MASTER_KEY", "PORTAL_SIGN_IN_BURST", "PORTAL_REGISTER_KEYS",
	} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named", name)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a secret is repeated: %v", err)
	}
}

func TestBaseURLs(t *testing.T) {
	for text, want := range map[string]string{
		"http://x":              "http://x",
		"http://x/":             "http://x",
		"https://x:8443":        "https://x:8443",
		"http://[::1]:80":       "http://[::1]:80",
		"":                      "http://otherwise",
		"ftp://x":               "",
		"http://x/path":         "",
		"http://x?q=1":          "",
		"http://x#part":         "",
		"http://x?":             "",
		"http://user:pass@x":    "",
		"http://":               "",
		"//x":                   "",
		"x":                     "",
		"http://x y":            "",
		"javascript:alert(1)":   "",
		"http https://x":        "",
		"http://x/%2e%2e":       "",
		"https://x//":           "",
		"https://portal.gov.az": "https://portal.gov.az",
	} {
		u, err := baseURL("NAME", text, "http://otherwise", "http", "https")
		switch {
		case want == "" && err == nil:
			t.Errorf("%q is taken for %s", text, u)
		case want == "" && !strings.HasPrefix(err.Error(), "NAME: "):
			t.Errorf("%q: %v", text, err)
		case want != "" && (err != nil || u.String() != want):
			t.Errorf("%q: %v %v, want %s", text, u, err, want)
		}
	}
}

func TestLoopback(t *testing.T) {
	for text, want := range map[string]bool{
		"http://localhost:8080": true, "http://127.0.0.1": true, "https://[::1]:1": true, "http://127.8.9.1": true,
		"http://localhost.example": false, "http://10.0.0.1": false, "http://0.0.0.0": false, "http://x": false,
	} {
		u, err := url.Parse(text)
		if err != nil || loopback(u) != want || local(text) != want {
			t.Errorf("%s: %v %v, want %v", text, loopback(u), err, want)
		}
	}
	if loopback(nil) || local("http://%") {
		t.Error("what is no address is taken for this machine's")
	}
}

func TestSessionKeys(t *testing.T) {
	hex32, hex31 := strings.Repeat("ab", 32), strings.Repeat("ab", 31)
	b64 := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 33)))
	for _, tt := range []struct {
		text string
		want []int // lengths of the keys in order; nil: refused
	}{
		{hex32, []int{32}},
		{"\n" + hex32 + ",  " + b64 + "\t", []int{32, 33}},
		{b64 + "," + hex32, []int{33, 32}},
		{hex31, nil}, // too short in either reading
		{hex32 + ",x", nil},
		{"", nil},
		{" ,\n", nil},
	} {
		keys, err := sessionKeys(tt.text)
		var got []int
		for _, k := range keys {
			got = append(got, len(k))
		}
		if !slices.Equal(got, tt.want) || (err == nil) != (tt.want != nil) {
			t.Errorf("%q: %v %v, want %v", tt.text, got, err, tt.want)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "PORTAL_SESSION_KEYS") || strings.Contains(err.Error(), "abab")) {
			t.Errorf("%v", err)
		}
	}
}

func TestSecretsFromFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("  of a file \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PORTAL_TEST_FILE", file)
	for value, want := range map[string]string{"": "of a file", "given": "given"} {
		if got, err := secret("PORTAL_TEST", value); got != want || err != nil {
			t.Errorf("%q: %q %v, want %q", value, got, err, want)
		}
	}
	t.Setenv("PORTAL_TEST_FILE", file+".none")
	if _, err := secret("PORTAL_TEST", ""); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "PORTAL_TEST_FILE: ") {
		t.Errorf("a missing file: %v", err)
	}
	if got, err := secret("PORTAL_TEST", "given"); got != "given" || err != nil {
		t.Errorf("a value needs no file: %q %v", got, err)
	}
}

func TestContacts(t *testing.T) {
	if got := (contact{}).contacts(); !reflect.DeepEqual(got, views.DefaultContacts()) {
		t.Errorf("without settings: %+v", got)
	}
	got := contact{CallCentre: "1", Phone: "2", Email: "3", DepartmentAZ: "4", DepartmentEN: "5", Body: "6", BodyAddress: "7"}.contacts()
	if got.Body != "6" || got.BodyAddress != "7" || got.CallCentre != "1" || got.Phone != "2" || got.Email != "3" || got.DepartmentAZ != "4" || got.DepartmentEN != "5" {
		t.Errorf("with settings: %+v", got)
	}
	one := contact{Email: "office@example.org"}.contacts()
	if one.Email != "office@example.org" || one.Phone != views.DefaultContacts().Phone {
		t.Errorf("one setting: %+v", one)
	}
}

// A retired key still counts for verifying, and another log's does not.
func TestSealingKeys(t *testing.T) {
	oldPrivate, oldPublic, err := register.NewKey("portal.example/register")
	if err != nil {
		t.Fatal(err)
	}
	s := sealing{Keys: oldPrivate, Every: time.Second}
	before, err := s.check("ignored")
	if err != nil {
		t.Fatal(err)
	}
	w := right(t)
	w.Sealing.OldKeys = oldPublic
	w.Sealing.WitnessDir = filepath.Join(t.TempDir(), "witness")
	after, err := w.Sealing.check("ignored")
	if err != nil {
		t.Fatal(err)
	}
	if len(before.verifiers.Keys) != 1 || len(after.verifiers.Keys) != 2 || !slices.Contains(after.verifiers.Keys, oldPublic) || len(after.copies) != 1 {
		t.Errorf("%d keys before, %v after, %d copies", len(before.verifiers.Keys), after.verifiers.Keys, len(after.copies))
	}
	s.Keys = strings.Repeat("0f", 32) // hexadecimal: the name of the log comes from the portal's host
	named, err := s.check("mallarim.example")
	if err != nil || !strings.HasPrefix(named.verifiers.Keys[0], "mallarim.example/register+") {
		t.Errorf("%v %v", named.verifiers, err)
	}
}
