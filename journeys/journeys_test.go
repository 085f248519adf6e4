package journeys_test

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"

	"customs.gov.az/portal/locales"
)

// world is what all journeys share: one running demo and a browser, in which
// each visitor has cookies, cache and downloads of their own.
type world struct {
	portal  *program
	browser context.Context
	words   *locales.Catalogue
}

func TestJourneys(t *testing.T) {
	w := newWorld(t)
	for _, journey := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"file", signInWithFile},
		{"refused", refusedFiles},
		{"company", chooseCompany},
		{"card", signInWithCard},
		{"pages", pages},
		{"keyboard", keyboard},
		{"colours", forcedColours},
		{"paper", paper},
		{"weight", weight},
		{"take away", takeAway},
		{"complaint", complaint},
		{"supervision", supervise},
		{"access", access},
		{"notifications", notifications},
		{"list", listByKeys},
		{"list, no scripts", listWithoutScripts},
		{"live list", liveList},
		{"live pause", livePause},
		{"live details", liveDetails},
		{"live empty", liveEmpty},
		{"live, forgotten", forgottenStream},
		{"session", sessionEnds},
		{"writing", writing},
		{"errors", errorPages},
		{"database gone", databaseGone},
		{"standby", standby},
		{"two companies", twoCompanies},
		{"assist", assist},
		{"staff list", staffList},
	} {
		t.Run(journey.name, func(t *testing.T) { journey.run(t, w) })
	}
}

// beside is a world whose demo nobody else uses; the browser is the same.
func (w *world) beside(t *testing.T, name string) *world {
	t.Helper()
	own := *w
	own.portal = w.portal.beside(t, name)
	return &own
}

// newWorld starts the demo twice, first from nothing, and opens the browser.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{portal: newProgram(t)}
	t.Logf("from an empty folder to the first page: %s", w.portal.start(t))
	w.portal.stop(t)
	t.Logf("second start to the first page: %s", w.portal.start(t))
	t.Cleanup(func() { w.portal.stop(t) })
	var err error
	w.words, err = locales.Load()
	must(t, err)
	w.browser = newBrowser(t)
	return w
}

// newBrowser starts Chromium with a profile of its own and without anything
// that would make it talk to others.
func newBrowser(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:len(chromedp.DefaultExecAllocatorOptions):len(chromedp.DefaultExecAllocatorOptions)],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(startLimit),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("force-prefers-reduced-motion", true), // what moves is painted by the processor here
	)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("no browser: %v (chromium must be installed)", err)
	}
	return ctx
}
