package handlers_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"customs.gov.az/portal/db"
	"customs.gov.az/portal/handlers"
	"customs.gov.az/portal/register"
)

// notary seals a site's register when it is told to.
type notary struct {
	*site
	verifiers *register.Verifiers
	sealer    *db.Sealer
}

func newNotary(t *testing.T, edit ...func(*handlers.Options)) *notary {
	t.Helper()
	private, _, err := register.NewKey("portal.test/register")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := register.ParseKeys(private, "")
	if err != nil {
		t.Fatal(err)
	}
	v, err := keys.Verifiers()
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, append(edit, func(o *handlers.Options) { o.Seals = v })...)
	return &notary{s, v, db.NewSealer(s.db, keys, v)}
}

func (n *notary) seal() {
	n.Helper()
	_, err := n.sealer.Seal(n.Context())
	n.must(err)
}

// receiptOf opens a page and returns the address of its receipt.
func receiptOf(b *browser, page string) string {
	b.Helper()
	a := b.get(page)
	for _, e := range elements(a.body, "a") {
		for _, attr := range e.Attr {
			if attr.Key == "href" && strings.HasPrefix(attr.Val, "/receipts/") {
				return attr.Val
			}
		}
	}
	b.Fatalf("%s offers no receipt", page)
	return ""
}

func TestReceipt(t *testing.T) {
	n := newNotary(t)
	b := n.browser().signIn("aysel")
	path := receiptOf(b, "/goods?q=pomidor")

	pending := b.want(b.get(path), http.StatusOK)
	if pending.Header.Get("Refresh") == "" || !strings.Contains(words(pending.body), "Qəbz hazırlanır") {
		t.Errorf("before sealing: %q %s", pending.Header.Get("Refresh"), words(pending.body))
	}
	late := b.want(b.get(path+"/receipt.json"), http.StatusServiceUnavailable)
	if late.Header.Get("Retry-After") == "" {
		t.Error("no word when to come again")
	}
	sealed := make(chan error)
	time.AfterFunc(300*time.Millisecond, func() {
		_, err := n.sealer.Seal(n.Context())
		sealed <- err
	})
	b.want(b.get(path+"/receipt.json"), http.StatusOK) // it waits for the seal
	n.must(<-sealed)

	page := b.want(b.get(path), http.StatusOK)
	for _, want := range []string{"Dövlət Gömrük Komitəsi cavab verib", "1499000151", "/goods?q=pomidor", strings.TrimPrefix(path, "/receipts/"), "portal.test/register"} {
		if !strings.Contains(words(page.body), want) {
			t.Errorf("%q is not on the receipt", want)
		}
	}
	if page.Header.Get("Refresh") != "" {
		t.Error("a finished receipt keeps refreshing")
	}
	b.get("/goods?lang=en")
	if page = b.get(path); !strings.Contains(words(page.body), "the State Customs Committee answered") {
		t.Errorf("in English: %s", words(page.body))
	}

	file := b.want(b.get(path+"/receipt.json"), http.StatusOK)
	if !strings.Contains(file.Header.Get("Content-Disposition"), "receipt-1.json") {
		t.Error(file.Header.Get("Content-Disposition"))
	}
	r, err := register.ParseReceipt([]byte(file.body))
	n.must(err)
	p, err := n.verifiers.Check(r)
	if err != nil || *p.Opened[register.Subject] != "1499000151" || *p.Opened[register.Asked] != "/goods?q=pomidor" {
		t.Errorf("%+v %v", p, err)
	}
	proof := b.want(b.get(path+"/receipt.tlog-proof"), http.StatusOK)
	if proof.body != r.TlogProof() || strings.Contains(proof.body, "1499000151") {
		t.Errorf("%s", proof.body)
	}
	code := b.want(b.get(path+"/qr.png"), http.StatusOK)
	if img, err := png.Decode(strings.NewReader(code.body)); err != nil || img.Bounds().Dx() < 100 {
		t.Errorf("the code is no picture: %v", err)
	}
}

// Every kind of answer says on its receipt what it was.
func TestReceiptOfEachAnswer(t *testing.T) {
	n := newNotary(t)
	empty := n.browser().english().signIn("leyla")
	none := receiptOf(empty, "/goods")
	b := n.browser().english().signIn("aysel")
	detail := receiptOf(b, "/goods/"+aysels)
	missing := b.want(b.get("/goods/none"), http.StatusNotFound)
	n.seal()
	for _, c := range []struct {
		b          *browser
		path, want string
	}{
		{empty, none, "no goods whose clearance is not complete are registered to this VÖEN"},
		{b, detail, "answered with the details of one registration"},
		{b, "/receipts/" + missing.Header.Get("X-Request-ID"), "no such registration is on this VÖEN’s list"},
	} {
		if a := c.b.want(c.b.get(c.path), http.StatusOK); !strings.Contains(words(a.body), c.want) {
			t.Errorf("%s: %s", c.want, words(a.body))
		}
	}
}

func TestReceiptIsTheTradersOwn(t *testing.T) {
	n := newNotary(t)
	b := n.browser().signIn("aysel")
	path := receiptOf(b, "/goods")
	n.seal()
	other := n.browser().signIn("kamran")
	for _, form := range []string{"", "/receipt.json", "/receipt.tlog-proof", "/qr.png"} {
		if a := other.get(path + form); a.StatusCode != http.StatusNotFound || strings.Contains(a.body, "1499000151") {
			t.Errorf("%s of another trader: %d", form, a.StatusCode)
		}
		if a := n.browser().get(path + form); a.StatusCode == http.StatusOK && strings.Contains(a.body, "1499000151") {
			t.Errorf("%s without signing in: %d", form, a.StatusCode)
		}
	}
	for _, id := range []string{"x", "00000000-0000-0000-0000-000000000000", "%00", strings.ToUpper(path[10:]) + "0", "{" + path[10:] + "}", "urn:uuid:" + path[10:]} {
		b.want(b.get("/receipts/"+id), http.StatusNotFound)
	}
}

// A site whose register is not sealed offers nothing that it could not keep.
func TestNoReceiptsWithoutSealing(t *testing.T) {
	s := newSite(t)
	b := s.browser().signIn("aysel")
	if strings.Contains(b.get("/goods").body, "/receipts/") {
		t.Error("a receipt is offered")
	}
	for _, path := range []string{"/receipts/x", "/verify", "/register/checkpoint"} {
		b.want(b.get(path), http.StatusNotFound)
	}
}

// upload sends a receipt as a file or as text.
func (n *notary) check(b *browser, field, content string) answer {
	n.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile(field, "receipt.json")
	if field == "text" {
		part, err = form.CreateFormField(field)
	}
	n.must(err)
	_, err = part.Write([]byte(content))
	n.must(err)
	n.must(form.Close())
	return b.do(http.MethodPost, "/verify", &body, "Content-Type", form.FormDataContentType())
}

func TestVerifyPage(t *testing.T) {
	n := newNotary(t)
	b := n.browser().signIn("aysel")
	path := receiptOf(b, "/goods")
	n.seal()
	receipt := b.get(path + "/receipt.json").body
	b.get("/goods")
	n.seal() // the log has grown since
	guest := n.browser().english()
	if a := guest.want(guest.get("/verify"), http.StatusOK); !strings.Contains(a.body, n.verifiers.Keys[0]) {
		t.Error("the key of the log is not on the page")
	}
	for _, field := range []string{"receipt", "text"} {
		a := guest.want(n.check(guest, field, receipt), http.StatusOK)
		for _, want := range []string{"The receipt is genuine", "1499000151", "entry 1.", "now has 3 signed entries"} {
			if !strings.Contains(words(a.body), want) {
				t.Errorf("%s: %q is not told: %s", field, want, words(a.body))
			}
		}
	}
	for _, c := range []struct {
		name, receipt, want string
		status              int
	}{
		{"nothing", "", "There is no receipt to check", 422},
		{"blank", " \n", "There is no receipt to check", 422},
		{"no receipt", "{}", "This is not a receipt, or it was changed", 422},
		{"another VÖEN", strings.Replace(receipt, "1499000151", "1499000152", 1), "The receipt was changed", 422},
		{"another result", strings.Replace(receipt, "outcome answered", "outcome failed", 1), "This is not a receipt, or it was changed", 422},
		{"another size", strings.Replace(receipt, `register\n1\n`, `register\n2\n`, 1), "signature of the register does not match", 422},
		{"script", `{"format":"<script>alert(1)</script>"}`, "This is not a receipt", 422},
		{"too large for a receipt", strings.Repeat("x", register.MaxReceipt+1), "This is not a receipt", 422},
		{"too large for the form", strings.Repeat("x", 3*register.MaxReceipt), "", 413},
	} {
		a := n.check(guest, "receipt", c.receipt)
		if a.StatusCode != c.status || !strings.Contains(words(a.body), c.want) || strings.Contains(a.body, "<script") {
			t.Errorf("%s: %d %s", c.name, a.StatusCode, words(a.body))
		}
	}
	guest.want(guest.do(http.MethodPost, "/verify", strings.NewReader("x"), "Content-Type", "multipart/form-data"), http.StatusBadRequest)
	guest.want(guest.do(http.MethodPost, "/verify", strings.NewReader("%zz"), "Content-Type", "application/x-www-form-urlencoded"), http.StatusBadRequest)
}

// A receipt that was signed and is no longer in the log is the worst news
// there is: it is told as such.
func TestVerifyFindsAFork(t *testing.T) {
	n := newNotary(t)
	b := n.browser().signIn("aysel")
	path := receiptOf(b, "/goods")
	n.seal()
	receipt := b.get(path + "/receipt.json").body
	n.sql(`set session_replication_role = replica; truncate register_entry, register_tile, register_checkpoint`)
	n.sql(`alter sequence register_entry_id_seq restart`)
	b.get("/goods?q=other")
	n.seal()
	if a := n.check(n.browser().english(), "receipt", receipt); a.StatusCode != 422 || !strings.Contains(words(a.body), "The register does not match the receipt") {
		t.Errorf("%d %s", a.StatusCode, words(a.body))
	}
}

func TestVerifyCode(t *testing.T) {
	n := newNotary(t)
	b := n.browser().signIn("aysel")
	path := receiptOf(b, "/goods")
	n.seal()
	var link string
	for _, e := range elements(b.get(path).body, "a") {
		for _, attr := range e.Attr {
			if attr.Key == "href" && strings.HasPrefix(attr.Val, "/verify?") {
				link = attr.Val
			}
		}
	}
	q := mustURL(link).Query()
	if strings.Contains(link, "1499000151") || q.Get("i") != "1" || len(q.Get("h")) != 43 {
		t.Fatalf("the code is %s", link)
	}
	guest := n.browser().english()
	page := guest.want(guest.get(link), http.StatusOK)
	if text := words(page.body); !strings.Contains(text, "The receipt is genuine") || strings.Contains(text, "1499000151") || strings.Contains(text, "/goods?") {
		t.Errorf("%s", text)
	}
	ask := func(voen string) string {
		return words(guest.post("/verify", "i", q.Get("i"), "h", q.Get("h"), "k", q.Get("k"), "voen", voen).body)
	}
	if got := ask(" 1499000151 "); !strings.Contains(got, "Yes: the answer was given to VÖEN 1499000151") {
		t.Error(got)
	}
	for _, voen := range []string{"1499000152", "149900015", "<b>x</b>"} {
		if got := ask(voen); !strings.Contains(got, "No: the answer was not given to VÖEN") {
			t.Error(got)
		}
	}
	if a := guest.get(link + "&voen=1499000151"); strings.Contains(words(a.body), "Yes:") {
		t.Error("a VÖEN in an address is compared")
	}
	change := func(name, value string) string {
		c := url.Values{}
		for k := range q {
			c.Set(k, q.Get(k))
		}
		c.Set(name, value)
		return "/verify?" + c.Encode()
	}
	wrong := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	for _, bad := range []string{
		change("h", wrong), change("h", "x"), change("h", ""), change("i", "2"), change("i", "-1"), change("i", "x"), change("i", "99999999999999999999"), "/verify?i=1",
		// The hash is public: without the receipt's salt nothing is told of the entry.
		change("k", ""), change("k", "x"), change("k", wrong), change("k", wrong[:22]), change("k", q.Get("k")+"AA"), "/verify?i=1&h=" + q.Get("h"),
	} {
		if a := guest.get(bad); a.StatusCode != 422 || !strings.Contains(words(a.body), "The code matches no entry") || strings.Contains(a.body, "pomidor") || strings.Contains(a.body, path[10:]) {
			t.Errorf("%s: %d", bad, a.StatusCode)
		}
	}
	// Once the personal data is deleted no salt is left to compare: what was
	// answered is told to who knows the VÖEN.
	n.sql(`select forget_register(now() + interval '1 day', 0, 100)`)
	closed := func(text string) bool {
		return strings.Contains(text, "The entry is in the register") && !strings.Contains(text, "The receipt is genuine") && strings.Contains(text, "has been deleted") && !strings.Contains(text, path[10:])
	}
	for _, address := range []string{link, change("k", wrong[:22])} {
		if text := words(guest.want(guest.get(address), http.StatusOK).body); !closed(text) {
			t.Errorf("after deletion: %s", text)
		}
	}
	if got := ask("1499000152"); !closed(got) {
		t.Errorf("another VÖEN, after deletion: %s", got)
	}
	if got := ask("1499000151"); !strings.Contains(got, "Yes:") || !strings.Contains(got, path[10:]) || closed(got) {
		t.Errorf("the VÖEN, after deletion: %s", got)
	}
	// Nobody may try all numbers.
	for range 30 {
		if a := guest.post("/verify", "i", q.Get("i"), "h", q.Get("h"), "k", q.Get("k"), "voen", "1499000153"); a.StatusCode == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("VÖENs can be tried without end")
}

// A stranger computes the root, an inclusion and a consistency proof from what
// is public.
func TestPublicLog(t *testing.T) {
	n := newNotary(t)
	guest := n.browser()
	guest.want(guest.get("/register/checkpoint"), http.StatusNotFound)
	b := n.browser().signIn("aysel")
	heads := []register.Checkpoint{}
	for i := range 3 {
		for j := range 3 {
			b.get(fmt.Sprintf("/goods?page=%d", i*3+j))
		}
		n.seal()
		a := guest.want(guest.get("/register/checkpoint"), http.StatusOK)
		c, err := n.verifiers.Open(a.body)
		n.must(err)
		heads = append(heads, c)
		if h := a.Header; h.Get("Cache-Control") != "public, max-age=2" || h.Get("Vary") != "" || h.Get("Set-Cookie") != "" || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%v", h)
		}
	}
	reader := tlog.TileHashReader(heads[2].Tree, publicTiles{guest})
	for i, h := range heads[:2] {
		p, err := tlog.ProveTree(heads[2].Tree.N, h.Tree.N, reader)
		if err != nil || tlog.CheckTree(p, heads[2].Tree.N, heads[2].Tree.Hash, h.Tree.N, h.Tree.Hash) != nil {
			t.Errorf("checkpoint %d is not extended: %v", i, err)
		}
	}
	for _, path := range []string{"0/000", "0/001", "1/000", "0/000.p/10", "0/000.p/0", "x", "", "data/000", "entries/000", "0/..%2f000", "64/000"} {
		guest.want(guest.get("/register/tile/"+path), http.StatusNotFound)
	}
	if a := guest.get("/register/tile/0/000.p/4"); len(a.body) != 128 || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d bytes, %v", len(a.body), a.Header)
	}
}

// publicTiles reads tiles as a stranger does.
type publicTiles struct{ *browser }

func (publicTiles) Height() int { return 8 }

func (publicTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (p publicTiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, w := range want {
		a := p.want(p.get("/register/"+strings.Replace(w.Path(), "tile/8/", "tile/", 1)), http.StatusOK)
		out = append(out, []byte(a.body))
	}
	return out, nil
}
