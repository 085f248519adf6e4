// Package locales holds the portal's words in Azerbaijani and English and the
// conventions of both: dates, numbers, search folding.
//
// Messages stand in NAME.az.toml and NAME.en.toml, one table a page or topic:
//
//	[goods]
//	title = "Mallarım"
//	found = { one = "{{.n}} registration", other = "{{.n}} registrations" }
//
// and are asked for as "goods.title". A placeholder is {{.name}}. The names
// id, description, hash, zero, one, two, few, many, other and translation are
// reserved by the file format and cannot be keys. Everything is read once, by
// Load: a missing, surplus or malformed message stops the program from
// starting, so that no page can meet one.
package locales

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.toml
var files embed.FS

// ErrMessages says that the message files cannot be used: the two languages
// differ, a key stands twice, or a message is empty or malformed.
var ErrMessages = errors.New("locales: unusable messages")

// Catalogue is all languages of the portal. It is immutable after Load and safe
// for concurrent use.
type Catalogue struct {
	az, en *Locale
}

// Load reads the embedded message files, once in a process. It fails with
// ErrMessages and the names of all offending keys.
func Load() (*Catalogue, error) { return loadOnce() }

var loadOnce = sync.OnceValues(func() (*Catalogue, error) { return load(files) })

func load(fsys fs.FS) (*Catalogue, error) {
	bundle := i18n.NewBundle(language.Azerbaijani)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	keys, err := readAll(fsys, bundle)
	if err != nil {
		return nil, err
	}
	if err := sameKeys(keys); err != nil {
		return nil, err
	}
	az, errAZ := newLocale(bundle, language.Azerbaijani, keys[language.Azerbaijani])
	en, errEN := newLocale(bundle, language.English, keys[language.English])
	if err := errors.Join(errAZ, errEN); err != nil {
		return nil, err
	}
	return &Catalogue{az: az, en: en}, nil
}

// readAll adds every file to the bundle and returns the messages by language
// and key.
func readAll(fsys fs.FS, bundle *i18n.Bundle) (map[language.Tag]map[string]*i18n.Message, error) {
	keys := map[language.Tag]map[string]*i18n.Message{language.Azerbaijani: {}, language.English: {}}
	names, err := fs.Glob(fsys, "*.toml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		f, err := bundle.ParseMessageFileBytes(b, name)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrMessages, name, err)
		}
		known, ok := keys[f.Tag]
		if !ok {
			return nil, fmt.Errorf("%w: %s: the name must end in .az.toml or .en.toml", ErrMessages, name)
		}
		for _, m := range f.Messages {
			if _, twice := known[m.ID]; twice {
				return nil, fmt.Errorf("%w: %s: %q stands twice", ErrMessages, name, m.ID)
			}
			known[m.ID] = m
		}
	}
	return keys, nil
}

// sameKeys compares the two languages.
func sameKeys(keys map[language.Tag]map[string]*i18n.Message) error {
	az, en := keys[language.Azerbaijani], keys[language.English]
	var wrong []string
	for k := range az {
		if en[k] == nil {
			wrong = append(wrong, k+" (not in English)")
		}
	}
	for k := range en {
		if az[k] == nil {
			wrong = append(wrong, k+" (not in Azerbaijani)")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("%w: %s", ErrMessages, strings.Join(wrong, ", "))
}

// For returns the locale of "az" or "en"; anything else is Azerbaijani, the
// portal's default.
func (c *Catalogue) For(lang string) *Locale {
	if lang == "en" {
		return c.en
	}
	return c.az
}
