package mail_test

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/db"
)

// text is what a reader sees of a mail.
func text(t testing.TB, r received) string {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(r.text))
	must(t, err)
	b, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	must(t, err)
	return string(b)
}

func compose(t *testing.T, m db.Mail) (header netmail.Header, subject, said string) {
	t.Helper()
	o := options(t, nil, nil, mailServer)
	b, err := o.Composer.Compose(m, noon)
	must(t, err)
	for line := range bytes.SplitSeq(b, []byte("\r\n")) {
		if len(line) > 78 && !bytes.HasPrefix(line, []byte("List-Unsubscribe:")) {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
		if bytes.ContainsAny(line, "\r\n") || bytes.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("the line %q is not plain", line)
		}
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(b))
	must(t, err)
	subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	must(t, err)
	return msg.Header, subject, text(t, received{text: string(b)})
}

func sampleMail(lang string, news ...customs.News) db.Mail {
	return db.Mail{
		ID: uuid.MustParse("019ac000-0000-7000-8000-000000000001"), VOEN: aysel, Address: "aysel@example.az", Lang: lang,
		Stop: strings.Repeat("5", 32), News: news, CreatedAt: noon,
	}
}

func TestMailWithNews(t *testing.T) {
	news := []customs.News{
		{Registration: "R1", Kinds: []customs.NewsKind{customs.NewsRegistered, customs.NewsAction}, Status: customs.AwaitingPayment},
		{Registration: "R2", Kinds: []customs.NewsKind{customs.NewsStatus}, Status: customs.Inspection, Repeated: true},
		{Registration: "R3", Kinds: []customs.NewsKind{customs.NewsCompleted}, Status: customs.Released},
	}
	for lang, want := range map[string][]string{
		"az": {
			"Sizdən addım gözlənilir: 1 qeydiyyat", "Sizdən addım gözlənilir\r\n- R1: Ödəniş gözlənilir\r\n",
			"Status dəyişib\r\n- R2: Gömrük baxışı keçirilir (təkrar)\r\n", "Rəsmiləşdirmə başa çatıb\r\n- R3: Buraxılıb\r\n",
			"02.03.2026 16:00 vəziyyətinə", "“Təkrar” sözü", "\r\n-- \r\n",
		},
		"en": {
			"Action needed from you: 1 registration", "Action needed from you\r\n- R1: Awaiting payment\r\n", "(repeated)\r\n", "“Repeated” means",
		},
	} {
		h, subject, said := compose(t, sampleMail(lang, news...))
		if subject != want[0] {
			t.Errorf("subject %q", subject)
		}
		want = append(want[1:], "https://mallarim.example.az/goods?lang="+lang+"\r\n",
			"https://mallarim.example.az/notifications/stop/"+strings.Repeat("5", 32)+"?lang="+lang+"\r\n")
		for _, part := range want {
			if !strings.Contains(said, part) {
				t.Errorf("%s: no %q in\n%s", lang, part, said)
			}
		}
		for _, never := range []string{string(aysel), "Xəzər", "çuğunduru", "121291"} {
			if strings.Contains(said+subject, never) {
				t.Errorf("the mail tells %q", never)
			}
		}
		for name, value := range map[string]string{
			"Message-Id": "<019ac000-0000-7000-8000-000000000001@mallarim.example.az>", "To": "<aysel@example.az>", "Auto-Submitted": "auto-generated",
			"List-Unsubscribe":      "<https://mallarim.example.az/notifications/stop/" + strings.Repeat("5", 32) + ">",
			"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Content-Type": "text/plain; charset=UTF-8",
			"Content-Transfer-Encoding": "quoted-printable", "Content-Language": lang, "Mime-Version": "1.0",
		} {
			if got := h.Get(name); got != value {
				t.Errorf("%s: %q, want %q", name, got, value)
			}
		}
		from, err := h.AddressList("From")
		if err != nil || from[0].Name != "Dövlət Gömrük Komitəsi" || from[0].Address != "no-reply@customs.example.az" {
			t.Errorf("From: %v, %v", from, err)
		}
		if at, err := h.Date(); err != nil || !at.Equal(noon) {
			t.Errorf("Date: %v, %v", at, err)
		}
		for line := range strings.SplitSeq(said, "\r\n") {
			if len([]rune(line)) > 72 && !strings.HasPrefix(line, "https://") {
				t.Errorf("%s: %d characters in %q", lang, len([]rune(line)), line)
			}
		}
	}
}

// One registration is linked by itself; of many a part is listed, the rest counted.
func TestMailLength(t *testing.T) {
	one := customs.News{Registration: "AZ-12/34.5", Kinds: []customs.NewsKind{customs.NewsStatus}, Status: "a_new_word"}
	_, subject, said := compose(t, sampleMail("en", one))
	if subject != "News of your goods: 1 registration" || !strings.Contains(said, "/goods/AZ-12%2F34.5?lang=en\r\n") || !strings.Contains(said, "Clearance in progress") {
		t.Errorf("%s\n%s", subject, said)
	}
	var many []customs.News
	for i := range 5000 {
		kind := customs.NewsRegistered
		if i >= 40 {
			kind = customs.NewsStatus
		}
		many = append(many, customs.News{Registration: fmt.Sprintf("R%d", i), Kinds: []customs.NewsKind{kind}, Status: customs.Held})
	}
	_, subject, said = compose(t, sampleMail("en", many...))
	if subject != "News of your goods: 5,000 registrations" || strings.Count(said, ": Detained\r\n") != 50 || !strings.Contains(said, "- and 4,950 more registrations") {
		t.Errorf("%s\n%s", subject, said)
	}
}

func TestMailThatAsks(t *testing.T) {
	m := sampleMail("az")
	m.Confirm, m.ConfirmUntil = "abc_-DEF", noon.Add(48*time.Hour)
	_, subject, said := compose(t, m)
	for _, part := range []string{"https://mallarim.example.az/notifications/confirm/abc_-DEF?lang=az\r\n", "04.03.2026 16:00", "“Sərhəddə qeydə alınan mallarım”", "/notifications/stop/"} {
		if !strings.Contains(said, part) {
			t.Errorf("no %q in\n%s", part, said)
		}
	}
	if subject != "E-poçt ünvanınızı təsdiq edin" || strings.Contains(said, string(aysel)) {
		t.Errorf("%s\n%s", subject, said)
	}
}
