package locales

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		az, en string
		want   string
	}{
		"missing in English":     {"a = \"x\"\nb = \"y\"", "a = \"x\"", "b (not in English)"},
		"missing in Azerbaijani": {"a = \"x\"", "a = \"x\"\nc = \"y\"", "c (not in Azerbaijani)"},
		"empty":                  {"a = \"x\"", "a = \" \"", "a: empty"},
		"unreadable placeholder": {"a = \"x\"", "a = \"{{.n | no}}\"", "a: "},
		"broken file":            {"a = ", "a = \"x\"", "m.az.toml"},
		"not a message":          {"a = 5", "a = \"x\"", "m.az.toml"},
	} {
		fsys := fstest.MapFS{"m.az.toml": {Data: []byte(c.az)}, "m.en.toml": {Data: []byte(c.en)}}
		_, err := load(fsys)
		if !errors.Is(err, ErrMessages) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoadRefusesTwiceAndOtherLanguages(t *testing.T) {
	one := &fstest.MapFile{Data: []byte(`a = "x"`)}
	for name, fsys := range map[string]fs.FS{
		"twice":    fstest.MapFS{"m.az.toml": one, "n.az.toml": one, "m.en.toml": one},
		"language": fstest.MapFS{"m.az.toml": one, "m.en.toml": one, "m.ru.toml": one},
	} {
		if _, err := load(fsys); !errors.Is(err, ErrMessages) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFor(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if c.For("en").Lang() != "en" || c.For("ru").Lang() != "az" {
		t.Error("For: English on request, Azerbaijani otherwise")
	}
}

// The message loader takes the plural form of 1 for 1 and that of 2 for all
// other numbers: true for both languages by CLDR.
func TestPluralRule(t *testing.T) {
	for _, tag := range []language.Tag{language.Azerbaijani, language.English} {
		for n := range 1200 {
			got := plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)
			if (got == plural.One) != (n == 1) || (n != 1 && got != plural.Other) {
				t.Fatalf("%v: %d is %v", tag, n, got)
			}
		}
	}
}

func TestPlaceholdersAgree(t *testing.T) {
	az, en := both(t)
	for id, a := range az.messages {
		e := en.messages[id]
		want := a.more.names()
		for form, got := range map[string][]string{"az one": a.one.names(), "en one": e.one.names(), "en": e.more.names()} {
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s has placeholders %v, az has %v", id, form, got, want)
			}
		}
	}
}

func (p pieces) names() []string {
	var out []string
	for i := 1; i < len(p); i += 2 {
		out = append(out, p[i])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// text is the pieces without the names of the placeholders.
func (p pieces) text() string {
	var b strings.Builder
	for i := 0; i < len(p); i += 2 {
		b.WriteString(p[i] + " ")
	}
	return b.String()
}

// A sentence of one language in the file of the other is the commonest slip of
// a translation. Names of Azerbaijani institutions and things may stand in
// English text, and quoted examples.
func TestLanguagesDoNotMix(t *testing.T) {
	az, en := both(t)
	foreign := regexp.MustCompile(`(?i)(^|[^\pL])(the|and|your|you|with|from|this|that|not|are|was|goods|customs)([^\pL.]|$)`)
	letters := regexp.MustCompile(`[əğıİşƏĞŞ]`)
	names := regexp.MustCompile(`“[^”]*”|SİMA|ASAN|Asan|İmza|FİN|QİB|XİF MN`)
	for id, m := range az.messages {
		if s := m.more.text(); foreign.MatchString(s) {
			t.Errorf("az %s: English words: %q", id, s)
		}
	}
	for id, m := range en.messages {
		if s := names.ReplaceAllString(m.more.text(), ""); letters.MatchString(s) {
			t.Errorf("en %s: Azerbaijani words: %q", id, s)
		}
	}
}

// A page must not ask for a message that does not exist, and a message that no
// page asks for is a leftover.
func TestKeysAndSourceAgree(t *testing.T) {
	az, _ := both(t)
	source := readSource(t, "../views", "../handlers", "../locales", "../mail")
	asked := regexp.MustCompile(`\.(?:T|N|Split)\("([a-z_]+(?:\.[A-Za-z0-9_]+)+)"`)
	for _, m := range asked.FindAllStringSubmatch(source, -1) {
		if !az.Has(m[1]) {
			t.Errorf("%q is asked for and does not exist", m[1])
		}
	}
	quoted := map[string]bool{}
	for _, m := range regexp.MustCompile(`"([a-z_]+\.[A-Za-z0-9_.]*)"`).FindAllStringSubmatch(source, -1) {
		quoted[m[1]] = true
	}
	for id := range az.messages {
		table := id[:strings.LastIndexByte(id, '.')+1] // asked for by code: "status." + code
		if !quoted[id] && !quoted[table] && !quotedPrefix(quoted, id) {
			t.Errorf("%q exists and is never asked for", id)
		}
	}
}

// quotedPrefix reports whether the source builds the key from a part of it that
// ends in "_" or ".".
func quotedPrefix(quoted map[string]bool, id string) bool {
	for i, r := range id {
		if (r == '_' || r == '.') && i > strings.IndexByte(id, '.')-1 && quoted[id[:i+1]] {
			return true
		}
	}
	return false
}

// readSource joins the hand-written sources of some folders, tests left out.
func readSource(t *testing.T, folders ...string) string {
	t.Helper()
	var b strings.Builder
	for _, folder := range folders {
		names, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			hand := strings.HasSuffix(name, ".templ") || strings.HasSuffix(name, ".go")
			if !hand || strings.HasSuffix(name, "_templ.go") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(text)
		}
	}
	return b.String()
}
