// Package journeys holds tests only: they build the program, start its demo and
// go through it in a real browser, the way the people do for whom it is made.
//
// What only a browser can tell is proved here: signing in with a file and with
// a card, with and without JavaScript, by keyboard, on narrow screens, on
// paper, in forced colours; that axe-core finds nothing; that no page asks
// another host for anything or breaks its own content security policy; and how
// many bytes the list costs.
//
//	go test ./journeys
//	JOURNEYS_SCREENSHOTS=/tmp/pages go test -run TestJourneys/pages ./journeys
//
// The second form also writes a picture of every page in both languages, at
// both widths, light and dark. The tests need chromium, openssl, certutil and
// axe-core; make test installs them.
package journeys
