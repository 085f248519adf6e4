package register

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const testOrigin = "portal.test/register"

// newKeys makes keys of the test log, newest first.
func newKeys(t testing.TB, n int) (*Keys, *Verifiers, []string) {
	t.Helper()
	var private []string
	for range n {
		k, _, err := NewKey(testOrigin)
		if err != nil {
			t.Fatal(err)
		}
		private = append(private, k)
	}
	keys, err := ParseKeys(strings.Join(private, ","), "")
	if err != nil {
		t.Fatal(err)
	}
	v, err := keys.Verifiers()
	if err != nil {
		t.Fatal(err)
	}
	return keys, v, private
}

// sampleReceipt is a receipt of the sixth of ten entries.
func sampleReceipt(t testing.TB, keys *Keys) Receipt {
	t.Helper()
	return receiptOf(t, keys, sampleRecord())
}

func receiptOf(t testing.TB, keys *Keys, r Record) Receipt {
	t.Helper()
	r.ID = 6
	salts := bytes.Repeat([]byte("salt"), SaltsSize/4)
	values := [3]string{"1499000151", "00000000-0000-4000-8000-000000000001", "/goods?q=çay"}
	for i := range r.Commitments {
		r.Commitments[i] = Commit(salts[:SaltSize], []byte(values[i]))
	}
	var ref reference
	var tree Tree
	for n := range int64(10) {
		h := numbered(n)
		if n == 5 {
			text, err := r.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			h = LeafHash(text)
		}
		hashes, err := tlog.StoredHashesForRecordHash(n, h, &ref)
		if err != nil {
			t.Fatal(err)
		}
		ref = append(ref, hashes...)
		tree.Append(h)
	}
	head, err := tree.Head()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := keys.Sign(head)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := tlog.ProveRecord(10, 5, &ref)
	if err != nil {
		t.Fatal(err)
	}
	out, err := NewReceipt(r, values, salts, proof, signed.Note)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestReceipt(t *testing.T) {
	keys, v, _ := newKeys(t, 1)
	text, err := sampleReceipt(t, keys).JSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"as made": text, "with BOM": append([]byte("\xef\xbb\xbf"), text...), "with CRLF": bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))} {
		r, err := ParseReceipt(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p, err := v.Check(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p.Record.ID != 6 || *p.Opened[Subject] != "1499000151" || *p.Opened[Asked] != "/goods?q=çay" || p.Checkpoint.Tree.N != 10 {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// What an officer looked at is the trader's to know, but not in which session.
func TestReceiptOfAnOfficersLook(t *testing.T) {
	keys, v, _ := newKeys(t, 1)
	for _, actor := range []string{"operator", "supervisor", "administrator"} {
		r := sampleRecord()
		r.Actor = actor
		receipt := receiptOf(t, keys, r)
		p, err := v.Check(receipt)
		if err != nil || p.Record.Actor != actor || p.Opened[Session] != nil || len(receipt.Open) != 2 || *p.Opened[Asked] != "/goods?q=çay" {
			t.Errorf("%s: %+v %v", actor, receipt.Open, err)
		}
	}
}

// A receipt may keep values to itself: it then proves everything else.
func TestReceiptWithoutValues(t *testing.T) {
	keys, v, _ := newKeys(t, 1)
	r := sampleReceipt(t, keys)
	delete(r.Open, "subject")
	p, err := v.Check(r)
	if err != nil || p.Opened[Subject] != nil || p.Opened[Asked] == nil {
		t.Errorf("%+v %v", p, err)
	}
	record, _ := ParseRecord([]byte(r.Entry))
	closed, err := NewReceipt(record, [3]string{}, nil, r.Proof, r.Checkpoint)
	if err != nil || len(closed.Open) != 0 {
		t.Errorf("%+v %v", closed, err)
	}
	if _, err := v.Check(closed); err != nil {
		t.Error(err)
	}
}

func TestReceiptRefused(t *testing.T) {
	keys, v, _ := newKeys(t, 1)
	stranger, _, _ := newKeys(t, 1)
	for name, c := range map[string]struct {
		change func(*Receipt)
		want   error
	}{
		"another result": {func(r *Receipt) { r.Entry = strings.Replace(r.Entry, "results 17", "results 18", 1) }, ErrReceipt},
		"another result rehashed": {func(r *Receipt) {
			r.Entry = strings.Replace(r.Entry, "results 17", "results 18", 1)
			r.LeafHash = LeafHash([]byte(r.Entry)).String()
		}, ErrInclusion},
		"another VÖEN":     {func(r *Receipt) { r.Open["subject"] = Opening{r.Open["subject"].Salt, "1499000152"} }, ErrOpening},
		"another salt":     {func(r *Receipt) { r.Open["subject"] = Opening{strings.Repeat("00", 16), "1499000151"} }, ErrOpening},
		"short salt":       {func(r *Receipt) { r.Open["subject"] = Opening{"00", "1499000151"} }, ErrOpening},
		"moved boundary":   {func(r *Receipt) { o := r.Open["subject"]; r.Open["subject"] = Opening{o.Salt + "31", o.Value[1:]} }, ErrOpening},
		"unknown value":    {func(r *Receipt) { r.Open["name"] = Opening{} }, ErrReceipt},
		"another index":    {func(r *Receipt) { r.LeafIndex = 4 }, ErrReceipt},
		"proof changed":    {func(r *Receipt) { r.Proof[0][0]++ }, ErrInclusion},
		"proof too long":   {func(r *Receipt) { r.Proof = append(r.Proof, Hash{}) }, ErrInclusion},
		"proof missing":    {func(r *Receipt) { r.Proof = nil }, ErrInclusion},
		"root changed":     {func(r *Receipt) { r.Checkpoint = strings.Replace(r.Checkpoint, "\n10\n", "\n11\n", 1) }, ErrCheckpoint},
		"no checkpoint":    {func(r *Receipt) { r.Checkpoint = "" }, ErrCheckpoint},
		"signed by others": {func(r *Receipt) { r.Checkpoint = sampleReceipt(t, stranger).Checkpoint }, ErrCheckpoint},
		"not canonical":    {func(r *Receipt) { r.Entry += "\n" }, ErrReceipt},
	} {
		r := sampleReceipt(t, keys)
		c.change(&r)
		if _, err := v.Check(r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestParseReceiptIsStrict(t *testing.T) {
	keys, _, _ := newKeys(t, 1)
	good, err := sampleReceipt(t, keys).JSON()
	if err != nil {
		t.Fatal(err)
	}
	text := string(good)
	for name, bad := range map[string]string{
		"empty": "", "null": "null", "list": "[]", "text": `"x"`, "number": "7", "nothing in it": "{}",
		"two":         text + text,
		"unknown":     strings.Replace(text, `"format"`, `"extra": 1, "format"`, 1),
		"format":      strings.Replace(text, "receipt/v1", "receipt/v2", 1),
		"short hash":  strings.Replace(text, `"proof": [`, `"proof": ["AAAA",`, 1),
		"null hash":   strings.Replace(text, `"proof": [`, `"proof": [null,`, 1),
		"index text":  strings.Replace(text, `"leafIndex": 5`, `"leafIndex": "5"`, 1),
		"index large": strings.Replace(text, `"leafIndex": 5`, `"leafIndex": 99999999999999999999`, 1),
		"cut":         text[:len(text)/2],
		"too large":   strings.Replace(text, `"format"`, strings.Repeat(" ", MaxReceipt)+`"format"`, 1),
	} {
		if _, err := ParseReceipt([]byte(bad)); !errors.Is(err, ErrReceipt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The proof in the public format holds the same, and nothing of the person.
func TestTlogProof(t *testing.T) {
	keys, v, _ := newKeys(t, 1)
	r := sampleReceipt(t, keys)
	head, checkpoint, ok := strings.Cut(r.TlogProof(), "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || lines[0] != "c2sp.org/tlog-proof@v1" || lines[1] != "index 5" || len(lines) != 2+len(r.Proof) {
		t.Fatalf("%q", head)
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			t.Fatal(err)
		}
		proof = append(proof, h)
	}
	c, err := v.Open(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	leaf, _ := tlog.ParseHash(r.LeafHash)
	if err := tlog.CheckRecord(proof, c.Tree.N, c.Tree.Hash, 5, leaf); err != nil {
		t.Error(err)
	}
	if strings.Contains(r.TlogProof(), "1499000151") {
		t.Error("the VÖEN is in it")
	}
}

func FuzzReceipt(f *testing.F) {
	keys, v, _ := newKeys(f, 1)
	r := sampleReceipt(f, keys)
	good, err := r.JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format":"` + ReceiptFormat + `","leafIndex":-1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ParseReceipt(data)
		if err != nil {
			return
		}
		p, err := v.Check(got)
		if err != nil {
			return
		}
		if p.Record.ID != 6 || got.Entry != r.Entry { // nothing else was ever signed
			again, _ := json.Marshal(got)
			t.Errorf("a receipt that nobody made is genuine: %s", again)
		}
	})
}

func TestKeys(t *testing.T) {
	keys, v, private := newKeys(t, 2)
	c, err := keys.Sign(tlog.Tree{N: 3, Hash: Hash{1}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.Open(c.Note); err != nil || got.Tree != c.Tree || got.Origin != testOrigin || got.Note != c.Note {
		t.Errorf("%+v %v", got, err)
	}
	for i, p := range private { // each key alone is enough to check
		one, err := ParseKeys(p, "")
		if err != nil {
			t.Fatal(err)
		}
		ov, err := one.Verifiers()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ov.Open(c.Note); err != nil {
			t.Errorf("key %d: %v", i, err)
		}
		old, err := one.Verifiers(v.Keys[1-i])
		if err != nil || len(old.Keys) != 2 {
			t.Errorf("with the retired key: %v", err)
		}
	}
	// Go's own note package agrees with the verifier keys that are printed.
	nv, err := note.NewVerifier(v.Keys[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open([]byte(c.Note), note.VerifierList(nv)); err != nil {
		t.Error(err)
	}
}

func TestSeeds(t *testing.T) {
	seed := strings.Repeat("5a", 32)
	a, err := ParseKeys(seed, testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ParseKeys(" "+strings.ToUpper(seed)+"\n", testOrigin)
	if err != nil || a.public[0] != b.public[0] || !strings.HasPrefix(a.public[0], testOrigin+"+") {
		t.Errorf("%v %v %v", a.public, b, err)
	}
	if c, err := ParseKeys(seed, "other.test/register"); err != nil || c.public[0] == a.public[0] {
		t.Errorf("%v %v", c, err)
	}
}

func TestKeysRefused(t *testing.T) {
	one, _, _ := NewKey("one.test/r")
	two, pub, _ := NewKey("two.test/r")
	for name, text := range map[string]string{
		"none": "", "blank": " ,\n", "nonsense": "x", "short seed": strings.Repeat("5a", 31), "two logs": one + " " + two,
		"verifier": pub, "cut": one[:len(one)-4],
	} {
		_, err := ParseKeys(text, testOrigin)
		if !errors.Is(err, ErrKeys) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && text != "" && len(text) > 10 && strings.Contains(err.Error(), text) {
			t.Errorf("%s: the error shows a key", name)
		}
	}
	for _, origin := range []string{"", "a b", "a+b", "a\nb"} {
		if _, _, err := NewKey(origin); !errors.Is(err, ErrKeys) {
			t.Errorf("%q: %v", origin, err)
		}
	}
	for name, text := range map[string]string{"none": "", "private": one, "nonsense": "a+b+c"} {
		if _, err := ParseVerifiers(text); !errors.Is(err, ErrKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, p1, _ := NewKey("one.test/r")
	if _, err := ParseVerifiers(p1 + " " + pub); !errors.Is(err, ErrKeys) {
		t.Error("verifier keys of two logs are taken")
	}
}

func TestCheckpointRefused(t *testing.T) {
	keys, v, _ := newKeys(t, 1)
	sign := func(text string) string {
		b, err := note.Sign(&note.Note{Text: text}, keys.signers...)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	root := Hash{9}.String()
	if c, err := v.Open(sign(testOrigin + "\n5\n" + root + "\nmore\n")); err != nil || c.Tree.N != 5 {
		t.Errorf("lines behind the third are allowed: %v", err)
	}
	for name, text := range map[string]string{
		"other log": sign("other.test/register\n5\n" + root + "\n"),
		"zeroes":    sign(testOrigin + "\n05\n" + root + "\n"),
		"negative":  sign(testOrigin + "\n-5\n" + root + "\n"),
		"no root":   sign(testOrigin + "\n5\n"),
		"short":     sign(testOrigin + "\n5\nAAAA\n"),
		"unsigned":  testOrigin + "\n5\n" + root + "\n",
		"empty":     "",
		"too long":  sign(testOrigin + "\n5\n" + root + "\n" + strings.Repeat("x\n", maxNote)),
	} {
		if _, err := v.Open(text); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	keys, v, _ := newKeys(f, 2)
	c, err := keys.Sign(tlog.Tree{N: 300, Hash: Hash{4}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c.Note)
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := v.Open(text); err == nil && got.Tree != c.Tree {
			t.Errorf("a checkpoint that nobody signed: %q", text)
		}
	})
}
