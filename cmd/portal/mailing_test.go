package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"customs.gov.az/portal/mail"
)

func TestMailSettings(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none.pem")
	if err := os.WriteFile(none, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	const from = "Customs <no-reply@customs.example>"
	for _, test := range []struct {
		m     mailing
		want  mail.Server
		wrong []string // how each line of the complaint begins
	}{
		{m: mailing{SMTPURL: "smtp://mx.example", From: from}, want: mail.Server{Host: "mx.example", Port: 587, Security: mail.STARTTLS}},
		{m: mailing{SMTPURL: "smtp://portal@mx.example:2525/", Password: "x", From: from}, want: mail.Server{Host: "mx.example", Port: 2525, Security: mail.STARTTLS, User: "portal", Password: "x"}},
		{m: mailing{SMTPURL: "smtps://portal%40customs@mx.example", Password: "x", From: from}, want: mail.Server{Host: "mx.example", Port: 465, Security: mail.TLS, User: "portal@customs", Password: "x"}},
		{m: mailing{SMTPURL: "smtp://[::1]:25?tls=none", From: from}, want: mail.Server{Host: "::1", Port: 25, Security: mail.None}},
		{m: mailing{SMTPURL: "smtp://mx.example?tls=none", From: from}, wrong: []string{"PORTAL_SMTP_URL: tls=none"}},
		{m: mailing{SMTPURL: "smtp://u@localhost?tls=none", Password: "x", From: from}, wrong: []string{"PORTAL_SMTP_URL: tls=none"}},
		{m: mailing{SMTPURL: "smtps://localhost?tls=none", From: from}, wrong: []string{"PORTAL_SMTP_URL: tls=none"}},
		{m: mailing{SMTPURL: "smtp://localhost?tls=no", From: from}, wrong: []string{"PORTAL_SMTP_URL is not"}},
		{m: mailing{SMTPURL: "smtp://u:secret@mx.example", Password: "x", From: from}, wrong: []string{"PORTAL_SMTP_URL: the password belongs"}},
		{m: mailing{SMTPURL: "smtp://u@mx.example", From: from}, wrong: []string{"PORTAL_SMTP_URL names a user"}},
		{m: mailing{SMTPURL: "smtp://mx.example", Password: "x", From: from}, wrong: []string{"PORTAL_SMTP_URL names a user"}},
		{m: mailing{SMTPURL: "mx.example:25", From: from}, wrong: []string{"PORTAL_SMTP_URL is not"}},
		{m: mailing{SMTPURL: "http://mx.example", From: from}, wrong: []string{"PORTAL_SMTP_URL is not"}},
		{m: mailing{SMTPURL: "smtp://mx.example:0", From: from}, wrong: []string{"PORTAL_SMTP_URL is not"}},
		{m: mailing{SMTPURL: "smtp://mx.example:99999", From: from}, wrong: []string{"PORTAL_SMTP_URL is not"}},
		{m: mailing{SMTPURL: "smtp://mx.example/x", From: from}, wrong: []string{"PORTAL_SMTP_URL is not"}},
		{m: mailing{SMTPURL: "smtp://mx.example"}, wrong: []string{"PORTAL_MAIL_FROM is missing"}},
		{m: mailing{From: from}, wrong: []string{"PORTAL_SMTP_URL is not"}},
		{m: mailing{SMTPURL: "smtp://mx.example", From: "a@localhost"}, wrong: []string{"PORTAL_MAIL_FROM: this"}},
		{m: mailing{SMTPURL: "smtp://mx.example", From: from, CA: none}, wrong: []string{"PORTAL_SMTP_CA holds"}},
		{m: mailing{SMTPURL: "smtp://mx.example", From: from, CA: none + "x"}, wrong: []string{"PORTAL_SMTP_CA: open"}},
		{m: mailing{SMTPURL: "x", From: "x", CA: none, Wait: 1}, wrong: []string{"PORTAL_SMTP_URL is not", "PORTAL_SMTP_CA holds", "PORTAL_MAIL_FROM is missing", "PORTAL_MAIL_WAIT is"}},
		{m: mailing{SMTPURL: "smtp://mx.example", From: from, Wait: 2 * time.Hour}, wrong: []string{"PORTAL_MAIL_WAIT is"}},
	} {
		if test.m.Wait == 0 {
			test.m.Wait = time.Minute
		}
		p, err := test.m.check()
		var got []string
		if err != nil {
			got = strings.Split(err.Error(), "\n")
		}
		if len(got) != len(test.wrong) {
			t.Errorf("%+v: %q, want %q", test.m, got, test.wrong)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], test.wrong[i]) || strings.Contains(got[i], "secret") {
				t.Errorf("%+v: %q, want %q", test.m, got[i], test.wrong[i])
			}
		}
		if len(test.wrong) == 0 && (p == nil || p.server != test.want || p.from.Name != "Customs" || p.from.Address != "no-reply@customs.example") {
			t.Errorf("%+v gives %+v", test.m, p)
		}
	}
	if p, err := (&mailing{Wait: time.Minute}).check(); p != nil || err != nil {
		t.Errorf("without settings: %+v, %v", p, err)
	}
	t.Setenv("PORTAL_SMTP_PASSWORD_FILE", none)
	if p, err := (&mailing{SMTPURL: "smtp://u@mx.example", From: from, Wait: time.Minute}).check(); err != nil || p.server.Password != "no certificate" {
		t.Errorf("a password from a file: %+v, %v", p, err)
	}
}
