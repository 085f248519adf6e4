package revocation

import (
	"bytes"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/esign"
)

func TestListsOnDisk(t *testing.T) {
	w := newWorld(t)
	folder := t.TempDir()
	keep := func(o *Options) { o.Folder = folder }
	o := newOffice(t)
	o.list = always(crl(t, w.ca, entry(w.person.Certificate, 1)))
	rule := esign.RevocationRule{Mode: esign.RevocationCRL, CRL: []string{o.URL}}
	wantReason(t, w.check(t, newChecker(t, keep), rule), esign.Revoked)
	o.Close()
	wantReason(t, w.check(t, newChecker(t, keep), rule), esign.Revoked) // after a start, from the folder
	wantReason(t, w.check(t, newChecker(t), rule), esign.RevocationUnknown)

	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 || entries[0].Name() != fileFor(o.URL) {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

// TestListsOfTheOperator are files that somebody puts into the folder.
func TestListsOfTheOperator(t *testing.T) {
	w := newWorld(t)
	folder := t.TempDir()
	put := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("broken.crl", []byte("no list"))
	put("other.txt", crl(t, w.ca))
	var log bytes.Buffer
	c := newChecker(t, func(o *Options) { o.Folder, o.Log = folder, textLog(&log) })
	rule := esign.RevocationRule{Mode: esign.RevocationCRL}
	wantReason(t, w.check(t, c, rule), esign.RevocationUnknown)
	if !strings.Contains(log.String(), "broken.crl") {
		t.Errorf("the log does not name the broken file: %s", &log)
	}
	none := &esign.Trust{}
	put("forged.crl", crl(t, w.elsewhere))
	if err := c.Refresh(t.Context(), none); err != nil {
		t.Error(err)
	}
	wantReason(t, w.check(t, c, rule), esign.RevocationUnknown)
	put("issuer.crl", crl(t, w.ca, entry(w.person.Certificate, 6)))
	if err := c.Refresh(t.Context(), none); err != nil {
		t.Error(err)
	}
	wantReason(t, w.check(t, c, rule), esign.Suspended)
}

func TestAnOldListDoesNotHideANewOne(t *testing.T) {
	w := newWorld(t)
	o := newOffice(t)
	at := now
	c := newChecker(t, func(o *Options) { o.Now = func() time.Time { return at } })
	rule := esign.RevocationRule{Mode: esign.RevocationCRL, CRL: []string{o.URL}}
	long := func(l *x509.RevocationList) { l.NextUpdate = now.Add(48 * time.Hour) }
	old := func(l *x509.RevocationList) { l.ThisUpdate = now.Add(-time.Hour) }
	o.list = always(crl(t, w.ca, long, entry(w.person.Certificate, 1)))
	wantReason(t, w.check(t, c, rule), esign.Revoked)
	for _, replay := range [][]byte{crl(t, w.ca, long, old), crl(t, w.elsewhere, long), []byte("x"), nil} {
		at = at.Add(2 * time.Hour)
		o.list = always(replay)
		wantReason(t, w.check(t, c, rule), esign.Revoked)
	}
	at = now.Add(72 * time.Hour)
	wantReason(t, w.check(t, c, rule), esign.RevocationUnknown)
}

func TestRefresh(t *testing.T) {
	w := newWorld(t)
	o := newOffice(t)
	o.list = always(crl(t, w.ca, entry(w.person.Certificate, 1)))
	trust := w.trust(t, `{"mode":"crl","crl":["`+o.URL+`"]}`)
	c := newChecker(t)
	if l := c.Lists(trust); len(l) != 1 || l[0].There {
		t.Errorf("before: %+v", l)
	}
	for range 3 {
		if err := c.Refresh(t.Context(), trust); err != nil {
			t.Fatal(err)
		}
	}
	if n := o.asked.Load(); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	if l := c.Lists(trust); len(l) != 1 || !l[0].There || l[0].Entries != 1 || !l[0].NextUpdate.Equal(now.Add(time.Hour)) {
		t.Errorf("after: %+v", l)
	}
	dead := newOffice(t)
	dead.Close()
	if err := c.Refresh(t.Context(), w.trust(t, `{"mode":"crl","crl":["`+dead.URL+`"]}`)); err == nil || !strings.Contains(err.Error(), "profile test, list 1") {
		t.Errorf("got %v", err)
	}
}
