package handlers_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/handlers"
)

// filled is a form to which nothing is wanting; changes come in pairs.
func filled(changes ...string) []string {
	v := []string{
		"body", "Dövlət Gömrük Komitəsi", "body_address", "", "name", "«Xəzər Aqro Ticarət» MMC", "address", "Bakı şəhəri, Nizami küçəsi 1",
		"phone", "", "representative", "Məmmədova Aysel", "standing", "Maraqlı şəxs", "kind", "inaction", "registration", aysels, "act_date", "", "act_number", "",
		"officer", "", "facts", "Birinci gün.\r\nİkinci gün.", "demand", "Rəsmiləşdirmənin davam etdirilməsi.", "grounds", "51-ci maddə", "attachments", "CMR surəti\r\nİnvoys",
		"do", "make",
	}
	for i := 0; i+1 < len(changes); i += 2 {
		v[slices.Index(v, changes[i])+1] = changes[i+1]
	}
	return v
}

// value is what a field of the page's form holds.
func value(page, name string) string {
	for _, n := range append(elements(page, "input"), elements(page, "textarea")...) {
		if attributeOf(n, "name") != name {
			continue
		}
		if n.Data == "textarea" {
			if n.FirstChild == nil {
				return ""
			}
			return n.FirstChild.Data
		}
		if attributeOf(n, "type") != "radio" {
			return attributeOf(n, "value")
		}
		for _, a := range n.Attr {
			if a.Key == "checked" {
				return attributeOf(n, "value")
			}
		}
	}
	return ""
}

func attributeOf(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// entries are the register's entries about complaints, oldest first.
func (s *site) entries() []string {
	return strings.Split(look[string](s, `select coalesce(string_agg(action || ' ' || outcome || ' ' || results, ', ' order by id), '') from register_entry where action like 'complaint%'`), ", ")
}

func TestComplaintSignedOut(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	a := b.want(b.get("/appeals/complaint?registration="+aysels), http.StatusOK)
	back := "/appeals/complaint?registration=" + aysels
	if !strings.Contains(a.body, `href="/?return=`+strings.ReplaceAll(url.QueryEscape(back), "&", "&amp;")+`"`) || strings.Contains(words(a.body), "Qara çay") {
		t.Errorf("no way to sign in and come back: %s", a.body)
	}
	for _, path := range []string{"/appeals/complaint/00000000-0000-4000-8000-000000000000", "/appeals/complaint/x/document", "/appeals/complaint/x/evidence.json"} {
		if a := b.want(b.get(path), http.StatusSeeOther); a.to() != "/?return="+url.QueryEscape(path) {
			t.Errorf("%s: to %q", path, a.to())
		}
	}
	if n := look[int](s, `select count(*) from register_entry`); n != 0 {
		t.Errorf("%d entries for nobody's goods", n)
	}
}

// The form knows what the certificate and the registration say; another
// trader's registration is like none.
func TestComplaintPrefilled(t *testing.T) {
	s := newSite(t, func(o *handlers.Options) { o.Contacts.BodyAddress = "Ünvan 1" })
	b := s.browser().english().signIn("aysel")
	page := b.want(b.get("/appeals/complaint?registration="+url.QueryEscape(slashed)), http.StatusOK).body
	p := person(t, "aysel")
	for name, want := range map[string]string{
		"body": "Azərbaycan Respublikasının Dövlət Gömrük Komitəsi", "body_address": "Ünvan 1", "registration": slashed, "standing": "Maraqlı şəxs", "name": p.Organisation,
	} {
		if got := value(page, name); got != want || want == "" {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if who := value(page, "representative"); !strings.Contains(who, p.Surname) {
		t.Errorf("the person is %q", who)
	}
	if shown := words(page); !strings.Contains(shown, "Qara çay") || !strings.Contains(shown, string(p.VOENs[0])) || !strings.Contains(value(page, "grounds"), "51-ci maddəsi") {
		t.Error(shown)
	}
	// Not found is not found, whoever's it is.
	clean := func(code string) string {
		a := b.want(b.get("/appeals/complaint?registration="+code), http.StatusUnprocessableEntity)
		if strings.Contains(words(a.body), "TT-417-KO") {
			t.Errorf("%s: goods of another trader", code)
		}
		return strings.ReplaceAll(a.body[strings.Index(a.body, "<main"):strings.Index(a.body, "</main>")], code, "CODE")
	}
	if clean(rashads) != clean("009019999999999") {
		t.Error("another's registration is not like one that does not exist")
	}
	if got, want := strings.Join(s.entries(), ", "), "complaint.form answered 1, complaint.form not_found 0, complaint.form not_found 0"; got != want {
		t.Errorf("register: %s, want %s", got, want)
	}
	b.want(b.get("/appeals/complaint"), http.StatusOK) // shows no registration
	for _, bad := range []string{"%00", "%ff", strings.Repeat("9", 500), "%3Cscript%3E", "%E2%80%AE"} {
		if a := b.get("/appeals/complaint?registration=" + bad); a.StatusCode >= 500 || strings.Contains(a.body, "<script>") {
			t.Errorf("%s: %d", bad, a.StatusCode)
		}
	}
}

// Everything that can be wrong is said once above and once at its field, and
// what was typed stays.
func TestComplaintMistakes(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	long := strings.Repeat("Ş", customs.ComplaintLine+1)
	for name, c := range map[string]struct {
		form []string
		want string // fields
	}{
		"nothing":                {[]string{"do", "make"}, "body name address standing kind facts demand grounds"},
		"no facts":               {filled("facts", " \r\n "), "facts"},
		"no kind":                {filled("kind", ""), "kind"},
		"another kind":           {filled("kind", "drop table"), "kind"},
		"a day of no calendar":   {filled("act_date", "31.02.2026"), "act_date"},
		"a day to come":          {filled("act_date", time.Now().AddDate(0, 0, 2).Format("02.01.2006")), "act_date"},
		"another's":              {filled("registration", rashads), "registration"},
		"another's and no facts": {filled("registration", rashads, "facts", ""), "registration facts"},
		"too long":               {filled("name", long, "do", "save"), "name"},
		"only marks":             {filled("demand", "\u202e\u200b\x00"), "demand"},
		"looked up":              {filled("registration", "no-such", "do", "look"), "registration"},
	} {
		a := b.want(b.post("/appeals/complaint", c.form...), http.StatusUnprocessableEntity)
		var linked, marked []string
		for _, n := range elements(a.body, "a") {
			if to := attributeOf(n, "href"); strings.HasPrefix(to, "#") && to != "#main" {
				id := strings.TrimPrefix(to, "#")
				if attribute(a.body, "input", "id", "id") == "" || !strings.Contains(a.body, `id="`+id+`"`) {
					t.Errorf("%s: %s leads nowhere", name, to)
				}
				linked = append(linked, strings.TrimSuffix(id, "-decision"))
			}
		}
		for _, kind := range []string{"input", "textarea", "fieldset"} {
			for _, n := range elements(a.body, kind) {
				if attributeOf(n, "aria-invalid") == "true" {
					field := attributeOf(n, "name")
					if kind == "fieldset" {
						field = "kind"
					}
					marked = append(marked, field)
					if !strings.Contains(attributeOf(n, "aria-describedby"), field+"-error") || !strings.Contains(a.body, `id="`+field+`-error"`) {
						t.Errorf("%s: %s is not explained", name, field)
					}
				}
			}
		}
		slices.Sort(marked)
		sorted := slices.Sorted(slices.Values(linked))
		if strings.Join(linked, " ") != c.want || !slices.Equal(marked, sorted) {
			t.Errorf("%s: linked %q, marked %q, want %q", name, linked, marked, c.want)
		}
		if title := elements(a.body, "title")[0].FirstChild.Data; !strings.HasPrefix(title, "Xəta:") {
			t.Errorf("%s: title %q", name, title)
		}
		for i := 0; i+1 < len(c.form); i += 2 {
			field, typed := c.form[i], strings.TrimSpace(strings.ReplaceAll(c.form[i+1], "\r\n", "\n"))
			if got := value(a.body, field); field != "do" && got != typed && name != "another kind" && name != "only marks" && (field != "act_date" || !strings.HasPrefix(name, "a day")) {
				t.Errorf("%s: %s became %q", name, field, got)
			}
		}
	}
	if n := look[int](s, `select count(*) from complaint_draft`); n != 0 {
		t.Errorf("%d drafts of what was wrong", n)
	}
	a := b.want(b.post("/appeals/complaint", "facts", strings.Repeat("x", 600<<10)), http.StatusRequestEntityTooLarge)
	if strings.Contains(a.body, "xxxx") {
		t.Error("a form without end comes back")
	}
	if a := b.do(http.MethodPost, "/appeals/complaint", strings.NewReader("%zz"), "Content-Type", "application/x-www-form-urlencoded"); a.StatusCode != http.StatusBadRequest {
		t.Errorf("nonsense: %d", a.StatusCode)
	}
	if a := b.do(http.MethodPost, "/appeals/complaint", strings.NewReader("do=save"), "Content-Type", "application/x-www-form-urlencoded", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); a.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", a.StatusCode)
	}
}

// A draft survives signing out, is continued, listed and deleted, and is not
// there for anybody else.
func TestComplaintDrafts(t *testing.T) {
	now := time.Now() // pages that are compared say the second at which they were made
	s := newSite(t, func(o *handlers.Options) { o.Now = func() time.Time { return now } })
	b := s.browser().signIn("aysel")
	saved := b.want(b.post("/appeals/complaint", filled("facts", "Yarımçıq <b>", "demand", "", "act_date", "16.11.2025", "do", "save")...), http.StatusSeeOther).to()
	path, _, _ := strings.Cut(saved, "?")
	page := b.want(b.get(saved), http.StatusOK)
	if !strings.Contains(words(page.body), "Qaralama saxlanıldı") || value(page.body, "facts") != "Yarımçıq <b>" || value(page.body, "act_date") != "16.11.2025" || attribute(page.body, "form", "novalidate", "action") != path {
		t.Errorf("%s", words(page.body))
	}
	b.want(b.get(path+"/document"), http.StatusSeeOther) // there is none yet
	if a := b.get(path + "/evidence.json"); a.StatusCode != http.StatusNotFound {
		t.Errorf("evidence before a document: %d", a.StatusCode)
	}
	b.want(b.post("/sign-out"), http.StatusSeeOther)
	b.signIn("aysel")
	if list := b.want(b.get("/appeals/complaint"), http.StatusOK); !strings.Contains(list.body, `href="`+path+`"`) || !strings.Contains(words(list.body), "Yarımçıq <b>") {
		t.Errorf("the draft is not listed: %s", words(list.body))
	}
	if again := b.want(b.post(path, filled("facts", "Daha çox", "do", "save")...), http.StatusSeeOther).to(); again != saved {
		t.Errorf("continued at %s, was %s", again, saved)
	}
	other := s.browser().signIn("rashad")
	for _, address := range []string{path, path + "/document", path + "/evidence.json", path + "/delete"} {
		a := other.want(other.get(address), http.StatusNotFound)
		if none := other.get("/appeals/complaint/00000000-0000-4000-8000-000000000000" + strings.TrimPrefix(address, path)); words(strings.ReplaceAll(none.body, none.Header.Get("X-Request-ID"), "")) != words(strings.ReplaceAll(a.body, a.Header.Get("X-Request-ID"), "")) {
			t.Errorf("%s: another's draft is not like none", address)
		}
	}
	other.want(other.post(path+"/delete"), http.StatusSeeOther)
	mine := other.want(other.post(path, filled("facts", "rashad", "registration", "", "do", "save")...), http.StatusSeeOther).to() // kept, as their own
	if strings.HasPrefix(mine, path) || look[string](s, `select content->>'facts' from complaint_draft where id::text = $1`, strings.TrimPrefix(path, "/appeals/complaint/")) != "Daha çox" {
		t.Error("another trader wrote over the draft")
	}
	ask := b.want(b.get(path+"/delete"), http.StatusOK)
	if !strings.Contains(words(ask.body), "Daha çox") {
		t.Error(words(ask.body))
	}
	gone := b.want(b.post(path+"/delete"), http.StatusSeeOther).to()
	if list := words(b.want(b.get(gone), http.StatusOK).body); !strings.Contains(list, "Qaralama silindi") || strings.Contains(list, "Daha çox") {
		t.Error(list)
	}
	b.want(b.get(path), http.StatusNotFound)
}

// Whatever keeps the portal from keeping it, the text comes back to the person.
func TestComplaintIsGivenBack(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	s.sql(`update session set ended_at = now()`)
	for _, who := range []*browser{b, s.browser()} { // ended, and no cookie at all
		a := who.want(who.post("/appeals/complaint", filled("do", "save")...), http.StatusUnauthorized)
		if value(a.body, "facts") != "Birinci gün.\nİkinci gün." || value(a.body, "kind") != "inaction" || !strings.Contains(words(a.body), "Sessiyanız bitib") || strings.Contains(words(a.body), "Qara çay") {
			t.Errorf("%s", words(a.body))
		}
	}
	b = s.browser().signIn("aysel")
	s.sql(`alter table complaint_draft rename to elsewhere`)
	a := b.want(b.post("/appeals/complaint", filled("do", "save")...), http.StatusServiceUnavailable)
	if value(a.body, "demand") != "Rəsmiləşdirmənin davam etdirilməsi." || strings.Contains(a.body, "elsewhere") {
		t.Errorf("%s", words(a.body))
	}
	s.sql(`alter table elsewhere rename to complaint_draft`)
	s.sql(`revoke insert on register_entry from portal_app`)
	a = b.want(b.post("/appeals/complaint", filled()...), http.StatusServiceUnavailable)
	if value(a.body, "facts") != "Birinci gün.\nİkinci gün." || look[int](s, `select count(*) from complaint_draft where drawn_at is not null`) != 0 {
		t.Error("a document without an entry in the register, or the text is lost")
	}
	s.sql(`insert into complaint_draft (id, voen, owner, content) select gen_random_uuid(), voen, owner, '{}' from complaint_draft, generate_series(1, 49)`)
	if a := b.want(b.post("/appeals/complaint", filled("registration", "", "do", "save")...), http.StatusConflict); value(a.body, "demand") == "" {
		t.Errorf("one too many: %s", words(a.body))
	}
}

// The document says what was typed and what the portal held when it was drawn
// up; the register names its bytes, and the code leads to the check.
func TestComplaintDocument(t *testing.T) {
	n := newNotary(t)
	b := n.browser().signIn("aysel")
	path := b.want(b.post("/appeals/complaint", filled("officer", strings.Repeat("uzunsöz", 40))...), http.StatusSeeOther).to()
	pending := b.want(b.get(path), http.StatusOK)
	if pending.Header.Get("Refresh") == "" || strings.Contains(pending.body, "qr.png") {
		t.Errorf("before sealing: %q", pending.Header.Get("Refresh"))
	}
	n.seal()
	n.feed(strings.Replace(snapshot(aysels, "1499000151", 2), "docs_check", "held", 1)) // later news changes nothing
	page := b.want(b.get(path), http.StatusOK)
	shown := words(page.body)
	for _, want := range []string{
		"İNZİBATİ ŞİKAYƏT", "gömrük orqanının (vəzifəli şəxsin) hərəkətsizliyindən", "Birinci gün.", "İkinci gün.", "Rəsmiləşdirmənin davam etdirilməsi.", "1499000151",
		"Bakı şəhəri, Nizami küçəsi 1", "CMR surəti", "Sənədlər yoxlanılır", "Qara çay", "TT-417-KO", "portal.test/register", "/verify", "Reyestr qeydi",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("the document does not say %q", want)
		}
	}
	if strings.Contains(shown, "Saxlanılıb") || page.Header.Get("Refresh") != "" || attribute(page.body, "body", "class", "class") != "is-doc" {
		t.Error("the document changed after it was drawn up, or waits for a seal that is there")
	}
	evidence := b.want(b.get(strings.TrimSuffix(path, "document")+"evidence.json"), http.StatusOK)
	sum := sha256.Sum256([]byte(evidence.body))
	digest := hex.EncodeToString(sum[:])
	var e customs.Evidence
	n.must(json.Unmarshal([]byte(evidence.body), &e))
	if !strings.Contains(shown, digest) || e.Registration != aysels || len(e.History) != 1 || e.Requires[0].Code != "certificate_of_origin" {
		t.Errorf("evidence %s %+v", digest, e)
	}
	// The receipt of the entry names the same bytes.
	receipt := look[string](n.site, `select request_id::text from register_entry where action = 'complaint.evidence'`)
	text := b.want(b.get("/receipts/"+receipt+"/receipt.json"), http.StatusOK).body
	if check := n.browser().post("/verify", "text", text); !strings.Contains(words(check.body), digest) || !strings.Contains(words(check.body), "status tarixçəsini verib") {
		t.Errorf("the receipt does not name the evidence: %s", words(check.body))
	}
	// Anybody may follow the code on the paper.
	code := ""
	for _, a := range elements(page.body, "a") {
		if to := attributeOf(a, "href"); strings.HasPrefix(to, "/verify?") {
			code = to
		}
	}
	if v := n.browser().get(code); v.StatusCode != http.StatusOK || !strings.Contains(words(v.body), "Qəbz həqiqidir") || strings.Contains(v.body, "1499000151") {
		t.Errorf("%s: %s", code, words(v.body))
	}
	if png := b.want(b.get("/receipts/"+receipt+"/qr.png"), http.StatusOK); !strings.Contains(page.body, `src="/receipts/`+receipt+`/qr.png"`) || !strings.HasPrefix(png.body, "\x89PNG") {
		t.Error("no code on the paper")
	}
	want := "complaint.evidence answered 1, complaint.document answered 1, complaint.document answered 1, complaint.document answered 1"
	if got := strings.Join(n.entries(), ", "); got != want {
		t.Errorf("register: %s", got)
	}
	// Evidence that somebody changed in the database is not vouched for.
	n.sql(`update complaint_draft set evidence = convert_to(replace(convert_from(evidence, 'UTF8'), 'docs_check', 'held'), 'UTF8')`)
	if a := b.want(b.get(path), http.StatusOK); strings.Contains(a.body, "qr.png") || strings.Contains(words(a.body), "Qeydin yoxlama cəmi") {
		t.Error("the register vouches for what it does not name")
	}
}

// An English reader gets the same document in Azerbaijani, and what it says.
func TestComplaintDocumentPreview(t *testing.T) {
	n := newNotary(t)
	b := n.browser().english().signIn("aysel")
	path := b.want(b.post("/appeals/complaint", filled("registration", "", "body_address", "Küçə 2", "attachments", "")...), http.StatusSeeOther).to()
	page := b.want(b.get(path), http.StatusOK)
	var langs []string
	for _, n := range append(elements(page.body, "article"), elements(page.body, "details")...) {
		langs = append(langs, n.Data+" "+attributeOf(n, "lang"))
	}
	shown := words(page.body)
	for _, want := range []string{"İNZİBATİ ŞİKAYƏT", "ADMINISTRATIVE COMPLAINT", "What each part says", "Article 74, item 1", "Ünvan: Küçə 2", "Address: Küçə 2", "Described in the next section"} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q", want)
		}
	}
	if !slices.Contains(langs, "article az") || strings.Contains(shown, "Status history") || strings.Contains(shown, "Write the address of the body") {
		t.Errorf("%v %s", langs, shown)
	}
	if got := n.entries(); got[0] != "" {
		t.Errorf("register: %v, although no registration was shown", got)
	}
	if az := words(b.want(b.get(path+"?lang=az"), http.StatusOK).body); strings.Contains(az, "ADMINISTRATIVE COMPLAINT") || strings.Contains(az, "oxuduğunuz dildə") {
		t.Error("an Azerbaijani reader needs no preview")
	}
}

// The complaint starts from the registration's page, whatever its code.
func TestComplaintStartsFromTheRegistration(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	for _, code := range []string{aysels, slashed} {
		page := b.want(b.get("/goods/"+url.PathEscape(code)), http.StatusOK).body
		i := slices.IndexFunc(elements(page, "a"), func(n *html.Node) bool { return strings.HasPrefix(attributeOf(n, "href"), "/appeals/complaint?") })
		if i < 0 {
			t.Fatalf("%s: no way to a complaint", code)
		}
		if form := b.want(b.get(attributeOf(elements(page, "a")[i], "href")), http.StatusOK).body; value(form, "registration") != code {
			t.Errorf("the form is about %q, not %q", value(form, "registration"), code)
		}
	}
}
