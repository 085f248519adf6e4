package views

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"customs.gov.az/portal/customs"
	"customs.gov.az/portal/locales"
	"customs.gov.az/portal/static"
	"github.com/a-h/templ"
)

// Kept holds what is the same for every reader of a language, so that it is not
// written anew for each. The zero value is ready and safe for concurrent use.
type Kept struct {
	parts sync.Map // of keptName, markup
	ages  sync.Map // of a language, *keptAges
}

type keptName struct{ lang, part string }

// same is a part of pages that is the same for every reader of a language: it is
// written when it is first asked for and then repeated as it is. It is written
// from a page on which there is only what all pages share, so that nothing of
// one reader can come before another.
func same(p Page, name string, part func(Page) templ.Component) samePart {
	return samePart{p.Kept, p.L, p.Assets, p.Contacts, name, part}
}

type samePart struct {
	kept     *Kept // nil: nothing is kept
	l        *locales.Locale
	assets   *static.Assets
	contacts *Contacts
	name     string
	part     func(Page) templ.Component
}

// Render implements templ.Component.
func (s samePart) Render(ctx context.Context, w io.Writer) error {
	if s.kept == nil {
		return s.written(ctx, w)
	}
	name := keptName{s.l.Lang(), s.name}
	ready, ok := s.kept.parts.Load(name)
	if !ok {
		var b strings.Builder
		if err := s.written(ctx, &b); err != nil {
			return err
		}
		ready, _ = s.kept.parts.LoadOrStore(name, markup(b.String()))
	}
	return ready.(markup).Render(ctx, w)
}

func (s samePart) written(ctx context.Context, w io.Writer) error {
	return s.part(Page{L: s.l, Assets: s.assets, Contacts: s.contacts}).Render(ctx, w)
}

// keptAges are the rows of the table of ages, and what they were written from.
type keptAges struct {
	second time.Time
	fresh  customs.Ages
	paces  map[string]customs.Pace
	rows   string
}

// agesOn puts the rows down: those of before where all that they say is the same,
// which it is for everybody in the same second.
func (k *Kept) agesOn(s *sheet, r ageRows) {
	lang := r.p.L.Lang()
	second := r.g.List.AsOf.Truncate(time.Second)
	if last, ok := k.ages.Load(lang); ok && last.(*keptAges).says(second, r.g) {
		s.add(last.(*keptAges).rows)
		return
	}
	from := len(s.out)
	r.rows(s)
	k.ages.Store(lang, &keptAges{second, r.g.List.Fresh, r.g.Paces, string(s.out[from:])})
}

func (k *keptAges) says(second time.Time, g *GoodsView) bool {
	return k.second.Equal(second) && slices.EqualFunc(k.fresh, g.List.Fresh, sameAge) && maps.Equal(k.paces, g.Paces)
}

// sameAge reports whether the table says the same of two, see freshWords.
func sameAge(a, b customs.Freshness) bool {
	return a.Checkpoint == b.Checkpoint && sameMoment(a.AsOf, b.AsOf) && (a.AsOf != nil || sameMoment(a.ReceivedAt, b.ReceivedAt))
}

func sameMoment(a, b *time.Time) bool {
	return a == b || a != nil && b != nil && a.Equal(*b)
}
