package views

import (
	"time"

	"customs.gov.az/portal/customs"
)

// SwitchView is the page on which somebody who is signed in changes to another
// company.
type SwitchView struct {
	Companies []Company
	Current   customs.VOEN
	Problem   SignInProblem // why the last choice was not possible, or ""
}

// SignInNotice tells a person, once after signing in, about earlier attempts.
type SignInNotice struct {
	Last       time.Time // the sign-in before, with the same certificate; zero: none
	LastMethod Method
	Failed     int // attempts with the same certificate since then that did not succeed
	FailedAt   time.Time
	FailedFor  SignInProblem // why the latest of them did not
	Other      time.Time     // the latest sign-in for this VÖEN with another certificate; zero: none
}

// reason is why the latest failed attempt failed, if there are words for it.
func (n SignInNotice) reason(p Page) string { return orUnknown(n.FailedFor).words(p.L, "title") }
