package feed_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"customs.gov.az/portal/feed"
)

func sum(s string) string {
	b := sha256.Sum256([]byte(s))
	return hex.EncodeToString(b[:])
}

func TestSendersAreFoundByWhatTheyHold(t *testing.T) {
	list, err := feed.ParseSenders("samur:" + sum("old") + ":00901,00902 samur:" + sum("new") + ":00902,00901;\n" +
		"airport:cert=" + sum("der") + ":00921 operator:" + sum("all") + ":*")
	if err != nil {
		t.Fatal(err)
	}
	if got := list.Names(); !slices.Equal(got, []string{"airport", "operator", "samur"}) {
		t.Errorf("names %q", got)
	}
	for token, want := range map[string]string{"old": "samur", "new": "samur", "all": "operator", "der": "", "": "", "OLD": "", sum("old"): ""} {
		if s, ok := list.ByToken(token); ok != (want != "") || s.Name != want {
			t.Errorf("token %q is %q, want %q", token, s.Name, want)
		}
	}
	if s, ok := list.ByCertificate([]byte("der")); !ok || s.Name != "airport" || !s.May("00921") || s.May("00901") {
		t.Errorf("certificate: %+v %v", s, ok)
	}
	if _, ok := list.ByCertificate([]byte("old")); ok {
		t.Error("a token's bytes passed for a certificate")
	}
	samur, _ := list.ByToken("new")
	all, _ := list.ByToken("all")
	for code, want := range map[string]bool{"00901": true, "00902": true, "00903": false, "": false, "0090": false, "00901x": false} {
		if samur.May(code) != want {
			t.Errorf("samur may %q: %v", code, !want)
		}
		if !all.May(code) {
			t.Errorf("the operator may not %q", code)
		}
	}
}

func TestNobodyIsKnownWithoutASetting(t *testing.T) {
	none, err := feed.ParseSenders(" \n")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []feed.Senders{none, {}} {
		if _, ok := list.ByToken(""); ok {
			t.Error("an empty token is known")
		}
		if _, ok := list.ByCertificate(nil); ok {
			t.Error("an empty certificate is known")
		}
		if len(list.Names()) > 0 {
			t.Error("somebody has a name")
		}
	}
}

func TestMistakesInSendersAreToldTogether(t *testing.T) {
	good := sum("x")
	for entry, want := range map[string]string{
		"samur":                "is not name:sha256:checkpoints",
		"samur:" + good:        "is not name:sha256:checkpoints",
		"a:b:c:d":              "is not name:sha256:checkpoints",
		"Samur:" + good + ":*": "the name",
		":" + good + ":*":      "the name",
		"a" + strings.Repeat("b", 60) + ":" + good + ":*": "the name",
		"samur:" + good[:62] + ":*":                       "64 hexadecimal digits",
		"samur:cert=:*":                                   "64 hexadecimal digits",
		"samur:" + good + ":":                             "checkpoint code",
		"samur:" + good + ":00901,":                       "checkpoint code",
		"samur:" + good + ":12345678901":                  "checkpoint code",
		"samur:" + good + ":0*":                           "checkpoint code",
		"samur:" + good + ":1 b:" + good + ":2":           "entry 2: the same sum",
		"samur:" + good + ":1 samur:" + sum("y") + ":2":   "entry 2: an entry of the same name has other checkpoints",
	} {
		list, err := feed.ParseSenders(entry)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", entry, err, want)
			continue
		}
		if strings.Contains(err.Error(), good) {
			t.Errorf("%q: the message repeats the sum", entry)
		}
		if len(list.Names()) > 0 {
			t.Errorf("%q: somebody is known all the same", entry)
		}
	}
	_, err := feed.ParseSenders("a b:" + good + ":* c")
	if err == nil || !strings.Contains(err.Error(), "entry 1") || !strings.Contains(err.Error(), "entry 3") || strings.Contains(err.Error(), "entry 2") {
		t.Errorf("not all mistakes: %v", err)
	}
}

func TestEntryIsWhatIsParsed(t *testing.T) {
	for _, s := range []feed.Sender{{Name: "samur", Checkpoints: []string{"00901", "00902"}}, {Name: "all"}} {
		for _, cert := range []bool{false, true} {
			list, err := feed.ParseSenders(s.Entry([]byte("secret"), cert))
			if err != nil {
				t.Fatal(err)
			}
			find := list.ByToken
			if cert {
				find = func(s string) (feed.Sender, bool) { return list.ByCertificate([]byte(s)) }
			}
			if got, ok := find("secret"); !ok || got.Name != s.Name || !slices.Equal(got.Checkpoints, s.Checkpoints) || (got.Checkpoints == nil) != (s.Checkpoints == nil) {
				t.Errorf("%+v became %+v", s, got)
			}
		}
	}
}

func FuzzSenders(f *testing.F) {
	f.Add("samur:" + sum("x") + ":00901,00902 airport:cert=" + sum("y") + ":*")
	f.Add("::;:,")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := feed.ParseSenders(text)
		if err != nil && len(list.Names()) > 0 {
			t.Error("a refused setting knows somebody")
		}
		for _, name := range list.Names() {
			if name == "" || strings.ContainsAny(name, " :;\n") {
				t.Errorf("name %q", name)
			}
		}
	})
}
