package democa

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/esign"
)

var moment = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func create(t *testing.T, dir string, now time.Time) {
	t.Helper()
	if err := Create(dir, now); err != nil {
		t.Fatal(err)
	}
}

// contents maps every file under dir to what it holds.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func changed(before, after map[string]string) []string {
	var names []string
	for name, content := range after {
		if before[name] != content {
			names = append(names, name)
		}
	}
	return names
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("this test needs the program %s: %v", name, err)
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestCreateTwiceKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, moment)
	first := contents(t, dir)
	create(t, dir, moment.Add(time.Hour))
	second := contents(t, dir)
	if names := changed(first, second); len(names) > 0 || len(first) != len(second) {
		t.Errorf("the second start changed %v (%d files, then %d)", names, len(first), len(second))
	}
	for name := range first {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		secret := strings.HasSuffix(name, ".key") || strings.HasSuffix(name, ".p12")
		if secret && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
	}
}

func TestCreateRepairs(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, moment)
	for _, tt := range []struct {
		name   string
		damage func(path string) error
		file   string
		also   []string // remade besides file
		keeps  string   // must not change
	}{
		{"a person's key is gone", os.Remove, "people/leyla.key", []string{"people/leyla.pem", "people/leyla.p12"}, "people/aysel.key"},
		{"a certificate is cut short", func(p string) error { return os.Truncate(p, 40) }, "people/aysel.pem", []string{"people/aysel.key", "people/aysel.p12"}, "people/leyla.key"},
		{"a PKCS #12 file is empty", func(p string) error { return os.Truncate(p, 0) }, "people/aysel.p12", nil, "people/aysel.key"},
		{"a profile was edited", func(p string) error { return os.WriteFile(p, []byte("{}"), 0o600) }, "trust/business.json", nil, "people/aysel.key"},
		{"the browsers' authority is gone", os.Remove, "tls/ca.pem", nil, "tls/server.pem"},
		{"an issuer is gone", os.Remove, "authorities/citizens.pem", []string{"trust/citizens.pem", "people/novoen.pem", "people/novoen.p12"}, "people/aysel.pem"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := contents(t, dir)
			if err := tt.damage(filepath.Join(dir, tt.file)); err != nil {
				t.Fatal(err)
			}
			create(t, dir, moment)
			after := contents(t, dir)
			if len(after) != len(before) || len(after[tt.file]) < 50 {
				t.Fatalf("%s is not repaired", tt.file)
			}
			for _, f := range tt.also {
				if before[f] == after[f] {
					t.Errorf("%s does not fit the new %s", f, tt.file)
				}
			}
			if before[tt.keeps] != after[tt.keeps] {
				t.Errorf("%s was remade without need", tt.keeps)
			}
		})
	}
}

func TestCreateRemovesUnfinishedFiles(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, moment)
	leftover := filepath.Join(dir, "people", ".new-123")
	if err := os.WriteFile(leftover, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	create(t, dir, moment)
	if _, err := os.Stat(leftover); !os.IsNotExist(err) {
		t.Errorf("leftover is still there: %v", err)
	}
}

func TestCreateRenewsWhatTimeHasChanged(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, moment)
	before := contents(t, dir)
	create(t, dir, moment.Add(45*day))
	names := strings.Join(changed(before, contents(t, dir)), " ")
	if !strings.Contains(names, "people/notyet.pem") || strings.Contains(names, "people/aysel.pem") {
		t.Errorf("after 45 days renewed: %s", names)
	}
	create(t, dir, moment.Add(3*year))
	names = strings.Join(changed(before, contents(t, dir)), " ")
	for _, want := range []string{"people/aysel.pem", "people/aysel.p12", "tls/server.pem"} {
		if !strings.Contains(names, want) {
			t.Errorf("after 3 years %s was not renewed", want)
		}
	}
}

func TestCreateNeedsAFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Create(file, moment); err == nil {
		t.Error("a file was taken for a folder")
	}
}

func TestTrustLoads(t *testing.T) {
	dir := t.TempDir()
	create(t, dir, moment)
	trust, err := esign.LoadTrust(os.DirFS(filepath.Join(dir, "trust")))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(trust.Profiles()); n != 2 {
		t.Errorf("%d profiles, want business and citizens", n)
	}
}

func TestOtherProgramsReadTheFiles(t *testing.T) {
	at := strconv.FormatInt(moment.Unix(), 10)
	dir := t.TempDir()
	create(t, dir, moment)
	for _, p := range People() {
		p12 := filepath.Join(dir, "people", p.Name+".p12")
		out := run(t, "openssl", "pkcs12", "-in", p12, "-passin", "pass:"+Password, "-nodes")
		if strings.Count(out, "BEGIN CERTIFICATE") < 2 || !strings.Contains(out, "PRIVATE KEY") {
			t.Errorf("%s.p12 lacks the key or the chain", p.Name)
		}
	}
	run(t, "openssl", "verify", "-x509_strict", "-CAfile", filepath.Join(dir, "tls/ca.pem"), "-purpose", "sslserver",
		"-verify_hostname", "localhost", "-attime", at, filepath.Join(dir, "tls/server.pem"))
	run(t, "openssl", "verify", "-x509_strict", "-CAfile", filepath.Join(dir, "trust/root.pem"), "-untrusted",
		filepath.Join(dir, "trust/business.pem"), "-attime", at, filepath.Join(dir, "people/aysel.pem"))
}

func TestBrowsersReadTheFiles(t *testing.T) {
	dir, nss := t.TempDir(), t.TempDir()
	create(t, dir, moment)
	if _, err := exec.LookPath("pk12util"); err != nil {
		t.Log("pk12util is not installed: what NSS makes of the files was not looked at")
		return
	}
	run(t, "certutil", "-d", "sql:"+nss, "-N", "--empty-password")
	for _, p := range People() {
		run(t, "pk12util", "-d", "sql:"+nss, "-W", Password, "-i", filepath.Join(dir, "people", p.Name+".p12"))
	}
	if keys := run(t, "certutil", "-d", "sql:"+nss, "-K"); strings.Count(keys, "rsa") < 2 || strings.Count(keys, "ec") < 2 {
		t.Errorf("imported keys:\n%s", keys)
	}
}

func TestReadmeNamesEverybody(t *testing.T) {
	text := readme()
	seen := map[customs.PIN]string{}
	for _, p := range People() {
		for _, want := range append([]string{p.Name, p.FullName(), string(p.PIN), string(p.Expect), p.Note}, voens(p)...) {
			if !strings.Contains(text, want) {
				t.Errorf("README lacks %q", want)
			}
		}
		if other, twice := seen[p.PIN]; twice && p.Name != "stranger" {
			t.Errorf("%s and %s have one personal number", other, p.Name)
		}
		seen[p.PIN] = p.Name
	}
}

func voens(p Person) []string {
	var list []string
	for _, v := range p.VOENs {
		list = append(list, string(v))
	}
	return list
}

func TestPeopleHaveGoodNumbers(t *testing.T) {
	for _, p := range People() {
		for _, v := range p.VOENs {
			if parsed, err := customs.ParseVOEN(string(v)); err != nil || !parsed.CheckDigitOK() {
				t.Errorf("%s: bad taxpayer number", p.Name)
			}
		}
		if got, err := customs.ParsePIN(string(p.PIN)); err != nil || got != p.PIN || len(got) != 7 || strings.Contains(string(got), "O") {
			t.Errorf("%s: bad personal number", p.Name)
		}
	}
}
