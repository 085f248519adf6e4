package views

import (
	"fmt"
	"strconv"
	"time"
)

// SignInSIMAView is the page of SİMA İmza: the question for a PIN, then the
// code to scan.
type SignInSIMAView struct {
	Methods []Method
	Return  string         // the page to open after signing in, or ""
	Problem SignInProblem  // why the last attempt did not succeed, or ""
	PIN     string         // as it was typed, when it could not be read
	PINBad  bool           // it could not be read
	Code    *SIMAOperation // nil: ask first
}

// SIMAOperation is a code that waits to be scanned and confirmed.
type SIMAOperation struct {
	Image   string // address of the QR code
	Link    string // opens the application on the same device
	Client  string // name that the application shows
	PIN     string // who alone may confirm, masked; "" for anyone
	Expires time.Time
	Left    time.Duration
	Life    time.Duration
	Scanned bool // a telephone has read it and the confirmation is awaited
}

// field is the control that the problem is about, or "".
func (v SignInSIMAView) field() string {
	if v.PINBad {
		return "pin"
	}
	return ""
}

// wrong says what is wrong with the PIN, "" for nothing.
func (v SignInSIMAView) wrong(p Page) string {
	if v.PINBad {
		return p.L.T("signin.sima.pin_bad")
	}
	return ""
}

func (o SIMAOperation) clock() string {
	s := max(0, int(o.Left/time.Second))
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

func (o SIMAOperation) seconds(d time.Duration) string {
	return strconv.Itoa(max(0, int(d/time.Second)))
}

// bar is the width of what is left, of 100.
func (o SIMAOperation) bar() string {
	if o.Life <= 0 {
		return "0"
	}
	return strconv.Itoa(int(100 * o.Left / o.Life))
}

// SignInMyGovView is the page before the way to mygov ID.
type SignInMyGovView struct {
	Methods []Method
	Start   string
	Return  string
}
