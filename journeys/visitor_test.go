package journeys_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"customs.gov.az/portal/locales"
)

// patience is how long a visitor waits for one step, on a busy machine.
const patience = 30 * time.Second

// visitor is somebody at a browser window that shares nothing with others.
type visitor struct {
	*testing.T
	w         *world
	ctx       context.Context
	seen      *sightings
	downloads string
	words     *locales.Locale
}

// visit opens a window in the world's browser. When the test ends, everything
// that the window saw is held against the rules of sightings.
func (w *world) visit(t *testing.T) *visitor {
	t.Helper()
	return w.visitAs(t, chromedp.WithNewBrowserContext())
}

// visitHere opens a window that does share the browser's profile.
func (w *world) visitHere(t *testing.T) *visitor {
	t.Helper()
	return w.visitAs(t)
}

func (w *world) visitAs(t *testing.T, options ...chromedp.ContextOption) *visitor {
	t.Helper()
	seen := newSightings(w.portal.addr, w.portal.card)
	ctx, leave := chromedp.NewContext(w.browser, append(options, chromedp.WithListener(seen.note))...)
	t.Cleanup(leave)
	v := &visitor{T: t, w: w, ctx: ctx, seen: seen, downloads: t.TempDir(), words: w.words.For("az")}
	must(t, chromedp.Do(ctx)) // opens the window; it would close with the first context that it is given
	v.do(chromedp.EmulateViewport(1280, 900))
	_, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: v.downloads, EventsEnabled: new(true),
		BrowserContextID: chromedp.FromContext(ctx).BrowserContextID,
	})
	must(t, err)
	t.Cleanup(func() { seen.check(t) })
	return v
}

// withoutScripts switches JavaScript off, as some people do.
func (v *visitor) withoutScripts() *visitor {
	v.Helper()
	command(v, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return v
}

// command gives the browser window a command of its protocol.
func command[P, R any](v *visitor, c cdp.Command[P, R], params P) R {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, c, params)
	if err != nil {
		v.Fatalf("%s: %v", c.Method, err)
	}
	return result
}

// do takes steps that have no result.
func (v *visitor) do(steps ...chromedp.Action[chromedp.Void]) {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		v.Fatalf("at %s: %v", v.at(), err)
	}
}

// ask evaluates an expression in the page.
func ask[T any](v *visitor, expression string) T {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		v.Fatalf("at %s: %v", v.at(), err)
	}
	return answer
}

// open types an address into the browser and returns the status of the answer.
func (v *visitor) open(path string) int {
	v.Helper()
	return v.arrive(chromedp.Navigate("http://" + v.w.portal.addr + path))
}

// follow clicks a link or button that leads to another page.
func (v *visitor) follow(selector string) int {
	v.Helper()
	return v.arrive(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// arrive takes a step and waits for the page that it leads to.
func (v *visitor) arrive(step chromedp.Action[chromedp.Void]) int {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		v.Fatalf("from %s: %v", v.at(), err)
	}
	if response == nil { // another page was on its way when the step was taken
		v.Fatalf("at %s: a page came without an answer", v.at())
	}
	return int(response.Status)
}

// back goes back one page. A browser may bring the page back as it was left,
// without loading it again.
func (v *visitor) back() {
	v.Helper()
	history := command(v, page.GetNavigationHistory, cdp.Empty{})
	if history.CurrentIndex == 0 {
		v.Fatal("nowhere to go back to")
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	shown := chromedp.Events(ctx, page.FrameNavigated)
	command(v, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: history.Entries[history.CurrentIndex-1].ID})
	for _, err := range shown {
		must(v.T, err)
		break
	}
	v.loaded()
}

// loaded waits until the page is whole. It asks, for where scripts are off no
// listener would tell.
func (v *visitor) loaded() {
	v.Helper()
	for end := time.Now().Add(patience); ask[string](v, `document.readyState`) != "complete"; {
		if time.Now().After(end) {
			v.Fatalf("%s does not finish loading", v.at())
		}
	}
}

// write fills in fields, by their ids, all at one moment.
func (v *visitor) write(fields map[string]string) {
	v.Helper()
	b, err := json.Marshal(fields)
	must(v.T, err)
	refused := ask[string](v, `((fields) => Object.keys(fields).filter((id) => {
		const field = document.getElementById(id);
		if (field) field.value = fields[id];
		return field?.value !== fields[id];
	}).join(" "))(`+string(b)+`)`)
	if refused != "" {
		v.Fatalf("at %s: these took nothing: %s\n%s", v.at(), refused, v.text("main"))
	}
}

// at is the path and query of the page, "" if there is none.
func (v *visitor) at() string {
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	at, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.pathname + location.search"))
	if err != nil {
		return ""
	}
	return at
}

// wantAt fails the test on another page than expected.
func (v *visitor) wantAt(path string) {
	v.Helper()
	if at := v.at(); at != path {
		v.Fatalf("at %s, want %s; heading: %q", at, path, v.text("h1"))
	}
}

// text is what the first element of a selector says, "" if there is none.
func (v *visitor) text(selector string) string {
	v.Helper()
	return strings.TrimSpace(ask[string](v, `document.querySelector(`+quote(selector)+`)?.innerText ?? ""`))
}

// count is how many elements match a selector.
func (v *visitor) count(selector string) int {
	v.Helper()
	return ask[int](v, `document.querySelectorAll(`+quote(selector)+`).length`)
}

// wantText fails the test unless the page's text has every part.
func (v *visitor) wantText(parts ...string) {
	v.Helper()
	text := v.text("body")
	for _, part := range parts {
		if !strings.Contains(text, part) {
			v.Errorf("at %s: no %q on the page", v.at(), part)
		}
	}
}

// download clicks a link that saves a file and waits until it is saved.
func (v *visitor) download(selector string) string {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	begins := chromedp.BrowserEvents(ctx, browser.DownloadWillBegin)
	progress := chromedp.BrowserEvents(ctx, browser.DownloadProgress)
	v.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
	frame := chromedp.FromContext(v.ctx).Target.TargetID
	for begun, err := range begins {
		must(v.T, err)
		if string(begun.FrameID) != string(frame) {
			continue // of another window
		}
		for p, err := range progress {
			must(v.T, err)
			if p.GUID != begun.GUID {
				continue
			}
			if p.State == browser.DownloadProgressStateCanceled {
				v.Fatalf("the download of %s was cancelled", begun.SuggestedFilename)
			}
			if p.State == browser.DownloadProgressStateCompleted {
				return filepath.Join(v.downloads, begun.SuggestedFilename)
			}
		}
	}
	v.Fatal("no download")
	return ""
}

// sign makes a signature over a file with openssl, as the demo tells people to.
func (v *visitor) sign(person, file string, options ...string) string {
	v.Helper()
	out := filepath.Join(v.TempDir(), "signed")
	args := append([]string{
		"cms", "-sign", "-binary", "-in", file, "-out", out,
		"-signer", v.w.portal.certificate(person), "-inkey", v.w.portal.key(person),
	}, options...)
	if said, err := exec.CommandContext(v.ctx, "openssl", args...).CombinedOutput(); err != nil {
		v.Fatalf("openssl: %v\n%s", err, said)
	}
	return out
}

// upload puts a file into the form of the page /sign-in/file and sends it.
func (v *visitor) upload(file string) int {
	v.Helper()
	v.do(chromedp.SetUploadFiles(chromedp.CSS(`input[name="signature"]`), []string{file}))
	return v.follow(`form[enctype] button`)
}

// enter signs a person in with a file, from the page that offers it.
func (v *visitor) enter(person string, options ...string) {
	v.Helper()
	if len(options) == 0 {
		options = []string{"-outform", "DER"}
	}
	v.upload(v.sign(person, v.download("a[download]"), options...))
}

// speak switches the language by its link.
func (v *visitor) speak(lang string) {
	v.Helper()
	v.words = v.w.words.For(lang)
	if ask[string](v, "document.documentElement.lang") == lang {
		return
	}
	v.follow(`.lang a[hreflang="` + lang + `"]`)
	if got := ask[string](v, "document.documentElement.lang"); got != lang {
		v.Fatalf("after the switch the page speaks %q, want %q", got, lang)
	}
}

// picture writes what the window shows where the pictures are wanted.
func (v *visitor) picture(name string) {
	v.Helper()
	dir := os.Getenv("JOURNEYS_SCREENSHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	must(v.T, err)
	must(v.T, os.MkdirAll(dir, 0o755))
	must(v.T, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}
